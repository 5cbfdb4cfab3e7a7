/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "fcgi/body.h"
#include "fcgi/job_json.h"

#include <stdio.h>
#include <string.h>

/* ── reset ──────────────────────────────────────────────────────────────── */

static void reset(struct call *call, const char *flight_id)
{
    struct caller caller;
    int64_t ended = 0;
    int64_t freed = 0;
    char id[FLIGHT_ID_SIZE];
    if (!call_plain_caller(call, &caller))
        return;
    enum result r = flight_id == NULL || call_read_flight_id(flight_id, id)
                        ? booking_reset(call->db, &caller, flight_id == NULL ? NULL : id, &ended, &freed)
                        : RESULT_FLIGHT_NOT_FOUND;
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "ok");
    json_add_int(&w, "ordersEnded", ended);
    json_add_int(&w, "seatsFreed", freed);
    json_close_object(&w);
}

void admin_post_reset(struct call *call)
{
    struct body body;
    const char *flight_id = NULL;
    if (!call->config->allow_reset) {
        problem_say(call->response, call->request, PROBLEM_FORBIDDEN,
                    "ALLOW_RESET is not true here, so nothing is reset.");
        return;
    }
    if (call->request->body_len == 0) {
        reset(call, NULL);
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_text(&body, "flightId", &flight_id))
        reset(call, flight_id);
    else
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "flightId",
                      "flightId must name a flight, or be left out for all.");
    body_done(&body);
}

/* ── jobs ───────────────────────────────────────────────────────────────── */

struct job_page {
    struct json_writer *w;
    int limit;
    int count;
    int64_t last_id;
};

static void write_job(const struct job_row *job, void *context)
{
    struct job_page *page = context;
    if (page->count++ >= page->limit)
        return;
    page->last_id = job->job_id;
    job_write_json(page->w, job);
}

static bool is_job_status(const char *text)
{
    return strcmp(text, "PENDING") == 0 || strcmp(text, "RUNNING") == 0 || strcmp(text, "FAILED") == 0;
}

static bool refuse_filter(struct call *call, const char *field, const char *detail)
{
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, field, detail);
    return false;
}

/* A name that is no state, kind or order is refused: such a filter would never find anything. */
static bool read_job_names(struct call *call, struct job_filter *filter, char order_id[UUID_SIZE])
{
    enum job_kind kind;
    const char *order = call_query(call, "orderId");
    filter->status = call_query(call, "status");
    filter->kind = call_query(call, "kind");
    if (filter->status != NULL && !is_job_status(filter->status))
        return refuse_filter(call, "status", "status must be PENDING, RUNNING or FAILED.");
    if (filter->kind != NULL && !job_kind_parse(filter->kind, &kind))
        return refuse_filter(call, "kind", "kind must be a kind of job, such as PAYMENT_ATTEMPT.");
    if (order != NULL && !text_read_uuid(order, order_id))
        return refuse_filter(call, "orderId", "orderId must be an order's id.");
    filter->order_id = order == NULL ? NULL : order_id;
    return true;
}

static bool read_job_filter(struct call *call, struct job_filter *filter, char order_id[UUID_SIZE], int *ret_limit)
{
    const char *cursor = call_query(call, "cursor");
    long long before = 0;
    if (cursor != NULL && !text_parse_int(cursor, 1, INT64_MAX, &before)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "cursor",
                      "cursor must be the nextCursor of an answer.");
        return false;
    }
    filter->before_id = before;
    return read_job_names(call, filter, order_id) && call_limit(call, ret_limit);
}

static void answer_jobs(struct call *call, struct job_filter *filter, int limit)
{
    enum result r = jobs_horizon(call->db, filter, &filter->from_id);
    struct json_writer w = response_json(call->response, 200);
    struct job_page page = { .w = &w, .limit = limit };
    json_open_object(&w, NULL);
    json_open_array(&w, "jobs");
    if (r == RESULT_OK)
        r = jobs_list(call->db, filter, write_job, &page);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    char cursor[24];
    int64_t next_id = page.count > limit ? page.last_id : filter->from_id;
    (void)snprintf(cursor, sizeof cursor, "%lld", (long long)next_id);
    json_close_array(&w);
    json_add_text(&w, "nextCursor", next_id > 0 ? cursor : NULL);
    json_close_object(&w);
}

void admin_get_jobs(struct call *call)
{
    struct job_filter filter = { 0 };
    char order_id[UUID_SIZE];
    int limit = 0;
    if (!read_job_filter(call, &filter, order_id, &limit))
        return;
    filter.limit = limit + 1;
    answer_jobs(call, &filter, limit);
}

/* Answers with the job, or only with its id: a sweeper may have done it already. */
static void answer_job(struct call *call, int64_t job_id)
{
    struct job_filter filter = { .job_id = job_id, .limit = 1 };
    struct json_writer w = response_json(call->response, 200);
    struct job_page page = { .w = &w, .limit = 1 };
    enum result r = jobs_list(call->db, &filter, write_job, &page);
    if (r == RESULT_OK && page.count == 0) {
        json_open_object(&w, NULL);
        json_add_int(&w, "id", job_id);
        json_close_object(&w);
    } else if (r != RESULT_OK) {
        call_refuse(call, r);
    }
}

static void change_job(struct call *call,
                       enum result (*change)(struct db *db, const struct caller *caller, int64_t job_id),
                       const char *reason)
{
    struct caller caller;
    long long job_id = 0;
    if (!call_plain_caller(call, &caller))
        return;
    caller.reason = reason;
    enum result r = text_parse_int(call->id, 1, INT64_MAX, &job_id) ? change(call->db, &caller, job_id)
                                                                    : RESULT_NOT_FOUND;
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    answer_job(call, job_id);
}

void admin_post_job_retry(struct call *call)
{
    change_job(call, booking_retry_job, NULL);
}

void admin_post_job_release(struct call *call)
{
    change_job(call, booking_release_job, NULL);
}

void admin_post_job_set_aside(struct call *call)
{
    struct body body;
    char reason[REASON_SIZE];
    if (!body_parse(call->request, call->response, &body))
        return;
    if (call_reason(call, &body, reason))
        change_job(call, booking_set_job_aside, reason);
    body_done(&body);
}
