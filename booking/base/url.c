/* SPDX-License-Identifier: MIT */
#include "booking/base/url.h"

#include <ctype.h>
#include <string.h>

#define HOST_CHARACTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-:[]"

/* What follows "https://" or "http://", or NULL. */
static const char *after_scheme(const char *text)
{
    static const char *const schemes[] = { "https://", "http://" };
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (strncmp(text, schemes[i], strlen(schemes[i])) == 0)
            return text + strlen(schemes[i]);
    }
    return NULL;
}

bool url_is_web(const char *text)
{
    const char *host = after_scheme(text);
    if (host == NULL || strlen(text) >= URL_SIZE)
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}'", *p) != NULL)
            return false;
    }
    size_t len = strcspn(host, "/?#");
    return len > 0 && *host != ':' && strspn(host, HOST_CHARACTERS) >= len;
}

bool url_is_private(const char *text)
{
    static const char *const loopback[] = { "127.0.0.1", "localhost", "[::1]" };
    if (!url_is_web(text) || strncmp(text, "https://", 8) == 0)
        return url_is_web(text);
    const char *host = after_scheme(text);
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        size_t len = strlen(loopback[i]);
        if (strncmp(host, loopback[i], len) == 0 && strchr(":/?#", host[len]) != NULL)
            return true;
    }
    return false;
}

void url_encode(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
            buf_add_char(out, *text);
        else
            buf_addf(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}
