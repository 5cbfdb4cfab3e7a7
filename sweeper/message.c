/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/webhook.h"
#include "booking/metrics.h"

#include <assert.h>
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
    bool begun = buf_ok(&signature) && buf_ok(body) && http_send(task->sweeper->http, &request, on_answer, task);
    buf_done(&signature);
    return begun;
}

/* Without a receiver any more, messages that were written for one wait for another, for a day. */
static void tell(struct sweeper *s, const struct job *job, const struct message *message, const struct buf *body,
                 int64_t lease_began_ms)
{
    struct task *task = sweeper_task_new(s, job, lease_began_ms);
    if (task == NULL)
        return;
    task->message = *message;
    if (s->config->webhook_url[0] == '\0') {
        task->delivery = (struct delivery_result){ .outcome = "NOT_CONFIGURED", .reason = "WEBHOOK_URL is not set" };
        sweeper_task_end(task);
    } else if (!send_message(task, body)) {
        sweeper_task_drop(task, "the request could not begin");
    }
}

enum result sweeper_claim_messages(struct sweeper *s, enum job_kind kind, size_t limit, struct job *reterr_jobs,
                                   struct next_message *reterr_next, size_t *reterr_count)
{
    TRY(booking_claim(s->db, kind, limit, booking_lease_ms(s->config, kind), s->worker, reterr_jobs, reterr_count));
    if (*reterr_count == 0)
        return RESULT_OK;
    CRASH_POINT("claimed");
    enum result r = booking_next_messages(s->db, reterr_jobs, *reterr_count, reterr_next);
    if (r != RESULT_OK)
        log_warn("messages_not_read", LOG_TEXT("kind", job_kind_name(kind)), LOG_TEXT("result", result_name(r)),
                 LOG_TEXT("database", db_last_error(s->db)));
    return RESULT_OK;
}

static enum result claim(struct sweeper *s, size_t limit, struct job *jobs, size_t *reterr_count, size_t *reterr_left)
{
    struct next_message next[JOBS_CLAIM_MAX] = { 0 };
    int64_t lease_began_ms = monotonic_ms();
    *reterr_left = 0;
    enum result r = sweeper_claim_messages(s, JOB_SEND_MESSAGE, limit, jobs, next, reterr_count);
    for (size_t i = 0; r == RESULT_OK && i < *reterr_count; i++) {
        if (next[i].message.message_id != 0)
            tell(s, &jobs[i], &next[i].message, &next[i].body, lease_began_ms);
        else
            jobs[(*reterr_left)++] = jobs[i];
        buf_done(&next[i].body);
    }
    (void)http_pump(s->http);
    return r;
}

/* A message about which there is something else to be done first. */
static bool start(struct sweeper *s, const struct job *job)
{
    struct message message;
    struct buf body = BUF_INIT;
    bool any = false;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_begin_message(s->db, job, &message, &body, &any);
    if (r == RESULT_OK && any)
        tell(s, job, &message, &body, lease_began_ms);
    buf_done(&body);
    return r == RESULT_OK || sweeper_job_failed(s, job, "begin_message", r);
}

const struct job_work message_work = {
    .claim = claim,
    .start = start,
    .settle = settle,
    .together = &messages_together,
};

/* ── those that were delivered, mails as well ───────────────────────────── */

/* A job that names its message is about one that had failed, and ends otherwise. */
static bool joins(const struct task *task)
{
    return task->delivery.delivered && task->job.subject_id[0] == '\0';
}

static enum result settle_together(struct sweeper *s, struct task *const *tasks, size_t count)
{
    struct sent_message list[TOGETHER_MAX];
    for (size_t i = 0; i < count; i++)
        list[i] = (struct sent_message){
            .job = tasks[i]->job,
            .message = tasks[i]->message,
            .duration_ms = tasks[i]->delivery.duration_ms,
        };
    return booking_settle_sent(s->db, list, count, s->worker);
}

const struct job_together messages_together = { .joins = joins, .settle = settle_together };
static_assert(TOGETHER_MAX <= SENT_MAX, "one transaction takes them all");
