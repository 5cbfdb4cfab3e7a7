/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_BOARDINGS_H
#define BOOKING_STORE_BOARDINGS_H

#include "booking/store/db.h"

/* Who is on board. Lock the order first. */

/* A passenger of an order: a person's id or, where passengers are not named, the seat's number. */
#define PASSENGER_SIZE 21

/* RESULT_DUPLICATE if the passenger is on board already. */
enum result boardings_add(struct db *db, const char *order_id, const char *passenger, const char *flight_id,
                          int64_t actor_id, int64_t at_ms) MUST_CHECK;

/* The passengers of an order are not on board any more. */
enum result boardings_remove(struct db *db, const char *order_id) MUST_CHECK;

#endif
