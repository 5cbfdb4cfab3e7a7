/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_JSON_CHECK_H
#define BOOKING_BASE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are one JSON value as RFC 8259 defines it, in UTF-8, with
 * optional white space around it, nested at most depth_max deep. The JSON
 * library accepts more than that (NaN, control characters in strings, a second
 * value after the first), and may read it differently from what the sender
 * meant.
 *
 * If they are not, *reterr_at is the position of the first byte that does not
 * fit. */
bool json_is_valid(const char *text, size_t len, int depth_max, size_t *reterr_at);

#endif
