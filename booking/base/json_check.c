/* SPDX-License-Identifier: MIT */
#include "booking/base/json_check.h"

#include "booking/base/text.h"

#include <string.h>

struct reader {
    const char *text;
    size_t len;
    size_t at;
};

/* The next byte; at the end NUL, which JSON never contains. */
static char peek(const struct reader *r)
{
    return r->at < r->len ? r->text[r->at] : '\0';
}

static bool take(struct reader *r, char c)
{
    if (r->at >= r->len || r->text[r->at] != c)
        return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    while (*word != '\0') {
        if (!take(r, *word++))
            return false;
    }
    return true;
}

static void skip_space(struct reader *r)
{
    while (take(r, ' ') || take(r, '\t') || take(r, '\n') || take(r, '\r'))
        ;
}

static bool take_digits(struct reader *r)
{
    size_t start = r->at;
    while (peek(r) >= '0' && peek(r) <= '9')
        r->at++;
    return r->at > start;
}

static bool take_number(struct reader *r)
{
    (void)take(r, '-');
    /* A leading zero must stand alone. */
    if (!take(r, '0') && !take_digits(r))
        return false;
    if (take(r, '.') && !take_digits(r))
        return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+'))
            (void)take(r, '-');
        return take_digits(r);
    }
    return true;
}

static bool take_escape(struct reader *r)
{
    if (!take(r, 'u')) {
        bool known = peek(r) != '\0' && strchr("\"\\/bfnrt", peek(r)) != NULL;
        r->at += known ? 1 : 0;
        return known;
    }
    for (int i = 0; i < 4; i++) {
        if (peek(r) == '\0' || strchr("0123456789abcdefABCDEF", peek(r)) == NULL)
            return false;
        r->at++;
    }
    return true;
}

static bool take_string(struct reader *r)
{
    if (!take(r, '"'))
        return false;
    while (!take(r, '"')) {
        if ((unsigned char)peek(r) < 0x20)
            return false;
        if (!take(r, '\\'))
            r->at++;
        else if (!take_escape(r))
            return false;
    }
    return true;
}

static bool take_value(struct reader *r, int depth);

/* Takes what stands between braces or brackets: values, or names with values. */
static bool take_members(struct reader *r, char end, int depth)
{
    skip_space(r);
    if (take(r, end))
        return true;
    do {
        skip_space(r);
        if (end == '}') {
            if (!take_string(r))
                return false;
            skip_space(r);
            if (!take(r, ':'))
                return false;
            skip_space(r);
        }
        if (!take_value(r, depth))
            return false;
        skip_space(r);
    } while (take(r, ','));
    return take(r, end);
}

static bool take_value(struct reader *r, int depth)
{
    if (depth == 0)
        return false;
    switch (peek(r)) {
    case '{': r->at++; return take_members(r, '}', depth - 1);
    case '[': r->at++; return take_members(r, ']', depth - 1);
    case '"': return take_string(r);
    case 't': return take_word(r, "true");
    case 'f': return take_word(r, "false");
    case 'n': return take_word(r, "null");
    default: return take_number(r);
    }
}

bool json_is_valid(const char *text, size_t len, int depth_max, size_t *reterr_at)
{
    struct reader r = { text, len, 0 };
    skip_space(&r);
    bool valid = take_value(&r, depth_max);
    if (valid)
        skip_space(&r);
    *reterr_at = r.at;
    return valid && r.at == len && text_is_utf8(text, len);
}
