/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_ZONE_H
#define BOOKING_BASE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Local days and times, by the time zones of this host (tzdata; TZDIR names
 * another directory of them). Only for a process with one thread: the C library
 * knows one zone at a time, and the last one used stays the process's own (TZ). */

/* Finds the days on which moments fall in a zone (IANA, such as
 * "America/New_York"). Each day is given as the moment at which the same date
 * begins in UTC, as timestamp_parse_date() reads it. A zone that this host does
 * not know is taken for UTC, and logged once. */
void zone_days(const char *zone, const int64_t *moments_ms, size_t count, int64_t *ret_days_ms);

/* Whether this host has rules for the zone. */
bool zone_is_known(const char *zone);

enum zone_answer {
    ZONE_OK,
    ZONE_UNKNOWN,      /* this host has no rules for the zone */
    ZONE_GAP,          /* the clocks skip that time */
    ZONE_REPEATED,     /* the clocks show it twice, and the offset does not say which is meant */
    ZONE_WRONG_OFFSET, /* the zone does not have that offset then */
};

/* Any offset from UTC that the zone has. */
#define ZONE_ANY_OFFSET INT32_MIN

/* Finds the moment at which a zone's clocks show a time, which is given as the moment at which UTC shows it. The
 * offset, in seconds east of UTC, tells the two of a repeated hour apart. *ret_ms is untouched unless ZONE_OK. */
enum zone_answer zone_to_utc(const char *zone, int64_t local_ms, int32_t offset_s, int64_t *ret_ms);

/* The time that a zone's clocks show at a moment, as above, and whether they show it twice. */
struct zone_local {
    int64_t local_ms;
    int32_t offset_s;
    bool is_repeated;
};
bool zone_to_local(const char *zone, int64_t utc_ms, struct zone_local *ret_local);

#endif
