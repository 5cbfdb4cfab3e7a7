/* SPDX-License-Identifier: MIT */
/* The seats of a paid order are changed within its price. Others that cost less are refunded as the flight's rule says,
 * as if the difference had been cancelled; others that cost more are refused, since nothing more is captured. */

#include "booking/base/crash_point.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

struct changing {
    const struct caller *caller;
    const char *order_id;
    const struct seat_list *seats;
    bool any_time;
    struct order *order;
    struct refusal *refusal;
    int64_t refund_cents;
};

/* Customers are bound by SEAT_CHANGE_UNTIL and by the flight's sale, staff only by the departure. */
static enum result check_time(const struct changing *c, const struct order *o, const struct seat_list *wanted,
                              const struct locked_seats *locked)
{
    const enum result sale = flight_facts_sale(&locked->of_flight, locked->now_ms);
    const int64_t until_ms = locked->of_flight.flight.departure_ms - c->caller->config->seat_change_until_ms;
    if (sale != RESULT_OK && sale != RESULT_FLIGHT_CLOSED)
        return sale;
    if (strcmp(o->currency, locked->of_flight.currency) != 0)
        return RESULT_ORDER_CLOSED; /* prices cannot be compared */
    if (!c->any_time && locked->now_ms >= until_ms)
        return RESULT_ORDER_CLOSED;
    return c->any_time ? RESULT_OK : step_check_closed(sale, o, wanted);
}

/* What is given back for cheaper seats, and what is kept; refused where that would be all. */
static enum result refund_difference(struct db *db, struct changing *c, const struct locked_seats *locked,
                                     int64_t less_cents)
{
    struct order *o = c->order;
    const struct order_flight *flight = &locked->of_flight.flight;
    const int64_t before_s = (flight->departure_ms - locked->now_ms) / 1000;
    const int64_t fee_cents = refund_rule_fee(&flight->refund_rule, before_s, less_cents, false);
    int64_t free_cents = 0;
    c->refund_cents = 0;
    if (less_cents == 0)
        return RESULT_OK;
    if (flight->refund_rule.count == 0 || fee_cents == less_cents)
        return RESULT_PRICE_DIFFERENCE;
    TRY(step_left_to_refund(db, o, &free_cents));
    const int64_t kept_cents = fee_cents < free_cents ? fee_cents : free_cents;
    c->refund_cents = less_cents - fee_cents < free_cents - kept_cents ? less_cents - fee_cents
                                                                       : free_cents - kept_cents;
    o->fee_cents += kept_cents;
    return RESULT_OK;
}

static enum result price_anew(struct db *db, struct changing *c, const struct seat_list *wanted,
                              const struct locked_seats *locked)
{
    struct order *o = c->order;
    struct price_list present;
    struct price_list prices;
    step_price_seats(locked, wanted, &present);
    price_list_choose(&o->seats, &o->prices, wanted, &present, &prices);
    const int64_t total_cents = price_list_sum(&prices, wanted->count);
    c->refusal->difference_cents = total_cents - o->total_price_cents;
    if (total_cents > o->total_price_cents)
        return RESULT_PRICE_DIFFERENCE;
    TRY(refund_difference(db, c, locked, o->total_price_cents - total_cents));
    o->prices = prices;
    o->total_price_cents = total_cents;
    return RESULT_OK;
}

static enum result take(struct db *db, struct order *o, const struct seat_list *wanted)
{
    TRY(seats_release(db, o));
    CRASH_POINT("released");
    o->seats = *wanted;
    TRY(seats_take(db, o));
    return seats_book(db, o);
}

static enum result change_in_txn(struct db *db, void *context)
{
    struct changing *c = context;
    const struct author by = step_author(c->caller);
    struct order *o = c->order;
    struct seat_list wanted = *c->seats;
    struct locked_seats locked = { .count = 0 };
    enum order_status next;

    CRASH_SCOPE("change-sold");
    c->refusal->seats.count = 0;
    c->refusal->difference_cents = 0;
    TRY(step_lock_order(db, c->caller, c->order_id, o));
    TRY(order_next(o->status, ORDER_EVENT_CHANGE_SOLD, &next));
    if (!c->any_time && c->caller->config->seat_change_until_ms == CONFIG_OFF)
        return RESULT_ORDER_CLOSED;
    TRY(step_check_proof(c->caller, o));
    if (wanted.count != o->seats.count)
        return RESULT_INVALID_SEATS;
    TRY(step_lock_seats(db, o->flight_id, &wanted, &o->seats, &locked));
    TRY(step_check_seats(&locked, &wanted, o->order_id, c->refusal));
    TRY(check_time(c, o, &wanted, &locked));
    /* Seats go to passengers in their order, so that none may be on board. */
    TRY(step_check_not_on_board(db, o, NULL));

    const struct order was = *o;
    o->read_at_ms = locked.now_ms;
    TRY(price_anew(db, c, &wanted, &locked));
    TRY(take(db, o, &wanted));
    TRY(step_move_order(db, o, ORDER_EVENT_CHANGE_SOLD));
    TRY(step_log_seats(db, &was, o, &by));
    TRY(step_give_back(db, c->caller, o, c->refund_cents));
    TRY(step_audit_order(db, c->caller, AUDIT_CHANGE_SEATS, &was, o));
    TRY(step_tell(db, c->caller->config, MESSAGE_ORDER_CHANGED, o, c->caller->request_id));
    return step_before_commit(db, c->caller, o);
}

static void recall_change(const struct order *now, void *context)
{
    const struct changing *c = context;
    step_recall(c->caller, now, c->order);
}

enum result booking_change_sold(struct db *db, const struct caller *caller, const char *order_id,
                                const struct seat_list *seats, bool any_time, struct order *reterr_order,
                                struct refusal *reterr_refusal)
{
    struct changing c = { caller, order_id, seats, any_time, reterr_order, reterr_refusal, 0 };
    return step_run_taking_seats(db, caller->config, order_id, change_in_txn, recall_change, &c,
                                 reterr_order->flight_id, reterr_refusal);
}
