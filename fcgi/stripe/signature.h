/* SPDX-License-Identifier: MIT */
#ifndef FCGI_STRIPE_SIGNATURE_H
#define FCGI_STRIPE_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How old a signed event may be, and how far ahead its clock. */
#define SIGNATURE_TOLERANCE_S 300

/* Whether the header Stripe-Signature ("t=1492774577,v1=5257a8…,v0=…") is Stripe's for this body: one of its v1 is the
 * HMAC-SHA256 of "t.body" with the secret, the whole of it as text. Its time tells nothing about where they differ. An
 * empty secret signs nothing. *ret_signed_at_s is when it was signed, by Stripe's clock: the caller compares it. */
bool signature_is_valid(const char *header, const char *body, size_t body_len, const char *secret,
                        int64_t *ret_signed_at_s);

#endif
