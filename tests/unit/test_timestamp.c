/* SPDX-License-Identifier: MIT */
/* Moments and the calendar, compared with gmtime_r() and with well-known dates. */

#include "tests/unit/unit.h"

#include "booking/base/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)
#define YEAR_0_MS INT64_C(-62167219200000)
#define YEAR_10000_MS INT64_C(253402300800000)

static void as_text(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1, "1970-01-01T00:00:00.001Z" },
        { -1, "1969-12-31T23:59:59.999Z" },
        { -86400000, "1969-12-31T00:00:00.000Z" },
        { -86400001, "1969-12-30T23:59:59.999Z" },
        { 951782399999, "2000-02-28T23:59:59.999Z" },
        { 951782400000, "2000-02-29T00:00:00.000Z" },
        { 951868800000, "2000-03-01T00:00:00.000Z" },
        { 1078012800000, "2004-02-29T00:00:00.000Z" },
        { 1078099200000, "2004-03-01T00:00:00.000Z" },
        { 1773568800000, "2026-03-15T10:00:00.000Z" },
        { 2147483648000, "2038-01-19T03:14:08.000Z" },
        { 4107542400000, "2100-03-01T00:00:00.000Z" },
        { 4107542399999, "2100-02-28T23:59:59.999Z" },
        { 253402300799999, "9999-12-31T23:59:59.999Z" },
        { YEAR_0_MS, "0000-01-01T00:00:00.000Z" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[TIMESTAMP_SIZE];
        timestamp_format(rows[i].ms, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void check_moment(int64_t ms)
{
    struct civil_time c = timestamp_to_civil(ms);
    int64_t ms_of_second = ((ms % 1000) + 1000) % 1000;
    time_t seconds = (time_t)((ms - ms_of_second) / 1000);
    struct tm tm;
    assert_non_null(gmtime_r(&seconds, &tm));
    check(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 && c.day == tm.tm_mday && c.hour == tm.tm_hour &&
              c.minute == tm.tm_min && c.second == tm.tm_sec && c.millisecond == ms_of_second,
          "%lld ms is %d-%d-%d %d:%d:%d.%d, says the C library otherwise", (long long)ms, c.year, c.month, c.day,
          c.hour, c.minute, c.second, c.millisecond);
    check(timestamp_from_civil(&c) == ms, "%lld ms does not come back", (long long)ms);
}

/* Every day of eight centuries, at its first and last millisecond, and one in eleven of all other days. */
static void every_day(void **state)
{
    (void)state;
    for (int64_t day = YEAR_0_MS; day < YEAR_10000_MS; day += DAY_MS) {
        struct civil_time c = timestamp_to_civil(day);
        if (c.year < 1600 || c.year >= 2400)
            day += 10 * DAY_MS;
        if (day < YEAR_10000_MS) {
            check_moment(day);
            check_moment(day + DAY_MS - 1);
        }
    }
}

static void moments_within_a_day(void **state)
{
    (void)state;
    for (int64_t ms = 0; ms < DAY_MS; ms += 997) {
        check_moment(1709164800000 + ms); /* 29 February 2024 */
        check_moment(-2208988800000 + ms);
    }
}

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Every text YYYY-MM-DD with months 0 to 13 and days 0 to 32 is a date exactly if the calendar has it. */
static void every_date_there_could_be(void **state)
{
    static const int days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0 };
    static const int years[] = { 0, 1, 4, 100, 400, 1582, 1600, 1899, 1900, 1969, 1970, 1972, 2000, 2023, 2024, 2026,
                                 2100, 2400, 9999 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(years); i++) {
        for (int month = 0; month <= 13; month++) {
            for (int day = 0; day <= 32; day++) {
                char text[32];
                int64_t ms = 77;
                int last = days[month] + (month == 2 && is_leap(years[i]) ? 1 : 0);
                (void)snprintf(text, sizeof text, "%04d-%02d-%02d", years[i], month, day);
                bool want = day >= 1 && day <= last;
                check(timestamp_parse_date(text, &ms) == want, "\"%s\": is it a date?", text);
                if (!want) {
                    check(ms == 77, "\"%s\": refused, but the result was written", text);
                    continue;
                }
                char back[TIMESTAMP_SIZE];
                timestamp_format(ms, back);
                check(strncmp(back, text, 10) == 0 && strcmp(back + 10, "T00:00:00.000Z") == 0, "\"%s\" begins at %s",
                      text, back);
            }
        }
    }
}

static void no_dates(void **state)
{
    static const char *const rows[] = {
        "", "2026", "2026-03", "2026-3-15", "26-03-15", "2026/03/15", "20260315", "2026-03-15 ", " 2026-03-15",
        "2026-03-15T00:00:00Z", "2026-03-1x", "2026-0x-15", "x026-03-15", "-026-03-15", "+026-03-15", "2026-03--1",
        "2026-+3-15", "2026- 3-15", "12026-03-15", "2026-03-015", "２０２６-03-15", "2026‐03‐15", "tomorrow",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = 77;
        check(!timestamp_parse_date(rows[i], &ms) && ms == 77, "\"%s\" is no date", rows[i]);
    }
}

static void moments(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* 77: not a moment */
    } rows[] = {
        { "2026-03-15", 1773532800000 }, { "2026-03-15T10:00Z", 1773568800000 },
        { "2026-03-15T10:00:01Z", 1773568801000 }, { "2026-03-15T23:59:59.999Z", 1773619199999 },
        { "2026-03-15T", 77 }, { "2026-03-15T10", 77 }, { "2026-03-15T10:", 77 }, { "2026-03-15T10:0", 77 },
        { "2026-03-15T10:00", 77 }, { "2026-03-15T10:00:0Z", 77 }, { "2026-03-15T10:00:00.1Z", 77 },
        { "2026-03-15T10:00:00.000Zx", 77 }, { "2026-03-15T24:00Z", 77 }, { "2026-03-15T10:60Z", 77 },
        { "2026-03-15T10:00:60Z", 77 }, { "2026-02-30T10:00Z", 77 }, { "2026-03-15 10:00Z", 77 },
        { "2026-03-15T10:00:00+01:00", 77 }, { "", 77 }, { "2026-03-15Z", 77 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ms = 77;
        check(timestamp_parse(rows[i].text, &ms) == (rows[i].ms != 77) && ms == rows[i].ms, "\"%s\" is %lld",
              rows[i].text, (long long)ms);
    }
}

RUN_TESTS(cmocka_unit_test(as_text), cmocka_unit_test(every_day), cmocka_unit_test(moments_within_a_day),
          cmocka_unit_test(every_date_there_could_be), cmocka_unit_test(no_dates),
          cmocka_unit_test(moments))
