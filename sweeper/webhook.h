/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_WEBHOOK_H
#define SWEEPER_WEBHOOK_H

#include "booking/base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Signs a message as Standard Webhooks asks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): appends
 * "v1,<base64 of the HMAC-SHA256 of id.timestamp.body>" to the header's value, after a blank if that has one already. A
 * secret is "whsec_" and base64, or any text, whose bytes then are the key. Only webhook.c includes nettle. */
void webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t body_len,
                  struct buf *out);

#endif
