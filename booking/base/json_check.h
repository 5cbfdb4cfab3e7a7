/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_JSON_CHECK_H
#define BOOKING_BASE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are one JSON value as RFC 8259 has it, in UTF-8, white
 * space around it, nested at most depth_max deep. The JSON library takes more
 * than that (NaN, control characters in strings, a second value after the
 * first), and what it takes it may read otherwise than the sender meant.
 *
 * If not, *reterr_at is where the first byte is that cannot be. */
bool json_is_valid(const char *text, size_t len, int depth_max, size_t *reterr_at);

#endif
