/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SEATS_H
#define BOOKING_STORE_SEATS_H

#include "booking/core/order.h"
#include "booking/store/db.h"
#include "booking/store/flight_facts.h"

/* BLOCKED: the operator does not sell the seat. */
enum seat_status { SEAT_AVAILABLE, SEAT_RESERVED, SEAT_BOOKED, SEAT_BLOCKED };

const char *seat_status_name(enum seat_status status);

/* Seats under lock, and what a hold on their flight needs to know. */
struct locked_seats {
    size_t count;
    struct {
        char number[SEAT_NUMBER_SIZE];
        enum seat_status status;
        char reserved_by[UUID_SIZE]; /* empty: no order */
        char cabin_class[CLASS_SIZE];
        char features[FEATURES_SIZE];
    } seat[2 * SEATS_MAX];
    struct flight_facts of_flight; /* this and now_ms only if count > 0 */
    int64_t now_ms;
};

/* Locks the seats of both lists (the second may be NULL), in ascending order of
 * their numbers, whatever the order of the lists. Seats that do not exist are
 * simply not among the locked ones. */
enum result seats_lock(struct db *db, const char *flight_id, const struct seat_list *seats,
                       const struct seat_list *others, struct locked_seats *reterr_locked) MUST_CHECK;

/* The three moves of an order's seats: free seats become RESERVED by it, its
 * own become AVAILABLE, its RESERVED ones become BOOKED. Each moves all of the
 * order's seats or returns RESULT_STALE, but releasing makes do with those that
 * the order still has: an order must be able to end. */
enum result seats_take(struct db *db, const struct order *order) MUST_CHECK;
enum result seats_release(struct db *db, const struct order *order) MUST_CHECK;
enum result seats_book(struct db *db, const struct order *order) MUST_CHECK;

/* The last one for up to SEATS_ORDERS_MAX orders: all seats of all of them, or RESULT_STALE. */
#define SEATS_ORDERS_MAX 32
enum result seats_book_all(struct db *db, struct order *const orders[], size_t count) MUST_CHECK;

/* Takes locked free seats off sale with a reason or, with NULL, puts blocked ones on sale again; otherwise
 * RESULT_STALE. */
enum result seats_block(struct db *db, const char *flight_id, const struct seat_list *seats,
                        const char *reason) MUST_CHECK;

/* Wipes whose the seats of an order are; it keeps them. */
enum result seats_forget(struct db *db, const char *order_id) MUST_CHECK;

/* The whole cabin, by row and column. A seat under a lapsed hold is AVAILABLE. */
struct seat {
    const char *number;
    int64_t row;
    const char *column;      /* one letter or two */
    const char *cabin_class; /* NULL: nothing is known, which counts as economy */
    const char *features;    /* "aisle,exit"; NULL: nothing is known */
    enum seat_status status;
    /* Some seat of its cabin has what the first version did not tell: a class, a column of two letters, or a feature
     * other than window, aisle and exit, which follow from the layout and the exit rows. */
    bool cabin_has_kinds;
};
enum result seats_of_flight(struct db *db, const char *flight_id, void (*each)(const struct seat *, void *),
                            void *context) MUST_CHECK;

/* Gives the numbers of the seats of a flight that are free, in no certain order, without those under lapsed holds. */
enum result seats_free(struct db *db, const char *flight_id, void (*each)(const char *number, void *),
                       void *context) MUST_CHECK;

/* Lists the orders that hold seats, on one flight or (NULL) on all, by id, up
 * to limit of them after an id. Only orders made until *until_ms count;
 * TIME_NONE there means now, and is replaced by that time. */
enum result seats_holders(struct db *db, const char *flight_id, const char *after_id, int64_t *until_ms, size_t limit,
                          char (*reterr_ids)[UUID_SIZE], size_t *reterr_count) MUST_CHECK;

#endif
