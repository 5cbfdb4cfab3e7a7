/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_SEARCH_H
#define BOOKING_FLIGHTS_SEARCH_H

#include "booking/store/flights.h"

/* The flights on sale, by departure, then id: those that depart from now on and
 * match the filter; and, if day_ms is not TIME_NONE, on this day by the clocks of
 * the place they depart from (the day as timestamp_parse_date() reads it, in the
 * place of the filter's from_ms and to_ms). A plain read. */
enum result booking_list_flights(struct db *db, const struct flight_filter *filter, int64_t day_ms,
                                 void (*each)(const struct flight *, void *), void *context) MUST_CHECK;

#endif
