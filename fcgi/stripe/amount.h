/* SPDX-License-Identifier: MIT */
#ifndef FCGI_STRIPE_AMOUNT_H
#define FCGI_STRIPE_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* An amount as Stripe counts it (https://docs.stripe.com/currencies), from the minor units of ISO 4217 that the product
 * counts in. False if Stripe takes no such amount: a currency it does not know of, or a fraction it does not take. */
bool amount_for_stripe(const char *currency, int64_t minor_units, int64_t *ret_amount);

/* The other way round, of at most 12 digits. A fraction of a minor unit is rounded up, so that the amount is not like
 * one that was asked for; a currency that the product does not know of is counted as Stripe counts it. */
int64_t amount_from_stripe(const char *currency, int64_t amount);

#endif
