/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/metrics.h"

#include <stdio.h>
#include <string.h>

/* Whether anybody is told of confirmed orders, so that there is a job more for each. */
static bool tells(const struct config *config)
{
    return config->confirmation_url[0] != '\0' || config->webhook_url[0] != '\0' || config_sends_mail(config);
}

static enum result settle(struct task *task)
{
    struct sweeper *s = task->sweeper;
    bool confirmed = false;
    enum result r = booking_settle_attempt(s->db, s->config, &task->job, &task->announced, s->worker, &task->attempt,
                                           &confirmed);
    task->leaves_nothing = confirmed && !tells(s->config);
    return r;
}

static bool is_approved(const struct task *task)
{
    return task->attempt.outcome == ATTEMPT_APPROVED;
}

static enum result settle_approved(struct sweeper *s, struct task *const *tasks, size_t count)
{
    struct approval approvals[BOOKING_APPROVALS_MAX];
    for (size_t i = 0; i < count; i++)
        approvals[i] = (struct approval){ &tasks[i]->job, &tasks[i]->announced, &tasks[i]->attempt, false };
    enum result r = booking_settle_approvals(s->db, s->config, s->worker, approvals, count);
    for (size_t i = 0; i < count; i++) {
        tasks[i]->is_alone = !approvals[i].is_settled;
        tasks[i]->leaves_nothing = !tells(s->config);
    }
    return r;
}

static const struct job_together approvals_together = { .joins = is_approved, .settle = settle_approved };

static void on_answer(const struct http_answer *http, void *context)
{
    struct task *task = context;
    CRASH_SCOPE("payment");
    CRASH_POINT("answered");
    const struct gateway_answer answer = sweeper_read_gateway(http);
    gateway_answer_read(&answer, &task->attempt);
    double seconds = (double)http->duration_ms / 1000;
    metrics_add((enum metric)(METRIC_ATTEMPT_APPROVED + (int)task->attempt.outcome), 1);
    metrics_observe((enum metric_time)(METRIC_ATTEMPT_DURATION + (int)task->attempt.outcome), seconds);
    log_info("payment_attempt", LOG_TEXT("request_id", task->job.request_id), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("attempt", task->announced.number), LOG_NUMBER("status", http->status),
             LOG_NUMBER("ms", http->duration_ms), LOG_TEXT("error", http->status == 0 ? http->error : ""),
             LOG_TEXT("reason", task->attempt.reason));
    sweeper_task_end(task);
}

/* The order's address on the booking page, where a gateway with a page of its own sends the customer back to. */
static void add_return_url(struct json_writer *w, const char *public_url, const char *order_id)
{
    char url[CONFIG_TEXT_SIZE + UUID_SIZE + 16];
    size_t len = strlen(public_url);
    while (len > 0 && public_url[len - 1] == '/')
        len--;
    (void)snprintf(url, sizeof url, "%.*s/?order=%s", (int)len, public_url, order_id);
    if (len > 0)
        json_add_text(w, "returnUrl", url);
}

static bool call_gateway(struct task *task, const struct charge *charge)
{
    const struct config *config = task->sweeper->config;
    struct buf body = BUF_INIT;
    struct buf url = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&body);

    json_open_object(&w, NULL);
    json_add_text(&w, "orderId", charge->order_id);
    if (charge->code[0] != '\0')
        json_add_text(&w, "paymentCode", charge->code);
    json_add_int(&w, "amountCents", charge->amount_cents);
    json_add_text(&w, "currency", charge->currency);
    add_return_url(&w, config->public_url, charge->order_id);
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
    bool begun = buf_ok(&body) && buf_ok(&url) && http_send(task->sweeper->http, &request, on_answer, task);
    buf_done(&body);
    buf_done(&url);
    return begun;
}

/* Asks for a charge that was announced. */
static void ask(struct sweeper *s, const struct job *job, const struct charge *charge, int64_t lease_began_ms)
{
    struct task *task = sweeper_task_new(s, job, lease_began_ms);
    if (task == NULL)
        return;
    task->announced.number = charge->attempt;
    text_copy(task->announced.payment_id, UUID_SIZE, charge->payment_id);
    if (!call_gateway(task, charge))
        sweeper_task_drop(task, "the request could not begin");
    CRASH_POINT("calling");
}

static enum result claim(struct sweeper *s, size_t limit, struct job *jobs, size_t *reterr_count, size_t *reterr_left)
{
    struct charge charges[JOBS_CLAIM_MAX];
    int64_t lease_began_ms = monotonic_ms();
    *reterr_left = 0;
    enum result r = booking_claim_payments(s->db, s->config, limit, s->worker, jobs, charges, reterr_count);
    for (size_t i = 0; r == RESULT_OK && i < *reterr_count; i++) {
        if (charges[i].attempt > 0)
            ask(s, &jobs[i], &charges[i], lease_began_ms);
        else
            jobs[(*reterr_left)++] = jobs[i];
    }
    (void)http_pump(s->http);
    return r;
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
    ask(s, job, &charge, lease_began_ms);
    return true;
}

const struct job_work payment_work = {
    .claim = claim, .start = start, .settle = settle, .together = &approvals_together
};
