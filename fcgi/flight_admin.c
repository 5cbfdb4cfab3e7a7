/* SPDX-License-Identifier: MIT */
/* The operator's own flights: the list, one flight, its sale. */

#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "booking/flights/put.h"
#include "booking/store/flight_facts.h"
#include "fcgi/body.h"
#include "fcgi/flight_filter.h"

#include <stdio.h>
#include <string.h>

/* ── reading ────────────────────────────────────────────────────────────── */

static void write_row(const struct flight_row *row, const struct flight_seat_counts *counts, void *context)
{
    struct page *page = context;
    if (page_takes(page, row->departure_ms, row->flight_id))
        flight_row_write_json(page->w, NULL, row, counts);
}

static bool read_status(struct call *call, const char **reterr_status)
{
    enum flight_status status;
    *reterr_status = call_query(call, "status");
    if (*reterr_status == NULL || (flight_status_parse(*reterr_status, &status) && status != FLIGHT_DRAFT))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "status",
                  "status must be ON_SALE, CLOSED or CANCELLED.");
    return false;
}

/* A part of an id, a number or a place's code. */
static bool can_be_searched(const char *text)
{
    const char *p = text;
    while (*p >= ' ' && *p <= '~')
        p++;
    return *p == '\0' && p - text <= SEARCH_MAX;
}

static bool read_search(struct call *call, char *pattern, const char **reterr_search)
{
    const char *text = call_query(call, "search");
    *reterr_search = NULL;
    if (text == NULL)
        return true;
    if (!can_be_searched(text) || !text_like_part(pattern, PATTERN_SIZE, text)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "search",
                      "search must be a part of an id, a flight number or a place's code.");
        return false;
    }
    *reterr_search = pattern;
    return true;
}

bool flight_filter_read(struct call *call, struct flight_filter_text *text, struct flight_row_filter *reterr_filter)
{
    struct flight_row_filter *filter = reterr_filter;
    return call_moment(call, "from", &filter->from_ms) && call_moment(call, "to", &filter->to_ms) &&
           read_status(call, &filter->status) && read_search(call, text->pattern, &filter->search);
}

static bool read_sort(struct call *call, bool *ret_latest_first)
{
    const char *sort = call_query(call, "sort");
    *ret_latest_first = sort != NULL && strcmp(sort, "latest") == 0;
    if (sort == NULL || *ret_latest_first || strcmp(sort, "first") == 0)
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "sort", "sort must be first or latest.");
    return false;
}

void flight_admin_get_list(struct call *call)
{
    char after_id[CURSOR_SIZE];
    struct flight_filter_text text;
    int limit = 0;
    struct flight_row_filter filter = { .after_id = after_id };
    if (!flight_filter_read(call, &text, &filter) || !read_sort(call, &filter.latest_first) ||
        !call_limit(call, &limit) || !call_cursor(call, &filter.after_ms, after_id))
        return;
    filter.limit = limit + 1;
    struct json_writer w = response_json(call->response, 200);
    struct page page = { .w = &w, .limit = limit };
    json_open_object(&w, NULL);
    json_open_array(&w, "flights");
    enum result r = flight_rows_list(call->db, &filter, write_row, &page);
    json_close_array(&w);
    page_write_cursor(&page, TIME_NONE);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

void flight_admin_get(struct call *call)
{
    struct flight_row row;
    struct flight_seat_counts counts = { 0 };
    enum result r = call_flight_id(call) ? flight_rows_find(call->db, call->id, &row) : RESULT_FLIGHT_NOT_FOUND;
    if (r == RESULT_OK)
        r = flight_rows_count_seats(call->db, call->id, &counts);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    flight_row_write_json(&w, NULL, &row, &counts);
    response_set_version(call->response, row.version);
    call->response->cache_control = "private, no-cache";
}

/* ── changing ───────────────────────────────────────────────────────────── */

/* Renders the answer and, if there is a key, writes it beside the change. */
struct put_answer {
    struct call *call;
    const struct put_flight *flight;
};

static void write_answer(const struct put_answer *answer)
{
    const struct put_flight *flight = answer->flight;
    struct call *call = answer->call;
    struct json_writer w = response_json(call->response, flight->is_new ? 201 : 200);
    json_open_object(&w, NULL);
    flight_row_write_fields(&w, &flight->row, NULL);
    json_open_object(&w, "did");
    json_add_bool(&w, "made", flight->is_new);
    json_add_bool(&w, "changed", flight->is_changed);
    json_add_int(&w, "holdsMoved", flight->holds_moved);
    json_add_int(&w, "ordersTold", flight->orders_told);
    json_close_object(&w);
    json_close_object(&w);
    response_set_version(call->response, flight->row.version);
    if (flight->is_new)
        (void)snprintf(call->response->location, sizeof call->response->location, "/api/admin/flights/%s",
                       flight->row.flight_id);
}

static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct put_answer *answer = context;
    (void)order;
    write_answer(answer);
    return call_keep_answer(answer->call, db);
}

static bool begin_change(struct call *call, struct put_answer *answer, struct caller *reterr_caller)
{
    if (!call_flight_id(call)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return false;
    }
    if (!call_caller(call, NULL, reterr_caller))
        return false;
    reterr_caller->before_commit = answer_before_commit;
    reterr_caller->context = answer;
    return true;
}

static void put(struct call *call, const struct body *body)
{
    static struct faults faults; /* too large for the stack, and there is one request at a time */
    struct flight_plan plan;
    struct put_flight flight;
    struct put_answer answer = { call, &flight };
    struct caller caller;
    faults.count = 0;
    (void)call_flight_id(call); /* what can be no id is one of the faults */
    if (!call_caller(call, NULL, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    flight_plan_read(body->json, call->id, &plan, &faults);
    if (faults.count > 0) {
        call_refuse_faults(call, &faults);
        return;
    }
    enum result r = booking_put_flight(call->db, &caller, &plan, &flight, &faults);
    if (r == RESULT_INVALID_REQUEST)
        call_refuse_faults(call, &faults);
    else if (r != RESULT_OK)
        call_refuse_flight(call, r, flight.row.version);
    else if (flight.orders_told > 0)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
}

void flight_admin_put(struct call *call)
{
    struct body body;
    if (!body_is_json(call->request)) {
        problem_say(call->response, call->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "Send the flight as application/json.");
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    put(call, &body);
    body_done(&body);
}

typedef enum result use_case(struct db *db, const struct caller *caller, const char *flight_id,
                             struct put_flight *reterr_flight);

/* A reason, if the body has one; the body may be left out. */
static bool read_reason(struct call *call, char reason[REASON_SIZE], const char **ret_reason)
{
    struct body body;
    const char *text = NULL;
    *ret_reason = NULL;
    if (call->request->body_len == 0)
        return true;
    if (!body_parse(call->request, call->response, &body))
        return false;
    bool ok = body_text(&body, "reason", &text) && text == NULL;
    if (!ok) {
        ok = call_reason(call, &body, reason);
        *ret_reason = ok ? reason : NULL;
    }
    body_done(&body);
    return ok;
}

static void change(struct call *call, use_case *change_flight)
{
    struct put_flight flight;
    struct put_answer answer = { call, &flight };
    struct caller caller;
    char reason[REASON_SIZE];
    if (!begin_change(call, &answer, &caller) || !read_reason(call, reason, &caller.reason))
        return;
    enum result r = change_flight(call->db, &caller, call->id, &flight);
    if (r != RESULT_OK)
        call_refuse_flight(call, r, flight.row.version);
}

void flight_admin_post_close(struct call *call)
{
    change(call, booking_close_flight);
}

void flight_admin_post_open(struct call *call)
{
    change(call, booking_open_flight);
}

void flight_admin_delete(struct call *call)
{
    change(call, booking_delete_flight);
}
