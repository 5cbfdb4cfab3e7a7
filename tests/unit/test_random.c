/* SPDX-License-Identifier: MIT */
/* Random values: form, range, and no repetition. */

#include "tests/unit/unit.h"

#include "booking/base/random.h"
#include "booking/base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MANY 20000

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void uuid_form(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++) {
        char uuid[UUID_SIZE];
        random_uuid(uuid);
        check(text_is_uuid(uuid), "\"%s\" is no UUID", uuid);
        check(uuid[14] == '7', "\"%s\" is not of version 7", uuid);
        check(strchr("89ab", uuid[19]) != NULL, "\"%s\" is not of RFC 9562's variant", uuid);
    }
}

/* The first 48 bits are the milliseconds, so that new rows go to the end of the key. */
static void uuid_begins_with_the_time(void **state)
{
    (void)state;
    char uuid[UUID_SIZE];
    char high[9] = "";
    char low[5] = "";
    time_t before = time(NULL);
    random_uuid(uuid);
    time_t after = time(NULL);
    memcpy(high, uuid, 8);
    memcpy(low, uuid + 9, 4);
    long long ms = (strtoll(high, NULL, 16) << 16) | strtoll(low, NULL, 16);
    assert_true(ms / 1000 >= before && ms / 1000 <= after);
}

static void no_two_uuids_alike(void **state)
{
    static char uuids[MANY][UUID_SIZE];
    (void)state;
    for (int i = 0; i < MANY; i++)
        random_uuid(uuids[i]);
    qsort(uuids, MANY, UUID_SIZE, compare);
    for (int i = 1; i < MANY; i++)
        assert_string_not_equal(uuids[i - 1], uuids[i]);
}

/* Each of the 74 random bits is sometimes 0 and sometimes 1. */
static void every_random_bit_moves(void **state)
{
    static const char hex[] = "0123456789abcdef";
    unsigned ones[36] = {0};
    unsigned zeros[36] = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char uuid[UUID_SIZE];
        random_uuid(uuid);
        for (int at = 0; at < 36; at++) {
            const char *digit = strchr(hex, uuid[at]);
            unsigned value = digit == NULL ? 0 : (unsigned)(digit - hex);
            ones[at] |= value;
            zeros[at] |= ~value & 0xFU;
        }
    }
    for (int at = 15; at < 36; at++) {
        unsigned bits = at == 18 || at == 23 ? 0 : at == 19 ? 0x3 : 0xF;
        check((ones[at] & bits) == bits && (zeros[at] & bits) == bits, "a bit of digit %d never changes", at);
    }
}

static void ids(void **state)
{
    int64_t last = 0;
    int64_t seen = 0;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        int64_t id = random_id();
        assert_true(id > 0);
        assert_true(id != last);
        last = id;
        seen |= id;
    }
    assert_true(seen > INT64_C(1) << 61);
}

static void fractions(void **state)
{
    double least = 1;
    double most = 0;
    double sum = 0;
    (void)state;
    for (int i = 0; i < MANY; i++) {
        double f = random_fraction();
        assert_true(f >= 0 && f < 1);
        least = f < least ? f : least;
        most = f > most ? f : most;
        sum += f;
    }
    assert_true(least < 0.01 && most > 0.99);
    assert_true(sum / MANY > 0.47 && sum / MANY < 0.53);
}

/* 160 bits in hexadecimal after the prefix, each of them sometimes 0 and sometimes 1, and no two tokens alike. */
static void tokens(void **state)
{
    static const char hex[] = "0123456789abcdef";
    static char made[MANY][TOKEN_SIZE];
    unsigned ones[TOKEN_SIZE] = { 0 };
    unsigned zeros[TOKEN_SIZE] = { 0 };
    (void)state;
    for (int i = 0; i < MANY; i++) {
        random_token("bks_", made[i]);
        check(strlen(made[i]) == 44 && strncmp(made[i], "bks_", 4) == 0, "\"%s\"", made[i]);
        for (int at = 4; at < 44; at++) {
            const char *digit = strchr(hex, made[i][at]);
            check(digit != NULL, "\"%s\" is not hexadecimal", made[i]);
            ones[at] |= (unsigned)(digit - hex);
            zeros[at] |= ~(unsigned)(digit - hex) & 0xFU;
        }
    }
    for (int at = 4; at < 44; at++)
        check(ones[at] == 0xF && zeros[at] == 0xF, "a bit of digit %d never changes", at);
    qsort(made, MANY, TOKEN_SIZE, compare);
    for (int i = 1; i < MANY; i++)
        assert_string_not_equal(made[i - 1], made[i]);
}

RUN_TESTS(cmocka_unit_test(uuid_form), cmocka_unit_test(uuid_begins_with_the_time),
          cmocka_unit_test(no_two_uuids_alike), cmocka_unit_test(every_random_bit_moves), cmocka_unit_test(ids),
          cmocka_unit_test(fractions), cmocka_unit_test(tokens))
