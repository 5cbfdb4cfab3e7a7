/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_TXN_H
#define BOOKING_STORE_TXN_H

#include "booking/store/db.h"

/* Runs work in one transaction and commits if it returns RESULT_OK; any other
 * result rolls back and is returned as it is.
 *
 * The whole transaction is run again, a few times and after a short random
 * wait, on deadlocks and the like, but not once it has taken a second, as a lock
 * that was waited for in vain does; then RESULT_UNAVAILABLE. So work may
 * run more than once and must start from its context afresh each time.
 *
 * When the answer to COMMIT is lost, the outcome is looked up: order_id names
 * the order whose history work wrote to. NULL when there is none, or when the
 * caller finds out by itself; then RESULT_UNAVAILABLE. */
enum result txn_run(struct db *db, const char *order_id, enum result (*work)(struct db *db, void *context),
                    void *context) MUST_CHECK;

#endif
