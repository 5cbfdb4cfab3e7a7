/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_SEARCH_H
#define BOOKING_FLIGHTS_SEARCH_H

#include "booking/store/flights.h"

#define CLASSES_MAX 16

/* What customers are offered of a flight. */
struct flight_offer {
    struct flight flight;
    int64_t total_seats;
    int64_t free_seats;   /* including seats under lapsed holds */
    int64_t lowest_cents; /* the cheapest free seat; -1: none is free */
    size_t class_count;
    struct {
        char name[CLASS_SIZE];
        int64_t fare_cents;
        int64_t lowest_cents; /* the cheapest free seat, with its surcharges; -1: none is free */
        int64_t total_seats;
        int64_t free_seats;
    } cabin_class[CLASSES_MAX]; /* by fare, the cheapest first */
};

/* What a customer looks for. */
struct flight_search {
    struct flight_filter filter; /* its times are for whoever calls this without a day */
    int64_t day_ms;              /* as timestamp_parse_date() reads it, by the clocks of the origin; TIME_NONE: any */
    int64_t passengers;          /* at least so many free seats, of the class if one is named */
    const char *cabin_class;     /* NULL: any */
    size_t limit;
};

/* Where a search ended. */
struct flight_search_end {
    bool more; /* there may be others after this place */
    struct flight_position at;
};

/* Lists the flights on sale that match, by departure, then id, up to limit of them. A search that few flights match may
 * end before the page is full, so that none takes long. Counts of seats may be two seconds old. A plain read. */
enum result booking_list_flights(struct db *db, const struct flight_search *search,
                                 void (*each)(const struct flight_offer *, void *), void *context,
                                 struct flight_search_end *reterr_end) MUST_CHECK;

/* One flight, whether it is on sale or not, with its seats counted now. RESULT_OK or FLIGHT_NOT_FOUND. */
enum result booking_find_flight(struct db *db, const char *flight_id, struct flight_offer *reterr_offer) MUST_CHECK;

#endif
