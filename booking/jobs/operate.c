/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/booking.h"
#include "booking/store/events.h"
#include "booking/store/txn.h"

/* What the operator does to one job. The history of its order records it. */
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
        .worker = worker,
        .detail = job->kind,
        .request_id = asked->caller->request_id,
    };
    return events_add(db, &event);
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
    return log_job(db, asked, &job, EVENT_JOB_RETRIED, NULL);
}

enum result booking_retry_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    struct job_order asked = { caller, job_id };
    return txn_run(db, NULL, retry_in_txn, &asked);
}

static enum result release_in_txn(struct db *db, void *context)
{
    const struct job_order *asked = context;
    struct job_hold job;

    TRY(jobs_lock(db, asked->job_id, &job));
    if (!job.leased)
        return RESULT_JOB_NOT_RUNNING;
    TRY(jobs_release(db, &job));
    return log_job(db, asked, &job, EVENT_JOB_RELEASED, job.worker);
}

enum result booking_release_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    struct job_order asked = { caller, job_id };
    return txn_run(db, NULL, release_in_txn, &asked);
}
