/* SPDX-License-Identifier: MIT */
/* User ids: different ways of typing give one id, and invalid ones are refused. */

#include "tests/unit/unit.h"

#include "booking/base/buf.h"
#include "booking/base/text.h"
#include "booking/core/user_id.h"

#include <string.h>

#define TEN "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static void one_id_however_it_is_typed(void **state)
{
    static const char *const rows[][2] = {
        { "ada", "ada" },
        { "guest", "guest" },
        { "Ada Lovelace", "Ada Lovelace" },
        { " ada", "ada" },
        { "ada ", "ada" },
        { "\tada\r\n", "ada" },
        { "\u00A0\u3000ada\u2003", "ada" },
        { "\u200Bada\uFEFF", "ada" },
        { " \u200B ada", "ada" },
        { "Ada  Lovelace", "Ada Lovelace" },
        { "Ada\u00A0Lovelace", "Ada Lovelace" },
        { "Ada \u200B Lovelace", "Ada Lovelace" },
        { "So\u00ADphie", "Sophie" },
        /* Composed and decomposed: e with an accent, a with a ring and Angstrom's sign, Korean, more than one mark. */
        { "Zoe\u0308", "Zo\u00EB" },
        { "\u212Bsa", "\u00C5sa" },
        { "A\u030Asa", "\u00C5sa" },
        { "\u1112\u1161\u11AB", "\xED\x95\x9C" },
        { "o\u0302\u0323", "\u1ED9" },
        /* These contain an invisible joiner, as their proper spelling requires. */
        { "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645", "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645" },
        { "\U0001F469\u200D\U0001F680", "\U0001F469\u200D\U0001F680" },
        { "a\u0301\u0301", "\u00E1\u0301" },
        { "!", "!" },
        { "0", "0" },
        { FIFTY, FIFTY },
        { "  " FIFTY "  ", FIFTY },
        /* Fifty characters after composition. */
        { TEN TEN TEN TEN "abcdefghie\u0301", TEN TEN TEN TEN "abcdefghi\u00E9" },
        /* Case is part of an id. */
        { "ADA", "ADA" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char id[USER_ID_SIZE] = "?";
        char again[USER_ID_SIZE] = "?";
        check(user_id_read(rows[i][0], id), "\"%s\" is an id", rows[i][0]);
        check(strcmp(id, rows[i][1]) == 0, "\"%s\" is \"%s\"", rows[i][0], id);
        check(user_id_read(id, again) && strcmp(id, again) == 0, "\"%s\" is itself", id);
    }
}

static void the_longest_fits(void **state)
{
    char text[USER_ID_SIZE] = "";
    char id[USER_ID_SIZE];
    (void)state;
    for (int i = 0; i < USER_ID_MAX; i++)
        memcpy(text + strlen(text), "\U0001F680", 5);
    assert_true(user_id_read(text, id));
    assert_string_equal(id, text);
}

static void what_is_none(void **state)
{
    static const char *const rows[] = {
        "", " ", "\t", "\u00A0", "\u3000", "\u200B", "\u2060\uFEFF", "\u200D", "\u00AD", "\u2800", "\u3164", "\u115F\u1160",
        "\uFFA0", "\u034F", "\uFE0F", "\u0301", "\u180E", "\U000E0041",
        /* Controls. */
        "a\x01", "\x07", "a\nb", "a\tb", "\x7F", "a\xC2\x85" "b", "a\xC2\x9F" "b", "a\u2028b", "a\u2029b",
        /* Characters that change the direction of the text after them. */
        "\u202Egnp.ada", "ada\u202E", "\u202Aada\u202C", "ada\u2066", "a\u2067b\u2069", "ada\u200F", "\u200Eada", "\u061Cada",
        /* Too long, before and after normalization. */
        FIFTY "k", FIFTY "\u0301", TEN TEN TEN TEN "abcdefgh  ij k",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char id[USER_ID_SIZE] = "?";
        check(!user_id_read(rows[i], id) && strcmp(id, "?") == 0, "\"%s\" (%zu) is no id", rows[i], i);
    }
}

/* Texts of any length are read safely: only the id itself is limited. */
static void longer_than_any(void **state)
{
    static char text[70000];
    char id[USER_ID_SIZE] = "?";
    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_false(user_id_read(text, id));
    memset(text, ' ', sizeof text - 2);
    assert_true(user_id_read(text, id));
    assert_string_equal(id, "x");
}

/* Every code point alone is an id or is refused. An id is well-formed, and normalizing it again does not change it. */
static void every_code_point(void **state)
{
    (void)state;
    for (unsigned int c = 1; c <= 0x10FFFF; c++) {
        char text[5] = "";
        char id[USER_ID_SIZE];
        char again[USER_ID_SIZE];
        if (c >= 0xD800 && c <= 0xDFFF)
            continue;
        if (c < 0x80) {
            text[0] = (char)c;
        } else if (c < 0x800) {
            text[0] = (char)(0xC0 | c >> 6);
            text[1] = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            text[0] = (char)(0xE0 | c >> 12);
            text[1] = (char)(0x80 | (c >> 6 & 0x3F));
            text[2] = (char)(0x80 | (c & 0x3F));
        } else {
            text[0] = (char)(0xF0 | c >> 18);
            text[1] = (char)(0x80 | (c >> 12 & 0x3F));
            text[2] = (char)(0x80 | (c >> 6 & 0x3F));
            text[3] = (char)(0x80 | (c & 0x3F));
        }
        if (!user_id_read(text, id))
            continue;
        check(text_is_utf8(id, strlen(id)) && text_is_printable(id) && user_id_read(id, again) && strcmp(id, again) == 0,
              "U+%04X", c);
    }
}

/* A name of staff is read as a user id is, and may be longer. */
static void names_of_staff(void **state)
{
    char longest[256];
    char name[ACCOUNT_SIZE] = "?";
    (void)state;
    assert_true(staff_name_read("  Zoe\u0308 \u3000 Ada ", name));
    assert_string_equal(name, "Zo\u00EB Ada");
    memset(longest, 'x', 255);
    longest[255] = '\0';
    assert_true(staff_name_read(longest, name));
    assert_string_equal(name, longest);
    struct buf many = BUF_INIT;
    for (int i = 0; i < 255; i++)
        buf_add_str(&many, "\U00020BB7");
    assert_true(staff_name_read(buf_str(&many), name));
    assert_int_equal(strlen(name), ACCOUNT_SIZE - 1);
    assert_string_equal(name, buf_str(&many));
    buf_add_str(&many, "x");
    assert_false(staff_name_read(buf_str(&many), name));
    buf_done(&many);
    assert_false(staff_name_read("", name));
    assert_false(staff_name_read("a\nb", name));
    assert_false(staff_name_read("a\u202Eb", name));
    assert_int_equal(strlen(name), ACCOUNT_SIZE - 1);
}

RUN_TESTS(cmocka_unit_test(one_id_however_it_is_typed), cmocka_unit_test(the_longest_fits), cmocka_unit_test(what_is_none),
          cmocka_unit_test(longer_than_any), cmocka_unit_test(every_code_point), cmocka_unit_test(names_of_staff))
