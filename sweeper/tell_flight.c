/* SPDX-License-Identifier: MIT */
/* TELL_FLIGHT: tells the orders of a flight of its new times, one after the other, until there is none left to tell.
 *
 * As with CANCEL_FLIGHT a step lasts a moment and gives the job back, so that nothing waits for it. Which orders are
 * left, their own history says. An order that is locked is passed over until the next step. */

#include "sweeper/sweeper.h"

#include "booking/base/log.h"
#include "booking/base/notify.h"

#define STEP_BUDGET_MS 100
#define PAGE 32
#define LOCKED_PAUSE_MS 300

/* Tells some orders; *reterr_told is how many. False when the database is away. */
static bool tell_page(struct sweeper *s, const struct job *job, const char (*ids)[UUID_SIZE], size_t count,
                      int64_t until_ms, size_t *reterr_told, enum result *reterr_worst)
{
    for (size_t i = 0; i < count && *s->stop == 0 && monotonic_ms() < until_ms; i++) {
        enum result r = booking_tell_change(s->db, s->config, job, s->worker, ids[i]);
        (void)http_pump(s->http);
        notify_alive(monotonic_ms());
        if (r == RESULT_UNAVAILABLE && sweeper_database_is_away(s, "tell_change"))
            return false;
        *reterr_told += r == RESULT_OK ? 1 : 0;
        if (r != RESULT_OK && r != RESULT_UNAVAILABLE && r != RESULT_RETRY && r != RESULT_ORDER_NOT_FOUND)
            *reterr_worst = r;
    }
    return true;
}

/* What comes of the job: it ends, goes on at once, waits for what is locked, or is set aside for an order that cannot
 * be told. */
static enum result end_step(struct sweeper *s, const struct job *job, size_t found, size_t told, enum result worst)
{
    if (found == 0)
        return booking_end_walk(s->db, job);
    if (told == 0 && worst != RESULT_OK)
        return worst;
    return booking_pause_walk(s->db, job, told > 0 ? 0 : LOCKED_PAUSE_MS);
}

static bool run(struct sweeper *s, const struct job *jobs, size_t count)
{
    char ids[PAGE][UUID_SIZE];
    int64_t until_ms = monotonic_ms() + STEP_BUDGET_MS;
    size_t found = 0;
    size_t told = 0;
    enum result worst = RESULT_OK;
    (void)count; /* .batch is 1 */
    enum result r = booking_orders_to_tell(s->db, &jobs[0], PAGE, ids, &found);
    if (r == RESULT_OK && !tell_page(s, &jobs[0], (const char(*)[UUID_SIZE])ids, found, until_ms, &told, &worst))
        return false;
    if (r == RESULT_OK)
        r = end_step(s, &jobs[0], found, told, worst);
    if (told > 0)
        log_info("flight_change_told", LOG_TEXT("request_id", jobs[0].request_id),
                 LOG_TEXT("flight", jobs[0].flight_id), LOG_NUMBER("orders", (int64_t)told));
    return r == RESULT_OK || sweeper_job_failed(s, &jobs[0], "tell_flight", r);
}

const struct job_work tell_flight_work = { .run = run, .batch = 1 };
