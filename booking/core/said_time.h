/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_SAID_TIME_H
#define BOOKING_CORE_SAID_TIME_H

#include "booking/base/zone.h"

#include <stdbool.h>
#include <stdint.h>

/* A time of a timetable, as an operator says it: what the clocks of a zone show. Its text is that of RFC 9557,
 * "2026-10-25T02:30:00+02:00[Europe/Berlin]", but that the offset stands only where the clocks show the time twice. So
 * if a country changes its rules, the flight goes on leaving at the time that was said. */

#define SAID_ZONE_SIZE 41
/* The longest text and the NUL. */
#define SAID_TIME_SIZE 81

struct said_time {
    int64_t local_ms;          /* as the moment at which UTC shows the time */
    int32_t offset_s;          /* east of UTC; ZONE_ANY_OFFSET: it was not said */
    char zone[SAID_ZONE_SIZE]; /* IANA; empty: it was not said */
};

/* Reads "2026-10-25T02:30", with or without seconds, an offset (or Z) and a zone. False if it is anything else, or no
 * time of the calendar. */
bool said_time_read(const char *text, struct said_time *ret_said);

/* Finds the moment that was meant, in the zone that was said or else this one, and the text to keep. Both are untouched
 * unless ZONE_OK. A bare "Z" or offset without a zone is checked against the zone, too. */
enum zone_answer said_time_resolve(const struct said_time *said, const char *zone, int64_t *ret_ms,
                                   char ret_text[SAID_TIME_SIZE]);

/* The text for a moment, as if an operator had said it. False, and the text is untouched, if the moment is not one of
 * whole seconds, or the zone is not known. */
bool said_time_write(int64_t ms, const char *zone, char ret_text[SAID_TIME_SIZE]);

/* Whether a text is a time of the day, "07:30". */
bool said_clock_is_valid(const char *text);

/* What to tell an operator about any answer but ZONE_OK. */
const char *said_time_fault(enum zone_answer answer);

#endif
