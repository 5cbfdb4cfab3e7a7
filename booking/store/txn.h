/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_TXN_H
#define BOOKING_STORE_TXN_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* Runs work in one transaction and commits if it returns RESULT_OK; any other
 * result rolls back and is returned as it is.
 *
 * On deadlocks and the like the whole transaction is run again, a few times and
 * after a short random wait. It is not run again once it has taken a second, as
 * one does that waited for a lock in vain; the result is then
 * RESULT_UNAVAILABLE. A transaction that lost its connection before COMMIT is
 * run again once, if it has not taken that long. So work may run more than
 * once, and must start afresh from its context each time.
 *
 * If the answer to COMMIT is lost, the outcome is looked up: order_id names the
 * order to whose history work wrote. It is NULL if there is none, or if the
 * caller finds out by itself; the result is then RESULT_UNAVAILABLE. If the
 * change is not found, work runs again; whatever refuses it then, the change is
 * looked up once more before the refusal is returned, since on another server
 * of a cluster it may have come to light only meanwhile. */
enum result txn_run(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                    void *context) MUST_CHECK;

/* The same for a caller who needs what work has left in its context. If the
 * change is found after work has run once more in vain, the context tells of
 * that run: recall then gets the order as it is now, to mend the context. */
enum result txn_run_answered(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                             void (*recall)(const struct order *now, void *context), void *context) MUST_CHECK;

#endif
