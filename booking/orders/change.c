/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

struct change {
    const struct caller *caller;
    const char *order_id;
    const struct seat_list *seats;
    const struct stay_list *stay;
    struct order *order;
    struct refusal *refusal;
};

/* Gives the old seats back and takes the new ones. Both are locked already, so
 * for every other session it is one step. */
static enum result swap_seats(struct db *db, struct order *o, const struct seat_list *seats)
{
    enum result r = seats_release(db, o);
    CRASH_POINT("released");
    o->seats = *seats;
    return r == RESULT_OK ? seats_take(db, o) : r;
}

/* Restarts the timer in full, or with what is left until departure or until the order has held for as long as any may.
 * A hold that already ends later, from a time with another limit or none, is not made shorter. */
static void restart_timer(struct order *o, const struct config *config)
{
    int64_t ends_ms = o->read_at_ms + config->reservation_timeout_ms;
    if (config->reservation_limit_ms > 0 && ends_ms > o->created_at_ms + config->reservation_limit_ms)
        ends_ms = o->created_at_ms + config->reservation_limit_ms;
    if (ends_ms < o->expires_at_ms)
        ends_ms = o->expires_at_ms;
    o->expires_at_ms = ends_ms < o->flight.departure_ms ? ends_ms : o->flight.departure_ms;
}

/* Seats that are kept keep the price at which they were held, unless that was in
 * another currency than the flight is sold in now. */
static void price_anew(struct order *o, const struct seat_list *seats, const struct locked_seats *locked)
{
    static const struct seat_list none = { .count = 0 };
    const struct flight_facts *flight = &locked->of_flight;
    bool keeps = strcmp(o->currency, flight->currency) == 0;
    struct price_list present;
    step_price_seats(locked, seats, &present);
    price_list_choose(keeps ? &o->seats : &none, &o->prices, seats, &present, &o->prices);
    o->total_price_cents = price_list_sum(&o->prices, seats->count);
    o->tax_basis_points = flight->tariff.tax_basis_points;
    memcpy(o->currency, flight->currency, sizeof o->currency);
}

/* A flight that is not on sale any more takes seats back, but gives none. */
static enum result check_sale(const struct order *o, const struct seat_list *wanted, const struct locked_seats *locked)
{
    const enum result sale = flight_facts_sale(&locked->of_flight, locked->now_ms);
    if (sale == RESULT_FLIGHT_DEPARTED)
        return RESULT_ORDER_EXPIRED; /* it has left since the order was read */
    return sale == RESULT_FLIGHT_CLOSED ? step_check_closed(sale, o, wanted) : sale;
}

static enum result change_in_txn(struct db *db, void *context)
{
    struct change *c = context;
    const struct author by = step_author(c->caller);
    struct order *o = c->order;
    struct seat_list wanted = *c->seats;
    struct locked_seats locked = { .count = 0 };
    enum order_status next;

    CRASH_SCOPE("change");
    TRY(step_lock_order(db, c->caller, c->order_id, o));
    TRY(order_next(o->status, ORDER_EVENT_CHANGE_SEATS, &next));
    TRY(step_lock_seats(db, o->flight_id, &wanted, &o->seats, &locked));
    TRY(step_check_seats(&locked, &wanted, o->order_id, c->refusal));
    TRY(check_sale(o, &wanted, &locked));

    const struct order was = *o;
    o->read_at_ms = locked.now_ms; /* never earlier than the time at which the order was read */
    o->reserved_at_ms = o->read_at_ms;
    o->flight = locked.of_flight.flight;
    restart_timer(o, c->caller->config);
    price_anew(o, &wanted, &locked);
    TRY(swap_seats(db, o, &wanted));
    TRY(step_seat_passengers(db, c->caller->config, o, c->stay));
    TRY(step_move_order(db, o, ORDER_EVENT_CHANGE_SEATS));
    TRY(jobs_move(db, JOB_EXPIRE_HOLD, o->order_id, o->expires_at_ms));
    TRY(step_log_seats(db, &was, o, &by));
    TRY(step_audit_order(db, c->caller, AUDIT_CHANGE_SEATS, &was, o));
    return step_before_commit(db, c->caller, o);
}

static void recall_change(const struct order *now, void *context)
{
    const struct change *c = context;
    step_recall(c->caller, now, c->order);
}

enum result booking_change_seats(struct db *db, const struct caller *caller, const char *order_id,
                                 const struct seat_list *seats, const struct stay_list *stay,
                                 struct order *reterr_order, struct refusal *reterr_refusal)
{
    struct change c = { caller, order_id, seats, stay, reterr_order, reterr_refusal };
    enum result r = step_run_taking_seats(db, caller->config, order_id, change_in_txn, recall_change, &c,
                                          reterr_order->flight_id, reterr_refusal);
    if (r == RESULT_OK)
        metrics_add_moves(ORDER_SEATS_RESERVED, 1);
    return r;
}
