/* SPDX-License-Identifier: MIT */
/* The keys by which names and e-mail addresses are found. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"

#include <stdio.h>
#include <string.h>

static void names(void **state)
{
    static const char *const rows[][2] = {
        { "Smith", "smith" },
        { "SMITH", "smith" },
        { "  smith ", "smith" },
        /* Blanks, hyphens, apostrophes. */
        { "van der Berg", "vanderberg" },
        { "Van\u00A0Der\u3000Berg", "vanderberg" },
        { "Smith-Jones", "smithjones" },
        { "Smith\u2010Jones", "smithjones" },
        { "Smith\u2013Jones", "smithjones" },
        { "Smith \u00AD-Jones", "smithjones" },
        { "O'Neil", "oneil" },
        { "O\u2019Neil", "oneil" },
        { "O\u02BCNeil", "oneil" },
        { "O`Neil", "oneil" },
        { "O\u00B4Neil", "oneil" },
        { "O\uFF07Neil", "oneil" },
        { "Ka\u02BBehu", "kaehu" },
        { "St. John", "stjohn" },
        { "Smith, Jr.", "smithjr" },
        { "Smi\u200Bth\uFEFF", "smith" },
        /* Accents, composed and decomposed. */
        { "M\u00FCller", "muller" },
        { "Mu\u0308ller", "muller" },
        { "M\u00DCLLER", "muller" },
        { "Garc\u00EDa M\u00E1rquez", "garciamarquez" },
        { "\u00C5str\u00F6m", "astrom" },
        { "\u212Bstro\u0308m", "astrom" },
        { "Nguy\u1EC5n", "nguyen" },
        { "\u0160koda", "skoda" },
        { "\u00C7elik", "celik" },
        { "\u0218tef\u0103nescu", "stefanescu" },
        /* Letters that are not taken apart. */
        { "Strau\u00DF", "strauss" },
        { "STRAU\u1E9E", "strauss" },
        { "STRAUSS", "strauss" },
        { "S\u00F8rensen", "sorensen" },
        { "S\u00D8RENSEN", "sorensen" },
        { "Wa\u0142\u0119sa", "walesa" },
        { "WA\u0141\u0118SA", "walesa" },
        { "Kj\u00E6r", "kjaer" },
        { "KJ\u00C6R", "kjaer" },
        { "\u01FCr\u00F8", "aero" },
        { "\u0110or\u0111evi\u0107", "dordevic" },
        { "Gu\u00F0mundsd\u00F3ttir", "gudmundsdottir" },
        { "\u00DE\u00F3rsson", "thorsson" },
        { "Ba\u011Fc\u0131", "bagci" },
        { "BA\u011ECI", "bagci" },
        { "\u0130nc\u0131", "inci" },
        { "i\u0307nci", "inci" },
        { "\u0152uvrard", "oeuvrard" },
        { "Sar\u0127an", "sarhan" },
        { "\u014Ba\u014Ba", "nana" },
        { "\u01E5iel", "giel" },
        /* Other widths and forms of the same letters. */
        { "\uFF33\uFF2D\uFF29\uFF34\uFF28", "smith" },
        { "\uFB01sher", "fisher" },
        /* Other alphabets. */
        { "\u0414\u041E\u0421\u0422\u041E\u0415\u0412\u0421\u041A\u0418\u0419",
          "\u0434\u043E\u0441\u0442\u043E\u0435\u0432\u0441\u043A\u0438\u0438" },
        { "\u0401\u043B\u043A\u0438\u043D", "\u0435\u043B\u043A\u0438\u043D" },
        { "\u03A0\u03B1\u03C0\u03B1\u03B4\u03CC\u03C0\u03BF\u03C5\u03BB\u03BF\u03C2",
          "\u03C0\u03B1\u03C0\u03B1\u03B4\u03BF\u03C0\u03BF\u03C5\u03BB\u03BF\u03C3" },
        { "\u1112\u1161\u11AB", "\uD55C" },
        { "\uD55C", "\uD55C" },
        { "\u304C", "\u304C" },
        { "\u304B\u3099", "\u304C" },
        { "\u304B", "\u304B" },
        { "\u0915\u093F", "\u0915\u093F" },
        { "\u0915\u0941", "\u0915\u0941" },
        { "\u0E01\u0E34", "\u0E01\u0E34" },
        { "\u0645\u064F\u062D\u0640\u0645\u0651\u062F", "\u0645\u062D\u0645\u062F" },
        { "\u674E", "\u674E" },
        { "R2", "r2" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char key[NAME_KEY_SIZE] = "?";
        char again[NAME_KEY_SIZE] = "?";
        check(name_key(rows[i][0], key), "\"%s\" has a key", rows[i][0]);
        check(strcmp(key, rows[i][1]) == 0, "\"%s\" is found by \"%s\"", rows[i][0], key);
        check(name_key(key, again) && strcmp(key, again) == 0, "\"%s\" is its own key", key);
    }
}

static void no_name(void **state)
{
    static const char *const rows[] = { "", " ", "-", "'", "\u2019 -", "\u0301", "...", "\u200B", "\U0001F600", "\u02BB" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char key[NAME_KEY_SIZE] = "?";
        check(!name_key(rows[i], key), "\"%s\" is \"%s\"", rows[i], key);
        assert_string_equal(key, "?");
    }
}

/* A hundred of the characters with the longest keys, and far too many. */
static void long_names(void **state)
{
    static const struct {
        const char *character;
        size_t repeated;
        size_t characters;
    } rows[] = {
        { "a", 100, 100 }, { "\uD55C", 100, 100 }, { "\u00DF", 100, 200 }, { "\uFDFA", 100, 255 },
        { "\U0001D400", 300, 255 }, { "\U00020000", 300, 255 }, { "x", 20000, 255 },
    };
    static char name[100000];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char key[NAME_KEY_SIZE];
        name[0] = '\0';
        size_t len = 0;
        for (size_t n = 0; n < rows[i].repeated; n++)
            len += (size_t)snprintf(name + len, sizeof name - len, "%s", rows[i].character);
        assert_true(name_key(name, key));
        assert_true(text_is_utf8(key, strlen(key)));
        check(text_utf8_length(key) == rows[i].characters, "%s: %zu", rows[i].character, text_utf8_length(key));
    }
}

static void emails(void **state)
{
    static const char *const rows[][2] = {
        { "Ada@Example.COM", "ada@example.com" },
        { " ada@example.com\r\n", "ada@example.com" },
        { "ada.l+x@example.com", "ada.l+x@example.com" },
        { "Zoe\u0308@example.com", "zo\u00EB@example.com" },
        { "ZO\u00CB@EXAMPLE.COM", "zo\u00EB@example.com" },
        { "adal@example.com", "adal@example.com" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char key[EMAIL_KEY_SIZE] = "?";
        check(email_key(rows[i][0], key), "\"%s\" has a key", rows[i][0]);
        check(strcmp(key, rows[i][1]) == 0, "\"%s\" is found by \"%s\"", rows[i][0], key);
    }
}

static void no_email(void **state)
{
    char text[EMAIL_MAX + 2];
    char key[EMAIL_KEY_SIZE] = "?";
    (void)state;
    assert_false(email_key("", key));
    assert_false(email_key(" \t", key));
    memset(text, 'a', sizeof text);
    text[EMAIL_MAX + 1] = '\0';
    assert_false(email_key(text, key));
    assert_string_equal(key, "?");
    text[EMAIL_MAX] = '\0';
    assert_true(email_key(text, key));
    assert_string_equal(key, text);
}

RUN_TESTS(cmocka_unit_test(names), cmocka_unit_test(no_name), cmocka_unit_test(long_names), cmocka_unit_test(emails),
          cmocka_unit_test(no_email))
