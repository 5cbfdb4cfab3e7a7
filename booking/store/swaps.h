/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SWAPS_H
#define BOOKING_STORE_SWAPS_H

#include "booking/core/cabin.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* What the swap of a flight's cabin needs of the tables of flights and seats. Lock its orders, then its seats, then its
 * row. The statements handle many rows each: a swap of 450 seats takes few of them. */

/* A seat as the flight has it. */
struct swap_old_seat {
    char number[SEAT_NUMBER_SIZE];
    char letters[3];
    int64_t row;
    char cabin_class[CLASS_SIZE]; /* empty: not known, which counts as economy */
    char features[FEATURES_SIZE];
    bool knows_features;
    bool is_blocked;
    char holder[UUID_SIZE]; /* empty: no order */
};

/* Gives the ids of the orders that have seats, ascending, and the seats, by number, with a lock on each or without. The
 * arrays must be freed by the caller. */
enum result swaps_list_holders(struct db *db, const char *flight_id, char (**ret_ids)[UUID_SIZE],
                               size_t *ret_count) MUST_CHECK;
enum result swaps_list_seats(struct db *db, const char *flight_id, bool locks, struct swap_old_seat **ret_seats,
                             size_t *ret_count) MUST_CHECK;

/* Frees those seats of the flight that their orders do not name any more: exactly so many, or RESULT_STALE. */
enum result swaps_release(struct db *db, const char *flight_id, size_t count) MUST_CHECK;

/* Removes seats that are free; all of them, or RESULT_STALE. */
enum result swaps_remove_seats(struct db *db, const char *flight_id, const char *const *numbers,
                               size_t count) MUST_CHECK;

/* Adds these seats, or makes those that are there already what they are in the cabin. Who has them, and whether they
 * are blocked, stays. */
enum result swaps_write_seats(struct db *db, const char *flight_id, const struct cabin_seat *const *seats,
                              size_t count) MUST_CHECK;

/* Gives these orders (up to 64) the free seats that they name: exactly so many, or RESULT_STALE. */
#define SWAP_ORDERS_MAX 64
enum result swaps_take(struct db *db, const char *const *order_ids, size_t count, size_t seat_count) MUST_CHECK;

/* Whether a passenger is on board. */
enum result swaps_has_boarded(struct db *db, const char *flight_id, bool *reterr_any) MUST_CHECK;

/* Writes the cabin into the flight's row, if it still has that version, which becomes the next one; else STALE. */
enum result swaps_update_flight(struct db *db, const char *flight_id, int64_t version, const char *cabin_id,
                                int64_t cabin_version, const struct cabin *cabin) MUST_CHECK;

#endif
