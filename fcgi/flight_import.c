/* SPDX-License-Identifier: MIT */
/* Seasons of flights in files: what an operator sends, how far it has come, and what there is as a file. */

#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "booking/core/flight_file.h"
#include "booking/flights/import.h"
#include "fcgi/body.h"
#include "fcgi/flight_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_CSV "text/csv; charset=utf-8"
#define CONTENT_NDJSON "application/x-ndjson"

/* ── what is sent ───────────────────────────────────────────────────────── */

/* The flights that are written in one transaction, and the most bytes of them. */
#define LINES_AT_ONCE 64
#define BYTES_AT_ONCE (256 * 1024)

/* A file while it is read: no more of it is in memory than the next few flights. */
struct upload {
    struct db *db;
    struct import import;
    struct import_faults faults;
    struct buf text; /* of the flights, each with a NUL: its id, then its JSON */
    struct import_line line[LINES_AT_ONCE];
    size_t at[LINES_AT_ONCE];
    size_t count;
    enum result result;
};

static void add_fault(int64_t line, const char *field, const char *message, void *context)
{
    struct upload *u = context;
    u->faults.total++;
    if (u->faults.count == IMPORT_FAULTS_MAX)
        return;
    struct file_fault *fault = &u->faults.fault[u->faults.count++];
    fault->line = line;
    text_copy(fault->field, sizeof fault->field, field);
    text_copy(fault->message, sizeof fault->message, message);
}

/* Writes the flights at hand. False if the database does not take them. */
static bool flush(struct upload *u)
{
    if (!buf_ok(&u->text))
        u->result = RESULT_INTERNAL;
    if (u->result != RESULT_OK || u->count == 0)
        return u->result == RESULT_OK;
    for (size_t i = 0; i < u->count; i++) {
        u->line[i].flight_id = buf_str(&u->text) + u->at[i];
        u->line[i].flight = u->line[i].flight_id + strlen(u->line[i].flight_id) + 1;
    }
    u->result = booking_add_import(u->db, u->import.import_id, u->line, u->count);
    u->count = 0;
    buf_clear(&u->text);
    return u->result == RESULT_OK;
}

static bool add_row(const struct flight_file_row *row, void *context)
{
    struct upload *u = context;
    u->import.flights++;
    u->at[u->count] = u->text.len;
    u->line[u->count] = (struct import_line){ .line = row->line, .len = row->json_len };
    buf_add(&u->text, row->id, strlen(row->id) + 1);
    buf_add(&u->text, row->json, row->json_len + 1);
    u->count++;
    return u->count < LINES_AT_ONCE && u->text.len < BYTES_AT_ONCE ? true : flush(u);
}

/* Reads the body, however long it is. False if it ends before its announced end. */
static bool read_file(const struct call *call, struct upload *u, struct flight_file *file)
{
    static char piece[BODY_PIECE_SIZE];
    bool goes_on = flight_file_read(file, call->request->body, call->request->body_len);
    long got = 0;
    while (goes_on && (got = request_read_body(call->request, piece)) > 0)
        goes_on = flight_file_read(file, piece, (size_t)got);
    if (got < 0)
        return false;
    flight_file_end(file);
    u->import.line_count = flight_file_lines(file);
    if (flight_file_failed(file))
        u->result = RESULT_INTERNAL;
    (void)flush(u);
    u->import.faults = u->faults.total;
    return true;
}

struct import_answer {
    struct call *call;
    const char *import_id;
};

static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct import_answer *answer = context;
    struct response *response = answer->call->response;
    struct json_writer w = response_json(response, 202);
    (void)db;
    (void)order;
    json_open_object(&w, NULL);
    json_add_text(&w, "importId", answer->import_id);
    json_close_object(&w);
    (void)snprintf(response->location, sizeof response->location, "/api/admin/flights/imports/%s", answer->import_id);
    return RESULT_OK;
}

static void upload(struct call *call, struct upload *u, enum flight_file_format format)
{
    const struct flight_file_sink sink = { .row = add_row, .fault = add_fault, .context = u };
    struct import_answer answer = { call, u->import.import_id };
    struct caller caller;
    if (!call_plain_caller(call, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    struct flight_file *file = flight_file_new(format, &sink);
    u->result = file == NULL ? RESULT_INTERNAL : booking_begin_import(call->db, &caller, &u->import);
    bool is_whole = u->result != RESULT_OK || read_file(call, u, file);
    if (u->result == RESULT_OK && is_whole)
        u->result = booking_submit_import(call->db, &caller, &u->import, &u->faults);
    if (u->result != RESULT_OK)
        call_refuse(call, u->result);
    else if (!is_whole)
        problem_say(call->response, call->request, PROBLEM_INVALID_REQUEST,
                    "The body ended before its Content-Length.");
    else
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    flight_file_free(file);
}

void flight_import_post(struct call *call)
{
    static struct upload u; /* too large for the stack, and there is one request at a time */
    const char *dry_run = call_query(call, "dryRun");
    bool is_csv = body_is_type(call->request, "text/csv");
    if (!is_csv && !body_is_type(call->request, CONTENT_NDJSON)) {
        problem_say(call->response, call->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "Send the file as text/csv or application/x-ndjson, in UTF-8 and not compressed.");
        return;
    }
    if (dry_run != NULL && strcmp(dry_run, "true") != 0 && strcmp(dry_run, "false") != 0) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "dryRun",
                      "dryRun must be true or false.");
        return;
    }
    u = (struct upload){ .db = call->db, .result = RESULT_OK };
    u.import.is_dry_run = dry_run != NULL && strcmp(dry_run, "true") == 0;
    random_uuid(u.import.import_id);
    upload(call, &u, is_csv ? FLIGHT_FILE_CSV : FLIGHT_FILE_NDJSON);
    buf_done(&u.text);
}

/* ── how far it has come ────────────────────────────────────────────────── */

static void write_fault(const struct import_fault *fault, void *context)
{
    struct json_writer *w = context;
    json_open_object(w, NULL);
    json_add_int(w, "line", fault->line);
    json_add_text(w, "field", *fault->field == '\0' ? NULL : fault->field);
    json_add_text(w, "message", fault->message);
    json_close_object(w);
}

static void write_import(struct json_writer *w, const struct import *import)
{
    json_open_object(w, NULL);
    json_add_text(w, "importId", import->import_id);
    json_add_text(w, "status", import_status_name(import->status));
    json_add_bool(w, "dryRun", import->is_dry_run);
    json_add_int(w, "lines", import->line_count);
    json_add_int(w, "flights", import->flights);
    json_add_int(w, "done", import->done);
    json_add_int(w, "made", import->made);
    json_add_int(w, "changed", import->changed);
    json_add_int(w, "unchanged", import->unchanged);
    json_add_int(w, "faultCount", import->faults);
}

void flight_import_get(struct call *call)
{
    struct import import;
    enum result r = call_order_id(call) ? imports_find(call->db, call->id, &import) : RESULT_NOT_FOUND;
    struct json_writer w = response_json(call->response, 200);
    if (r == RESULT_OK) {
        write_import(&w, &import);
        json_open_array(&w, "faults");
        r = imports_faults(call->db, import.import_id, write_fault, &w);
        json_close_array(&w);
        json_add_time(&w, "createdAt", import.created_ms);
        json_add_time(&w, "updatedAt", import.updated_ms);
        json_close_object(&w);
    }
    if (r != RESULT_OK)
        call_refuse(call, r);
}

/* ── what there is, as a file ───────────────────────────────────────────── */

#define FLIGHTS_AT_ONCE 100

/* Where an export is. It outlives the call, whose request outlives the answer. */
struct export
{
    struct db *db;
    struct flight_filter_text text;
    struct flight_row_filter filter;
    char after_id[FLIGHT_ID_SIZE];
    struct buf *out;
    bool is_csv;
    int count;
};

static void write_flight(const struct flight_row *row, const struct flight_seat_counts *counts, void *context)
{
    struct export *export = context;
    (void)counts;
    flight_row_write_file(export->out, row, export->is_csv);
    export->filter.after_ms = row->departure_ms;
    text_copy(export->after_id, sizeof export->after_id, row->flight_id);
    export->count++;
}

static bool write_page(struct response *response, bool *reterr_failed)
{
    struct export *export = response->more_context;
    export->out = &response->body;
    export->count = 0;
    *reterr_failed = flight_rows_list(export->db, &export->filter, write_flight, export) != RESULT_OK;
    return export->count == FLIGHTS_AT_ONCE && !*reterr_failed;
}

/* CSV, unless the query or the header Accept wants NDJSON. */
static bool read_format(struct call *call, bool *ret_is_csv)
{
    const char *format = call_query(call, "format");
    const char *accept = request_header(call->request, "HTTP_ACCEPT");
    *ret_is_csv = format != NULL ? strcmp(format, "csv") == 0
                                 : accept == NULL || strstr(accept, CONTENT_NDJSON) == NULL;
    if (format == NULL || *ret_is_csv || strcmp(format, "ndjson") == 0)
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "format", "format must be csv or ndjson.");
    return false;
}

void flight_export_get(struct call *call)
{
    struct response *response = call->response;
    bool is_csv = true;
    bool has_failed = false;
    struct export *export = calloc(1, sizeof *export);
    if (export == NULL) {
        call_refuse(call, RESULT_INTERNAL);
        return;
    }
    response->more_context = export;
    if (!read_format(call, &is_csv) || !flight_filter_read(call, &export->text, &export->filter))
        return;
    export->db = call->db;
    export->is_csv = is_csv;
    export->filter.after_ms = TIME_NONE;
    export->filter.after_id = export->after_id;
    export->filter.limit = FLIGHTS_AT_ONCE;
    response->status = 200;
    response->content_type = is_csv ? CONTENT_CSV : CONTENT_NDJSON;
    if (is_csv)
        flight_file_write_header(&response->body);
    response->more = write_page(response, &has_failed) ? write_page : NULL;
    if (has_failed)
        call_refuse(call, RESULT_UNAVAILABLE);
    else
        buf_addf(&response->headers, "Content-Disposition: attachment; filename=flights.%s\r\n",
                 is_csv ? "csv" : "ndjson");
}
