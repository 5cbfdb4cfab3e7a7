/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_PUT_H
#define BOOKING_FLIGHTS_PUT_H

#include "booking/booking.h"
#include "booking/flights/plan.h"

/* The use cases by which an operator makes flights and changes them. before_commit is called without an order. All are
 * refused with PRECONDITION_FAILED if the flight's version is not one that the caller's conditions allow;
 * *reterr_flight then has the flight as it is. */

struct put_flight {
    struct flight_row row;
    bool is_new;
    bool is_changed; /* or new */
    /* What a new departure or arrival does: holds whose end moves, and orders that are told. A job does both. */
    int64_t holds_moved;
    int64_t orders_told;
};

/* Makes a flight with the seats of its cabin, or changes one. What is as it was is accepted, whatever its date. Refused
 * with INVALID_REQUEST, and every fault; FLIGHT_CANCELLED; FLIGHT_DEPARTED, if it has left; and IN_USE if it would get
 * another cabin after something was ordered: that is a swap. A cabin that is named without a version is the one the
 * flight has, if it has one of this id. */
enum result booking_put_flight(struct db *db, const struct caller *caller, const struct flight_plan *plan,
                               struct put_flight *reterr_flight, struct faults *faults) MUST_CHECK;

/* Takes a flight off sale, or puts it on sale again; to do so twice is fine. A hold that was made in time may be paid
 * while it lasts. Refused with FLIGHT_NOT_FOUND, FLIGHT_CANCELLED. */
enum result booking_close_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                 struct put_flight *reterr_flight) MUST_CHECK;
enum result booking_open_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                struct put_flight *reterr_flight) MUST_CHECK;

/* Removes a flight on which nothing was ever ordered. Refused with FLIGHT_NOT_FOUND, IN_USE. */
enum result booking_delete_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                  struct put_flight *reterr_flight) MUST_CHECK;

/* Whether the two say the same, apart from what only the program says. */
bool flight_rows_agree(const struct flight_row *a, const struct flight_row *b);

/* Writes a flight as the operator's API has it; the counts may be NULL. */
struct json_writer;
void flight_row_write_fields(struct json_writer *w, const struct flight_row *row,
                             const struct flight_seat_counts *counts);
void flight_row_write_json(struct json_writer *w, const char *name, const struct flight_row *row,
                           const struct flight_seat_counts *counts);

#endif
