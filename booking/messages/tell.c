/* SPDX-License-Identifier: MIT */
/* What happens to an order is told outside. step_tell() writes the order as it is into a message, in the transaction of
 * what happened; a sweeper sends it, and booking_settle_message() writes down what came of it. One job tells all of an
 * order's messages, one after the other, so that none overtakes another. */

#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/core/order_json.h"
#include "booking/orders/steps.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

#include <string.h>

/* The sweeper sends nothing older, so that a restored backup does not tell a receiver again what it was told before. */
#define MESSAGE_MAX_AGE_MS INT64_C(86400000)

/* Between the tries: 1 s, 2 s, 4 s … half an hour. */
static const struct backoff pauses = { .first_ms = 1000, .factor = 2, .max_ms = 1800000 };

/* The payload that Standard Webhooks proposes. */
static void write_body(const struct config *config, const char *type, const struct order *order, struct buf *out)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    json_open_object(&w, NULL);
    json_add_text(&w, "type", type);
    json_add_time(&w, "timestamp", order->read_at_ms);
    order_write_json(&w, "data", order, config->payment_max_attempts, ORDER_DIALECT_A);
    json_close_object(&w);
}

enum result step_tell(struct db *db, const struct config *config, const char *type, const struct order *order,
                      const char *request_id)
{
    struct buf body = BUF_INIT;
    if (config->webhook_url[0] == '\0')
        return RESULT_OK;
    write_body(config, type, order, &body);
    enum result r = buf_ok(&body) && body.len < MESSAGE_BODY_SIZE
                        ? messages_add(db, order->order_id, type, buf_str(&body))
                        : RESULT_INTERNAL;
    buf_done(&body);
    return r == RESULT_OK ? jobs_ensure(db, JOB_SEND_MESSAGE, order->order_id, 0, request_id) : r;
}

/* ── sending ────────────────────────────────────────────────────────────── */

struct telling {
    const struct job *job;
    const char *worker;
    const struct delivery_result *result;
    struct message *message;
    struct buf *body;
    bool any;
};

/* Passes over messages that are too old, and ends the job if none is left. */
static enum result begin_in_txn(struct db *db, void *context)
{
    struct telling *t = context;
    struct order order;
    t->any = false;
    CRASH_SCOPE("begin-message");
    TRY(orders_lock(db, t->job->order_id, NULL, &order));
    TRY(jobs_check_claim(db, t->job));
    enum result r = messages_next(db, t->job->order_id, t->message, t->body);
    while (r == RESULT_OK && t->message->age_ms > MESSAGE_MAX_AGE_MS) {
        TRY(messages_settle(db, t->message->message_id, t->message->tries > 0 ? MESSAGE_FAILED : MESSAGE_TOO_OLD,
                            "not sent within a day"));
        r = messages_next(db, t->job->order_id, t->message, t->body);
    }
    t->any = r == RESULT_OK;
    return r == RESULT_NOT_FOUND ? jobs_finish(db, t->job) : r;
}

enum result booking_begin_message(struct db *db, const struct job *job, struct message *reterr_message,
                                  struct buf *reterr_body, bool *reterr_any)
{
    struct telling t = { .job = job, .message = reterr_message, .body = reterr_body };
    enum result r = txn_run(db, NULL, begin_in_txn, &t);
    *reterr_any = r == RESULT_OK && t.any;
    return r;
}

static enum result settle_in_txn(struct db *db, void *context)
{
    struct telling *t = context;
    const struct delivery_result *result = t->result;
    struct order order;
    struct message next;
    bool gives_up = !result->delivered && result->is_final;

    CRASH_SCOPE("settle-message");
    TRY(orders_lock(db, t->job->order_id, NULL, &order));
    TRY(jobs_check_claim(db, t->job));
    TRY(messages_settle(db, t->message->message_id,
                        result->delivered ? MESSAGE_SENT
                        : gives_up        ? MESSAGE_FAILED
                                          : MESSAGE_PENDING,
                        result->reason));
    struct event event = {
        .order_id = t->job->order_id,
        .type = EVENT_MESSAGE_ATTEMPT,
        .attempt = t->message->tries + 1,
        .outcome = result->outcome,
        .duration_ms = &result->duration_ms,
        .detail = result->reason,
        .by = { .request_id = t->job->request_id, .worker = t->worker },
    };
    TRY(events_add(db, &event));
    if (!result->delivered && !gives_up)
        return jobs_postpone(db, t->job,
                             step_wait(backoff_delay_ms(&pauses, (int)t->message->tries + 1, random_fraction()),
                                       result->retry_after_ms),
                             result->reason);
    enum result r = messages_next(db, t->job->order_id, &next, NULL);
    return r == RESULT_OK ? jobs_postpone(db, t->job, 0, NULL) : r == RESULT_NOT_FOUND ? jobs_finish(db, t->job) : r;
}

enum result booking_settle_message(struct db *db, const struct job *job, struct message *message, const char *worker,
                                   const struct delivery_result *result)
{
    struct telling t = { .job = job, .worker = worker, .result = result, .message = message };
    return txn_run(db, job->order_id, settle_in_txn, &t);
}
