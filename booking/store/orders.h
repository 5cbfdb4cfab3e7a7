/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_ORDERS_H
#define BOOKING_STORE_ORDERS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* The table of orders. Lock an order before its seats, its payment and its
 * jobs. The results are db.h's, and RESULT_ORDER_NOT_FOUND where said. */

/* A plain read, of one statement, outside any transaction; or RESULT_ORDER_NOT_FOUND. */
enum result orders_find(struct db *db, const char *order_id, struct order *ret_order) MUST_CHECK;

/* Reads and locks for the rest of the transaction; or RESULT_ORDER_NOT_FOUND. */
enum result orders_lock(struct db *db, const char *order_id, struct order *ret_order) MUST_CHECK;

enum result orders_insert(struct db *db, const struct order *order) MUST_CHECK;

/* Writes everything that may change about an order, if it still is in the
 * state and version it was read with; else RESULT_STALE. On success the version
 * and the time of the order given are the new ones. */
enum result orders_update(struct db *db, struct order *order, enum order_status from) MUST_CHECK;

/* The orders whose lapsed holds stand in the way of these seats. Up to
 * SEATS_MAX ids; no locks are taken. */
enum result orders_find_lapsed_holders(struct db *db, const char *flight_id, const struct seat_list *seats,
                                       char reterr_ids[SEATS_MAX][UUID_SIZE], size_t *reterr_count) MUST_CHECK;

/* How many holds of this user run, and in how many milliseconds the first of
 * them ends (0 if there is none). */
enum result orders_count_holds(struct db *db, const char *user_id, int64_t *ret_count,
                               int64_t *ret_ends_in_ms) MUST_CHECK;

/* The newest first, after a position: where the last page ended. */
struct order_filter {
    const char *user_id;      /* NULL: any */
    const char *user_id_sent; /* how the client wrote it, which the version before kept; NULL: as user_id */
    const char *flight_id;    /* NULL: any */
    const char *status;       /* NULL: any; lapsed holds count as EXPIRED */
    const char *search;       /* NULL: any; else the beginning of an order's id, or a user's or flight's id */
    int64_t from_ms;          /* TIME_NONE: back to the first */
    int64_t before_ms;        /* TIME_NONE: from the newest */
    const char *before_id;
    int limit;
};

/* How far back a page may look: the time of the oldest of the next few thousand
 * orders by user, flight and time, TIME_NONE if there are fewer. States and
 * texts have no index, and must not be looked for through a whole table. */
enum result orders_horizon(struct db *db, const struct order_filter *filter, int64_t *reterr_ms) MUST_CHECK;

/* Calls back for each; the order is the callee's for the length of the call. */
enum result orders_list(struct db *db, const struct order_filter *filter, void (*each)(const struct order *, void *),
                        void *context) MUST_CHECK;

#endif
