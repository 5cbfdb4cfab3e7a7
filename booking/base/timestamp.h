/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_TIMESTAMP_H
#define BOOKING_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

/* A moment is a number of milliseconds since 1970-01-01T00:00:00Z without leap
 * seconds, as the database counts. No function here reads a clock. */

#define TIME_NONE INT64_MIN

/* "2026-03-15T10:00:00.000Z" and the NUL. */
#define TIMESTAMP_SIZE 25

struct civil_time {
    int year, month, day, hour, minute, second, millisecond;
};

/* Converts a moment to the calendar (proleptic Gregorian, UTC) and back. The
 * fields of a civil time given to timestamp_from_civil() must be in range. */
struct civil_time timestamp_to_civil(int64_t ms);
int64_t timestamp_from_civil(const struct civil_time *civil);

/* RFC 3339, UTC, with milliseconds. Years 0000 to 9999. */
void timestamp_format(int64_t ms, char ret_text[TIMESTAMP_SIZE]);

/* Reads "YYYY-MM-DD" as the moment at which that day begins in UTC. Returns
 * false unless it is a date of the calendar; *ret_ms is then untouched. */
bool timestamp_parse_date(const char *text, int64_t *ret_ms);

/* Reads such a date, or a moment as timestamp_format() writes it; its seconds
 * and milliseconds may be left out. */
bool timestamp_parse(const char *text, int64_t *ret_ms);

#endif
