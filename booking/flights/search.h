/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_SEARCH_H
#define BOOKING_FLIGHTS_SEARCH_H

#include "booking/store/flights.h"

/* Lists the flights on sale that match the filter, by departure, then id. On
 * sale are those that depart from now on. If day_ms is not TIME_NONE, only
 * those count that depart on this day by the clocks of their origin; day_ms is
 * as timestamp_parse_date() reads it, and takes the place of the filter's
 * from_ms and to_ms. A plain read. */
enum result booking_list_flights(struct db *db, const struct flight_filter *filter, int64_t day_ms,
                                 void (*each)(const struct flight *, void *), void *context) MUST_CHECK;

#endif
