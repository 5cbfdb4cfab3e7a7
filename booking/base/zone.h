/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_ZONE_H
#define BOOKING_BASE_ZONE_H

#include <stddef.h>
#include <stdint.h>

/* Local days, from the time zones this host has (tzdata). For a process of one
 * thread: the C library knows one zone at a time, and the last one used stays
 * the process's own (TZ). */

/* The days on which moments fall by the clocks of a zone (IANA, such as
 * "America/New_York"), each as the moment that begins the same date in UTC; so
 * as timestamp_parse_date() reads it. A zone this host does not know is UTC, and
 * is logged once. */
void zone_days(const char *zone, const int64_t *moments_ms, size_t count, int64_t *ret_days_ms);

#endif
