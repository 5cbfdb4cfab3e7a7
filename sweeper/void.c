/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/metrics.h"

#include <stdio.h>

static enum result settle(struct task *task)
{
    return booking_settle_void(task->sweeper->db, &task->job, task->sweeper->worker, &task->delivery);
}

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("void");
    CRASH_POINT("answered");
    const struct gateway_answer answer = sweeper_read_gateway(http);
    bool voided = gateway_answer_is_void(&answer);
    if (!voided && http->status == 200)
        text_copy(task->reason, sizeof task->reason, "The payment gateway's answer made no sense");
    else if (!voided && http->status != 0)
        (void)snprintf(task->reason, sizeof task->reason, "The payment gateway answered %d", http->status);
    else if (!voided)
        text_copy(task->reason, sizeof task->reason,
                  http->timed_out ? "The payment gateway did not answer in time"
                                  : "The payment gateway could not be reached");
    task->delivery = (struct delivery_result){
        .delivered = voided,
        .outcome = voided            ? "VOIDED"
                   : http->timed_out ? "TIMEOUT"
                                     : "ERROR",
        .reason = voided ? NULL : task->reason,
        .retry_after_ms = http->retry_after_ms,
        .duration_ms = http->duration_ms,
    };
    metrics_add(voided ? METRIC_VOIDED : METRIC_VOID_FAILED, 1);
    log_info("void_attempt", LOG_TEXT("request_id", task->job.request_id), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("attempt", task->job.claim), LOG_NUMBER("status", http->status),
             LOG_NUMBER("ms", http->duration_ms));
    sweeper_task_end(task);
}

static bool call_gateway(struct task *task, const struct charge *charge)
{
    const struct config *config = task->sweeper->config;
    struct buf url = BUF_INIT;
    buf_addf(&url, "%s/charges/%s/void", config->payment_gateway_url, charge->payment_id);
    struct http_request request = {
        .url = buf_str(&url),
        .request_id = task->job.request_id,
        .bearer = config->payment_gateway_token,
        .body = "{}",
        .timeout_ms = config->payment_timeout_ms,
    };
    bool begun = buf_ok(&url) && http_send(task->sweeper->http, &request, on_answer, task);
    buf_done(&url);
    return begun;
}

static bool start(struct sweeper *s, const struct job *job)
{
    struct charge charge;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_find_charge(s->db, job, &charge);
    if (r != RESULT_OK)
        return sweeper_job_failed(s, job, "find_charge", r);
    struct task *task = sweeper_task_new(s, job, lease_began_ms);
    if (task != NULL && !call_gateway(task, &charge))
        sweeper_task_drop(task, "the request could not begin");
    return true;
}

const struct job_work void_work = { .start = start, .settle = settle };
