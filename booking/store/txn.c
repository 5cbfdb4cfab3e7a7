/* SPDX-License-Identifier: MIT */
#include "booking/store/txn.h"

#include "booking/base/monotonic.h"
#include "booking/base/random.h"
#include "booking/core/order.h"
#include "booking/metrics.h"
#include "booking/store/events.h"
#include "booking/store/orders.h"

#include <time.h>

#define TRIES 6
#define TRIES_MS 900 /* no new try after this: a transaction that waited for a lock in vain does not wait again */

static void wait_a_little(int tries)
{
    double ms = (1 + random_fraction()) * 4 * tries;
    struct timespec wait = { .tv_nsec = (long)(ms * 1000000) };
    (void)nanosleep(&wait, NULL);
}

/* The old session may not even have read our COMMIT yet. It holds the order's
 * lock until it has committed or died, so once we get that lock, what we see is
 * final: the event is there or never will be. */
static enum result look_up(struct db *db, const char *order_id, int64_t change_id)
{
    struct order order;
    bool have = false;
    enum result r = db_begin(db);
    if (r != RESULT_OK)
        return r;
    r = orders_lock(db, order_id, NULL, &order);
    if (r == RESULT_OK)
        r = events_have_change(db, order_id, change_id, &have);
    db_rollback(db);
    if (r == RESULT_ORDER_NOT_FOUND || (r == RESULT_OK && !have))
        return RESULT_RETRY;
    return r;
}

static enum result resolve_commit(struct db *db, const char *order_id, int64_t change_id)
{
    enum result r = RESULT_UNAVAILABLE;
    metrics_add(METRIC_UNKNOWN_COMMITS, 1);
    if (order_id == NULL)
        return r;
    for (int tries = 1; tries <= TRIES; tries++) {
        r = look_up(db, order_id, change_id);
        if (r == RESULT_OK || r == RESULT_RETRY)
            return r;
        wait_a_little(tries * 10);
    }
    return RESULT_UNAVAILABLE;
}

static enum result run_once(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                            void *context)
{
    enum result r = db_begin(db);
    if (r != RESULT_OK)
        return r;
    int64_t change_id = db_change_id(db);
    r = work(db, context);
    if (r != RESULT_OK) {
        db_rollback(db);
        return r;
    }
    r = db_commit(db);
    return r == RESULT_COMMIT_UNKNOWN ? resolve_commit(db, order_id, change_id) : r;
}

enum result txn_run(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                    void *context)
{
    int64_t begun_ms = monotonic_ms();
    for (int tries = 1;; tries++) {
        enum result r = run_once(db, order_id, work, context);
        if (r != RESULT_RETRY)
            return r;
        if (tries == TRIES || monotonic_ms() - begun_ms > TRIES_MS)
            return RESULT_UNAVAILABLE;
        metrics_add(METRIC_TRANSACTION_RETRIES, 1);
        wait_a_little(tries);
    }
}
