/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_JSON_WRITER_H
#define BOOKING_BASE_JSON_WRITER_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes JSON (RFC 8259) straight into a buffer, without building a tree first,
 * because answers are polled thousands of times a second. It places the commas;
 * the caller must open and close in pairs.
 *
 * Inside an object every value is named; inside an array the name is NULL. */
struct json_writer {
    struct buf *out;
    bool need_comma;
};

#define JSON_WRITER_INIT(buffer) ((struct json_writer){ .out = (buffer) })

void json_open_object(struct json_writer *w, const char *name);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *name);
void json_close_array(struct json_writer *w);

/* Text must be UTF-8. A NULL text or an absent time is written as null. */
void json_add_text(struct json_writer *w, const char *name, const char *text);
void json_add_int(struct json_writer *w, const char *name, int64_t n);
void json_add_bool(struct json_writer *w, const char *name, bool value);
void json_add_number(struct json_writer *w, const char *name, double value);
void json_add_null(struct json_writer *w, const char *name);

/* Milliseconds since the epoch as RFC 3339 with milliseconds; TIME_NONE is null. */
void json_add_time(struct json_writer *w, const char *name, int64_t ms);

/* A finished JSON value, copied as it is. */
void json_add_raw(struct json_writer *w, const char *name, const char *json);

#endif
