/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

struct change {
    const struct caller *caller;
    const char *order_id;
    const struct seat_list *seats;
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
static void price_anew(struct order *o, const struct seat_list *seats, const struct flight_facts *flight)
{
    static const struct seat_list none = { .count = 0 };
    bool keeps = strcmp(o->currency, flight->currency) == 0;
    price_list_choose(keeps ? &o->seats : &none, &o->prices, seats, flight->price_cents, &o->prices);
    o->total_price_cents = price_list_sum(&o->prices, seats->count);
    memcpy(o->currency, flight->currency, sizeof o->currency);
}

static enum result log_change(struct db *db, const struct change *c, const struct order *was)
{
    char from[SEATS_TEXT_SIZE];
    char to[SEATS_TEXT_SIZE];
    char detail[600];
    seat_list_format(&was->seats, from);
    seat_list_format(&c->order->seats, to);
    (void)snprintf(detail, sizeof detail, "%.290s -> %.290s", from, to);
    const struct author by = step_author(c->caller);
    return step_log_move(db, c->order, EVENT_SEATS_CHANGED, ORDER_SEATS_RESERVED, detail, &by);
}

static enum result change_in_txn(struct db *db, void *context)
{
    struct change *c = context;
    struct order *o = c->order;
    struct seat_list wanted = *c->seats;
    struct locked_seats locked = { .count = 0 };
    enum order_status next;

    CRASH_SCOPE("change");
    TRY(step_lock_order(db, c->caller, c->order_id, o));
    TRY(order_next(o->status, ORDER_EVENT_CHANGE_SEATS, &next));
    TRY(step_lock_seats(db, o->flight_id, &wanted, &o->seats, &locked));
    TRY(step_check_seats(&locked, &wanted, o->order_id, c->refusal));
    if (locked.of_flight.flight.departure_ms <= locked.now_ms)
        return RESULT_ORDER_EXPIRED; /* the flight has left since the order was read */

    const struct order was = *o;
    o->read_at_ms = locked.now_ms; /* never earlier than the time at which the order was read */
    o->reserved_at_ms = o->read_at_ms;
    o->flight = locked.of_flight.flight;
    restart_timer(o, c->caller->config);
    price_anew(o, &wanted, &locked.of_flight);
    TRY(swap_seats(db, o, &wanted));
    TRY(step_move_order(db, o, ORDER_EVENT_CHANGE_SEATS));
    TRY(jobs_move(db, JOB_EXPIRE_HOLD, o->order_id, o->expires_at_ms));
    TRY(log_change(db, c, &was));
    TRY(step_audit_order(db, c->caller, AUDIT_CHANGE_SEATS, &was, o));
    return step_before_commit(db, c->caller, o);
}

static void recall_change(const struct order *now, void *context)
{
    const struct change *c = context;
    step_recall(c->caller, now, c->order);
}

enum result booking_change_seats(struct db *db, const struct caller *caller, const char *order_id,
                                 const struct seat_list *seats, struct order *reterr_order,
                                 struct refusal *reterr_refusal)
{
    struct change c = { caller, order_id, seats, reterr_order, reterr_refusal };
    for (int tries = 0;; tries++) {
        bool any = false;
        enum result r = txn_run_answered(db, order_id, change_in_txn, recall_change, &c);
        if (r == RESULT_OK)
            metrics_add_moves(ORDER_SEATS_RESERVED, 1);
        if (r != RESULT_SEATS_UNAVAILABLE || tries == 3)
            return r;
        enum result expired = step_expire_holders(db, caller->config, reterr_order->flight_id, &reterr_refusal->seats,
                                                  &any);
        if (expired != RESULT_OK || !any)
            return expired == RESULT_OK ? r : expired;
    }
}
