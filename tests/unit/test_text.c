/* SPDX-License-Identifier: MIT */
/* Checks of text from clients. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static bool is_utf8(const char *text)
{
    return text_is_utf8(text, strlen(text));
}

/* UTF-8 as RFC 3629 defines it, by encoding, which is the opposite of how text.c checks it. */
static size_t encode(unsigned long point, char to[5])
{
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(lead[len] | point);
    to[len] = '\0';
    return len;
}

static void every_code_point(void **state)
{
    (void)state;
    for (unsigned long point = 0; point <= 0x1FFFFF; point++) {
        char text[5];
        size_t len = encode(point, text);
        bool want = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
        check(text_is_utf8(text, len) == want, "U+%04lX: is it UTF-8?", point);
        for (size_t cut = 1; want && cut < len; cut++)
            check(!text_is_utf8(text, cut), "U+%04lX cut to %zu bytes is not UTF-8", point, cut);
    }
}

/* Every pair of bytes: valid if both are ASCII, or a lead C2…DF and a continuation. */
static void every_pair_of_bytes(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b++) {
            char text[2] = { (char)a, (char)b };
            bool want = (a < 0x80 && b < 0x80) || (a >= 0xC2 && a <= 0xDF && b >= 0x80 && b <= 0xBF);
            check(text_is_utf8(text, 2) == want, "%02X %02X: is it UTF-8?", (unsigned)a, (unsigned)b);
        }
    }
}

static void utf8_table(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        { "", true },
        { "plain", true },
        { "Zoë", true },
        { "漢字", true },
        { "👩‍🚀", true },
        { "\xEF\xBF\xBF", true },
        { "\xF4\x8F\xBF\xBF", true },
        /* overlong */
        { "\xC0\x80", false },
        { "\xC0\xAF", false },
        { "\xC1\xBF", false },
        { "\xE0\x80\xAF", false },
        { "\xE0\x9F\xBF", false },
        { "\xF0\x80\x80\xAF", false },
        { "\xF0\x8F\xBF\xBF", false },
        { "\xF8\x88\x80\x80\x80", false },
        { "\xFC\x84\x80\x80\x80\x80", false },
        /* surrogates, and beyond the last code point */
        { "\xED\xA0\x80", false },
        { "\xED\xBF\xBF", false },
        { "\xED\xA0\xBD\xED\xB8\x80", false },
        { "\xF4\x90\x80\x80", false },
        { "\xF5\x80\x80\x80", false },
        /* never, or not here */
        { "\xFE", false },
        { "\xFF", false },
        { "\x80", false },
        { "a\xBF", false },
        /* cut short */
        { "\xC3", false },
        { "\xC3(", false },
        { "\xE2\x82", false },
        { "\xE2\x82(", false },
        { "\xE2(\x82", false },
        { "\xF0\x9F\x98", false },
        { "\xF0\x9F\x98(", false },
        { "\xF0\x9F(\x80", false },
        { "a\xC3\xA9z\xE9", false },
        { "caf\xE9", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(is_utf8(rows[i].text) == rows[i].valid, "row %zu (%s): is it UTF-8?", i, rows[i].text);
    assert_true(text_is_utf8("a\0b", 3)); /* NUL is a character; callers that refuse it check for it */
}

static void length_in_code_points(void **state)
{
    (void)state;
    assert_int_equal(text_utf8_length(""), 0);
    assert_int_equal(text_utf8_length("abc"), 3);
    assert_int_equal(text_utf8_length("Zoë"), 3);
    assert_int_equal(text_utf8_length("漢字"), 2);
    assert_int_equal(text_utf8_length("👩‍🚀"), 3);
}

static void printable(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        char text[3] = { 'a', (char)c, '\0' };
        check(text_is_printable(text) == (c >= 0x20 && c != 0x7F), "U+%04X: is it printable?", (unsigned)c);
    }
    for (unsigned long point = 0x80; point < 0x800; point++) {
        char text[5];
        (void)encode(point, text);
        check(text_is_printable(text) == (point >= 0xA0), "U+%04lX: is it printable?", point);
    }
    assert_true(text_is_printable(""));
    assert_true(text_is_printable("Ünïcode, 漢字 and 🛫"));
    assert_false(text_is_printable("one\ntwo"));
}

static void identifiers(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[2] = { (char)c, '\0' };
        bool want = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
                    c == '_' || c == '-';
        check(text_is_identifier(text, 1) == want, "byte %d in an identifier", c);
    }
    assert_false(text_is_identifier("", 10));
    assert_true(text_is_identifier("fl-101_A.b", 10));
    assert_false(text_is_identifier("fl-101_A.b", 9));
    assert_false(text_is_identifier("a b", 10));
    assert_false(text_is_identifier("../etc", 10));
    assert_false(text_is_identifier("a", 0));
}

static void trimming(void **state)
{
    static const char *const rows[][2] = {
        { "", "" }, { " ", "" }, { "a", "a" }, { " a b ", "a b" }, { "\t\n\v\f\r a\r\n", "a" },
        { "\u00A0a\xC2\x85" "", "a" }, { "\u1680\u2000\u200A\u2028\u2029\u202F\u205F\u3000", "" },
        { "\u3000\u00E9 \u3000", "\u00E9" },
        /* None of these is white space: some share their first or last byte with a blank, others are only invisible. */
        { "\u00A1\u2030\u3001\u205E", "\u00A1\u2030\u3001\u205E" }, { "\u200Ba\uFEFF", "\u200Ba\uFEFF" },
        { "\u00E0\u00C5", "\u00E0\u00C5" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char trimmed[40];
        char tight[40];
        assert_true(text_trim_copy(trimmed, sizeof trimmed, rows[i][0]));
        check(strcmp(trimmed, rows[i][1]) == 0, "\"%s\" is \"%s\"", rows[i][0], trimmed);
        assert_true(text_trim_copy(tight, strlen(rows[i][1]) + 1, rows[i][0]));
        assert_false(text_trim_copy(tight, strlen(rows[i][1]), rows[i][0]));
    }
}

static void uuids_as_people_write_them(void **state)
{
    static const char good[] = "01890a5d-ac96-774b-bcce-b302099a8057";
    static const char *const same[] = { "01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057",
                                        " 01890a5d-Ac96-774b-bCCe-b302099a8057\n" };
    static const char *const none[] = { "", " ", "01890a5d", "01890a5d-ac96-774b-bcce-b302099a80577",
                                        "01890G5d-ac96-774b-bcce-b302099a8057", "01890a5d -ac96-774b-bcce-b302099a805" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        char uuid[37];
        assert_true(text_read_uuid(same[i], uuid));
        assert_string_equal(uuid, good);
    }
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        char uuid[37] = "?";
        assert_false(text_read_uuid(none[i], uuid));
        assert_string_equal(uuid, "?");
    }
}

static void uuids(void **state)
{
    static const char good[] = "01890a5d-ac96-774b-bcce-b302099a8057";
    static const char *const bad[] = {
        "",
        "01890a5d",
        "01890a5dac96774bbcceb302099a8057",
        "01890A5D-AC96-774B-BCCE-B302099A8057",
        "{01890a5d-ac96-774b-bcce-b302099a8057}",
        "01890a5d-ac96-774b-bcce-b302099a8057 ",
        "01890a5d-ac96-774b-bcce-b302099a80577",
        "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d_ac96_774b_bcce_b302099a8057",
        "g1890a5d-ac96-774b-bcce-b302099a8057",
        "0189-0a5dac96-774b-bcce-b302099a8057",
    };
    (void)state;
    assert_true(text_is_uuid(good));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check(!text_is_uuid(bad[i]), "\"%s\" is no UUID", bad[i]);
    /* Each byte may only be one that the rule allows at its place. */
    for (size_t at = 0; at < 36; at++) {
        for (int c = 1; c < 256; c++) {
            char text[37];
            memcpy(text, good, sizeof text);
            text[at] = (char)c;
            bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            bool want = good[at] == '-' ? c == '-' : is_hex;
            check(text_is_uuid(text) == want, "byte %d at %zu of a UUID", c, at);
        }
    }
}

static void copies(void **state)
{
    static const struct {
        const char *from;
        size_t size;
        const char *want;
    } rows[] = {
        { "", 1, "" },       { "abc", 1, "" },     { "abc", 3, "ab" },  { "abc", 4, "abc" },  { "abc", 99, "abc" },
        { "aé", 2, "a" },    { "aé", 3, "a" },     { "aé", 4, "aé" },   { "é", 2, "" },       { "a€", 4, "a" },
        { "a€", 5, "a€" },   { "a🛫b", 5, "a" },   { "a🛫b", 6, "a🛫" }, { "a🛫b", 7, "a🛫b" }, { "🛫🛫", 8, "🛫" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char to[128];
        memset(to, '#', sizeof to);
        text_copy(to, rows[i].size, rows[i].from);
        check(strcmp(to, rows[i].want) == 0, "\"%s\" in %zu bytes is \"%s\"", rows[i].from, rows[i].size, to);
        check(to[rows[i].size] == '#', "\"%s\" in %zu bytes: the byte after is written", rows[i].from, rows[i].size);
    }
}

static void whole_numbers(void **state)
{
    static const struct {
        const char *text;
        long long min, max;
        bool ok;
        long long want;
    } rows[] = {
        { "0", 0, 10, true, 0 },          { "10", 0, 10, true, 10 },         { "11", 0, 10, false, 0 },
        { "4", 5, 10, false, 0 },         { "007", 0, 10, true, 7 },         { "", 0, 10, false, 0 },
        { "-1", -5, 10, false, 0 },       { "+1", 0, 10, false, 0 },         { " 1", 0, 10, false, 0 },
        { "1 ", 0, 10, false, 0 },        { "1.0", 0, 10, false, 0 },        { "1e1", 0, 10, false, 0 },
        { "0x1", 0, 10, false, 0 },       { "٣", 0, 10, false, 0 },          { "1\n", 0, 10, false, 0 },
        { "9223372036854775807", 0, LLONG_MAX, true, LLONG_MAX },
        { "9223372036854775808", 0, LLONG_MAX, false, 0 },
        { "99999999999999999999999999", 0, LLONG_MAX, false, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        long long n = 77;
        bool ok = text_parse_int(rows[i].text, rows[i].min, rows[i].max, &n);
        check(ok == rows[i].ok && n == (ok ? rows[i].want : 77), "\"%s\" in %lld..%lld: %s, %lld", rows[i].text,
              rows[i].min, rows[i].max, ok ? "taken" : "refused", n);
    }
}

static void parts_as_like_wants_them(void **state)
{
    char pattern[16];
    (void)state;
    assert_true(text_like_part(pattern, sizeof pattern, "a%_\\b"));
    assert_string_equal(pattern, "%a\\%\\_\\\\b%");
    assert_true(text_like_part(pattern, sizeof pattern, "123456"));
    assert_string_equal(pattern, "%123456%");
    assert_false(text_like_part(pattern, sizeof pattern, "1234567"));
}

RUN_TESTS(cmocka_unit_test(every_code_point), cmocka_unit_test(every_pair_of_bytes), cmocka_unit_test(utf8_table),
          cmocka_unit_test(length_in_code_points), cmocka_unit_test(printable), cmocka_unit_test(identifiers),
          cmocka_unit_test(uuids), cmocka_unit_test(uuids_as_people_write_them), cmocka_unit_test(trimming),
          cmocka_unit_test(copies), cmocka_unit_test(parts_as_like_wants_them), cmocka_unit_test(whole_numbers))
