/* SPDX-License-Identifier: MIT */
#include "booking/core/name_key.h"

#include "booking/base/text.h"

#include <utf8proc.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Letters that Unicode does not take apart, in lower case, and what people type where they are missing. No text is
 * longer than the letter in UTF-8. */
static const struct {
    utf8proc_int32_t letter;
    const char *typed;
} letters[] = {
    { 0x00E6, "ae" }, /* æ */
    { 0x00F0, "d" },  /* ð */
    { 0x00F8, "o" },  /* ø */
    { 0x00FE, "th" }, /* þ */
    { 0x0111, "d" },  /* đ */
    { 0x0127, "h" },  /* ħ */
    { 0x0131, "i" },  /* ı */
    { 0x0138, "k" },  /* ĸ */
    { 0x0142, "l" },  /* ł */
    { 0x014B, "n" },  /* ŋ */
    { 0x0153, "oe" }, /* œ */
    { 0x0167, "t" },  /* ŧ */
    { 0x0180, "b" },  /* ƀ */
    { 0x0199, "k" },  /* ƙ */
    { 0x019A, "l" },  /* ƚ */
    { 0x01B4, "y" },  /* ƴ */
    { 0x01B6, "z" },  /* ƶ */
    { 0x01E5, "g" },  /* ǥ */
    { 0x0237, "j" },  /* ȷ */
    { 0x0253, "b" },  /* ɓ */
    { 0x0256, "d" },  /* ɖ */
    { 0x0257, "d" },  /* ɗ */
    { 0x0268, "i" },  /* ɨ */
    { 0x0272, "n" },  /* ɲ */
    { 0x0275, "o" },  /* ɵ */
    { 0x0289, "u" },  /* ʉ */
};

/* Accents, points and other marks that people leave out. The vowel signs of Indian and Thai letters and the marks of
 * Japanese ones are no such marks: without them it is another name. */
static bool is_accent(utf8proc_int32_t c)
{
    static const utf8proc_int32_t ranges[][2] = {
        { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05C7 }, { 0x0610, 0x061A }, { 0x064B, 0x065F },
        { 0x0670, 0x0670 }, { 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF }, { 0xFE20, 0xFE2F },
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    }
    return false;
}

/* Letters by their category, but signs like an apostrophe, such as the okina, or a mere stroke. */
static bool is_sign(utf8proc_int32_t c)
{
    return (c >= 0x02B9 && c <= 0x02BF) || c == 0x02C8 || c == 0x02CA || c == 0x02CB || c == 0x02EE || c == 0x0640 ||
           c == 0xA78C;
}

static bool counts(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO && !is_accent(c) && !is_sign(c);
}

/* Writes what counts of a character, if anything; returns the number of bytes, which are no more than it had. */
static size_t write(utf8proc_int32_t c, utf8proc_uint8_t *to)
{
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        size_t len = strlen(letters[i].typed);
        if (letters[i].letter == c) {
            memcpy(to, letters[i].typed, len);
            return len;
        }
    }
    return counts(c) ? (size_t)utf8proc_encode_char(c, to) : 0;
}

/* Leaves what counts of a text that is taken apart and in lower case. Returns its new length. */
static utf8proc_ssize_t strip(utf8proc_uint8_t *text, utf8proc_ssize_t len)
{
    size_t kept = 0;
    for (utf8proc_ssize_t at = 0; at < len;) {
        utf8proc_int32_t c = 0;
        utf8proc_ssize_t n = utf8proc_iterate(text + at, len - at, &c);
        if (n <= 0)
            return 0;
        at += n;
        kept += write(c, text + kept);
    }
    return (utf8proc_ssize_t)kept;
}

/* The length of at most this many characters. */
static size_t length_of(const char *text, size_t len, size_t max)
{
    size_t at = 0;
    for (size_t count = 0; at < len; at++) {
        bool begins = ((unsigned char)text[at] & 0xC0) != 0x80;
        if (begins && count++ == max)
            break;
    }
    return at;
}

bool name_key(const char *name, char ret_key[NAME_KEY_SIZE])
{
    utf8proc_uint8_t *apart = NULL;
    utf8proc_uint8_t *key = NULL;
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)name, (utf8proc_ssize_t)strlen(name), &apart,
                                        UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
    if (len > 0)
        len = strip(apart, len);
    /* Composed again, as Korean syllables would not fit otherwise. */
    if (len > 0)
        len = utf8proc_map(apart, len, &key, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    if (len > 0) {
        size_t fits = length_of((const char *)key, (size_t)len, NAME_KEY_MAX);
        memcpy(ret_key, key, fits);
        ret_key[fits] = '\0';
    }
    free(apart);
    free(key);
    return len > 0;
}

bool email_key(const char *email, char ret_key[EMAIL_KEY_SIZE])
{
    utf8proc_uint8_t *key = NULL;
    size_t given = text_trim(&email);
    utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)email, (utf8proc_ssize_t)given, &key,
                                        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    bool valid = len > 0 && length_of((const char *)key, (size_t)len, EMAIL_MAX) == (size_t)len;
    if (valid)
        memcpy(ret_key, key, (size_t)len + 1);
    free(key);
    return valid;
}
