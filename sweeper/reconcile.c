/* SPDX-License-Identifier: MIT */
/* RECONCILE: reads the gateway's list of a day's charges, a page for each claim, and has it compared in the end. */

#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/timestamp.h"
#include "booking/base/url.h"
#include "booking/metrics.h"
#include "sweeper/charge_list.h"

#include <stdlib.h>

static enum result settle(struct task *task)
{
    return booking_settle_reconciliation(task->sweeper->db, &task->job, task->charges);
}

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("reconcile");
    CRASH_POINT("answered");
    const struct gateway_answer answer = sweeper_read_gateway(http);
    charge_list_read(&answer, task->charges);
    log_info("charges_listed", LOG_TEXT("request_id", task->job.request_id), LOG_NUMBER("status", http->status),
             LOG_NUMBER("charges", (int64_t)task->charges->count), LOG_NUMBER("ms", http->duration_ms),
             LOG_TEXT("reason", task->charges->reason));
    sweeper_task_end(task);
}

static bool call_gateway(struct task *task, const struct charge_question *question)
{
    const struct config *config = task->sweeper->config;
    struct buf url = BUF_INIT;
    char from[TIMESTAMP_SIZE];
    char to[TIMESTAMP_SIZE];
    timestamp_format(question->from_ms, from);
    timestamp_format(question->to_ms, to);
    buf_addf(&url, "%s/charges?from=%s&to=%s", config->payment_gateway_url, from, to);
    if (question->cursor[0] != '\0')
        buf_add_str(&url, "&cursor=");
    url_encode(question->cursor, &url);
    struct http_request request = {
        .url = buf_str(&url),
        .request_id = task->job.request_id,
        .bearer = config->payment_gateway_token,
        .timeout_ms = config->payment_timeout_ms,
    };
    bool begun = buf_ok(&url) && http_send(task->sweeper->http, &request, on_answer, task);
    buf_done(&url);
    return begun;
}

static bool start(struct sweeper *s, const struct job *job)
{
    struct charge_question question;
    bool go = false;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_begin_reconciliation(s->db, s->config, job, &question, &go);
    if (r != RESULT_OK)
        return sweeper_job_failed(s, job, "begin_reconciliation", r);
    struct task *task = go ? sweeper_task_new(s, job, lease_began_ms) : NULL;
    if (task == NULL)
        return true;
    task->charges = calloc(1, sizeof *task->charges);
    if (task->charges == NULL || !call_gateway(task, &question))
        sweeper_task_drop(task, "the request could not begin");
    return true;
}

const struct job_work reconcile_work = { .start = start, .settle = settle };
