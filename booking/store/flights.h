/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FLIGHTS_H
#define BOOKING_STORE_FLIGHTS_H

#include "booking/core/order.h"
#include "booking/store/db.h"
#include "booking/store/flight_facts.h"

#define LAYOUT_SIZE 31
#define EXIT_ROWS_SIZE 101

/* A flight as it is offered, without its seats. */
struct flight {
    char flight_id[FLIGHT_ID_SIZE];
    char flight_number[FLIGHT_NUMBER_SIZE];
    char origin[PLACE_SIZE];
    char destination[PLACE_SIZE];
    char origin_time_zone[TIME_ZONE_SIZE]; /* IANA, for showing local times */
    char destination_time_zone[TIME_ZONE_SIZE];
    int64_t departure_ms;
    int64_t arrival_ms; /* TIME_NONE: not known */
    int64_t day_ms;     /* the local day of departure, as timestamp_parse_date() reads it; TIME_NONE: not known */
    int64_t seat_rows;
    char seat_layout[LAYOUT_SIZE];  /* "ABC DEF": letters of a row, a space for an aisle */
    char exit_rows[EXIT_ROWS_SIZE]; /* "10,11", or empty */
    int64_t price_cents;
    char currency[CURRENCY_SIZE];
    enum flight_status status;
    struct tariff tariff;
};

/* Codes of places, any of which will do. */
#define PLACES_MAX 16
struct place_codes {
    size_t count;
    char code[PLACES_MAX][PLACE_SIZE];
};

struct flight_filter {
    const struct place_codes *origin; /* NULL: any; likewise below */
    const struct place_codes *destination;
    int64_t from_ms, to_ms; /* departure in [from, to); TIME_NONE: any */
    int64_t after_ms;       /* where the last page ended; TIME_NONE: the beginning */
    const char *after_id;
};

/* Gives the next flights that are on sale now, up to limit of them, by departure, then id. */
enum result flights_page(struct db *db, const struct flight_filter *filter, size_t limit, struct flight *reterr_flights,
                         size_t *reterr_count) MUST_CHECK;

/* The flight, whether it is on sale or not. RESULT_OK or FLIGHT_NOT_FOUND, also for a draft. */
enum result flights_find(struct db *db, const char *flight_id, struct flight *reterr_flight) MUST_CHECK;

/* Finds the places that a customer means by a text: by code, or by the name of the place or its city. Three letters
 * count as a code, since a flight's places need not be in the table. *ret_codes may be empty. */
enum result flights_places(struct db *db, const char *text, struct place_codes *ret_codes) MUST_CHECK;

/* Some flights by their ids. */
#define FLIGHT_IDS_MAX 128
struct flight_ids {
    size_t count;
    char id[FLIGHT_IDS_MAX][FLIGHT_ID_SIZE];
};

/* A place in the order of departures. */
struct flight_position {
    int64_t departure_ms;
    char flight_id[FLIGHT_ID_SIZE];
};

/* Gives the next flights after that place that departed so long ago, by departure, then id. */
enum result flights_departed(struct db *db, int64_t ago_ms, const struct flight_position *after, size_t limit,
                             struct flight_position *reterr_flights, size_t *reterr_count) MUST_CHECK;

/* What the seats of a flight cost and how they stand. */
struct flight_sale {
    struct flight_facts facts;
    char seat_layout[LAYOUT_SIZE];
    int64_t now_ms; /* by the database */
    bool has_kinds; /* all is to be told of its seats; so it is where they say so themselves (struct seat) */
};

/* RESULT_OK or FLIGHT_NOT_FOUND, also for a draft. A plain read. */
enum result flights_sale(struct db *db, const char *flight_id, struct flight_sale *ret_sale) MUST_CHECK;

/* RESULT_OK or RESULT_FLIGHT_NOT_FOUND. */
enum result flights_exists(struct db *db, const char *flight_id) MUST_CHECK;

#endif
