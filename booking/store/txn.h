/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_TXN_H
#define BOOKING_STORE_TXN_H

#include "booking/store/db.h"

/* Runs work in one transaction and commits if it returns RESULT_OK; any other
 * result rolls back and is returned as it is.
 *
 * On deadlocks and the like the whole transaction is run again, a few times and
 * after a short random wait. It is not run again once it has taken a second, as
 * one does that waited for a lock in vain; the result is then
 * RESULT_UNAVAILABLE. So work may run more than once, and must start afresh
 * from its context each time.
 *
 * If the answer to COMMIT is lost, the outcome is looked up: order_id names the
 * order to whose history work wrote. It is NULL if there is none, or if the
 * caller finds out by itself; the result is then RESULT_UNAVAILABLE. */
enum result txn_run(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                    void *context) MUST_CHECK;

#endif
