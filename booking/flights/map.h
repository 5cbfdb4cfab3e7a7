/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_MAP_H
#define BOOKING_FLIGHTS_MAP_H

#include "booking/core/seat_map.h"
#include "booking/store/db.h"

#include <stdbool.h>

/* The seats of a flight as they stand in its cabin, what they cost, and which are free. Plain reads, outside any
 * transaction. */

/* Reads all of it. *ret_map is the caller's to end with seat_map_done(). RESULT_OK or FLIGHT_NOT_FOUND. */
enum result flight_map_read(struct db *db, const char *flight_id, struct seat_map *ret_map) MUST_CHECK;

/* Gives the map of a flight that this process keeps, with those seats free that are free now, but for seats under
 * lapsed holds. What the seats are and what they cost may be a minute old; with anew, or if the flight is not among
 * those that are kept, all is read. *ret_anew says that it was, so that no seat is missing. The map belongs to this
 * module, and lives until its next call. RESULT_OK or FLIGHT_NOT_FOUND. */
enum result flight_map_borrow(struct db *db, const char *flight_id, bool anew, const struct seat_map **ret_map,
                              bool *ret_anew) MUST_CHECK;

#endif
