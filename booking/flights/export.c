/* SPDX-License-Identifier: MIT */
#include "booking/flights/import.h"

#include "booking/base/json_writer.h"
#include "booking/core/flight_file.h"
#include "booking/flights/put.h"

#include <json-c/json.h>

#include <string.h>

/* A flight that was inserted by SQL has moments alone, and a file needs a time. */
static void fill_time(struct json_object *json, const char *name, int64_t ms)
{
    char text[TIMESTAMP_SIZE];
    struct json_object *field = NULL;
    if (ms == TIME_NONE || (json_object_object_get_ex(json, name, &field) && field != NULL))
        return;
    timestamp_format(ms, text);
    memcpy(text + 19, "Z", 2); /* times of a timetable have no milliseconds */
    json_object_object_add(json, name, json_object_new_string(text));
}

static struct json_object *file_object(const struct flight_row *row)
{
    struct buf text = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&text);
    flight_row_write_json(&w, NULL, row, NULL);
    struct json_object *json = buf_ok(&text) ? json_tokener_parse(buf_str(&text)) : NULL;
    buf_done(&text);
    if (json == NULL)
        return NULL;
    fill_time(json, "departure", row->departure_ms);
    fill_time(json, "arrival", row->arrival_ms);
    return json;
}

void flight_row_write_file(struct buf *out, const struct flight_row *row, bool as_csv)
{
    struct json_object *json = file_object(row);
    out->failed = out->failed || json == NULL;
    if (json != NULL && as_csv)
        flight_file_write_row(out, json);
    else if (json != NULL)
        flight_file_write_line(out, json);
    json_object_put(json);
}
