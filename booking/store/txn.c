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

/* One call of txn_run(). All its runs have one change id, since at most one of them can be committed. */
struct run {
    struct db *db;
    const char *order_id;
    enum result (*work)(struct db *db, void *context);
    void (*recall)(const struct order *now, void *context);
    void *context;
    int64_t change_id;
    bool in_doubt;    /* a COMMIT was sent and its outcome is not known */
    bool has_changed; /* work has run since then, so the context does not tell any more what that COMMIT did */
    bool was_cut;     /* a connection was lost before COMMIT, and the transaction begun again on another */
};

/* Begins a transaction that holds the order's lock. *reterr_have says whether the history has the change; if not, the
 * transaction stays open.
 *
 * The old session may not even have read our COMMIT yet. On the same server it holds the order's lock until it has
 * committed or died, so once we get that lock, what we see is final: the event is there or never will be. On another
 * server of a cluster there is no such lock. The engine makes us wait for what others have committed
 * (db_begin_caught_up()). It undoes our transaction (1213) if the old one still comes in before ours. If ours comes in
 * first, it undoes the old one. But an order that is not there yet cannot be locked, so its seats may turn out to be
 * taken by the old transaction after all: run_in_doubt() sees to that. */
static enum result look_up(const struct run *run, struct order *reterr_now, bool *reterr_have)
{
    *reterr_have = false;
    enum result r = db_begin_caught_up(run->db, run->change_id);
    if (r != RESULT_OK)
        return r;
    r = orders_lock(run->db, run->order_id, NULL, reterr_now);
    if (r == RESULT_ORDER_NOT_FOUND)
        return RESULT_OK;
    if (r == RESULT_OK)
        r = events_have_change(run->db, run->order_id, run->change_id, reterr_have);
    if (r != RESULT_OK || *reterr_have)
        db_rollback(run->db);
    return r;
}

/* As look_up(), until the database says one or the other. If the change was made, the context is made to tell so. */
static enum result find_out(const struct run *run, bool *reterr_have)
{
    for (int tries = 1; tries <= TRIES; tries++) {
        struct order now;
        enum result r = look_up(run, &now, reterr_have);
        if (r == RESULT_OK) {
            if (*reterr_have && run->has_changed && run->recall != NULL)
                run->recall(&now, run->context);
            return r;
        }
        wait_a_little(tries * 10);
    }
    return RESULT_UNAVAILABLE;
}

/* A transaction that lost its connection before COMMIT has done nothing. It may run again, once: where a proxy has cut
 * the connection because another server takes over, the next connection leads there. */
static bool may_go_elsewhere(struct run *run, enum result r)
{
    bool may = r == RESULT_UNAVAILABLE && !db_is_connected(run->db) && !run->was_cut;
    run->was_cut = run->was_cut || may;
    return may;
}

/* Work and COMMIT, in a transaction that has begun. */
static enum result finish(struct run *run)
{
    run->has_changed = run->in_doubt;
    enum result r = run->work(run->db, run->context);
    if (r != RESULT_OK) {
        if (may_go_elsewhere(run, r))
            r = RESULT_RETRY;
        db_rollback(run->db);
        return r;
    }
    r = db_commit(run->db);
    if (r != RESULT_COMMIT_UNKNOWN)
        return r;
    metrics_add(METRIC_UNKNOWN_COMMITS, 1);
    run->in_doubt = run->order_id != NULL;
    run->has_changed = false;
    return run->in_doubt ? RESULT_RETRY : RESULT_UNAVAILABLE;
}

static bool is_refusal(enum result r)
{
    return r != RESULT_OK && r != RESULT_RETRY && r != RESULT_UNAVAILABLE;
}

/* Another run, unless the change turns out to have been made. A refusal counts only if it still has not been made after
 * that: it may be the change itself that is in the way. */
static enum result run_in_doubt(struct run *run, bool may_run)
{
    bool have = false;
    enum result r = find_out(run, &have);
    if (r != RESULT_OK || have)
        return r;
    if (!may_run) {
        db_rollback(run->db);
        return RESULT_UNAVAILABLE;
    }
    const enum result finished = finish(run);
    if (!is_refusal(finished))
        return finished;
    r = find_out(run, &have);
    if (r != RESULT_OK || have)
        return r;
    db_rollback(run->db);
    return finished;
}

static enum result run_once(struct run *run, bool may_run)
{
    if (run->in_doubt)
        return run_in_doubt(run, may_run);
    if (!may_run)
        return RESULT_UNAVAILABLE;
    enum result r = db_begin(run->db);
    if (r != RESULT_OK)
        return r;
    run->change_id = db_change_id(run->db);
    return finish(run);
}

static enum result run_until_done(struct run *run)
{
    int64_t begun_ms = monotonic_ms();
    bool may_run = true;
    for (int tries = 1;; tries++) {
        enum result r = run_once(run, may_run);
        if (r != RESULT_RETRY)
            return r;
        may_run = tries < TRIES && monotonic_ms() - begun_ms <= TRIES_MS;
        if (!may_run && !run->in_doubt)
            return RESULT_UNAVAILABLE;
        metrics_add(METRIC_TRANSACTION_RETRIES, may_run ? 1 : 0);
        wait_a_little(tries);
    }
}

enum result txn_run(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                    void *context)
{
    struct run run = { .db = db, .order_id = order_id, .work = work, .context = context };
    return run_until_done(&run);
}

enum result txn_run_answered(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                             void (*recall)(const struct order *now, void *context), void *context)
{
    struct run run = { .db = db, .order_id = order_id, .work = work, .recall = recall, .context = context };
    return run_until_done(&run);
}
