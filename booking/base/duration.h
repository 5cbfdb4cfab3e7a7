/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_DURATION_H
#define BOOKING_BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads a duration as Go writes them (https://pkg.go.dev/time#ParseDuration):
 * decimal numbers, each with a unit of ms, s, m or h: "500ms", "1h30m", "1.5s".
 * A lone "0" needs no unit. No sign, no spaces, and nothing finer than a
 * millisecond, which would silently be rounded away. At most ten years.
 *
 * Returns false on anything else; *ret_ms is then untouched. */
bool duration_parse(const char *text, int64_t *ret_ms);

/* The shortest text that duration_parse() reads back as the same: "15m", "1h30m". */
void duration_format(int64_t ms, char *ret_text, size_t size);

#endif
