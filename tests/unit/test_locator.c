/* SPDX-License-Identifier: MIT */
/* Locators: all that can be made are alike in form, and are read as people type them. */

#include "tests/unit/unit.h"

#include "booking/core/locator.h"

#include <ctype.h>
#include <string.h>

#define ALPHABET "23456789CDFHJKMNPRTVWX"
#define COUNT UINT64_C(113379904) /* 22 to the power of 6 */

static void of_six_characters_that_are_not_confused(void **state)
{
    /* One of each group at most. */
    static const char *const alike[] = { "0OQD", "1IL", "2Z", "5S", "6G", "8B", "UVY", "AEIOUY" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(alike); i++) {
        size_t have = 0;
        for (const char *c = alike[i]; *c != '\0'; c++)
            have += strchr(ALPHABET, *c) != NULL ? 1 : 0;
        check(have <= 1, "%zu of %s", have, alike[i]);
    }
    for (const char *vowel = "AEIOUY"; *vowel != '\0'; vowel++)
        assert_null(strchr(ALPHABET, *vowel));
}

static void made_of_random_bits(void **state)
{
    char locator[LOCATOR_SIZE];
    bool seen[6][sizeof ALPHABET - 1] = { { false } };
    (void)state;
    /* A generator that visits the whole range (Knuth's), so that each character is seen at each place. */
    uint64_t random = 1;
    for (int n = 0; n < 10000; n++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        locator_make(random >> 20, locator);
        assert_int_equal(strlen(locator), 6);
        for (int i = 0; i < 6; i++) {
            const char *at = strchr(ALPHABET, locator[i]);
            assert_non_null(at);
            seen[i][at - ALPHABET] = true;
        }
    }
    for (int i = 0; i < 6; i++) {
        for (size_t c = 0; c < sizeof ALPHABET - 1; c++)
            check(seen[i][c], "%c at %d", ALPHABET[c], i);
    }
}

static void each_number_has_its_own(void **state)
{
    char locator[LOCATOR_SIZE];
    (void)state;
    locator_make(0, locator);
    assert_string_equal(locator, "222222");
    locator_make(1, locator);
    assert_string_equal(locator, "322222");
    locator_make(22, locator);
    assert_string_equal(locator, "232222");
    locator_make(COUNT - 1, locator);
    assert_string_equal(locator, "XXXXXX");
    locator_make(COUNT, locator);
    assert_string_equal(locator, "222222");
    locator_make(UINT64_MAX, locator);
    assert_int_equal(strlen(locator), 6);
}

static void read_as_it_is_typed(void **state)
{
    static const char *const rows[][2] = {
        { "K7D4RN", "K7D4RN" },
        { "k7d4rn", "K7D4RN" },
        { " k7d 4RN\n", "K7D4RN" },
        { "K7D-4RN", "K7D4RN" },
        { "K-7-D-4-R-N", "K7D4RN" },
        { "K7D\u00A04RN", "K7D4RN" },
        { "K7D\u20104RN", "K7D4RN" },
        { "K7D\u2013\u20144RN", "K7D4RN" },
        { "k7d.4rn", "K7D4RN" },
        { "K7D4R", NULL },
        { "K7D4RNN", NULL },
        { "", NULL },
        { " - ", NULL },
        { "K7D4RO", NULL },
        { "K7D4R0", NULL },
        { "K7D4RA", NULL },
        { "K7D4R\u00C9", NULL },
        { "K7D4R\xE2\x80", NULL },
        { "K7D4R\xE2", NULL },
        { "K7D4R\u2016N", NULL },
        { "K7D4R%", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char locator[LOCATOR_SIZE] = "?";
        bool is_one = locator_read(rows[i][0], locator);
        check(is_one == (rows[i][1] != NULL), "\"%s\"", rows[i][0]);
        check(strcmp(locator, is_one ? rows[i][1] : "?") == 0, "\"%s\" is \"%s\"", rows[i][0], locator);
    }
}

static void what_is_made_can_be_read(void **state)
{
    char locator[LOCATOR_SIZE];
    char again[LOCATOR_SIZE];
    (void)state;
    for (uint64_t n = 0; n < COUNT; n += 9973) {
        locator_make(n, locator);
        for (int i = 0; i < 6; i++)
            locator[i] = (char)tolower((unsigned char)locator[i]);
        assert_true(locator_read(locator, again));
        for (int i = 0; i < 6; i++)
            assert_int_equal(again[i], toupper((unsigned char)locator[i]));
    }
}

RUN_TESTS(cmocka_unit_test(of_six_characters_that_are_not_confused), cmocka_unit_test(made_of_random_bits),
          cmocka_unit_test(each_number_has_its_own), cmocka_unit_test(read_as_it_is_typed),
          cmocka_unit_test(what_is_made_can_be_read))
