/* SPDX-License-Identifier: MIT */
#include "booking/base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The length of the sequence that a lead byte begins, 0 if it is none, and the
 * range of its second byte, which rules out overlong forms and surrogates. */
static size_t utf8_sequence(unsigned char lead, unsigned char *reterr_low, unsigned char *reterr_high)
{
    *reterr_low = 0x80;
    *reterr_high = 0xBF;
    if (lead < 0x80)
        return 1;
    if (lead >= 0xC2 && lead <= 0xDF)
        return 2;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (lead == 0xE0)
            *reterr_low = 0xA0;
        if (lead == 0xED)
            *reterr_high = 0x9F;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (lead == 0xF0)
            *reterr_low = 0x90;
        if (lead == 0xF4)
            *reterr_high = 0x8F;
        return 4;
    }
    return 0;
}

bool text_is_utf8(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    while (i < len) {
        unsigned char low = 0;
        unsigned char high = 0;
        size_t n = utf8_sequence(p[i], &low, &high);
        if (n == 0 || n > len - i)
            return false;
        if (n > 1 && (p[i + 1] < low || p[i + 1] > high))
            return false;
        for (size_t k = 2; k < n; k++) {
            if ((p[i + k] & 0xC0) != 0x80)
                return false;
        }
        i += n;
    }
    return true;
}

size_t text_utf8_length(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text & 0xC0) != 0x80)
            n++;
    }
    return n;
}

bool text_is_printable(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
        if (*p < 0x20 || *p == 0x7F)
            return false;
        /* U+0080 to U+009F are C2 80 to C2 9F. */
        if (*p == 0xC2 && p[1] >= 0x80 && p[1] <= 0x9F)
            return false;
    }
    return true;
}

bool text_is_identifier(const char *text, size_t max)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t len = strlen(text);
    return len > 0 && len <= max && strspn(text, allowed) == len;
}

bool text_is_uuid(const char *text)
{
    if (strlen(text) != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i] != '-')
                return false;
        } else if (strchr("0123456789abcdef", text[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* The length in bytes of the white-space character that a text begins with; 0 if there is none. */
static size_t white_space(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    if ((p[0] >= '\t' && p[0] <= '\r') || p[0] == ' ')
        return 1;
    if (p[0] == 0xC2 && (p[1] == 0x85 || p[1] == 0xA0)) /* U+0085, U+00A0 */
        return 2;
    if (p[0] == 0xE2 && p[1] == 0x80 && /* U+2000 to U+200A, U+2028, U+2029, U+202F */
        ((p[2] >= 0x80 && p[2] <= 0x8A) || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF))
        return 3;
    bool is_other = strncmp(text, "\u1680", 3) == 0 || strncmp(text, "\u205F", 3) == 0 ||
                    strncmp(text, "\u3000", 3) == 0;
    return is_other ? 3 : 0;
}

size_t text_trim(const char **text)
{
    size_t end = 0;
    for (size_t n = white_space(*text); n > 0; n = white_space(*text))
        *text += n;
    for (size_t at = 0; (*text)[at] != '\0';) {
        size_t n = white_space(*text + at);
        at += n > 0 ? n : 1;
        if (n == 0)
            end = at;
    }
    return end;
}

bool text_trim_copy(char *to, size_t size, const char *text)
{
    size_t len = text_trim(&text);
    if (len >= size)
        return false;
    memcpy(to, text, len);
    to[len] = '\0';
    return true;
}

bool text_read_uuid(const char *text, char ret_uuid[37])
{
    char uuid[37];
    if (!text_trim_copy(uuid, sizeof uuid, text))
        return false;
    for (char *p = uuid; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'F')
            *p = (char)(*p | 0x20);
    }
    if (!text_is_uuid(uuid))
        return false;
    memcpy(ret_uuid, uuid, sizeof uuid);
    return true;
}

int text_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

void text_copy(char *to, size_t size, const char *from)
{
    size_t len = strlen(from);
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(to, from, len);
    to[len] = '\0';
}

bool text_like_part(char *to, size_t size, const char *text)
{
    size_t len = 0;
    if (2 * strlen(text) + 3 > size)
        return false;
    to[len++] = '%';
    for (; *text != '\0'; text++) {
        if (*text == '%' || *text == '_' || *text == '\\')
            to[len++] = '\\';
        to[len++] = *text;
    }
    to[len++] = '%';
    to[len] = '\0';
    return true;
}

bool text_parse_int(const char *text, long long min, long long max, long long *ret)
{
    if (*text == '\0' || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    long long n = strtoll(text, NULL, 10);
    if (errno != 0 || n < min || n > max)
        return false;
    *ret = n;
    return true;
}
