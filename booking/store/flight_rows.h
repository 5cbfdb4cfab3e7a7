/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FLIGHT_ROWS_H
#define BOOKING_STORE_FLIGHT_ROWS_H

#include "booking/core/cabin.h"
#include "booking/core/order.h"
#include "booking/core/refund_rule.h"
#include "booking/core/said_time.h"
#include "booking/core/tariff.h"
#include "booking/store/db.h"

/* Flights as the operator makes them: the whole row. Customers' lists are in flights.h. */

#define FLIGHT_NO_LIMIT (-1)
#define CANCEL_REASON_SIZE 1021

struct flight_row {
    char flight_id[FLIGHT_ID_SIZE];
    char number[FLIGHT_NUMBER_SIZE];
    char cabin_id[CABIN_ID_SIZE]; /* empty: none */
    int64_t cabin_version;
    char origin[PLACE_SIZE];
    char destination[PLACE_SIZE];
    char origin_time_zone[TIME_ZONE_SIZE];
    char destination_time_zone[TIME_ZONE_SIZE];
    /* Derived, if only the moment is known; empty if that is no whole second. So is the next. */
    char departure_said[SAID_TIME_SIZE];
    int64_t departure_ms;
    int64_t departure_day_ms; /* as timestamp_parse_date() reads a day; TIME_NONE: not derived */
    char arrival_said[SAID_TIME_SIZE];
    int64_t arrival_ms; /* TIME_NONE: not known */
    int64_t seat_rows;
    char seat_layout[CABIN_LAYOUT_SIZE];
    char exit_rows[CABIN_EXIT_ROWS_SIZE];
    int64_t price_cents;
    char currency[CURRENCY_SIZE];
    char fares[TARIFF_TEXT_SIZE];
    char surcharges[TARIFF_TEXT_SIZE];
    int64_t tax_basis_points;
    int64_t sales_opens_s; /* or FLIGHT_NO_LIMIT */
    int64_t sales_closes_s;
    char refund_rule[REFUND_RULE_TEXT_SIZE];
    enum flight_status status;
    char cancel_reason[CANCEL_REASON_SIZE];
    int64_t version;
    int64_t read_at_ms; /* only when it was read */
};

/* Reads a flight, or locks it: no hold and no change of its seats is made meanwhile. Lock no seat after it.
 * RESULT_FLIGHT_NOT_FOUND if there is none, or only an import's draft. */
enum result flight_rows_find(struct db *db, const char *flight_id, struct flight_row *ret_row) MUST_CHECK;
enum result flight_rows_lock(struct db *db, const char *flight_id, struct flight_row *ret_row) MUST_CHECK;

/* Keeps others from changing a flight, as a hold does. RESULT_FLIGHT_NOT_FOUND. */
enum result flight_rows_share(struct db *db, const char *flight_id) MUST_CHECK;

/* Adds a flight, in version 1. import_id may be NULL. RESULT_DUPLICATE if there is one of this id. */
enum result flight_rows_insert(struct db *db, const struct flight_row *row, const char *import_id) MUST_CHECK;

/* Changes all that an operator can say of a flight, if it still has the version in *row, which becomes the next one;
 * otherwise RESULT_STALE. Status and reason stay. */
enum result flight_rows_update(struct db *db, struct flight_row *row) MUST_CHECK;

/* Moves it from one status to another, in the same way. */
enum result flight_rows_move(struct db *db, struct flight_row *row, enum flight_status to) MUST_CHECK;

/* Takes a flight off sale for good, if it is on sale or closed, in the same way. */
enum result flight_rows_cancel(struct db *db, struct flight_row *row, const char *reason) MUST_CHECK;

/* Removes a flight, with its seats and counts. The caller has locked its seats, and knows that nothing refers to it. */
enum result flight_rows_delete(struct db *db, const char *flight_id) MUST_CHECK;

/* Whether anything was ever ordered on it. */
enum result flight_rows_was_ordered(struct db *db, const char *flight_id, bool *reterr_was) MUST_CHECK;

/* The seats of a flight: all locked in the order of holds; all made of a cabin; all removed. */
enum result flight_rows_lock_seats(struct db *db, const char *flight_id) MUST_CHECK;
enum result flight_rows_add_seats(struct db *db, const char *flight_id, const struct cabin *cabin) MUST_CHECK;
enum result flight_rows_remove_seats(struct db *db, const char *flight_id) MUST_CHECK;

/* Orders of a flight that are open or confirmed, are older than this job, and whose history has no FLIGHT_CHANGED since
 * it was made. */
enum result flight_rows_orders_to_tell(struct db *db, const char *flight_id, int64_t job_id, size_t limit,
                                       char (*reterr_ids)[UUID_SIZE], size_t *reterr_count) MUST_CHECK;

/* The database's time. */
enum result flight_rows_now(struct db *db, int64_t *ret_ms) MUST_CHECK;

/* Which flights to list, by departure and id; drafts are never listed. */
struct flight_row_filter {
    int64_t from_ms, to_ms; /* departure in [from, to); TIME_NONE: any */
    const char *status;     /* NULL: any; likewise the next */
    const char *search;     /* LIKE this are the id, the number or a place's code */
    bool latest_first;
    int64_t after_ms; /* where the last page ended; TIME_NONE: the beginning */
    const char *after_id;
    int limit;
};
struct flight_seat_counts {
    int64_t sold, held, blocked, free; /* a seat under a lapsed hold is free */
};
enum result flight_rows_list(struct db *db, const struct flight_row_filter *filter,
                             void (*each)(const struct flight_row *, const struct flight_seat_counts *, void *),
                             void *context) MUST_CHECK;

/* What the seats of one flight are. */
enum result flight_rows_count_seats(struct db *db, const char *flight_id,
                                    struct flight_seat_counts *ret_counts) MUST_CHECK;

#endif
