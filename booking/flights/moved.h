/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_MOVED_H
#define BOOKING_FLIGHTS_MOVED_H

#include "booking/base/zone.h"
#include "booking/store/db.h"

/* A flight leaves at the time that was said, whatever the rules of its zone become. The moment that follows from it is
 * derived when the flight is made or changed, by the rules of that day. */

/* A time that the rules of today give another moment, or none. The texts are valid during the call only. */
struct moved_time {
    const char *flight_id;
    const char *said; /* "2026-10-25T02:30:00+02:00[Europe/Berlin]" */
    bool is_arrival;
    int64_t kept_ms;
    enum zone_answer answer;
    int64_t ms; /* only if the answer is ZONE_OK */
};

/* Finds such times of all flights that have not left and are not cancelled, by departure. It changes nothing. */
enum result booking_moved_flights(struct db *db, void (*each)(const struct moved_time *, void *),
                                  void *context) MUST_CHECK;

#endif
