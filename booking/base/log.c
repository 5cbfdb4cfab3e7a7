/* SPDX-License-Identifier: MIT */
#include "booking/base/log.h"

#include "booking/base/text.h"
#include "booking/base/timestamp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"
};
#define LEVEL_COUNT (sizeof level_names / sizeof level_names[0])

static enum log_level least_level = LOG_INFO;

void log_start(const char *level)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(level_names[i], level) == 0)
            least_level = (enum log_level)i;
    }
}

/* A line in a fixed buffer: logging must not fail for lack of memory, and one
 * write() keeps the lines of many processes whole. A value that does not fit is
 * cut short; the line is still JSON. */
struct line {
    char text[2048];
    size_t len;
};

/* What the longest ending of a line needs: a quote, a brace, the newline. */
#define END_ROOM 3

static void put(struct line *l, char c)
{
    if (l->len + END_ROOM < sizeof l->text)
        l->text[l->len++] = c;
}

static void put_text(struct line *l, const char *text)
{
    for (; *text != '\0'; text++)
        put(l, *text);
}

/* An escape is written whole or not at all. */
static void put_escaped(struct line *l, unsigned char c)
{
    char escape[8];
    int n = c == '"' || c == '\\' ? snprintf(escape, sizeof escape, "\\%c", c)
                                  : snprintf(escape, sizeof escape, "\\u%04x", c);
    if (l->len + (size_t)n + END_ROOM < sizeof l->text)
        put_text(l, escape);
}

static void put_string(struct line *l, const char *text)
{
    bool utf8 = text_is_utf8(text, strlen(text));
    if (l->len + 1 + END_ROOM >= sizeof l->text)
        return;
    put(l, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        /* The cut must not fall inside a character. */
        if (utf8 && c >= 0xC0 && l->len + 4 + END_ROOM > sizeof l->text)
            break;
        if (c < 0x20 || c == '"' || c == '\\')
            put_escaped(l, c);
        else
            put(l, c >= 0x80 && !utf8 ? '?' : (char)c);
    }
    l->text[l->len++] = '"';
}

/* Writes the field only if its name and a little of its value fit. */
static void put_field(struct line *l, const struct log_field *f)
{
    char digits[24];
    if (l->len + strlen(f->key) + sizeof digits + 8 + END_ROOM >= sizeof l->text)
        return;
    put(l, ',');
    put_string(l, f->key);
    put(l, ':');
    (void)snprintf(digits, sizeof digits, "%lld", f->number);
    if (f->text == NULL)
        put_text(l, digits);
    else
        put_string(l, f->text);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    int saved_errno = errno;
    if (level < least_level)
        return;

    struct line l = { .len = 0 };
    struct timespec now;
    char stamp[TIMESTAMP_SIZE];
    (void)clock_gettime(CLOCK_REALTIME, &now);
    timestamp_format((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, stamp);

    put_text(&l, "{\"time\":");
    put_string(&l, stamp);
    put_text(&l, ",\"level\":");
    put_string(&l, level_names[level]);
    put_text(&l, ",\"event\":");
    put_string(&l, event);
    for (size_t i = 0; i < n; i++)
        put_field(&l, &fields[i]);
    l.text[l.len++] = '}';
    l.text[l.len++] = '\n';
    /* A log that cannot be written to must not stop a booking. */
    ssize_t ignored = write(STDERR_FILENO, l.text, l.len);
    (void)ignored;
    errno = saved_errno;
}
