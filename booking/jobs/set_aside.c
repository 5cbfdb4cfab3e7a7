/* SPDX-License-Identifier: MIT */
#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/booking.h"
#include "booking/store/txn.h"

/* With growing pauses between them, these take about four minutes in all. */
#define FAILURES_MAX 10

struct setting_aside {
    const struct job *job;
    const char *why;
    bool failed;
};

static enum result set_aside_in_txn(struct db *db, void *context)
{
    struct setting_aside *s = context;
    const struct job *job = s->job;
    int64_t failures = job->failures + 1;
    /* A payment's tries are counted by its attempts, and no attempt was made here. */
    bool used_up = job->kind != JOB_PAYMENT_ATTEMPT && job->max_attempts > 0 && job->claim >= job->max_attempts;
    s->failed = used_up || failures >= FAILURES_MAX;
    CRASH_SCOPE("set-aside");
    return jobs_set_aside(db, job,
                          s->failed ? TIME_NONE : backoff_delay_ms(&BACKOFF_DELIVERY, (int)failures, random_fraction()),
                          s->why);
}

enum result booking_set_aside(struct db *db, const struct job *job, const char *why, bool *reterr_failed)
{
    struct setting_aside s = { .job = job, .why = why };
    enum result r = txn_run(db, NULL, set_aside_in_txn, &s);
    *reterr_failed = r == RESULT_OK && s.failed;
    return r;
}
