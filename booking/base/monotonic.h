/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_MONOTONIC_H
#define BOOKING_BASE_MONOTONIC_H

#include <stdint.h>

/* Milliseconds of a clock that is never adjusted, for measuring how long
 * something takes. It decides nothing about a booking: the times that count are
 * the database's. */
int64_t monotonic_ms(void);

#endif
