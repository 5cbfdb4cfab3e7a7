/* SPDX-License-Identifier: MIT */
/* Seats that are not for sale: for the crew, broken, held back. They are locked as a hold locks them, so that a seat is
 * blocked or held, and never both. */

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/flights.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

struct blocking {
    const struct caller *caller;
    const char *flight_id;
    const struct seat_list *wanted;
    bool block;
    struct blocked_seats *seats;
    struct refusal *refusal;
};

/* Picks those of the wanted seats that are not yet as they shall be. Those that an order has are in the way of a
 * block. */
static enum result choose(const struct blocking *b, const struct locked_seats *locked)
{
    struct seat_list *all = &b->seats->seats;
    enum result r = step_check_seats(locked, all, NULL, b->refusal);
    if (r == RESULT_INVALID_SEATS)
        return r;
    b->refusal->seats.count = 0;
    b->seats->changed.count = 0;
    for (size_t i = 0; i < locked->count; i++) {
        enum seat_status status = locked->seat[i].status;
        bool is_taken = status == SEAT_RESERVED || status == SEAT_BOOKED;
        struct seat_list *list = is_taken && b->block                   ? &b->refusal->seats
                                 : status == SEAT_BLOCKED && !b->block  ? &b->seats->changed
                                 : status == SEAT_AVAILABLE && b->block ? &b->seats->changed
                                                                        : NULL;
        if (list != NULL)
            (void)seat_list_add(list, locked->seat[i].number);
    }
    return b->refusal->seats.count > 0 ? RESULT_SEATS_UNAVAILABLE : RESULT_OK;
}

static enum result audit(struct db *db, const struct blocking *b)
{
    struct buf was = BUF_INIT;
    struct buf became = BUF_INIT;
    struct buf *const texts[] = { &was, &became };
    for (int i = 0; i < 2; i++) {
        struct json_writer w = JSON_WRITER_INIT(texts[i]);
        json_open_object(&w, NULL);
        json_open_array(&w, "seats");
        for (size_t n = 0; n < b->seats->changed.count; n++)
            json_add_text(&w, NULL, b->seats->changed.number[n]);
        json_close_array(&w);
        json_add_bool(&w, "blocked", (i == 1) == b->block);
        json_close_object(&w);
    }
    enum result r = step_audit(db, b->caller, b->block ? AUDIT_BLOCK_SEATS : AUDIT_UNBLOCK_SEATS, AUDIT_OF_FLIGHT,
                               b->flight_id, buf_str(&was), buf_str(&became));
    buf_done(&was);
    buf_done(&became);
    return r;
}

static enum result block_in_txn(struct db *db, void *context)
{
    const struct blocking *b = context;
    struct locked_seats locked;

    CRASH_SCOPE("block");
    b->seats->seats = *b->wanted;
    TRY(step_lock_seats(db, b->flight_id, &b->seats->seats, NULL, &locked));
    if (locked.count == 0)
        TRY(flights_exists(db, b->flight_id));
    if (locked.count > 0 && locked.of_flight.flight.status == FLIGHT_DRAFT)
        return RESULT_FLIGHT_NOT_FOUND;
    TRY(choose(b, &locked));
    if (b->seats->changed.count > 0) {
        TRY(seats_block(db, b->flight_id, &b->seats->changed, b->block ? b->caller->reason : NULL));
        TRY(audit(db, b));
    }
    return step_before_commit(db, b->caller, NULL);
}

static enum result run(struct db *db, struct blocking *b)
{
    return step_run_taking_seats(db, b->caller->config, NULL, block_in_txn, NULL, b, b->flight_id, b->refusal);
}

enum result booking_block_seats(struct db *db, const struct caller *caller, const char *flight_id,
                                const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                struct refusal *reterr_refusal)
{
    struct blocking b = { caller, flight_id, seats, true, reterr_seats, reterr_refusal };
    return run(db, &b);
}

enum result booking_unblock_seats(struct db *db, const struct caller *caller, const char *flight_id,
                                  const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                  struct refusal *reterr_refusal)
{
    struct blocking b = { caller, flight_id, seats, false, reterr_seats, reterr_refusal };
    return run(db, &b);
}
