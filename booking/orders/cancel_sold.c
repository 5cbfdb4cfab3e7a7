/* SPDX-License-Identifier: MIT */
/* A paid order is cancelled, as a whole or some of its seats. What is given back follows from the flight's refund rule,
 * or is what an operator says; the rest is kept as a fee. So the books always say: what was captured is the price of
 * the seats that the order has, the fee kept, and the refunds asked for.
 *
 * The order is locked first, then its seats, and with them the flight's row: a cancellation of the flight comes before
 * and then refunds all, or finds what is left here. A quote reads the same without locks. */

#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/persons.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

struct cancelling {
    const struct caller *caller;
    const char *order_id;
    const struct sale_wish *wish;
    struct order *order;
    struct sale_quote *quote;
    struct refusal *refusal;
};

/* ── what is asked for ──────────────────────────────────────────────────── */

/* Finds the wanted seats among the order's own, with the numbers that those have; all of them if none is named. */
static enum result find_seats(const struct order *o, const struct seat_list *wanted, struct sale_quote *quote,
                              struct refusal *refusal)
{
    struct seat_list own;
    bool is_given[SEATS_MAX] = { false };
    seat_list_plain(&o->seats, &own);
    refusal->seats.count = 0;
    for (size_t i = 0; wanted != NULL && i < wanted->count; i++) {
        char plain[SEAT_NUMBER_SIZE];
        size_t at = 0;
        seat_number_plain(wanted->number[i], plain);
        while (at < own.count && strcmp(own.number[at], plain) != 0)
            at++;
        if (at < own.count)
            is_given[at] = true;
        else
            (void)seat_list_add(&refusal->seats, wanted->number[i]);
    }
    if (refusal->seats.count > 0)
        return RESULT_INVALID_SEATS;
    quote->seats.count = 0;
    for (size_t i = 0; i < o->seats.count; i++) {
        if (is_given[i] || wanted == NULL || wanted->count == 0)
            memcpy(quote->seats.number[quote->seats.count++], o->seats.number[i], SEAT_NUMBER_SIZE);
    }
    quote->is_whole = quote->seats.count == o->seats.count;
    return RESULT_OK;
}

static enum order_event event_of(const struct sale_quote *quote)
{
    return quote->is_whole ? ORDER_EVENT_REFUND : ORDER_EVENT_GIVE_UP;
}

/* An operator's amount needs no rule. */
static enum result check_order(const struct order *o, const struct sale_wish *wish, struct sale_quote *quote,
                               struct refusal *refusal)
{
    enum order_status next;
    TRY(order_next(o->status, ORDER_EVENT_REFUND, &next));
    if (o->flight.refund_rule.count == 0 && wish->refund_cents == SALE_BY_RULE)
        return RESULT_ORDER_CLOSED;
    return find_seats(o, wish->seats, quote, refusal);
}

/* A passenger who is on board keeps the seat, and so do all after departure. The customers of a cancelled flight get
 * all back, and no fee is kept. */
static enum result check_flight(struct db *db, const struct order *o, const struct order_flight *flight, int64_t now_ms,
                                const struct sale_quote *quote)
{
    if (flight->departure_ms <= now_ms)
        return RESULT_FLIGHT_DEPARTED;
    if (flight->status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    return step_check_not_on_board(db, o, &quote->seats);
}

/* With the seat of an adult given up, an infant may have nobody to sit with. Names are not asked for here, so that it
 * is the whole order then, or the infant leaves first. */
static enum result check_infants(struct db *db, const struct order *o, const struct sale_quote *quote)
{
    struct party party;
    struct faults faults = { .count = 0 };
    size_t stay = 0;
    if (quote->is_whole)
        return RESULT_OK;
    TRY(persons_read(db, o->order_id, &party));
    for (size_t i = 0; i < party.count; i++) {
        const struct passenger *p = &party.passenger[i];
        bool has_seat = p->position > 0 && p->position <= (int64_t)o->seats.count;
        if (!has_seat || !seat_list_contains(&quote->seats, o->seats.number[p->position - 1]))
            party.passenger[stay++] = *p;
    }
    party.count = stay;
    party_check(&party, o->seats.count - quote->seats.count, &faults);
    return faults.count == 0 ? RESULT_OK : RESULT_TOO_MANY_PASSENGERS;
}

/* ── the money ──────────────────────────────────────────────────────────── */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t price_of(const struct order *o, const struct seat_list *seats)
{
    int64_t cents = 0;
    for (size_t i = 0; i < o->seats.count; i++)
        cents += seat_list_contains(seats, o->seats.number[i]) ? o->prices.cents[i] : 0;
    return cents;
}

/* Staff may have given money back before, without a cancellation: then less is left than the seats cost. A refund that
 * the gateway refused counts as not given back; with the whole order it is asked for once more. */
static enum result by_rule(const struct order *o, const struct order_flight *flight, int64_t now_ms, int64_t free_cents,
                           struct sale_quote *quote)
{
    const int64_t before_s = (flight->departure_ms - now_ms) / 1000;
    const int64_t price_cents = price_of(o, &quote->seats);
    const int64_t fee_cents = refund_rule_fee(&flight->refund_rule, before_s, price_cents, o->fee_cents == 0);
    quote->fee_cents = least(fee_cents, free_cents);
    quote->refund_cents = free_cents - quote->fee_cents;
    if (!quote->is_whole)
        quote->refund_cents = least(quote->refund_cents, price_cents - fee_cents);
    quote->until_ms = flight->departure_ms - refund_rule_until_s(&flight->refund_rule, before_s) * 1000;
    return RESULT_OK;
}

/* An operator may give back a fee that was kept before (fee_cents is below 0 then), but for a seat not more than it
 * cost. */
static enum result as_asked(const struct order *o, const struct order_flight *flight, int64_t refund_cents,
                            int64_t free_cents, struct sale_quote *quote)
{
    const int64_t due_cents = quote->is_whole ? free_cents : least(price_of(o, &quote->seats), free_cents);
    if (refund_cents > due_cents + (quote->is_whole ? o->fee_cents : 0))
        return RESULT_REFUND_TOO_LARGE;
    quote->refund_cents = refund_cents;
    quote->fee_cents = due_cents - refund_cents;
    quote->until_ms = flight->departure_ms;
    return RESULT_OK;
}

static enum result price_quote(struct db *db, const struct order *o, const struct order_flight *flight, int64_t now_ms,
                               const struct sale_wish *wish, struct sale_quote *quote)
{
    int64_t free_cents = 0;
    TRY(check_flight(db, o, flight, now_ms, quote));
    TRY(check_infants(db, o, quote));
    TRY(step_left_to_refund(db, o, &free_cents));
    memcpy(quote->currency, o->currency, sizeof quote->currency);
    quote->version = o->version;
    return wish->refund_cents == SALE_BY_RULE ? by_rule(o, flight, now_ms, free_cents, quote)
                                              : as_asked(o, flight, wish->refund_cents, free_cents, quote);
}

enum result booking_quote_cancellation(struct db *db, const char *order_id, const char *owner,
                                       const struct sale_wish *wish, struct order *reterr_order,
                                       struct sale_quote *reterr_quote, struct refusal *reterr_refusal)
{
    TRY(booking_read_order(db, order_id, owner, reterr_order));
    TRY(check_order(reterr_order, wish, reterr_quote, reterr_refusal));
    return price_quote(db, reterr_order, &reterr_order->flight, reterr_order->read_at_ms, wish, reterr_quote);
}

/* ── doing it ───────────────────────────────────────────────────────────── */

/* Whoever has a seat that is given up is not a passenger any more, and those behind move up. From the last one on, so
 * that the places of the others still hold. */
static enum result dismiss_passengers(struct db *db, const struct order *was, const struct seat_list *seats)
{
    for (size_t i = was->seats.count; i > 0; i--) {
        if (seat_list_contains(seats, was->seats.number[i - 1]))
            TRY(persons_dismiss(db, was->order_id, (int64_t)i));
    }
    return RESULT_OK;
}

static enum result give_up_seats(struct db *db, struct order *o, const struct seat_list *seats, const struct author *by)
{
    const struct order was = *o;
    struct order given = *o;
    given.seats = *seats;
    o->seats.count = 0;
    for (size_t i = 0; i < was.seats.count; i++) {
        if (!seat_list_contains(seats, was.seats.number[i]))
            memcpy(o->seats.number[o->seats.count++], was.seats.number[i], SEAT_NUMBER_SIZE);
    }
    price_list_choose(&was.seats, &was.prices, &o->seats, &was.prices, &o->prices);
    o->total_price_cents = price_list_sum(&o->prices, o->seats.count);
    TRY(step_move_order(db, o, ORDER_EVENT_GIVE_UP));
    TRY(seats_release(db, &given));
    CRASH_POINT("given-up");
    TRY(dismiss_passengers(db, &was, seats));
    return step_log_seats(db, &was, o, by);
}

static enum result cancel_in_txn(struct db *db, void *context)
{
    const struct cancelling *c = context;
    const struct author by = step_author(c->caller);
    struct order *o = c->order;
    struct locked_seats locked = { .count = 0 };

    CRASH_SCOPE("cancel-sold");
    TRY(step_lock_order(db, c->caller, c->order_id, o));
    TRY(check_order(o, c->wish, c->quote, c->refusal));
    TRY(step_check_proof(c->caller, o));
    struct seat_list own = o->seats;
    TRY(step_lock_seats(db, o->flight_id, &own, NULL, &locked));
    const struct order_flight *flight = locked.count > 0 ? &locked.of_flight.flight : &o->flight;
    const int64_t now_ms = locked.count > 0 ? locked.now_ms : o->read_at_ms;
    TRY(price_quote(db, o, flight, now_ms, c->wish, c->quote));
    if (c->wish->expected_cents != SALE_BY_RULE && c->wish->expected_cents != c->quote->refund_cents)
        return RESULT_QUOTE_CHANGED;

    const struct order was = *o;
    o->fee_cents += c->quote->fee_cents;
    o->read_at_ms = now_ms;
    TRY(event_of(c->quote) == ORDER_EVENT_REFUND
            ? step_end_confirmed(db, o, by.actor_id != 0 ? "cancelled by an operator" : "cancelled by the customer",
                                 &by)
            : give_up_seats(db, o, &c->quote->seats, &by));
    TRY(step_give_back(db, c->caller, o, c->quote->refund_cents));
    TRY(step_audit_order(db, c->caller, AUDIT_CANCEL_ORDER, &was, o));
    TRY(step_tell(db, c->caller->config, c->quote->is_whole ? MESSAGE_ORDER_CANCELLED : MESSAGE_ORDER_CHANGED, o,
                  c->caller->request_id));
    return step_before_commit(db, c->caller, o);
}

static void recall_cancel(const struct order *now, void *context)
{
    const struct cancelling *c = context;
    step_recall(c->caller, now, c->order);
}

enum result booking_cancel_sold(struct db *db, const struct caller *caller, const char *order_id,
                                const struct sale_wish *wish, struct order *reterr_order,
                                struct sale_quote *reterr_quote, struct refusal *reterr_refusal)
{
    struct cancelling c = { caller, order_id, wish, reterr_order, reterr_quote, reterr_refusal };
    enum result r = txn_run_answered(db, order_id, cancel_in_txn, recall_cancel, &c);
    if (r == RESULT_OK && reterr_order->status == ORDER_CANCELLED)
        metrics_add_moves(ORDER_CANCELLED, 1);
    return r;
}
