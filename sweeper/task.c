/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/metrics.h"

#include <stdio.h>
#include <stdlib.h>

/* Long enough for many settlements, short enough that they make no timer late. */
#define SETTLE_MS 25

void sweeper_database_failed(struct sweeper *s, const char *what, enum result r)
{
    log_warn("database_failed", LOG_TEXT("during", what), LOG_TEXT("result", result_name(r)),
             LOG_TEXT("database", db_last_error(s->db)));
    s->next_try_ms = monotonic_ms() + SWEEPER_TRY_AGAIN_MS;
}

bool sweeper_database_is_away(struct sweeper *s, const char *what)
{
    if (db_was_locked_out(s->db)) {
        log_warn("locked", LOG_TEXT("during", what), LOG_TEXT("database", db_last_error(s->db)));
        return false;
    }
    sweeper_database_failed(s, what, RESULT_UNAVAILABLE);
    return true;
}

/* ── jobs that cannot be done ───────────────────────────────────────────── */

static const char *reason_of(enum job_kind kind, enum result r)
{
    if (kind == JOB_IMPORT_FLIGHTS)
        return "A flight of the file cannot be read or written; the log says why";
    if (kind == JOB_RECONCILE)
        return "The gateway's list cannot be kept or compared";
    if (kind == JOB_TELL_FLIGHT)
        return "An order of the flight cannot be told";
    if (kind == JOB_CANCEL_FLIGHT)
        return "An order of the flight cannot be ended; the log says which";
    if (r == RESULT_NOT_FOUND)
        return "The order's payment is not there";
    if (r == RESULT_ORDER_NOT_FOUND)
        return "The order is not there";
    if (r == RESULT_STALE)
        return kind == JOB_EXPIRE_HOLD ? "The order does not hold the seats it names"
                                       : "The order's rows contradict each other";
    return "A row of the order cannot be read or written";
}

bool sweeper_job_failed(struct sweeper *s, const struct job *job, const char *during, enum result r)
{
    bool failed = false;
    if (r == RESULT_UNAVAILABLE)
        return !sweeper_database_is_away(s, during);
    const char *why = reason_of(job->kind, r);
    enum result told = booking_set_aside(s->db, job, why, &failed);
    if (told == RESULT_UNAVAILABLE || told == RESULT_INTERNAL) {
        sweeper_database_failed(s, "set_aside", told);
        return told == RESULT_INTERNAL;
    }
    log_write(failed ? LOG_ERROR : LOG_WARN, told == RESULT_STALE ? "job_taken_over" : "job_set_aside",
              LOG_FIELDS_(LOG_TEXT("request_id", job->request_id), LOG_TEXT("kind", job_kind_name(job->kind)),
                          LOG_TEXT("order", job->order_id), LOG_NUMBER("job", job->job_id),
                          LOG_NUMBER("failures", job->failures + 1), LOG_TEXT("during", during),
                          LOG_TEXT("result", result_name(r)), LOG_TEXT("why", told == RESULT_STALE ? "" : why),
                          LOG_TEXT("database", r == RESULT_INTERNAL ? db_last_error(s->db) : "")));
    return true;
}

/* ── tasks ──────────────────────────────────────────────────────────────── */

struct task *sweeper_task_new(struct sweeper *s, const struct job *job, int64_t lease_began_ms)
{
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL)
        return NULL;
    *task = (struct task){
        .sweeper = s,
        .job = *job,
        .lease_ends_ms = lease_began_ms + booking_lease_ms(s->config, job->kind),
    };
    s->in_flight[job->kind]++;
    return task;
}

static void task_free(struct task *task)
{
    task->sweeper->in_flight[task->job.kind]--;
    free(task->charges);
    free(task);
}

void sweeper_task_drop(struct task *task, const char *why)
{
    log_warn("job_dropped", LOG_TEXT("request_id", task->job.request_id),
             LOG_TEXT("kind", job_kind_name(task->job.kind)), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("job", task->job.job_id), LOG_NUMBER("claim", task->job.claim), LOG_TEXT("why", why));
    task_free(task);
}

void sweeper_task_end(struct task *task)
{
    TAILQ_INSERT_TAIL(&task->sweeper->answered, task, link);
}

/* ── settling ───────────────────────────────────────────────────────────── */

/* A task that waits to be settled keeps its lease: its answer is here, so no other sweeper need take it over. */
static enum result renew_leases(struct sweeper *s)
{
    int64_t now_ms = monotonic_ms();
    struct task *renewed[JOBS_CLAIM_MAX];
    int64_t ids[JOBS_CLAIM_MAX];
    int64_t lease_ms = booking_lease_ms(s->config, JOB_PAYMENT_ATTEMPT);
    size_t count = 0;
    uint64_t matched = 0;
    for (struct task *task = TAILQ_FIRST(&s->answered); task != NULL; task = TAILQ_NEXT(task, link)) {
        if (task->lease_ends_ms - now_ms > lease_ms / 4 || count == JOBS_CLAIM_MAX)
            continue;
        renewed[count] = task;
        ids[count++] = task->job.job_id;
    }
    if (count == 0)
        return RESULT_OK;
    enum result r = jobs_renew_all(s->db, ids, count, s->worker, lease_ms, &matched);
    /* Which leases were lost, if any, shows when their tasks are settled. */
    for (size_t i = 0; r == RESULT_OK && i < count; i++)
        renewed[i]->lease_ends_ms = now_ms + lease_ms;
    if (r == RESULT_OK && matched != count)
        log_warn("leases_lost", LOG_NUMBER("jobs", count - matched));
    return r;
}

/* False when the database is away. */
static bool settle_one(struct sweeper *s, struct task *task)
{
    bool is_there = true;
    TAILQ_REMOVE(&s->answered, task, link);
    enum result r = sweeper_work[task->job.kind]->settle(task);
    if (r == RESULT_UNAVAILABLE) {
        /* It goes behind the others, which may fare better. */
        is_there = !sweeper_database_is_away(s, "settle");
        task->not_before_ms = monotonic_ms() + SWEEPER_TRY_AGAIN_MS;
        TAILQ_INSERT_TAIL(&s->answered, task, link);
        return is_there;
    }
    if (r != RESULT_OK)
        is_there = sweeper_job_failed(s, &task->job, "settle", r);
    s->next_look_ms = task->leaves_nothing ? s->next_look_ms : 0;
    task_free(task);
    return is_there;
}

void sweeper_read_receipt(struct task *task, const struct http_answer *http)
{
    bool sent = http->status >= 200 && http->status < 300;
    if (!sent && http->status != 0)
        (void)snprintf(task->reason, sizeof task->reason, "The receiver answered %d", http->status);
    else if (!sent)
        (void)snprintf(task->reason, sizeof task->reason, "The receiver could not be reached: %.200s", http->error);
    task->delivery = (struct delivery_result){
        .delivered = sent,
        .outcome = sent              ? "SENT"
                   : http->timed_out ? "TIMEOUT"
                                     : "ERROR",
        .reason = sent ? NULL : task->reason,
        .retry_after_ms = http->retry_after_ms,
        .duration_ms = http->duration_ms,
    };
}

struct gateway_answer sweeper_read_gateway(const struct http_answer *http)
{
    metrics_observe(METRIC_GATEWAY_LATENCY, (double)http->duration_ms / 1000);
    return (struct gateway_answer){
        .status = http->status,
        .timed_out = http->timed_out,
        .body = http->body,
        .body_len = http->body_len,
        .retry_after_ms = http->retry_after_ms,
        .duration_ms = http->duration_ms,
    };
}

static struct task *next_to_settle(const struct sweeper *s)
{
    int64_t now_ms = monotonic_ms();
    struct task *task = TAILQ_FIRST(&s->answered);
    while (task != NULL && task->not_before_ms > now_ms)
        task = TAILQ_NEXT(task, link);
    return task;
}

int64_t sweeper_next_settlement_ms(const struct sweeper *s)
{
    int64_t next_ms = INT64_MAX;
    for (const struct task *task = TAILQ_FIRST(&s->answered); task != NULL; task = TAILQ_NEXT(task, link))
        next_ms = task->not_before_ms < next_ms ? task->not_before_ms : next_ms;
    return next_ms;
}

static bool goes_together(const struct task *task)
{
    const struct job_together *together = sweeper_work[task->job.kind]->together;
    return together != NULL && !task->is_alone && together->joins(task);
}

/* The first task and those behind it that can be settled with it, in the order of the queue. */
static size_t gather(struct task *first, struct task *ret_tasks[TOGETHER_MAX])
{
    const struct job_together *together = sweeper_work[first->job.kind]->together;
    int64_t now_ms = monotonic_ms();
    size_t count = 0;
    ret_tasks[count++] = first;
    for (struct task *task = TAILQ_NEXT(first, link); task != NULL && count < TOGETHER_MAX;
         task = TAILQ_NEXT(task, link)) {
        if (sweeper_work[task->job.kind]->together == together && task->not_before_ms <= now_ms && goes_together(task))
            ret_tasks[count++] = task;
    }
    return count;
}

/* False when the database is away. If only something is amiss with one of them, each is settled by itself in its turn:
 * which one it is, and what is to be done, shows then. */
static bool settle_together(struct sweeper *s, struct task *const *tasks, size_t count)
{
    enum result r = sweeper_work[tasks[0]->job.kind]->together->settle(s, tasks, count);
    if (r == RESULT_UNAVAILABLE && sweeper_database_is_away(s, "settle"))
        return false;
    if (r != RESULT_OK)
        log_info("not_settled_together", LOG_TEXT("kind", job_kind_name(tasks[0]->job.kind)), LOG_NUMBER("jobs", count),
                 LOG_TEXT("result", result_name(r)),
                 LOG_TEXT("database", r == RESULT_INTERNAL ? db_last_error(s->db) : ""));
    for (size_t i = 0; i < count; i++) {
        TAILQ_REMOVE(&s->answered, tasks[i], link);
        tasks[i]->is_alone = tasks[i]->is_alone || r != RESULT_OK;
        if (tasks[i]->is_alone) {
            TAILQ_INSERT_TAIL(&s->answered, tasks[i], link); /* behind the others, which may fare better */
            continue;
        }
        s->next_look_ms = tasks[i]->leaves_nothing ? s->next_look_ms : 0;
        task_free(tasks[i]);
    }
    return true;
}

bool sweeper_settle(struct sweeper *s)
{
    struct task *tasks[TOGETHER_MAX];
    int64_t until_ms = monotonic_ms() + SETTLE_MS;
    struct task *task = next_to_settle(s);
    enum result r = task == NULL ? RESULT_OK : renew_leases(s);
    if (r != RESULT_OK && sweeper_database_is_away(s, "renew"))
        return false;
    for (; task != NULL; task = next_to_settle(s)) {
        if (monotonic_ms() >= until_ms)
            return true;
        if (goes_together(task) ? !settle_together(s, tasks, gather(task, tasks)) : !settle_one(s, task))
            return false;
        (void)http_pump(s->http);
        notify_alive(monotonic_ms());
    }
    return false;
}
