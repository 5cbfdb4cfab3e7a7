/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_TIMETABLE_H
#define BOOKING_STORE_TIMETABLE_H

#include "booking/store/db.h"

/* What was said of the times of flights, beside the moments that were derived from it. */

/* Texts are valid during the call only. */
struct timetable_flight {
    const char *flight_id;
    const char *departure_said; /* as in said_time.h; empty: only the moment is known. Likewise the next */
    const char *arrival_said;
    int64_t departure_ms;
    int64_t arrival_ms; /* TIME_NONE: not known */
};

/* Gives flights that have not left, are not cancelled and have at least one of the two texts, by departure and id: up
 * to limit of those after a flight. */
enum result timetable_page(struct db *db, int64_t after_ms, const char *after_id, int limit,
                           void (*each)(const struct timetable_flight *, void *), void *context) MUST_CHECK;

#endif
