#include "sweeper/sweeper.h"

#include "booking/log.h"
#include "booking/metrics.h"

#include <string.h>

/* Holds that have run out, a batch in one transaction. If that meets too much
 * traffic it is done one by one, where locks are taken in a strict order. */
void sweeper_expire(struct sweeper *s, const struct job *jobs, size_t count)
{
    char ids[JOBS_CLAIM_MAX][UUID_SIZE];
    size_t expired = 0;
    int64_t latest_ms = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t late_ms = jobs[i].claimed_at_ms - jobs[i].due_at_ms;
        memcpy(ids[i], jobs[i].order_id, UUID_SIZE);
        latest_ms = late_ms > latest_ms ? late_ms : latest_ms;
        metrics_observe(METRIC_TIMER_LATENESS, (double)late_ms / 1000);
    }
    enum result r = booking_expire(s->db, (const char(*)[UUID_SIZE])ids, count, s->worker, &expired);
    if (r != RESULT_OK && count > 1) {
        r = RESULT_OK;
        for (size_t i = 0; r == RESULT_OK && i < count; i++) {
            size_t one = 0;
            r = booking_expire(s->db, (const char(*)[UUID_SIZE])ids + i, 1, s->worker, &one);
            expired += one;
        }
    }
    /* What was not done comes back when its lease ends. */
    if (r != RESULT_OK)
        sweeper_database_failed(s, "expire", r);
    log_info("holds_expired", LOG_NUMBER("claimed", count), LOG_NUMBER("expired", expired),
             LOG_NUMBER("late_ms", latest_ms));
}
