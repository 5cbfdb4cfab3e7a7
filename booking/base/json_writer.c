/* SPDX-License-Identifier: MIT */
#include "booking/base/json_writer.h"

#include "booking/base/timestamp.h"

#include <stddef.h>
#include <string.h>

/* Everything below a space, the quote and the backslash must be escaped. */
static void add_escaped(struct buf *out, const char *text)
{
    const char *start = text;
    buf_add_char(out, '"');
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, start, (size_t)(p - start));
        start = p + 1;
        switch (c) {
        case '"': buf_add_str(out, "\\\""); break;
        case '\\': buf_add_str(out, "\\\\"); break;
        case '\n': buf_add_str(out, "\\n"); break;
        case '\r': buf_add_str(out, "\\r"); break;
        case '\t': buf_add_str(out, "\\t"); break;
        default: buf_addf(out, "\\u%04x", c); break;
        }
    }
    buf_add_str(out, start);
    buf_add_char(out, '"');
}

static void begin_value(struct json_writer *w, const char *name)
{
    if (w->need_comma)
        buf_add_char(w->out, ',');
    w->need_comma = true;
    if (name != NULL) {
        /* Names are literals of ours and need no escaping. */
        buf_add_char(w->out, '"');
        buf_add_str(w->out, name);
        buf_add(w->out, "\":", 2);
    }
}

void json_open_object(struct json_writer *w, const char *name)
{
    begin_value(w, name);
    buf_add_char(w->out, '{');
    w->need_comma = false;
}

void json_close_object(struct json_writer *w)
{
    buf_add_char(w->out, '}');
    w->need_comma = true;
}

void json_open_array(struct json_writer *w, const char *name)
{
    begin_value(w, name);
    buf_add_char(w->out, '[');
    w->need_comma = false;
}

void json_close_array(struct json_writer *w)
{
    buf_add_char(w->out, ']');
    w->need_comma = true;
}

void json_add_text(struct json_writer *w, const char *name, const char *text)
{
    if (text == NULL) {
        json_add_null(w, name);
        return;
    }
    begin_value(w, name);
    add_escaped(w->out, text);
}

void json_add_int(struct json_writer *w, const char *name, int64_t n)
{
    begin_value(w, name);
    buf_add_int(w->out, n);
}

void json_add_bool(struct json_writer *w, const char *name, bool value)
{
    begin_value(w, name);
    buf_add_str(w->out, value ? "true" : "false");
}

void json_add_number(struct json_writer *w, const char *name, double value)
{
    begin_value(w, name);
    buf_addf(w->out, "%.9g", value);
}

void json_add_null(struct json_writer *w, const char *name)
{
    begin_value(w, name);
    buf_add(w->out, "null", 4);
}

void json_add_time(struct json_writer *w, const char *name, int64_t ms)
{
    char text[TIMESTAMP_SIZE];
    if (ms == TIME_NONE) {
        json_add_null(w, name);
        return;
    }
    timestamp_format(ms, text);
    begin_value(w, name);
    buf_add_char(w->out, '"');
    buf_add_str(w->out, text);
    buf_add_char(w->out, '"');
}

void json_add_raw(struct json_writer *w, const char *name, const char *json)
{
    begin_value(w, name);
    buf_add_str(w->out, json);
}
