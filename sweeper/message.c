/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/metrics.h"
#include "sweeper/webhook.h"

#include <stdio.h>
#include <time.h>

static enum result settle(struct task *task)
{
    return booking_settle_message(task->sweeper->db, &task->job, &task->message, task->sweeper->worker,
                                  &task->delivery);
}

/* A receiver that is gone for good says 410, and hears of nothing older any more. */
#define GONE 410

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("message");
    CRASH_POINT("answered");
    sweeper_read_receipt(task, http);
    task->delivery.is_final = http->status == GONE;
    metrics_add(task->delivery.delivered ? METRIC_MESSAGE_SENT : METRIC_MESSAGE_FAILED, 1);
    log_info("message_attempt", LOG_TEXT("request_id", task->job.request_id), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("attempt", task->message.tries + 1), LOG_NUMBER("status", http->status),
             LOG_NUMBER("ms", http->duration_ms));
    sweeper_task_end(task);
}

static bool send_message(struct task *task, const struct buf *body)
{
    const struct config *config = task->sweeper->config;
    struct buf signature = BUF_INIT;
    char id[UUID_SIZE + 4];
    char timestamp[24];
    int64_t now_s = (int64_t)time(NULL);
    (void)snprintf(id, sizeof id, "msg_%s", task->message.public_id);
    webhook_sign(config->webhook_secret, id, now_s, buf_str(body), body->len, &signature);
    if (config->webhook_secret_before[0] != '\0')
        webhook_sign(config->webhook_secret_before, id, now_s, buf_str(body), body->len, &signature);
    (void)snprintf(timestamp, sizeof timestamp, "%lld", (long long)now_s);
    const struct http_header headers[] = { { "webhook-id", id },
                                           { "webhook-timestamp", timestamp },
                                           { "webhook-signature", buf_str(&signature) } };
    struct http_request request = {
        .url = config->webhook_url,
        .request_id = task->job.request_id,
        .bearer = "",
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .body = buf_str(body),
        .timeout_ms = config->payment_timeout_ms,
    };
    bool begun = buf_ok(&signature) && buf_ok(body) && http_post(task->sweeper->http, &request, on_answer, task);
    buf_done(&signature);
    return begun;
}

/* Without a receiver any more, messages that were written for one wait for another, for a day. */
static bool start_message(struct sweeper *s, const struct job *job, struct buf *body)
{
    struct message message;
    bool any = false;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_begin_message(s->db, job, &message, body, &any);
    if (r != RESULT_OK)
        return sweeper_job_failed(s, job, "begin_message", r);
    struct task *task = any ? sweeper_task_new(s, job, lease_began_ms) : NULL;
    if (task == NULL)
        return true;
    task->message = message;
    if (s->config->webhook_url[0] == '\0') {
        task->delivery = (struct delivery_result){ .outcome = "NOT_CONFIGURED", .reason = "WEBHOOK_URL is not set" };
        sweeper_task_end(task);
    } else if (!send_message(task, body)) {
        sweeper_task_drop(task, "the request could not begin");
    }
    return true;
}

static bool start(struct sweeper *s, const struct job *job)
{
    struct buf body = BUF_INIT;
    bool more = start_message(s, job, &body);
    buf_done(&body);
    return more;
}

const struct job_work message_work = { .start = start, .settle = settle };
