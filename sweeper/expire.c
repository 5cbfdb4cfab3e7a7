/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/metrics.h"

#include <string.h>

/* Expires the holds one by one. Locks are then taken in a strict order, and a hold that cannot be expired does not
 * block the others. */
static bool expire_singly(struct sweeper *s, const struct job *jobs, size_t count, size_t *expired)
{
    int64_t lease_ends_ms = monotonic_ms() + booking_lease_ms(s->config, JOB_EXPIRE_HOLD);
    for (size_t i = 0; i < count; i++) {
        char id[1][UUID_SIZE];
        size_t one = 0;
        /* Jobs that are not done here come back when their leases end. */
        if (*s->stop != 0 || monotonic_ms() >= lease_ends_ms)
            return true;
        memcpy(id[0], jobs[i].order_id, UUID_SIZE);
        enum result r = booking_expire(s->db, s->config, (const char(*)[UUID_SIZE])id, 1, s->worker, &one);
        *expired += one;
        if (r != RESULT_OK && !sweeper_job_failed(s, &jobs[i], "expire", r))
            return false;
        (void)http_pump(s->http);
        notify_alive(monotonic_ms());
    }
    return true;
}

/* Expires holds that have run out, a batch in one transaction. If that meets too much traffic, or a hold that cannot be
 * expired, they are expired one by one. */
static bool run(struct sweeper *s, const struct job *jobs, size_t count)
{
    char ids[JOBS_CLAIM_MAX][UUID_SIZE];
    size_t expired = 0;
    int64_t latest_ms = 0;
    bool is_there = true;

    for (size_t i = 0; i < count; i++) {
        int64_t late_ms = jobs[i].claimed_at_ms - jobs[i].due_at_ms;
        memcpy(ids[i], jobs[i].order_id, UUID_SIZE);
        latest_ms = late_ms > latest_ms ? late_ms : latest_ms;
        metrics_observe(METRIC_TIMER_LATENESS, (double)late_ms / 1000);
    }
    enum result r = booking_expire(s->db, s->config, (const char(*)[UUID_SIZE])ids, count, s->worker, &expired);
    if (r == RESULT_UNAVAILABLE)
        is_there = !sweeper_database_is_away(s, "expire");
    else if (r != RESULT_OK && count == 1)
        is_there = sweeper_job_failed(s, &jobs[0], "expire", r);
    if (r != RESULT_OK && count > 1 && is_there)
        is_there = expire_singly(s, jobs, count, &expired);
    log_info("holds_expired", LOG_NUMBER("claimed", count), LOG_NUMBER("expired", expired),
             LOG_NUMBER("late_ms", latest_ms));
    return is_there;
}

const struct job_work expire_work = { .run = run };
