/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/metrics.h"

#include <stdio.h>

static enum result settle(struct task *task)
{
    return booking_settle_refund(task->sweeper->db, task->sweeper->config, &task->job, task->sweeper->worker,
                                 &task->delivery);
}

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("refund");
    CRASH_POINT("answered");
    const struct gateway_answer answer = sweeper_read_gateway(http);
    gateway_answer_read_refund(&answer, &task->delivery, task->reason);
    metrics_add(task->delivery.delivered ? METRIC_REFUNDED : METRIC_REFUND_FAILED, 1);
    log_info("refund_attempt", LOG_TEXT("request_id", task->job.request_id), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("attempt", task->job.claim), LOG_NUMBER("status", http->status),
             LOG_NUMBER("ms", http->duration_ms));
    sweeper_task_end(task);
}

static bool call_gateway(struct task *task, const struct refund *refund)
{
    const struct config *config = task->sweeper->config;
    struct buf url = BUF_INIT;
    char body[64];
    buf_addf(&url, "%s/charges/%s/refunds", config->payment_gateway_url, refund->payment_id);
    (void)snprintf(body, sizeof body, "{\"amountCents\":%lld}", (long long)refund->amount_cents);
    struct http_request request = {
        .url = buf_str(&url),
        .key = refund->refund_id,
        .request_id = task->job.request_id,
        .bearer = config->payment_gateway_token,
        .body = body,
        .timeout_ms = config->payment_timeout_ms,
    };
    bool begun = buf_ok(&url) && http_send(task->sweeper->http, &request, on_answer, task);
    buf_done(&url);
    return begun;
}

static bool start(struct sweeper *s, const struct job *job)
{
    struct refund refund;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_begin_refund(s->db, job, &refund);
    if (r != RESULT_OK)
        return sweeper_job_failed(s, job, "begin_refund", r);
    struct task *task = sweeper_task_new(s, job, lease_began_ms);
    if (task != NULL && !call_gateway(task, &refund))
        sweeper_task_drop(task, "the request could not begin");
    return true;
}

const struct job_work refund_work = { .start = start, .settle = settle };
