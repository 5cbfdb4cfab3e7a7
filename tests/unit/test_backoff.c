/* SPDX-License-Identifier: MIT */
/* Waits between tries: 1 s × 1.5ⁿ, at most 5 s, ±10 %. */

#include "tests/unit/unit.h"

#include "booking/base/backoff.h"

#include <limits.h>

static void payment_waits_without_luck(void **state)
{
    static const int64_t want[] = { 1000, 1500, 2250, 3375, 5000, 5000, 5000 };
    (void)state;
    for (int tries = 1; tries <= (int)COUNT_OF(want); tries++)
        assert_int_equal(backoff_delay_ms(&BACKOFF_PAYMENT, tries, 0.5), want[tries - 1]);
}

static void delivery_waits_without_luck(void **state)
{
    static const int64_t want[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
    (void)state;
    for (int tries = 1; tries <= (int)COUNT_OF(want); tries++)
        assert_int_equal(backoff_delay_ms(&BACKOFF_DELIVERY, tries, 0.5), want[tries - 1]);
}

/* Chance changes a wait by at most a tenth in either direction, and evenly. */
static void jitter_stays_within_a_tenth(void **state)
{
    const struct backoff *const all[] = { &BACKOFF_PAYMENT, &BACKOFF_DELIVERY };
    (void)state;
    for (size_t b = 0; b < COUNT_OF(all); b++) {
        for (int tries = 1; tries <= 100; tries++) {
            int64_t middle = backoff_delay_ms(all[b], tries, 0.5);
            int64_t before = 0;
            int64_t least = backoff_delay_ms(all[b], tries, 0);
            int64_t most = backoff_delay_ms(all[b], tries, 0.999999);
            assert_true(least >= middle * 9 / 10 && least <= middle * 9 / 10 + 1);
            assert_true(most >= middle * 11 / 10 - 1 && most <= middle * 11 / 10 + 1);
            for (int roll = 0; roll < 100; roll++) {
                int64_t delay = backoff_delay_ms(all[b], tries, roll / 100.0);
                check(delay >= before, "try %d: the wait shrinks at luck %d", tries, roll);
                check(delay * 10 <= (all[b]->max_ms + 1) * 11, "try %d: %lld ms is over the cap", tries,
                      (long long)delay);
                before = delay;
            }
        }
    }
}

/* However many tries there are, there is no overflow, no endless loop, and no wait of zero. */
static void extremes(void **state)
{
    (void)state;
    assert_int_equal(backoff_delay_ms(&BACKOFF_PAYMENT, INT_MAX, 0.5), 5000);
    assert_int_equal(backoff_delay_ms(&BACKOFF_DELIVERY, INT_MAX, 0.5), 60000);
    assert_int_equal(backoff_delay_ms(&BACKOFF_PAYMENT, 0, 0.5), 1000);
    assert_int_equal(backoff_delay_ms(&BACKOFF_PAYMENT, -1, 0.5), 1000);
    struct backoff low_cap = { .first_ms = 1000, .factor = 2, .max_ms = 300 };
    assert_int_equal(backoff_delay_ms(&low_cap, 1, 0.5), 300);
}

RUN_TESTS(cmocka_unit_test(payment_waits_without_luck), cmocka_unit_test(delivery_waits_without_luck),
          cmocka_unit_test(jitter_stays_within_a_tenth), cmocka_unit_test(extremes))
