/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_WEBHOOK_H
#define BOOKING_BASE_WEBHOOK_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_ID_SIZE 129

/* Signs a message as Standard Webhooks asks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): appends
 * "v1,<base64 of the HMAC-SHA256 of id.timestamp.body>" to the header's value, after a blank if that has one already. A
 * secret is "whsec_" and base64, or any text, whose bytes then are the key. */
void webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t body_len,
                  struct buf *out);

/* The headers of a signed message: webhook-id, webhook-timestamp, webhook-signature; NULL where one is missing. */
struct webhook_signature {
    const char *id;
    const char *timestamp;
    const char *signatures;
};

/* Whether one of the signatures is this secret's. Whether the timestamp is recent is for the caller to judge. */
bool webhook_verify(const char *secret, const struct webhook_signature *signature, const char *body, size_t body_len,
                    int64_t *ret_timestamp_s);

#endif
