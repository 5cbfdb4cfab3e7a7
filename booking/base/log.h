/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_LOG_H
#define BOOKING_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* Writes each event as one line on standard error: a JSON object with its time
 * and level. The main functions, the router and the sweeper's job kinds log;
 * most lower layers return results instead. errno is preserved. Payment codes
 * and secrets must never be logged. */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    const char *text; /* NULL: number is the value */
    long long number;
};

/* clang-format off */
#define LOG_TEXT(k, v) { .key = (k), .text = (v) }
#define LOG_NUMBER(k, v) { .key = (k), .number = (long long)(v) }
/* clang-format on */

/* Sets the lowest level that is written; until then it is info. */
void log_start(const char *level);

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n);

#define LOG_FIELDS_(...)                       \
    (const struct log_field[]){ __VA_ARGS__ }, \
        sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field)
#define log_debug(event, ...) log_write(LOG_DEBUG, event, LOG_FIELDS_(__VA_ARGS__))
#define log_info(event, ...) log_write(LOG_INFO, event, LOG_FIELDS_(__VA_ARGS__))
#define log_warn(event, ...) log_write(LOG_WARN, event, LOG_FIELDS_(__VA_ARGS__))
#define log_error(event, ...) log_write(LOG_ERROR, event, LOG_FIELDS_(__VA_ARGS__))

#endif
