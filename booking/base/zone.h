/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_ZONE_H
#define BOOKING_BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

/* Local days, by the time zones of this host (tzdata). Only for a process with
 * one thread: the C library knows one zone at a time, and the last one used
 * stays the process's own (TZ). */

/* Finds the days on which moments fall in a zone (IANA, such as
 * "America/New_York"). Each day is given as the moment at which the same date
 * begins in UTC, as timestamp_parse_date() reads it. A zone that this host does
 * not know is taken for UTC, and logged once. */
void zone_days(const char *zone, const int64_t *moments_ms, size_t count, int64_t *ret_days_ms);

#endif
