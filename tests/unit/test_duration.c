/* SPDX-License-Identifier: MIT */
/* Durations as Go writes them. */

#include "tests/unit/unit.h"

#include "booking/base/duration.h"

#include <string.h>

#define TEN_YEARS_MS (INT64_C(10) * 366 * 86400 * 1000)

static void valid(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        { "0", 0 },           { "0s", 0 },           { "0ms", 0 },
        { "1ms", 1 },         { "500ms", 500 },      { "1s", 1000 },
        { "30s", 30000 },     { "90s", 90000 },      { "15m", 900000 },
        { "1h", 3600000 },    { "1h30m", 5400000 },  { "1h30m5s7ms", 5405007 },
        { "1.5s", 1500 },     { "0.25s", 250 },      { "1.5h", 5400000 },
        { "0.1m", 6000 },     { "2.50s", 2500 },     { "1.000s", 1000 },
        { "1.500000s", 1500 }, { "1.0ms", 1 },       { "007s", 7000 },
        { "1s1s", 2000 },     { "1ms1h", 3600001 },  { "24h", 86400000 },
        { "87840h", TEN_YEARS_MS },                  { "316224000s", TEN_YEARS_MS },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        check(duration_parse(rows[i].text, &ms), "\"%s\" is a duration", rows[i].text);
        check(ms == rows[i].ms, "\"%s\" is %lld ms, not %lld", rows[i].text, (long long)rows[i].ms, (long long)ms);
    }
}

static void invalid(void **state)
{
    static const char *const rows[] = {
        "", " ", "1", "15", "-1s", "+1s", "-0", "00", "s", "ms", ".5s", "1.s", "1..5s", "1.5.5s", "1,5s", "1 s",
        " 1s", "1s ", "1s 1s", "1S", "1M", "1H", "1MS", "1sec", "1min", "1d", "1w", "1y", "1us", "1ns", "1µs",
        "1s1", "1h30", "1hm", "1e3s", "0x10s", "١s", "1s\n", "inf", "nan", "1.5ms", "0.5ms", "0.0001s",
        "1.0005s", "0.00001m",
        /* more than ten years, slightly and by far, and values at which the arithmetic would wrap */
        "87841h", "316224001s", "316224000s1ms", "87840h1ms", "99999999999999999999h", "9223372036854775807ms",
        "9223372036854775808ms", "18446744073709551616ms", "18446744073709551617s", "5124095576030h",
        "87839h87839h", "50000h50000h", "1.00000001s", "0.0000000000000000001h",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = -1;
        check(!duration_parse(rows[i], &ms), "\"%s\" is no duration, not %lld ms", rows[i], (long long)ms);
        check(ms == -1, "\"%s\": refused, but the result was written", rows[i]);
    }
}

static void format(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        { 0, "0s" },           { 1, "1ms" },       { 999, "999ms" },     { 1000, "1s" },
        { 1001, "1s1ms" },     { 30000, "30s" },   { 60000, "1m" },      { 900000, "15m" },
        { 3600000, "1h" },     { 3601000, "1h1s" }, { 5400000, "1h30m" }, { 5405007, "1h30m5s7ms" },
        { 86400000, "24h" },   { TEN_YEARS_MS, "87840h" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[32];
        duration_format(rows[i].ms, text, sizeof text);
        assert_string_equal(text, rows[i].text);
    }
}

static void round_trip(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms <= TEN_YEARS_MS; ms = ms < 10000 ? ms + 1 : ms + ms / 97 + 13) {
        char text[32];
        int64_t back = -1;
        duration_format(ms, text, sizeof text);
        check(duration_parse(text, &back) && back == ms, "%lld ms is written \"%s\", which reads %lld",
              (long long)ms, text, (long long)back);
    }
}

static void format_keeps_to_its_buffer(void **state)
{
    char text[8];
    (void)state;
    memset(text, '#', sizeof text);
    duration_format(5405007, text, 5);
    assert_string_equal(text, "1h30");
    assert_int_equal(text[5], '#');
}

RUN_TESTS(cmocka_unit_test(valid), cmocka_unit_test(invalid), cmocka_unit_test(format),
          cmocka_unit_test(round_trip), cmocka_unit_test(format_keeps_to_its_buffer))
