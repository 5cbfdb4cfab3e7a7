/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_BACKOFF_H
#define BOOKING_BASE_BACKOFF_H

#include <stdint.h>

/* How long to wait after a failed try: first_ms × factorⁿ, at most max_ms, and
 * then ±10 %, so that jobs which failed together are not tried again
 * together. */
struct backoff {
    int64_t first_ms;
    double factor;
    int64_t max_ms;
};

/* Between the attempts of a payment: 1 s, 1.5 s, 2.25 s … 5 s. */
extern const struct backoff BACKOFF_PAYMENT;
/* Between the tries of a void or a confirmation: 1 s, 2 s, 4 s … 60 s. */
extern const struct backoff BACKOFF_DELIVERY;

/* The wait after the failed_tries-th try (1 for the first). roll is a random
 * number in [0, 1): 0 gives −10 %, close to 1 gives +10 %. */
int64_t backoff_delay_ms(const struct backoff *b, int failed_tries, double roll);

#endif
