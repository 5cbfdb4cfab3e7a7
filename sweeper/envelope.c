/* SPDX-License-Identifier: MIT */
#include "sweeper/envelope.h"

#include "booking/base/text.h"
#include "booking/base/timestamp.h"

#include <nettle/base64.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Bytes of text in an encoded word, so that no line is longer than 76 characters, even with a header's name. */
#define WORD_BYTES 33
#define PLAIN_MAX 60
#define REPLY_MAX 200

static bool is_plain(const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return len <= PLAIN_MAX && strstr(text, "=?") == NULL;
}

static void add_word(const char *text, size_t len, struct buf *out)
{
    char encoded[BASE64_ENCODE_RAW_LENGTH(WORD_BYTES) + 1];
    base64_encode_raw(encoded, len, (const uint8_t *)text);
    encoded[BASE64_ENCODE_RAW_LENGTH(len)] = '\0';
    buf_addf(out, "=?UTF-8?B?%s?=", encoded);
}

/* At most WORD_BYTES, and no part of a character. */
static size_t word_length(const char *text)
{
    size_t len = strlen(text);
    if (len <= WORD_BYTES)
        return len;
    for (len = WORD_BYTES; len > 1 && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
        ;
    return len;
}

void envelope_text(const char *text, struct buf *out)
{
    if (is_plain(text)) {
        buf_add_str(out, text);
        return;
    }
    while (*text != '\0') {
        size_t len = word_length(text);
        add_word(text, len, out);
        text += len;
        if (*text != '\0')
            buf_add_str(out, "\r\n ");
    }
}

void envelope_address(const char *name, const char *address, struct buf *out)
{
    bool is_atoms = is_plain(name) && strpbrk(name, "()<>[]:;@\\,.\"") == NULL;
    if (*name == '\0') {
        buf_addf(out, "<%s>", address);
    } else if (is_atoms) {
        buf_addf(out, "%s <%s>", name, address);
    } else if (is_plain(name) && strpbrk(name, "\\\"") == NULL) {
        buf_addf(out, "\"%s\" <%s>", name, address);
    } else {
        while (*name != '\0') {
            size_t len = word_length(name);
            add_word(name, len, out);
            name += len;
            buf_add_str(out, "\r\n ");
        }
        buf_addf(out, "<%s>", address);
    }
}

void envelope_date(int64_t ms, struct buf *out)
{
    static const char days[][4] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
    static const char months[][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
    };
    const struct civil_time t = timestamp_to_civil(ms);
    int64_t day = ms / 86400000 - (ms % 86400000 < 0 ? 1 : 0);
    buf_addf(out, "%s, %02d %s %04d %02d:%02d:%02d +0000", days[(day % 7 + 7) % 7], t.day, months[t.month - 1], t.year,
             t.hour, t.minute, t.second);
}

static void add_reply_word(const char *word, size_t len, struct buf *out)
{
    if (out->len > 0)
        buf_add_char(out, ' ');
    if (memchr(word, '@', len) != NULL)
        buf_add_str(out, "(address)");
    else
        buf_add(out, word, len);
}

void envelope_reply(const char *reply, struct buf *out)
{
    static const char between[] = " \t\r\n";
    size_t len = strlen(reply);
    if (!text_is_utf8(reply, len)) {
        buf_addf(out, "%.3s", reply);
        return;
    }
    for (const char *p = reply + strspn(reply, between); *p != '\0'; p += strspn(p, between)) {
        size_t word = strcspn(p, between);
        if (out->len + word > REPLY_MAX)
            return;
        add_reply_word(p, word, out);
        p += word;
    }
}
