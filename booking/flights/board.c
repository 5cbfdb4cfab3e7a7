/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/flights.h"
#include "booking/store/locators.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/seat_map.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

struct board {
    const struct caller *caller;
    const char *flight_id;
    const char *order_id;
    const char *passenger; /* NULL: the only one */
    struct boarding *boarding;
    size_t matching;
    int64_t boarded_before_ms;
};

static enum result refuse(const struct board *b, enum boarding_refusal why)
{
    b->boarding->why = why;
    return RESULT_CANNOT_BOARD;
}

/* All that was paid has been, or will be, given back. */
static enum result is_refunded(struct db *db, const char *order_id, bool *reterr_is)
{
    struct payment payment;
    int64_t refunds_cents = 0;
    *reterr_is = false;
    enum result r = payments_find(db, order_id, &payment);
    if (r == RESULT_NOT_FOUND)
        return RESULT_OK;
    TRY(r);
    TRY(refunds_sum(db, order_id, &refunds_cents));
    *reterr_is = payment.amount_cents > 0 && refunds_cents >= payment.amount_cents;
    return RESULT_OK;
}

static enum result check(struct db *db, const struct board *b, const struct order *order)
{
    bool refunded = false;
    bool is_other = strcmp(order->flight_id, b->flight_id) != 0;
    if (is_other)
        TRY(flights_exists(db, b->flight_id));
    if (is_other)
        return refuse(b, BOARDING_OTHER_FLIGHT);
    if (order->status == ORDER_CANCELLED)
        return refuse(b, BOARDING_ORDER_CANCELLED);
    if (order->flight.status == FLIGHT_CANCELLED)
        return refuse(b, BOARDING_FLIGHT_CANCELLED);
    if (order->status != ORDER_CONFIRMED)
        return refuse(b, BOARDING_NOT_PAID);
    TRY(is_refunded(db, order->order_id, &refunded));
    return refunded ? refuse(b, BOARDING_REFUNDED) : RESULT_OK;
}

/* Takes the passenger who is meant, by the person's id or the number of the seat. */
static void consider(const struct mapped_seat *row, void *context)
{
    struct board *b = context;
    struct boarding *boarding = b->boarding;
    char id[PASSENGER_SIZE] = "";
    const char *seat = row->seat.number == NULL ? "" : row->seat.number;
    if (row->by.person_id != 0)
        (void)snprintf(id, sizeof id, "%lld", (long long)row->by.person_id);
    else
        text_copy(id, sizeof id, seat);
    if (b->passenger != NULL && strcmp(b->passenger, id) != 0 && strcmp(b->passenger, seat) != 0)
        return;
    b->matching++;
    b->boarded_before_ms = row->by.boarded_at_ms;
    text_copy(boarding->passenger, sizeof boarding->passenger, id);
    text_copy(boarding->seat, sizeof boarding->seat, seat);
    text_copy(boarding->given_name, sizeof boarding->given_name, row->by.given_name == NULL ? "" : row->by.given_name);
    text_copy(boarding->family_name, sizeof boarding->family_name,
              row->by.family_name == NULL ? "" : row->by.family_name);
}

static enum result log_boarding(struct db *db, const struct board *b, const struct order *order)
{
    char became[80];
    struct event event = {
        .order_id = order->order_id,
        .type = EVENT_PASSENGER_BOARDED,
        .detail = b->boarding->seat[0] == '\0' ? NULL : b->boarding->seat,
        .by = step_author(b->caller),
    };
    TRY(events_add(db, &event));
    (void)snprintf(became, sizeof became, "{\"passenger\":\"%s\",\"seat\":\"%s\"}", b->boarding->passenger,
                   b->boarding->seat);
    return step_audit(db, b->caller, AUDIT_BOARD, AUDIT_OF_ORDER, order->order_id, NULL, became);
}

static enum result board_in_txn(struct db *db, void *context)
{
    struct board *b = context;
    struct order order;
    b->matching = 0;

    CRASH_SCOPE("board");
    TRY(orders_lock(db, b->order_id, NULL, &order));
    order_settle_lapse(&order);
    TRY(check(db, b, &order));
    TRY(seat_map_passengers_of(db, b->order_id, consider, b));
    if (b->matching != 1)
        return refuse(b, b->matching > 1        ? BOARDING_WHICH
                         : b->passenger != NULL ? BOARDING_NO_PASSENGER
                                                : BOARDING_NO_SEAT);
    text_copy(b->boarding->order_id, sizeof b->boarding->order_id, order.order_id);
    text_copy(b->boarding->locator, sizeof b->boarding->locator, order.locator);
    b->boarding->boarded_at_ms = b->boarded_before_ms != TIME_NONE ? b->boarded_before_ms : order.read_at_ms;
    if (b->boarded_before_ms != TIME_NONE)
        return refuse(b, BOARDING_DONE);
    TRY(boardings_add(db, order.order_id, b->boarding->passenger, b->flight_id, b->caller->staff.person_id,
                      order.read_at_ms));
    TRY(log_boarding(db, b, &order));
    return step_before_commit(db, b->caller, &order);
}

enum result booking_board(struct db *db, const struct caller *caller, const char *flight_id, const char *locator,
                          const char *passenger, struct boarding *reterr_boarding)
{
    char known[LOCATOR_SIZE];
    char order_id[UUID_SIZE];
    struct board b = { .caller = caller,
                       .flight_id = flight_id,
                       .order_id = order_id,
                       .passenger = passenger,
                       .boarding = reterr_boarding };
    *reterr_boarding = (struct boarding){ .why = BOARDING_ALLOWED };
    if (!locator_read(locator, known))
        return RESULT_ORDER_NOT_FOUND;
    TRY(locators_find(db, known, order_id));
    return txn_run(db, order_id, board_in_txn, &b);
}
