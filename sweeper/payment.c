/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/base/log.h"
#include "booking/metrics.h"
#include "sweeper/gateway_answer.h"

static enum result settle(struct task *task)
{
    return booking_settle_attempt(task->sweeper->db, task->sweeper->config, &task->job, task->attempt_number,
                                  task->sweeper->worker, &task->attempt);
}

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("payment");
    CRASH_POINT("answered");
    struct gateway_answer answer = {
        .status = http->status,
        .timed_out = http->timed_out,
        .body = http->body,
        .body_len = http->body_len,
        .retry_after_ms = http->retry_after_ms,
        .duration_ms = http->duration_ms,
    };
    gateway_answer_read(&answer, &task->attempt);
    double seconds = (double)http->duration_ms / 1000;
    metrics_add((enum metric)(METRIC_ATTEMPT_APPROVED + (int)task->attempt.outcome), 1);
    metrics_observe((enum metric_time)(METRIC_ATTEMPT_DURATION + (int)task->attempt.outcome), seconds);
    metrics_observe(METRIC_GATEWAY_LATENCY, seconds);
    log_info("payment_attempt", LOG_TEXT("request_id", task->job.request_id), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("attempt", task->attempt_number), LOG_NUMBER("status", http->status),
             LOG_NUMBER("ms", http->duration_ms), LOG_TEXT("error", http->status == 0 ? http->error : ""),
             LOG_TEXT("reason", task->attempt.reason));
    sweeper_task_end(task);
}

static bool call_gateway(struct task *task, const struct charge *charge)
{
    const struct config *config = task->sweeper->config;
    struct buf body = BUF_INIT;
    struct buf url = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&body);

    json_open_object(&w, NULL);
    json_add_text(&w, "orderId", charge->order_id);
    json_add_text(&w, "paymentCode", charge->code);
    json_add_int(&w, "amountCents", charge->amount_cents);
    json_add_text(&w, "currency", charge->currency);
    json_close_object(&w);
    buf_addf(&url, "%s/charges", config->payment_gateway_url);
    struct http_request request = {
        .url = buf_str(&url),
        .key = charge->payment_id,
        .request_id = task->job.request_id,
        .bearer = config->payment_gateway_token,
        .body = buf_str(&body),
        .timeout_ms = config->payment_timeout_ms,
    };
    bool begun = buf_ok(&body) && buf_ok(&url) && http_post(task->sweeper->http, &request, on_answer, task);
    buf_done(&body);
    buf_done(&url);
    return begun;
}

static bool start(struct sweeper *s, const struct job *job)
{
    struct charge charge;
    bool go = false;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_begin_attempt(s->db, s->config, job, s->worker, &go, &charge);
    if (r != RESULT_OK)
        return sweeper_job_failed(s, job, "begin_attempt", r);
    if (!go) {
        log_info("payment_not_wanted", LOG_TEXT("request_id", job->request_id), LOG_TEXT("order", job->order_id),
                 LOG_NUMBER("claim", job->claim));
        return true;
    }
    struct task *task = sweeper_task_new(s, job, lease_began_ms);
    if (task != NULL)
        task->attempt_number = charge.attempt;
    if (task != NULL && !call_gateway(task, &charge))
        sweeper_task_drop(task, "the request could not begin");
    CRASH_POINT("calling");
    return true;
}

const struct job_work payment_work = { .start = start, .settle = settle };
