/* SPDX-License-Identifier: MIT */
/* Local days: midnights, changes of clocks, the date line, and unknown zones. */

#include "tests/unit/unit.h"

#include "booking/base/timestamp.h"
#include "booking/base/zone.h"

#include <string.h>

static int64_t moment(const char *text)
{
    int64_t ms = 0;
    check(timestamp_parse(text, &ms), "%s is a moment", text);
    return ms;
}

static void a_moment_falls_on_the_day_of_the_local_clocks(void **state)
{
    static const struct {
        const char *zone, *moment, *day;
    } rows[] = {
        { "UTC", "2027-01-16T00:00:00.000Z", "2027-01-16" },
        { "UTC", "2027-01-15T23:59:59.999Z", "2027-01-15" },
        { "America/Los_Angeles", "2027-01-16T06:00:00Z", "2027-01-15" },
        { "America/Los_Angeles", "2027-01-16T07:59:59.999Z", "2027-01-15" },
        { "America/Los_Angeles", "2027-01-16T08:00Z", "2027-01-16" },
        { "Asia/Tokyo", "2026-12-07T18:02Z", "2026-12-08" },
        { "Asia/Kathmandu", "2026-12-07T18:15Z", "2026-12-08" },
        { "Asia/Kathmandu", "2026-12-07T18:14Z", "2026-12-07" },
        /* The ends of the day. */
        { "Pacific/Kiritimati", "2026-12-07T10:00Z", "2026-12-08" },
        { "Etc/GMT+12", "2026-12-08T11:59Z", "2026-12-07" },
        /* New York, when the clocks go back: midnight is at 04:00Z, an hour is repeated, and the day has 25 hours. */
        { "America/New_York", "2027-11-07T03:59Z", "2027-11-06" },
        { "America/New_York", "2027-11-07T05:30Z", "2027-11-07" },
        { "America/New_York", "2027-11-07T06:30Z", "2027-11-07" },
        { "America/New_York", "2027-11-08T04:59Z", "2027-11-07" },
        { "America/New_York", "2027-11-08T05:00Z", "2027-11-08" },
        /* New York, when the clocks go forward: the day has 23 hours. */
        { "America/New_York", "2027-03-14T05:00Z", "2027-03-14" },
        { "America/New_York", "2027-03-15T03:59Z", "2027-03-14" },
        { "America/New_York", "2027-03-15T04:00Z", "2027-03-15" },
        /* Dates after the table of transitions follow the rule at its end. */
        { "Europe/Berlin", "2060-07-01T22:30Z", "2060-07-02" },
        { "Europe/Berlin", "2060-01-01T22:30Z", "2060-01-01" },
        /* Samoa crossed the date line: it had no December 30. */
        { "Pacific/Apia", "2011-12-30T09:59Z", "2011-12-29" },
        { "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-31" },
        /* Unknown zones. */
        { "Mars/Olympus", "2027-01-16T06:00Z", "2027-01-16" },
        { "", "2027-01-16T06:00Z", "2027-01-16" },
        { "/etc/passwd", "2027-01-16T06:00Z", "2027-01-16" },
        { "../zoneinfo/America/Los_Angeles", "2027-01-16T06:00Z", "2027-01-16" },
        { "America", "2027-01-16T06:00Z", "2027-01-16" },
        { "XYZ+8", "2027-01-16T06:00Z", "2027-01-16" },
    };
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            int64_t at = moment(rows[i].moment);
            int64_t day = 0;
            zone_days(rows[i].zone, &at, 1, &day);
            check(day == moment(rows[i].day), "%s in %s is another day than %s", rows[i].moment, rows[i].zone, rows[i].day);
        }
    }
}

static void many_at_once(void **state)
{
    int64_t moments[3] = { moment("2027-01-16T07:59Z"), moment("2027-01-16T08:00Z"), moment("1969-12-31T23:59:59.500Z") };
    int64_t days[3] = {0};
    (void)state;
    zone_days("America/Los_Angeles", moments, 3, days);
    assert_int_equal(days[0], moment("2027-01-15"));
    assert_int_equal(days[1], moment("2027-01-16"));
    assert_int_equal(days[2], moment("1969-12-31"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_moment_falls_on_the_day_of_the_local_clocks),
        cmocka_unit_test(many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
