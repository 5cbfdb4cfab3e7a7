/* SPDX-License-Identifier: MIT */
#include "booking/base/backoff.h"

const struct backoff BACKOFF_PAYMENT = { .first_ms = 1000, .factor = 1.5, .max_ms = 5000 };
const struct backoff BACKOFF_DELIVERY = { .first_ms = 1000, .factor = 2, .max_ms = 60000 };

int64_t backoff_delay_ms(const struct backoff *b, int failed_tries, double roll)
{
    double delay = (double)b->first_ms;
    for (int i = 1; i < failed_tries && delay < (double)b->max_ms; i++)
        delay *= b->factor;
    if (delay > (double)b->max_ms)
        delay = (double)b->max_ms;
    return (int64_t)(delay * (0.9 + 0.2 * roll) + 0.5);
}
