#include "booking/log.h"

#include "booking/core/timestamp.h"

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

bool log_level_is_known(const char *name)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(level_names[i], name) == 0)
            return true;
    }
    return false;
}

void log_start(const char *level)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(level_names[i], level) == 0)
            least_level = (enum log_level)i;
    }
}

/* A line in a fixed buffer: logging must not fail for want of memory, and one
 * write() keeps the lines of many processes whole. */
struct line {
    char text[2048];
    size_t len;
};

static void put(struct line *l, char c)
{
    /* The last byte is kept for the newline. */
    if (l->len + 1 < sizeof l->text)
        l->text[l->len++] = c;
}

static void put_text(struct line *l, const char *text)
{
    for (; *text != '\0'; text++)
        put(l, *text);
}

static void put_value(struct line *l, const char *text)
{
    if (*text != '\0' && strpbrk(text, " \"=\\\n\r\t") == NULL) {
        put_text(l, text);
        return;
    }
    put(l, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            put(l, '\\');
        put(l, c < 0x20 || c == 0x7F ? ' ' : (char)c);
    }
    put(l, '"');
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

    put_text(&l, "time=");
    put_text(&l, stamp);
    put_text(&l, " level=");
    put_text(&l, level_names[level]);
    put_text(&l, " event=");
    put_text(&l, event);
    for (size_t i = 0; i < n; i++) {
        char digits[24];
        put(&l, ' ');
        put_text(&l, fields[i].key);
        put(&l, '=');
        if (fields[i].text == NULL)
            (void)snprintf(digits, sizeof digits, "%lld", fields[i].number);
        put_value(&l, fields[i].text != NULL ? fields[i].text : digits);
    }
    l.text[l.len++] = '\n';
    /* A log that cannot be written to must not stop a booking. */
    ssize_t ignored = write(STDERR_FILENO, l.text, l.len);
    (void)ignored;
    errno = saved_errno;
}
