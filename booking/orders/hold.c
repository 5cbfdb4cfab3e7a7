/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/flights.h"
#include "booking/store/hold_slots.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include "booking/base/text.h"

struct hold {
    const struct caller *caller;
    const char *flight_id;
    const char *user_id;
    const struct seat_list *seats;
    const struct party_wish *persons;
    struct order *order;
    struct refusal *refusal;
};

/* Composes the order that these locked seats make. */
static void compose_order(const struct hold *h, const struct locked_seats *locked)
{
    struct order *o = h->order;
    int64_t departure_ms = locked->of_flight.flight.departure_ms;
    int64_t ends_ms = locked->now_ms + h->caller->config->reservation_timeout_ms;
    if (h->caller->hold_until_ms > ends_ms)
        ends_ms = h->caller->hold_until_ms;

    text_copy(o->flight_id, sizeof o->flight_id, h->flight_id);
    o->has_owner = h->caller->owner != NULL;
    text_copy(o->user_id, sizeof o->user_id, o->has_owner ? h->caller->owner : h->user_id);
    text_copy(o->run_id, sizeof o->run_id, h->caller->request_id);
    text_copy(o->currency, sizeof o->currency, locked->of_flight.currency);
    o->flight = locked->of_flight.flight;
    o->status = ORDER_SEATS_RESERVED;
    o->expires_at_ms = ends_ms < departure_ms ? ends_ms : departure_ms;
    step_price_seats(locked, &o->seats, &o->prices);
    o->tax_basis_points = locked->of_flight.tariff.tax_basis_points;
    o->total_price_cents = price_list_sum(&o->prices, o->seats.count);
    o->version = 1;
    o->reserved_at_ms = o->created_at_ms = o->updated_at_ms = o->read_at_ms = locked->now_ms;
    o->consent_at_ms = TIME_NONE;
    step_agree(h->caller->config, h->persons, o);
}

/* Counts under the customer's lock, which every hold of that customer takes, so
 * that two at once cannot both be the last that is allowed. */
static enum result check_open_holds(struct db *db, const struct hold *h)
{
    int64_t most = h->caller->config->max_open_holds_per_user;
    int64_t ends_in_ms = 0;
    if (most == 0)
        return RESULT_OK;
    TRY(hold_slots_lock(db, h->user_id));
    TRY(orders_count_holds(db, h->user_id, &h->refusal->open_holds, &ends_in_ms));
    if (h->refusal->open_holds < most)
        return RESULT_OK;
    h->refusal->retry_after_s = ends_in_ms / 1000 + 1;
    return RESULT_TOO_MANY_HOLDS;
}

static enum result hold_in_txn(struct db *db, void *context)
{
    struct hold *h = context;
    struct order *o = h->order;
    struct locked_seats locked;

    CRASH_SCOPE("hold");
    o->seats = *h->seats;
    TRY(step_lock_seats(db, h->flight_id, &o->seats, NULL, &locked));
    if (locked.count == 0)
        TRY(flights_exists(db, h->flight_id));
    enum result r = step_check_seats(&locked, &o->seats, NULL, h->refusal);
    if (locked.count > 0) {
        const enum result sale = flight_facts_sale(&locked.of_flight, locked.now_ms);
        if (sale == RESULT_FLIGHT_NOT_FOUND || (sale != RESULT_OK && r != RESULT_INVALID_SEATS))
            return sale;
    }
    TRY(r);
    TRY(check_open_holds(db, h));

    compose_order(h, &locked);
    TRY(orders_insert(db, o));
    CRASH_POINT("inserted");
    TRY(seats_take(db, o));
    TRY(step_add_persons(db, o, h->persons));
    TRY(jobs_add(db, JOB_EXPIRE_HOLD, o->order_id, o->expires_at_ms, 0, o->run_id));
    TRY(events_add_birth(db, o, h->caller->staff.person_id));
    TRY(step_audit_order(db, h->caller, AUDIT_HOLD_SEATS, NULL, o));
    return step_before_commit(db, h->caller, o);
}

static void recall_hold(const struct order *now, void *context)
{
    const struct hold *h = context;
    step_recall(h->caller, now, h->order);
}

enum result booking_hold(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                         const struct seat_list *seats, const struct party_wish *persons, struct order *reterr_order,
                         struct refusal *reterr_refusal)
{
    struct hold h = { caller, flight_id, user_id, seats, persons, reterr_order, reterr_refusal };
    *reterr_order = (struct order){ 0 };
    random_uuid(reterr_order->order_id);
    enum result r = step_run_taking_seats(db, caller->config, reterr_order->order_id, hold_in_txn, recall_hold, &h,
                                          flight_id, reterr_refusal);
    if (r == RESULT_OK) {
        metrics_add_moves(ORDER_CREATED, 1);
        metrics_add_moves(ORDER_SEATS_RESERVED, 1);
    }
    return r;
}
