/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FLIGHTS_H
#define BOOKING_STORE_FLIGHTS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* A flight as it is offered. Its text is valid only during the callback. */
struct flight {
    const char *flight_id;
    const char *flight_number;
    const char *origin;
    const char *destination;
    const char *origin_time_zone; /* IANA, for showing local times */
    const char *destination_time_zone;
    int64_t departure_ms;
    int64_t seat_rows;
    const char *seat_layout; /* "ABC DEF": letters of a row, a space for an aisle */
    const char *exit_rows;   /* "10,11", or empty */
    int64_t price_cents;
    const char *currency;
    int64_t total_seats;
    int64_t available_seats; /* including seats under lapsed holds */
};

struct flight_filter {
    const char *flight_id; /* NULL: any; likewise below */
    const char *origin;
    const char *destination;
    int64_t from_ms, to_ms; /* departure in [from, to); TIME_NONE: any */
    int64_t after_ms;       /* where the last page ended; TIME_NONE: the beginning */
    const char *after_id;
    int limit;
};

/* Lists the flight that is named, whether it has left or not; or else those on
 * sale, that is, those that depart from now on, by departure, then id. */
enum result flights_list(struct db *db, const struct flight_filter *filter, void (*each)(const struct flight *, void *),
                         void *context) MUST_CHECK;

/* Gives the departures and the time zones of the flights that flights_list() would give. */
struct flight_departure {
    char flight_id[FLIGHT_ID_SIZE];
    char origin_time_zone[TIME_ZONE_SIZE];
    int64_t departure_ms;
};
enum result flights_departures(struct db *db, const struct flight_filter *filter,
                               void (*each)(const struct flight_departure *, void *), void *context) MUST_CHECK;

/* Lists those of these flights (at least one) that are on sale, by departure, then id. */
#define FLIGHT_IDS_MAX 128
struct flight_ids {
    size_t count;
    char id[FLIGHT_IDS_MAX][FLIGHT_ID_SIZE];
};
enum result flights_named(struct db *db, const struct flight_ids *ids, void (*each)(const struct flight *, void *),
                          void *context) MUST_CHECK;

/* A place in the order of departures. */
struct flight_position {
    int64_t departure_ms;
    char flight_id[FLIGHT_ID_SIZE];
};

/* Gives the next flights after that place that departed so long ago, by departure, then id. */
enum result flights_departed(struct db *db, int64_t ago_ms, const struct flight_position *after, size_t limit,
                             struct flight_position *reterr_flights, size_t *reterr_count) MUST_CHECK;

/* RESULT_OK or RESULT_FLIGHT_NOT_FOUND. */
enum result flights_exists(struct db *db, const char *flight_id) MUST_CHECK;

#endif
