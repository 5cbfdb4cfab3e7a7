/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/queue.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

/* What the operator does to one job. The history of its order, if it has one, records it. */
struct job_order {
    const struct caller *caller;
    int64_t job_id;
};

static enum result log_job(struct db *db, const struct job_order *asked, const struct job_hold *job, const char *type,
                           const char *worker)
{
    struct event event = {
        .order_id = job->order_id,
        .type = type,
        .detail = job->kind,
        .by = step_author(asked->caller),
    };
    event.by.worker = worker;
    return job->order_id[0] == '\0' ? RESULT_OK : events_add(db, &event);
}

static void describe_job(const struct job_hold *job, const char *status, char *ret_json, size_t size)
{
    bool has_order = job->order_id[0] != '\0';
    (void)snprintf(ret_json, size, "{\"kind\":\"%s\",\"%s\":\"%s\",\"status\":\"%s\"}", job->kind,
                   has_order ? "orderId" : "flightId", has_order ? job->order_id : job->flight_id, status);
}

static enum result audit_job(struct db *db, const struct job_order *asked, const struct job_hold *job,
                             const char *action, const char *status)
{
    char id[24];
    char was[192];
    char became[192];
    (void)snprintf(id, sizeof id, "%lld", (long long)asked->job_id);
    describe_job(job, job->status, was, sizeof was);
    describe_job(job, status, became, sizeof became);
    return step_audit(db, asked->caller, action, AUDIT_OF_JOB, id, was, became);
}

static enum result retry_in_txn(struct db *db, void *context)
{
    const struct job_order *asked = context;
    struct job_hold job;

    CRASH_SCOPE("retry-job");
    TRY(jobs_lock(db, asked->job_id, &job));
    if (job.leased)
        return RESULT_JOB_RUNNING;
    TRY(jobs_retry(db, &job));
    TRY(log_job(db, asked, &job, EVENT_JOB_RETRIED, NULL));
    return audit_job(db, asked, &job, AUDIT_RETRY_JOB, "PENDING");
}

enum result booking_retry_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    struct job_order asked = { caller, job_id };
    return txn_run(db, NULL, retry_in_txn, &asked);
}

static enum result set_aside_in_txn(struct db *db, void *context)
{
    const struct job_order *asked = context;
    struct job_hold job;

    TRY(jobs_lock(db, asked->job_id, &job));
    if (job.leased)
        return RESULT_JOB_RUNNING;
    if (strcmp(job.status, "FAILED") == 0)
        return RESULT_OK;
    TRY(jobs_rest(db, &job));
    TRY(log_job(db, asked, &job, EVENT_JOB_SET_ASIDE, NULL));
    return audit_job(db, asked, &job, AUDIT_SET_ASIDE_JOB, "FAILED");
}

enum result booking_set_job_aside(struct db *db, const struct caller *caller, int64_t job_id)
{
    struct job_order asked = { caller, job_id };
    return txn_run(db, NULL, set_aside_in_txn, &asked);
}

static enum result release_in_txn(struct db *db, void *context)
{
    const struct job_order *asked = context;
    struct job_hold job;

    TRY(jobs_lock(db, asked->job_id, &job));
    if (!job.leased)
        return RESULT_JOB_NOT_RUNNING;
    TRY(jobs_release(db, &job));
    TRY(log_job(db, asked, &job, EVENT_JOB_RELEASED, job.worker));
    return audit_job(db, asked, &job, AUDIT_RELEASE_JOB, "PENDING");
}

enum result booking_release_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    struct job_order asked = { caller, job_id };
    return txn_run(db, NULL, release_in_txn, &asked);
}

/* What the operator does to all jobs of a kind. */
struct kind_order {
    const struct caller *caller;
    enum job_kind kind;
    bool pause;
};

static enum result set_paused_in_txn(struct db *db, void *context)
{
    static const char *const states[] = { "{\"paused\":false}", "{\"paused\":true}" };
    const struct kind_order *asked = context;
    bool was_paused = false;
    TRY(queue_lock(db, asked->kind, &was_paused));
    TRY(asked->pause ? queue_pause(db, asked->kind) : queue_resume(db, asked->kind));
    return step_audit(db, asked->caller, asked->pause ? AUDIT_PAUSE_KIND : AUDIT_RESUME_KIND, AUDIT_OF_KIND,
                      job_kind_name(asked->kind), states[was_paused ? 1 : 0], states[asked->pause ? 1 : 0]);
}

enum result booking_pause_kind(struct db *db, const struct caller *caller, enum job_kind kind)
{
    struct kind_order asked = { caller, kind, true };
    return txn_run(db, NULL, set_paused_in_txn, &asked);
}

enum result booking_resume_kind(struct db *db, const struct caller *caller, enum job_kind kind)
{
    struct kind_order asked = { caller, kind, false };
    return txn_run(db, NULL, set_paused_in_txn, &asked);
}
