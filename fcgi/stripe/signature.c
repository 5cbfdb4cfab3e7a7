/* SPDX-License-Identifier: MIT */
#include "fcgi/stripe/signature.h"

#include "booking/base/text.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>

#include <string.h>

/* One "name=value" of the header. */
struct part {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
};

/* Moves to the next part; false after the last one. */
static bool next_part(const char **at, struct part *ret_part)
{
    *at += strspn(*at, ", ");
    if (**at == '\0')
        return false;
    size_t len = strcspn(*at, ",");
    const char *equals = memchr(*at, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - *at);
    size_t value_at = equals == NULL ? len : name_len + 1;
    *ret_part = (struct part){ *at, name_len, *at + value_at, len - value_at };
    *at += len;
    return true;
}

static bool is_named(const struct part *part, const char *name)
{
    return part->name_len == strlen(name) && memcmp(part->name, name, part->name_len) == 0;
}

/* The time, as it was written, since that is what was signed. A second one would leave open which counts. */
static bool find_time(const char *header, struct part *ret_time, int64_t *ret_s)
{
    struct part part;
    int times = 0;
    for (const char *at = header; next_part(&at, &part);) {
        char text[20];
        long long number = 0;
        if (!is_named(&part, "t"))
            continue;
        if (++times > 1 || part.value_len >= sizeof text)
            return false;
        memcpy(text, part.value, part.value_len);
        text[part.value_len] = '\0';
        if (!text_parse_int(text, 0, INT64_C(1) << 40, &number))
            return false;
        *ret_time = part;
        *ret_s = number;
    }
    return times == 1;
}

static bool read_digest(const char *hex, size_t len, uint8_t ret_digest[SHA256_DIGEST_SIZE])
{
    if (len != (size_t)SHA256_DIGEST_SIZE * 2)
        return false;
    for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
        int high = text_hex_value(hex[2 * i]);
        int low = text_hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        ret_digest[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static bool has_signature(const char *header, const uint8_t digest[SHA256_DIGEST_SIZE])
{
    struct part part;
    bool found = false;
    for (const char *at = header; next_part(&at, &part);) {
        uint8_t said[SHA256_DIGEST_SIZE];
        if (is_named(&part, "v1") && read_digest(part.value, part.value_len, said))
            found |= memeql_sec(said, digest, sizeof said) != 0;
    }
    return found;
}

bool signature_is_valid(const char *header, const char *body, size_t body_len, const char *secret,
                        int64_t *ret_signed_at_s)
{
    struct hmac_sha256_ctx hmac;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct part time;
    int64_t signed_at_s = 0;
    if (*secret == '\0' || !find_time(header, &time, &signed_at_s))
        return false;
    hmac_sha256_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
    hmac_sha256_update(&hmac, time.value_len, (const uint8_t *)time.value);
    hmac_sha256_update(&hmac, 1, (const uint8_t *)".");
    hmac_sha256_update(&hmac, body_len, (const uint8_t *)body);
    hmac_sha256_digest(&hmac, sizeof digest, digest);
    if (!has_signature(header, digest))
        return false;
    *ret_signed_at_s = signed_at_s;
    return true;
}
