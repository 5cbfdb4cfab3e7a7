/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/queue.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

/* What an operator can do to one job. The history of its order, if it has one, and the audit log record it. */
struct job_act {
    enum result (*act)(struct db *db, const struct job_hold *job);
    bool on_leased;     /* only to a job that a worker has; else only to one that none has */
    bool once;          /* nothing is done to a job that has become so already */
    const char *became; /* the job's status then */
    const char *event;
    const char *action;
};

struct job_order {
    const struct caller *caller;
    int64_t job_id;
    const struct job_act *what;
};

static enum result log_act(struct db *db, const struct job_order *asked, const struct job_hold *job)
{
    struct event event = {
        .order_id = job->order_id,
        .type = asked->what->event,
        .detail = job->kind,
        .by = step_author(asked->caller),
    };
    event.by.worker = asked->what->on_leased ? job->worker : NULL;
    return job->order_id[0] == '\0' ? RESULT_OK : events_add(db, &event);
}

static void describe_job(const struct job_hold *job, const char *status, char *ret_json, size_t size)
{
    bool has_order = job->order_id[0] != '\0';
    (void)snprintf(ret_json, size, "{\"kind\":\"%s\",\"%s\":\"%s\",\"status\":\"%s\"}", job->kind,
                   has_order ? "orderId" : "flightId", has_order ? job->order_id : job->flight_id, status);
}

static enum result audit_act(struct db *db, const struct job_order *asked, const struct job_hold *job)
{
    char id[24];
    char was[192];
    char became[192];
    (void)snprintf(id, sizeof id, "%lld", (long long)asked->job_id);
    describe_job(job, job->status, was, sizeof was);
    describe_job(job, asked->what->became, became, sizeof became);
    return step_audit(db, asked->caller, asked->what->action, AUDIT_OF_JOB, id, was, became);
}

static enum result act_in_txn(struct db *db, void *context)
{
    const struct job_order *asked = context;
    const struct job_act *what = asked->what;
    struct job_hold job;

    CRASH_SCOPE(what->action);
    TRY(jobs_lock(db, asked->job_id, &job));
    if (job.leased != what->on_leased)
        return job.leased ? RESULT_JOB_RUNNING : RESULT_JOB_NOT_RUNNING;
    if (what->once && strcmp(job.status, what->became) == 0)
        return RESULT_OK;
    TRY(what->act(db, &job));
    TRY(log_act(db, asked, &job));
    return audit_act(db, asked, &job);
}

enum result booking_retry_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    static const struct job_act retry = { jobs_retry, false, false, "PENDING", EVENT_JOB_RETRIED, AUDIT_RETRY_JOB };
    struct job_order asked = { caller, job_id, &retry };
    return txn_run(db, NULL, act_in_txn, &asked);
}

enum result booking_set_job_aside(struct db *db, const struct caller *caller, int64_t job_id)
{
    static const struct job_act rest = { jobs_rest, false, true, "FAILED", EVENT_JOB_SET_ASIDE, AUDIT_SET_ASIDE_JOB };
    struct job_order asked = { caller, job_id, &rest };
    return txn_run(db, NULL, act_in_txn, &asked);
}

enum result booking_release_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    static const struct job_act release = {
        jobs_release, true, false, "PENDING", EVENT_JOB_RELEASED, AUDIT_RELEASE_JOB
    };
    struct job_order asked = { caller, job_id, &release };
    return txn_run(db, NULL, act_in_txn, &asked);
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
