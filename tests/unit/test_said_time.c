/* SPDX-License-Identifier: MIT */
/* Times of a timetable: both nights of the year in which clocks change, in three zones, and what cannot be read. */

#include "tests/unit/unit.h"

#include "booking/base/timestamp.h"
#include "booking/core/said_time.h"

#include <string.h>

#define BERLIN "Europe/Berlin"
#define NEW_YORK "America/New_York"
#define LORD_HOWE "Australia/Lord_Howe" /* its clocks change by half an hour */

static void what_is_meant(void **state)
{
    static const struct {
        const char *said, *zone;
        enum zone_answer answer;
        const char *moment, *kept;
    } rows[] = {
        { "2026-07-01T07:30", BERLIN, ZONE_OK, "2026-07-01T05:30:00.000Z", "2026-07-01T07:30:00[Europe/Berlin]" },
        { "2026-07-01T07:30:59", NEW_YORK, ZONE_OK, "2026-07-01T11:30:59.000Z", "2026-07-01T07:30:59[America/New_York]" },
        { "2026-07-01T07:30[Europe/Berlin]", NEW_YORK, ZONE_OK, "2026-07-01T05:30:00.000Z",
          "2026-07-01T07:30:00[Europe/Berlin]" },
        { "2026-07-01T07:30+02:00", BERLIN, ZONE_OK, "2026-07-01T05:30:00.000Z", "2026-07-01T07:30:00[Europe/Berlin]" },
        { "2026-07-01T07:30+01:00", BERLIN, ZONE_WRONG_OFFSET, NULL, NULL },
        { "2026-07-01T07:30Z", "UTC", ZONE_OK, "2026-07-01T07:30:00.000Z", "2026-07-01T07:30:00[UTC]" },
        { "2026-07-01T07:30Z", BERLIN, ZONE_WRONG_OFFSET, NULL, NULL },
        { "2026-07-01T07:30[Mars/Olympus]", BERLIN, ZONE_UNKNOWN, NULL, NULL },
        { "2026-07-01T07:30", "", ZONE_UNKNOWN, NULL, NULL },
        { "2026-07-01T07:30[leapseconds]", "", ZONE_UNKNOWN, NULL, NULL },
        /* Berlin, forward: 02:00 to 02:59 do not exist. */
        { "2026-03-29T01:59", BERLIN, ZONE_OK, "2026-03-29T00:59:00.000Z", "2026-03-29T01:59:00[Europe/Berlin]" },
        { "2026-03-29T02:00", BERLIN, ZONE_GAP, NULL, NULL },
        { "2026-03-29T02:59:59", BERLIN, ZONE_GAP, NULL, NULL },
        { "2026-03-29T02:30+01:00", BERLIN, ZONE_GAP, NULL, NULL },
        { "2026-03-29T03:00", BERLIN, ZONE_OK, "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00[Europe/Berlin]" },
        /* Berlin, back: 02:00 to 02:59 are shown twice. */
        { "2026-10-25T01:59", BERLIN, ZONE_OK, "2026-10-24T23:59:00.000Z", "2026-10-25T01:59:00[Europe/Berlin]" },
        { "2026-10-25T02:00", BERLIN, ZONE_REPEATED, NULL, NULL },
        { "2026-10-25T02:30+02:00", BERLIN, ZONE_OK, "2026-10-25T00:30:00.000Z",
          "2026-10-25T02:30:00+02:00[Europe/Berlin]" },
        { "2026-10-25T02:30+01:00[Europe/Berlin]", "UTC", ZONE_OK, "2026-10-25T01:30:00.000Z",
          "2026-10-25T02:30:00+01:00[Europe/Berlin]" },
        { "2026-10-25T02:30+00:00", BERLIN, ZONE_WRONG_OFFSET, NULL, NULL },
        { "2026-10-25T03:00", BERLIN, ZONE_OK, "2026-10-25T02:00:00.000Z", "2026-10-25T03:00:00[Europe/Berlin]" },
        /* New York. */
        { "2026-03-08T02:30", NEW_YORK, ZONE_GAP, NULL, NULL },
        { "2026-03-08T03:00", NEW_YORK, ZONE_OK, "2026-03-08T07:00:00.000Z", "2026-03-08T03:00:00[America/New_York]" },
        { "2026-11-01T01:30", NEW_YORK, ZONE_REPEATED, NULL, NULL },
        { "2026-11-01T01:30-04:00", NEW_YORK, ZONE_OK, "2026-11-01T05:30:00.000Z",
          "2026-11-01T01:30:00-04:00[America/New_York]" },
        { "2026-11-01T01:30-05:00", NEW_YORK, ZONE_OK, "2026-11-01T06:30:00.000Z",
          "2026-11-01T01:30:00-05:00[America/New_York]" },
        { "2026-11-01T02:00", NEW_YORK, ZONE_OK, "2026-11-01T07:00:00.000Z", "2026-11-01T02:00:00[America/New_York]" },
        /* Lord Howe: by half an hour. */
        { "2026-10-04T02:15", LORD_HOWE, ZONE_GAP, NULL, NULL },
        { "2026-10-04T02:30", LORD_HOWE, ZONE_OK, "2026-10-03T15:30:00.000Z", "2026-10-04T02:30:00[Australia/Lord_Howe]" },
        { "2026-04-05T01:29", LORD_HOWE, ZONE_OK, "2026-04-04T14:29:00.000Z", "2026-04-05T01:29:00[Australia/Lord_Howe]" },
        { "2026-04-05T01:45", LORD_HOWE, ZONE_REPEATED, NULL, NULL },
        { "2026-04-05T01:45+11:00", LORD_HOWE, ZONE_OK, "2026-04-04T14:45:00.000Z",
          "2026-04-05T01:45:00+11:00[Australia/Lord_Howe]" },
        { "2026-04-05T01:45+10:30", LORD_HOWE, ZONE_OK, "2026-04-04T15:15:00.000Z",
          "2026-04-05T01:45:00+10:30[Australia/Lord_Howe]" },
        /* Samoa had no such day. */
        { "2011-12-30T12:00", "Pacific/Apia", ZONE_GAP, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct said_time said;
        int64_t ms = 0;
        char moment[TIMESTAMP_SIZE];
        char kept[SAID_TIME_SIZE] = "";
        check(said_time_read(rows[i].said, &said), "\"%s\" cannot be read", rows[i].said);
        enum zone_answer answer = said_time_resolve(&said, rows[i].zone, &ms, kept);
        check(answer == rows[i].answer, "\"%s\" in %s: %d", rows[i].said, rows[i].zone, (int)answer);
        check((answer == ZONE_OK) == (*said_time_fault(answer) == '\0'), "%d has no words", (int)answer);
        if (answer != ZONE_OK)
            continue;
        timestamp_format(ms, moment);
        check(strcmp(moment, rows[i].moment) == 0, "\"%s\" in %s is %s", rows[i].said, rows[i].zone, moment);
        check(strcmp(kept, rows[i].kept) == 0, "\"%s\" in %s is kept as %s", rows[i].said, rows[i].zone, kept);
        /* What is kept means the same. */
        int64_t again_ms = 0;
        char again[SAID_TIME_SIZE];
        assert_true(said_time_read(kept, &said));
        assert_int_equal(said_time_resolve(&said, "UTC", &again_ms, again), ZONE_OK);
        assert_int_equal(again_ms, ms);
        assert_true(said_time_write(ms, said.zone, again));
        assert_string_equal(again, kept);
        assert_false(said_time_write(ms + 1, said.zone, again));
        assert_string_equal(again, kept);
    }
}

static void what_is_no_time(void **state)
{
    static const char *const texts[] = {
        "", "2026-07-01", "2026-07-01T", "2026-07-01T7:30", "2026-07-01 07:30", "2026-07-01T07:30:", "2026-07-01T24:00",
        "2026-07-01T07:60", "2026-07-01T07:30:60", "2026-02-30T07:30", "2026-07-01T07:30+2:00", "2026-07-01T07:30+02",
        "2026-07-01T07:30+16:00", "2026-07-01T07:30+02:60", "2026-07-01T07:30[]", "2026-07-01T07:30[Europe/Berlin",
        "2026-07-01T07:30[Europe/Berlin]x", "2026-07-01T07:30[A/zone/name/that/is/much/too/long/to/be/one]",
        "2026-07-01T07:30Z+02:00", "2026-07-01T07:30 ", "07:30", "2026-07-01T07:30:00.000",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct said_time said;
        check(!said_time_read(texts[i], &said), "\"%s\" is a time", texts[i]);
    }
}

RUN_TESTS(cmocka_unit_test(what_is_meant), cmocka_unit_test(what_is_no_time))
