#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/flights.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

/* ── reset ──────────────────────────────────────────────────────────────── */

struct reset {
    const struct caller *caller;
    const char *order_id;
    struct order order;
    bool ended;
};

/* A confirmed order stays what it is; only its seats are given back, and its
 * history says by whom. */
static enum result free_confirmed(struct db *db, const struct reset *reset)
{
    struct event event = {
        .order_id = reset->order_id,
        .type = EVENT_SEATS_FREED_BY_ADMIN,
        .from_status = EVENT_NONE,
        .to_status = EVENT_NONE,
        .duration_ms = EVENT_NONE,
        .request_id = reset->caller->request_id,
    };
    enum result r = seats_release(db, &reset->order);
    return r == RESULT_OK ? events_add(db, &event) : r;
}

static enum result reset_in_txn(struct db *db, void *context)
{
    struct reset *reset = context;
    reset->ended = false;

    CRASH_SCOPE("reset");
    enum result r = part_lock_order(db, reset->caller, reset->order_id, &reset->order);
    if (r != RESULT_OK)
        return r;
    if (reset->order.status == ORDER_EXPIRED)
        return RESULT_ORDER_EXPIRED;
    if (reset->order.status == ORDER_CONFIRMED)
        return free_confirmed(db, reset);
    reset->ended = true;
    return part_cancel_order(db, &reset->order, "reset by the operator", reset->caller->request_id);
}

/* One holder of seats. It may have let go meanwhile, which is as good. */
static enum result reset_order(struct db *db, struct reset *reset, int64_t *ended, int64_t *freed)
{
    enum result r = txn_run(db, reset->order_id, reset_in_txn, reset);
    if (r == RESULT_ORDER_EXPIRED) {
        size_t expired = 0;
        char id[1][UUID_SIZE];
        memcpy(id[0], reset->order_id, UUID_SIZE);
        r = booking_expire(db, (const char(*)[UUID_SIZE])id, 1, NULL, &expired);
        reset->ended = expired > 0;
    }
    if (r == RESULT_OK) {
        *ended += reset->ended ? 1 : 0;
        if (reset->ended && reset->order.status == ORDER_CANCELLED)
            metrics_add_moves(ORDER_CANCELLED, 1);
        *freed += (int64_t)reset->order.seats.count;
    }
    bool moved_on = r == RESULT_STALE || r == RESULT_ORDER_CLOSED || r == RESULT_ORDER_NOT_FOUND;
    return moved_on ? RESULT_OK : r;
}

#define PAGE 64

enum result booking_reset(struct db *db, const struct caller *caller, const char *flight_id,
                          int64_t *ret_orders_ended, int64_t *ret_seats_freed)
{
    char ids[PAGE][UUID_SIZE];
    char after[UUID_SIZE] = "";
    int64_t until_ms = TIME_NONE; /* what is booked from now on is none of this reset's business */
    size_t count = 0;
    enum result worst = RESULT_OK;

    *ret_orders_ended = *ret_seats_freed = 0;
    enum result r = flight_id == NULL ? RESULT_OK : flights_exists(db, flight_id);
    while (r == RESULT_OK) {
        r = seats_holders(db, flight_id, after, &until_ms, PAGE, ids, &count);
        if (r != RESULT_OK || count == 0)
            return r == RESULT_OK ? worst : r;
        for (size_t i = 0; r == RESULT_OK && i < count; i++) {
            struct reset reset = { .caller = caller, .order_id = ids[i] };
            r = reset_order(db, &reset, ret_orders_ended, ret_seats_freed);
            /* One that cannot be ended keeps no other from it. */
            if (r == RESULT_INTERNAL) {
                worst = r;
                r = RESULT_OK;
            }
        }
        memcpy(after, ids[count - 1], sizeof after);
    }
    return r;
}

/* ── jobs ───────────────────────────────────────────────────────────────── */

/* What the operator does to one job, and the history of its order says so. */
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
        .from_status = EVENT_NONE,
        .to_status = EVENT_NONE,
        .duration_ms = EVENT_NONE,
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
    enum result r = jobs_lock(db, asked->job_id, &job);
    if (r == RESULT_OK && job.leased)
        r = RESULT_JOB_RUNNING;
    if (r == RESULT_OK)
        r = jobs_retry(db, &job);
    return r == RESULT_OK ? log_job(db, asked, &job, EVENT_JOB_RETRIED, NULL) : r;
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

    enum result r = jobs_lock(db, asked->job_id, &job);
    if (r == RESULT_OK && !job.leased)
        r = RESULT_JOB_NOT_RUNNING;
    if (r == RESULT_OK)
        r = jobs_release(db, &job);
    return r == RESULT_OK ? log_job(db, asked, &job, EVENT_JOB_RELEASED, job.worker) : r;
}

enum result booking_release_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    struct job_order asked = { caller, job_id };
    return txn_run(db, NULL, release_in_txn, &asked);
}
