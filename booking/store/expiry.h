/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_EXPIRY_H
#define BOOKING_STORE_EXPIRY_H

#include "booking/core/order.h"
#include "booking/store/db.h"
#include "booking/store/events.h"

/* Ends many holds at once, with one statement per table for up to EXPIRY_MAX
 * orders, because thousands may lapse in the same second. The functions are
 * called in this order, all in the caller's transaction. */
#define EXPIRY_MAX 64

struct expiry_list {
    size_t count;
    struct {
        char order_id[UUID_SIZE];
        enum order_status status;
        int64_t expires_at_ms;
        int64_t read_at_ms;
        size_t seat_count;
    } order[EXPIRY_MAX];
};

/* Locks the orders in ascending order of their ids; without wait, skips those
 * that another session has locked. */
enum result expiry_lock(struct db *db, const char (*order_ids)[UUID_SIZE], size_t count, bool wait,
                        struct expiry_list *reterr_list) MUST_CHECK;

/* Turns these lapsed holds into EXPIRED orders, frees their seats, and writes
 * their history. RESULT_STALE unless each step matched exactly what the lock
 * had shown; without a worker, an order may hold fewer seats than it names. */
enum result expiry_end(struct db *db, const struct expiry_list *lapsed, const char *worker) MUST_CHECK;

/* Turns these holds, which go on, into CANCELLED orders in the same way. An order may hold fewer seats than it
 * names. */
enum result expiry_cancel(struct db *db, const struct expiry_list *held, const char *detail,
                          const struct author *by) MUST_CHECK;

/* Drops the timers of these orders. */
enum result expiry_drop_timers(struct db *db, const struct expiry_list *over) MUST_CHECK;

#endif
