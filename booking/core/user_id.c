/* SPDX-License-Identifier: MIT */
#include "booking/core/user_id.h"

#include "booking/base/text.h"

#include <utf8proc.h>

#include <stdlib.h>
#include <string.h>

/* No id of fifty characters is longer than 2000 bytes, however it is composed. */
#define SENT_PER_CHARACTER 40

/* Overrides, embeddings, isolates and marks: Unicode's Bidi_Control. */
static bool turns_direction(utf8proc_int32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F || c == 0x061C;
}

/* Characters that say where a line may or may not break. They are pasted along with a name and are no part of it. */
static bool means_nothing(utf8proc_int32_t c)
{
    return c == 0x200B || c == 0x2060 || c == 0xFEFF || c == 0x00AD;
}

static bool is_blank(utf8proc_category_t category)
{
    return category == UTF8PROC_CATEGORY_ZS;
}

static bool can_be_seen(utf8proc_int32_t c, utf8proc_category_t category)
{
    if (utf8proc_get_property(c)->ignorable || c == 0x2800) /* the Braille pattern without dots */
        return false;
    return !is_blank(category) && category != UTF8PROC_CATEGORY_CF && category != UTF8PROC_CATEGORY_MN &&
           category != UTF8PROC_CATEGORY_ME;
}

/* An id being built: characters are added at its end, a blank only once another character follows. */
struct draft {
    char text[ACCOUNT_SIZE];
    size_t max;
    size_t len;
    size_t count;
    bool blank;
    bool seen;
};

static bool add(struct draft *d, utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    if (category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP ||
        turns_direction(c))
        return false;
    if (means_nothing(c))
        return true;
    if (is_blank(category)) {
        d->blank = d->count > 0;
        return true;
    }
    if (d->count + (d->blank ? 2 : 1) > d->max)
        return false;
    if (d->blank)
        d->text[d->len++] = ' ';
    d->count += d->blank ? 2 : 1;
    d->len += (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)d->text + d->len);
    d->blank = false;
    d->seen = d->seen || can_be_seen(c, category);
    return true;
}

static bool read(const utf8proc_uint8_t *text, utf8proc_ssize_t len, struct draft *d)
{
    while (len > 0) {
        utf8proc_int32_t c = 0;
        utf8proc_ssize_t n = utf8proc_iterate(text, len, &c);
        if (n <= 0 || !add(d, c))
            return false;
        text += n;
        len -= n;
    }
    d->text[d->len] = '\0';
    return d->seen;
}

bool typed_name_read(const char *text, size_t max, char *ret_name)
{
    struct draft draft = { .max = max };
    utf8proc_uint8_t *composed = NULL;
    size_t len = text_trim(&text);
    if (len == 0 || len > max * SENT_PER_CHARACTER)
        return false;
    utf8proc_ssize_t composed_len = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &composed,
                                                 UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    bool valid = composed_len > 0 && read(composed, composed_len, &draft);
    free(composed);
    if (valid)
        memcpy(ret_name, draft.text, draft.len + 1);
    return valid;
}

bool user_id_read(const char *text, char ret_id[USER_ID_SIZE])
{
    return typed_name_read(text, USER_ID_MAX, ret_id);
}

bool staff_name_read(const char *text, char ret_name[ACCOUNT_SIZE])
{
    return typed_name_read(text, ACCOUNT_MAX, ret_name);
}

bool account_is_valid(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && text_is_utf8(text, len) && text_is_printable(text) && text_utf8_length(text) <= ACCOUNT_MAX;
}

void account_to_user_id(const char *account, char ret_id[USER_ID_SIZE])
{
    size_t len = 0;
    for (size_t count = 0; account[len] != '\0'; len++) {
        bool begins = ((unsigned char)account[len] & 0xC0) != 0x80;
        if (begins && count++ == USER_ID_MAX)
            break;
    }
    memcpy(ret_id, account, len);
    ret_id[len] = '\0';
}
