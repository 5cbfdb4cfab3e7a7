/* SPDX-License-Identifier: MIT */
#include "booking/base/webhook.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 512

/* The key that a secret stands for. */
static size_t read_key(const char *secret, uint8_t key[KEY_MAX])
{
    struct base64_decode_ctx base64;
    size_t len = KEY_MAX;
    bool is_encoded = strncmp(secret, "whsec_", 6) == 0;
    base64_decode_init(&base64);
    if (is_encoded && strlen(secret + 6) <= KEY_MAX &&
        base64_decode_update(&base64, &len, key, strlen(secret + 6), secret + 6) && base64_decode_final(&base64))
        return len;
    len = strlen(secret);
    len = len < KEY_MAX ? len : KEY_MAX;
    memcpy(key, secret, len);
    return len;
}

void webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body, size_t body_len,
                  struct buf *out)
{
    struct hmac_sha256_ctx hmac;
    uint8_t key[KEY_MAX];
    uint8_t digest[SHA256_DIGEST_SIZE];
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1];
    char head[WEBHOOK_ID_SIZE + 32];
    int head_len = snprintf(head, sizeof head, "%s.%lld.", id, (long long)timestamp_s);
    size_t key_len = read_key(secret, key);

    hmac_sha256_set_key(&hmac, key_len, key);
    hmac_sha256_update(&hmac, (size_t)head_len, (const uint8_t *)head);
    hmac_sha256_update(&hmac, body_len, (const uint8_t *)body);
    hmac_sha256_digest(&hmac, sizeof digest, digest);
    base64_encode_raw(text, sizeof digest, digest);
    text[sizeof text - 1] = '\0';
    buf_addf(out, "%sv1,%s", out->len > 0 ? " " : "", text);
}

/* Whole seconds, and nothing else. */
static bool read_timestamp(const char *text, int64_t *ret_s)
{
    size_t len = text == NULL ? 0 : strlen(text);
    if (len == 0 || len > 12 || strspn(text, "0123456789") != len)
        return false;
    *ret_s = strtoll(text, NULL, 10);
    return true;
}

/* Whether this is one of the signatures, which have blanks between them. The time it takes tells nothing about where
 * two differ. */
static bool is_among(const char *signature, const char *signatures)
{
    size_t len = strlen(signature);
    bool found = false;
    while (*signatures != '\0') {
        size_t each = strcspn(signatures, " ");
        if (each == len && memeql_sec(signatures, signature, len))
            found = true;
        signatures += each;
        signatures += strspn(signatures, " ");
    }
    return found;
}

bool webhook_verify(const char *secret, const struct webhook_signature *signature, const char *body, size_t body_len,
                    int64_t *ret_timestamp_s)
{
    struct buf own = BUF_INIT;
    int64_t timestamp_s = 0;
    if (signature->id == NULL || *signature->id == '\0' || strlen(signature->id) >= WEBHOOK_ID_SIZE ||
        signature->signatures == NULL || !read_timestamp(signature->timestamp, &timestamp_s))
        return false;
    webhook_sign(secret, signature->id, timestamp_s, body, body_len, &own);
    bool is_right = buf_ok(&own) && is_among(buf_str(&own), signature->signatures);
    buf_done(&own);
    if (is_right)
        *ret_timestamp_s = timestamp_s;
    return is_right;
}
