/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FLIGHT_COUNTS_H
#define BOOKING_STORE_FLIGHT_COUNTS_H

#include "booking/base/random.h"
#include "booking/store/flights.h"

#include <stdbool.h>

/* How many seats flights have of each class and set of features, and how many of them are free. A sweeper counts the
 * flights that have changed, and notes when it has counted all of them. A request that holds seats writes nothing
 * here. */

struct seat_count {
    const char *flight_id;
    const char *cabin_class;
    const char *features;
    int64_t total;
    int64_t free; /* including seats under lapsed holds */
};

/* Gives what is kept of these flights (at least one); nothing if that may be older than two seconds, and nothing of a
 * flight that has not been counted. */
enum result flight_counts_kept(struct db *db, const struct flight_ids *ids,
                               void (*each)(const struct seat_count *, void *), void *context) MUST_CHECK;

/* Counts the seats of these flights (at least one). */
enum result flight_counts_now(struct db *db, const struct flight_ids *ids,
                              void (*each)(const struct seat_count *, void *), void *context) MUST_CHECK;

/* ── for who changes the seats of a flight other than by orders ─────────── */

/* Says that what is kept of a flight is not right any more, in the transaction of a change of its seats, so that
 * readers count until it has been counted again. */
enum result flight_counts_forget(struct db *db, const char *flight_id) MUST_CHECK;

/* ── for the sweeper ────────────────────────────────────────────────────── */

#define FLIGHT_COUNTS_BATCH 16

/* Removes what is kept of up to FLIGHT_COUNTS_BATCH flights; counts them, and keeps that. In a transaction. */
enum result flight_counts_remove(struct db *db, const struct flight_ids *ids) MUST_CHECK;
enum result flight_counts_keep(struct db *db, const struct flight_ids *ids) MUST_CHECK;

/* How far changes have been counted. */
struct counts_turn {
    int64_t event_id;      /* all events up to here */
    int64_t last_event_id; /* the newest there is */
    int64_t counted_ms;    /* when the last pass began, by the database */
    int64_t now_ms;
    bool is_ours; /* false: another sweeper has finished a pass within ten seconds */
};

enum result flight_counts_turn(struct db *db, const char *worker, struct counts_turn *ret_turn) MUST_CHECK;

/* A pass is done that began at this moment: all changes of seats that were committed by then are counted. */
enum result flight_counts_end_pass(struct db *db, const char *worker, int64_t began_ms, int64_t event_id) MUST_CHECK;

/* The events after one and up to another, by number, up to limit of them. */
struct seat_event {
    int64_t event_id;
    char order_id[UUID_SIZE];
};
enum result flight_counts_events(struct db *db, int64_t after_event, int64_t last_event, size_t limit,
                                 struct seat_event *reterr_list, size_t *reterr_count) MUST_CHECK;

/* The newest event up to that one which was written before a moment; 0: there is none. */
enum result flight_counts_event_before(struct db *db, int64_t event_id, int64_t before_ms,
                                       int64_t *reterr_event_id) MUST_CHECK;

/* Gives the flights of these orders (at least one); one that several have may be given several times. */
#define ORDER_IDS_MAX 64
struct order_ids {
    size_t count;
    char id[ORDER_IDS_MAX][UUID_SIZE];
};
enum result flight_counts_flights(struct db *db, const struct order_ids *orders,
                                  void (*each)(const char *flight_id, void *), void *context) MUST_CHECK;

/* Those of the next 500 flights after a place in the order of departures that have not been counted yet, or must be
 * again, up to limit of them. *reterr_last is where it ended; an empty id: there are no more flights. */
enum result flight_counts_missing(struct db *db, const struct flight_position *after, size_t limit,
                                  struct flight_ids *reterr_ids, struct flight_position *reterr_last) MUST_CHECK;

#endif
