/* SPDX-License-Identifier: MIT */
/* CANCEL_FLIGHT: ends the orders of a cancelled flight, one after the other, until there are none.
 *
 * A step ends orders for a moment and gives the job back, due at once, so that no timer and no other kind of work waits
 * for it, and several cancelled flights take turns. Where to go on is in memory alone; a sweeper that knows nothing
 * begins with the first order that is left. An order that is locked, or whose rows are broken, is passed over, so that
 * it does not keep the others from their end. After a pass that has passed over some, the job waits a moment or, if
 * they are broken, is set aside; then a pass begins with the first order again. */

#include "sweeper/sweeper.h"

#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/base/text.h"

#define STEP_BUDGET_MS 100
#define PAGE 32
#define LOCKED_PAUSE_MS 300

/* Ends one order, or passes it over. False when the database is away. */
static bool end_order(struct sweeper *s, const struct job *job, const char *order_id)
{
    struct walk *walk = &s->walk;
    enum result r = booking_end_cancelled(s->db, s->config, job, s->worker, order_id);
    (void)http_pump(s->http);
    notify_alive(monotonic_ms());
    if (r == RESULT_UNAVAILABLE && sweeper_database_is_away(s, "end_cancelled"))
        return false;
    walk->ended += r == RESULT_OK ? 1 : 0;
    bool is_locked = r == RESULT_UNAVAILABLE || r == RESULT_RETRY || r == RESULT_ORDER_NOT_FOUND;
    walk->has_locked = walk->has_locked || is_locked;
    if (r != RESULT_OK && !is_locked) {
        walk->broken = r;
        log_error("order_not_ended", LOG_TEXT("flight", job->flight_id), LOG_TEXT("order", order_id),
                  LOG_TEXT("result", result_name(r)), LOG_TEXT("database", db_last_error(s->db)));
    }
    text_copy(walk->after, sizeof walk->after, order_id);
    return true;
}

/* The end of a pass: the walk is over if the pass has found nothing at all. */
static enum result end_pass(struct sweeper *s, const struct job *job, bool is_over)
{
    struct walk walk = s->walk;
    s->walk = (struct walk){ .ended = walk.ended };
    if (walk.broken != RESULT_OK)
        return walk.broken;
    if (is_over)
        log_info("flight_cancelled", LOG_TEXT("request_id", job->request_id), LOG_TEXT("flight", job->flight_id));
    return is_over ? booking_end_walk(s->db, job)
                   : booking_pause_walk(s->db, job, walk.has_locked ? LOCKED_PAUSE_MS : 0);
}

/* Ends orders until the moment is over. False when the database is away. */
static bool step(struct sweeper *s, const struct job *job, enum result *reterr_result)
{
    char ids[PAGE][UUID_SIZE];
    int64_t until_ms = monotonic_ms() + STEP_BUDGET_MS;
    size_t count = 0;
    *reterr_result = RESULT_OK;
    while (*s->stop == 0 && monotonic_ms() < until_ms) {
        bool is_first = s->walk.after[0] == '\0';
        *reterr_result = booking_cancelled_orders(s->db, job, s->walk.after, PAGE, ids, &count);
        if (*reterr_result == RESULT_OK && count == 0)
            *reterr_result = end_pass(s, job, is_first);
        if (*reterr_result != RESULT_OK || count == 0)
            return true;
        for (size_t i = 0; i < count && *s->stop == 0 && monotonic_ms() < until_ms; i++) {
            if (!end_order(s, job, ids[i]))
                return false;
        }
    }
    *reterr_result = booking_pause_walk(s->db, job, 0);
    return true;
}

static bool run(struct sweeper *s, const struct job *jobs, size_t count)
{
    enum result r = RESULT_OK;
    (void)count; /* .batch is 1 */
    if (s->walk.job_id != jobs[0].job_id)
        s->walk = (struct walk){ .job_id = jobs[0].job_id };
    int64_t before = s->walk.ended;
    bool is_there = step(s, &jobs[0], &r);
    if (s->walk.ended > before)
        log_info("orders_ended", LOG_TEXT("request_id", jobs[0].request_id), LOG_TEXT("flight", jobs[0].flight_id),
                 LOG_NUMBER("orders", s->walk.ended - before));
    return is_there && (r == RESULT_OK || sweeper_job_failed(s, &jobs[0], "cancel_flight", r));
}

const struct job_work cancel_flight_work = { .run = run, .batch = 1 };
