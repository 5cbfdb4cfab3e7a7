/* SPDX-License-Identifier: MIT */
#include "sweeper/webhook.h"

#include <nettle/base64.h>
#include <nettle/hmac.h>

#include <stdio.h>
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
    char head[96];
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
