/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SEAT_MAP_H
#define BOOKING_STORE_SEAT_MAP_H

#include "booking/core/order.h"
#include "booking/store/db.h"
#include "booking/store/seats.h"

/* A flight's seats with who has them, for staff. Seats go to an order's passengers in the order in which both were
 * named. Text is valid during the call; what is not there is NULL. */
struct seat_holder {
    const char *order_id;
    const char *order_status;
    const char *locator;
    const char *user_id;
    int64_t person_id; /* of the passenger; 0: passengers are not named */
    const char *given_name;
    const char *family_name;
    const char *passenger_kind;
    const char *assistance;
    int64_t boarded_at_ms; /* TIME_NONE: not on board */
};
struct mapped_seat {
    struct seat seat; /* its number is NULL if the passenger has no seat */
    const char *blocked;
    struct seat_holder by; /* its order_id is NULL if the seat is free */
};

/* Every seat, by row and column. A seat under a lapsed hold is AVAILABLE, and nobody's. */
enum result seat_map_list(struct db *db, const char *flight_id, void (*each)(const struct mapped_seat *, void *),
                          void *context) MUST_CHECK;

/* The passengers of confirmed orders: by seat, then those who have none. */
enum result seat_map_passengers(struct db *db, const char *flight_id, void (*each)(const struct mapped_seat *, void *),
                                void *context) MUST_CHECK;

/* The passengers of one order, in the same way. */
enum result seat_map_passengers_of(struct db *db, const char *order_id,
                                   void (*each)(const struct mapped_seat *, void *), void *context) MUST_CHECK;

#endif
