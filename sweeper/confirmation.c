/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/core/order_json.h"

static enum result settle(struct task *task)
{
    return booking_settle_confirmation(task->sweeper->db, &task->job, task->sweeper->worker, &task->delivery);
}

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("confirmation");
    CRASH_POINT("answered");
    sweeper_read_receipt(task, http);
    log_info("confirmation_attempt", LOG_TEXT("request_id", task->job.request_id),
             LOG_TEXT("order", task->job.order_id), LOG_NUMBER("attempt", task->job.claim),
             LOG_NUMBER("status", http->status));
    sweeper_task_end(task);
}

static bool deliver(struct task *task, const struct order *order)
{
    const struct config *config = task->sweeper->config;
    struct buf body = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&body);
    order_write_json(&w, NULL, order, config->payment_max_attempts, ORDER_DIALECT_A);
    struct http_request request = {
        .url = config->confirmation_url,
        .key = order->order_id,
        .request_id = task->job.request_id,
        .bearer = "",
        .body = buf_str(&body),
        .timeout_ms = config->payment_timeout_ms,
    };
    bool begun = buf_ok(&body) && http_send(task->sweeper->http, &request, on_answer, task);
    buf_done(&body);
    return begun;
}

static bool start(struct sweeper *s, const struct job *job)
{
    struct order order;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_read_order(s->db, job->order_id, NULL, &order);
    if (r != RESULT_OK)
        return sweeper_job_failed(s, job, "read_order", r);
    struct task *task = sweeper_task_new(s, job, lease_began_ms);
    if (task == NULL)
        return true;
    if (s->config->confirmation_url[0] == '\0') {
        /* There was a receiver when the order was confirmed. */
        task->delivery = (struct delivery_result){ .delivered = true, .outcome = "NOT_CONFIGURED" };
        sweeper_task_end(task);
    } else if (!deliver(task, &order)) {
        sweeper_task_drop(task, "the request could not begin");
    }
    return true;
}

const struct job_work confirmation_work = { .start = start, .settle = settle };
