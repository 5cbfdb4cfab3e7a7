/* SPDX-License-Identifier: MIT */
/* A flight gets another cabin in one transaction. It locks the flight's orders by id, then all its seats, then its
 * row, which is the order in which every transaction locks them. So while it plans, no customer, operator or sweeper
 * can hold, change, pay, end or cancel anything on this flight, and those of another flight do not wait. An order that
 * has got seats between the look at who has some and the locks on the seats was not locked: then everything begins
 * again.
 *
 * Orders are written one by one, each with its history, its audit and its message; seats in few statements for all. */

#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/core/seat_map.h"
#include "booking/core/swap.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/boardings.h"
#include "booking/store/cabins.h"
#include "booking/store/flight_counts.h"
#include "booking/store/flight_rows.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/swaps.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENDED "the flight's new cabin has no seat for it"
/* How often lapsed holds are ended first. */
#define TRIES 4

struct swap {
    const struct caller *caller;
    const char *flight_id;
    const struct swap_wish *wish;
    struct swapped_flight *out;

    struct flight_row flight;
    struct cabin cabin;
    size_t holder_count;
    char (*holders)[UUID_SIZE];
    size_t order_count;
    struct order *orders; /* by id */
    size_t lapsed_count;  /* the first so many of holders are to be expired */
    size_t old_count;
    struct swap_old_seat *old; /* by number */

    size_t seat_count; /* of the orders, in their order */
    struct swap_seat *seats;
    bool *is_taken;     /* of the new cabin's seats */
    const char **texts; /* room for a list of as many as there are seats and orders */
    size_t moved_count; /* orders whose seats moved, in texts */
    size_t freed_count; /* seats that they have given up */
    bool has_boarded;   /* some passenger has */
};

/* ── memory ─────────────────────────────────────────────────────────────── */

/* A transaction may run more than once; each run begins afresh. */
static void forget(struct swap *s)
{
    cabin_done(&s->cabin);
    free(s->holders);
    free(s->orders);
    free(s->old);
    free(s->seats);
    free(s->is_taken);
    free(s->texts);
    swapped_flight_done(s->out);
    *s = (struct swap){ .caller = s->caller, .flight_id = s->flight_id, .wish = s->wish, .out = s->out };
    text_copy(s->out->flight_id, sizeof s->out->flight_id, s->flight_id);
}

void swapped_flight_done(struct swapped_flight *flight)
{
    free(flight->moves);
    free(flight->conflicts);
    *flight = (struct swapped_flight){ .version = flight->version };
}

/* ── what there is ──────────────────────────────────────────────────────── */

static enum result check_flight(const struct swap *s)
{
    s->out->version = s->flight.version;
    TRY(step_check_version(s->caller, s->flight.version));
    if (s->flight.status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    return s->flight.departure_ms <= s->flight.read_at_ms ? RESULT_FLIGHT_DEPARTED : RESULT_OK;
}

static enum result read_flight(struct db *db, struct swap *s)
{
    TRY(flight_rows_find(db, s->flight_id, &s->flight));
    TRY(check_flight(s));
    TRY(cabins_read(db, s->wish->cabin_id, s->wish->cabin_version, &s->cabin, &s->out->cabin_version));
    text_copy(s->out->cabin_id, sizeof s->out->cabin_id, s->wish->cabin_id);
    text_copy(s->out->currency, sizeof s->out->currency, s->flight.currency);
    return RESULT_OK;
}

static bool has_cabin_already(const struct swap *s)
{
    return strcmp(s->flight.cabin_id, s->out->cabin_id) == 0 && s->flight.cabin_version == s->out->cabin_version;
}

/* Leaves out the orders whose holds are over, as a reader must see them: their seats are free. Those who change
 * something end such holds first. */
static enum result settle_lapses(struct swap *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->order_count; i++) {
        order_settle_lapse(&s->orders[i]);
        if (s->orders[i].status != ORDER_EXPIRED)
            s->orders[count++] = s->orders[i];
        else
            memmove(s->holders[s->lapsed_count++], s->orders[i].order_id, UUID_SIZE);
    }
    s->order_count = count;
    return s->lapsed_count > 0 && !s->wish->dry_run ? RESULT_ORDER_EXPIRED : RESULT_OK;
}

static enum result read_orders(struct db *db, struct swap *s)
{
    TRY(swaps_list_holders(db, s->flight_id, &s->holders, &s->holder_count));
    s->orders = calloc(s->holder_count + 1, sizeof *s->orders);
    if (s->orders == NULL)
        return RESULT_UNAVAILABLE;
    TRY(orders_read_many(db, (const char(*)[UUID_SIZE])s->holders, s->holder_count, !s->wish->dry_run, s->orders,
                         &s->order_count));
    return settle_lapses(s);
}

static int compare_order(const void *id, const void *order)
{
    return strcmp(id, ((const struct order *)order)->order_id);
}

static int compare_seat(const void *number, const void *seat)
{
    return strcmp(number, ((const struct swap_old_seat *)seat)->number);
}

static const struct swap_old_seat *find_old(const struct swap *s, const char *number)
{
    return bsearch(number, s->old, s->old_count, sizeof *s->old, compare_seat);
}

/* Whether all who have seats are among the orders that were read. */
static bool knows_holders(const struct swap *s)
{
    for (size_t i = 0; i < s->old_count; i++) {
        bool is_known = s->old[i].holder[0] == '\0' ||
                        bsearch(s->old[i].holder, s->orders, s->order_count, sizeof *s->orders, compare_order) != NULL;
        for (size_t k = 0; k < s->lapsed_count && !is_known; k++)
            is_known = strcmp(s->holders[k], s->old[i].holder) == 0;
        if (!is_known)
            return false;
    }
    return true;
}

static enum result read_all(struct db *db, struct swap *s)
{
    const int64_t version = s->flight.version;
    TRY(read_orders(db, s));
    CRASH_POINT("orders-locked");
    TRY(swaps_list_seats(db, s->flight_id, !s->wish->dry_run, &s->old, &s->old_count));
    if (!knows_holders(s))
        return RESULT_RETRY;
    if (s->wish->dry_run)
        return RESULT_OK;
    TRY(flight_rows_lock(db, s->flight_id, &s->flight));
    TRY(check_flight(s));
    return s->flight.version == version ? RESULT_OK : RESULT_RETRY;
}

/* ── the plan ───────────────────────────────────────────────────────────── */

static bool draw_old(const struct swap *s, struct seat_map *map)
{
    for (size_t i = 0; i < s->old_count; i++) {
        const struct swap_old_seat *old = &s->old[i];
        const struct seat_facts facts = {
            .number = old->number,
            .row = old->row,
            .column = old->letters,
            .cabin_class = old->cabin_class[0] == '\0' ? CLASS_ECONOMY : old->cabin_class,
            .features = old->knows_features ? old->features : NULL,
        };
        if (!seat_map_add(map, &facts))
            return false;
    }
    return seat_map_arrange(map, s->flight.seat_layout);
}

/* The seat at this place of an order's list. Without a lock the order may have changed since it was read. */
static enum result add_seat(struct swap *s, const struct seat_map *map, size_t order, size_t at)
{
    const struct order *o = &s->orders[order];
    const struct swap_old_seat *old = find_old(s, o->seats.number[at]);
    if (old == NULL || strcmp(old->holder, o->order_id) != 0 || s->seat_count == s->old_count)
        return s->wish->dry_run ? RESULT_RETRY : RESULT_STALE;
    const struct map_seat *place = seat_map_find(map, old->number);
    struct swap_seat *seat = &s->seats[s->seat_count++];
    *seat = (struct swap_seat){
        .row = old->row,
        .is_window = place->is_window,
        .is_aisle = place->is_aisle,
        .party = order,
        .cents = o->prices.cents[at],
    };
    memcpy(seat->number, old->number, sizeof seat->number);
    text_copy(seat->cabin_class, sizeof seat->cabin_class,
              old->cabin_class[0] == '\0' ? CLASS_ECONOMY : old->cabin_class);
    memcpy(seat->part, o->prices.part[at], sizeof seat->part);
    return RESULT_OK;
}

/* A block goes with the seat's number. */
static void take_blocked(const struct swap *s)
{
    for (size_t i = 0; i < s->old_count; i++) {
        for (size_t k = 0; s->old[i].is_blocked && k < s->cabin.seat_count; k++) {
            if (strcmp(s->cabin.seat[k].number, s->old[i].number) == 0)
                s->is_taken[k] = true;
        }
    }
}

static enum result list_people(struct swap *s, const struct seat_map *map, enum swap_rank *ranks)
{
    for (size_t i = 0; i < s->order_count; i++) {
        ranks[i] = s->orders[i].status == ORDER_PAYMENT_PENDING ? SWAP_BEING_PAID
                   : s->orders[i].status == ORDER_CONFIRMED     ? SWAP_SOLD
                                                                : SWAP_HELD;
        for (size_t at = 0; at < s->orders[i].seats.count; at++)
            TRY(add_seat(s, map, i, at));
    }
    return RESULT_OK;
}

static enum result plan(struct swap *s)
{
    struct seat_map map = SEAT_MAP_INIT;
    enum swap_rank *ranks = calloc(s->order_count + 1, sizeof *ranks);
    enum result r = RESULT_UNAVAILABLE;
    s->seats = calloc(s->old_count + 1, sizeof *s->seats);
    s->is_taken = calloc(s->cabin.seat_count + 1, sizeof *s->is_taken);
    s->texts = calloc(s->old_count + s->order_count + s->cabin.seat_count + 1, sizeof *s->texts);
    if (ranks != NULL && s->seats != NULL && s->is_taken != NULL && s->texts != NULL && draw_old(s, &map)) {
        take_blocked(s);
        r = list_people(s, &map, ranks);
        if (r == RESULT_OK && !swap_plan(s->seats, s->seat_count, ranks, &s->cabin, s->is_taken))
            r = RESULT_UNAVAILABLE;
    }
    seat_map_done(&map);
    free(ranks);
    return r;
}

/* ── what is told of it ─────────────────────────────────────────────────── */

static void describe_seat(const struct swap *s, const struct swap_seat *seat)
{
    struct swapped_flight *out = s->out;
    struct swap_move *move = seat->fate == SWAP_CONFLICTS ? &out->conflicts[out->conflict_count++]
                             : seat->fate == SWAP_MOVES   ? &out->moves[out->move_count++]
                                                          : NULL;
    out->stays += seat->fate == SWAP_STAYS ? 1 : 0;
    if (move == NULL)
        return;
    memcpy(move->order_id, s->orders[seat->party].order_id, sizeof move->order_id);
    memcpy(move->from, seat->number, sizeof move->from);
    move->why = swap_why_name(seat->why);
    if (seat->fate == SWAP_MOVES)
        memcpy(move->to, s->cabin.seat[seat->to].number, sizeof move->to);
}

static enum result describe(const struct swap *s)
{
    s->out->moves = calloc(s->seat_count + 1, sizeof *s->out->moves);
    s->out->conflicts = calloc(s->seat_count + 1, sizeof *s->out->conflicts);
    if (s->out->moves == NULL || s->out->conflicts == NULL)
        return RESULT_UNAVAILABLE;
    for (size_t i = 0; i < s->seat_count; i++)
        describe_seat(s, &s->seats[i]);
    return RESULT_OK;
}

static void add_money(struct swapped_flight *out, const char *currency, int64_t cents)
{
    size_t i = 0;
    while (i < out->refund_count && strcmp(out->refunds[i].currency, currency) != 0)
        i++;
    if (i == CURRENCIES_MAX || cents == 0)
        return;
    if (i == out->refund_count) {
        out->refunds[out->refund_count++].cents = 0;
        text_copy(out->refunds[i].currency, sizeof out->refunds[i].currency, currency);
    }
    out->refunds[i].cents += cents;
}

/* ── an order ───────────────────────────────────────────────────────────── */

/* What becomes of one order. */
struct outcome {
    const struct swap_seat *seats;
    size_t count;
    bool is_changed;
    size_t moves;
    size_t kept;
    int64_t back_cents; /* by how much its price falls */
};

static struct outcome outcome_of(const struct swap *s, size_t first, size_t count)
{
    struct outcome o = { .seats = s->seats + first, .count = count };
    for (size_t i = 0; i < count; i++) {
        const struct swap_seat *seat = &o.seats[i];
        bool is_lost = seat->fate == SWAP_CONFLICTS;
        o.kept += is_lost ? 0 : 1;
        o.moves += seat->fate == SWAP_MOVES ? 1 : 0;
        o.back_cents += is_lost ? seat->cents : seat->lost_cents;
        o.is_changed = o.is_changed || seat->fate != SWAP_STAYS || seat->lost_cents > 0;
    }
    return o;
}

/* How much is given back of what was captured: all that is left of it when the order loses all its seats. */
static enum result refund_of(struct db *db, const struct order *order, const struct outcome *o, int64_t *ret_cents)
{
    int64_t left_cents = 0;
    *ret_cents = 0;
    if (order->status != ORDER_CONFIRMED || (o->back_cents == 0 && o->kept > 0))
        return RESULT_OK;
    enum result r = step_left_to_refund(db, order, &left_cents);
    if (r != RESULT_OK)
        return r == RESULT_NOT_PAID ? RESULT_OK : r;
    *ret_cents = o->kept == 0 || o->back_cents > left_cents ? left_cents : o->back_cents;
    return RESULT_OK;
}

static enum result give_back(struct db *db, const struct swap *s, struct order *order, int64_t cents)
{
    if (cents > 0)
        add_money(s->out, order->currency, cents);
    return step_give_back(db, s->caller, order, cents);
}

static enum result end_order(struct db *db, const struct swap *s, struct order *order, int64_t refund_cents)
{
    const struct author by = step_author(s->caller);
    const struct order was = *order;
    TRY(was.status == ORDER_CONFIRMED ? step_end_confirmed(db, order, ENDED, &by)
                                      : step_cancel_order(db, order, ENDED, &by));
    TRY(give_back(db, s, order, refund_cents));
    TRY(step_audit_order(db, s->caller, AUDIT_CANCEL_ORDER, &was, order));
    s->out->ended_count++;
    return step_tell(db, s->caller->config, MESSAGE_ORDER_CANCELLED, order, s->caller->request_id);
}

/* Writes the order's new seats and what they cost into *order. */
static void seat_order(const struct swap *s, const struct outcome *o, struct order *order)
{
    struct seat_list list = { .count = 0 };
    struct price_list prices = { 0 };
    for (size_t i = 0; i < o->count; i++) {
        const struct swap_seat *seat = &o->seats[i];
        if (seat->fate == SWAP_CONFLICTS)
            continue;
        const struct cabin_seat *to = &s->cabin.seat[seat->to];
        memcpy(list.number[list.count], to->number, SEAT_NUMBER_SIZE);
        prices.cents[list.count] = seat->cents - seat->lost_cents;
        swap_keep_parts(seat->part, to->features, prices.part[list.count]);
        list.count++;
    }
    order->seats = list;
    order->prices = prices;
    order->total_price_cents = price_list_sum(&prices, list.count);
}

static enum result move_order(struct db *db, struct swap *s, const struct outcome *o, struct order *order,
                              int64_t refund_cents)
{
    const struct author by = step_author(s->caller);
    const struct order was = *order;
    seat_order(s, o, order);
    TRY(step_move_order(db, order, ORDER_EVENT_MOVE_SEATS));
    TRY(step_log_seats(db, &was, order, &by));
    TRY(give_back(db, s, order, refund_cents));
    TRY(step_audit_order(db, s->caller, AUDIT_CHANGE_SEATS, &was, order));
    if (o->moves > 0)
        s->texts[s->moved_count++] = order->order_id;
    if (o->moves > 0 && s->has_boarded)
        TRY(boardings_remove(db, order->order_id));
    s->freed_count += o->moves + (o->count - o->kept);
    return step_tell(db, s->caller->config, MESSAGE_SEAT_MOVED, order, s->caller->request_id);
}

static enum result change_orders(struct db *db, struct swap *s)
{
    size_t first = 0;
    for (size_t i = 0; i < s->order_count; i++) {
        struct order *order = &s->orders[i];
        const struct outcome o = outcome_of(s, first, order->seats.count);
        int64_t refund_cents = 0;
        first += o.count;
        if (!o.is_changed)
            continue;
        TRY(refund_of(db, order, &o, &refund_cents));
        TRY(o.kept == 0 ? end_order(db, s, order, refund_cents) : move_order(db, s, &o, order, refund_cents));
        CRASH_POINT("order");
    }
    return RESULT_OK;
}

/* What change_orders() would give back; of seats without a place only if that was asked for. */
static enum result foresee_refunds(struct db *db, const struct swap *s)
{
    size_t first = 0;
    for (size_t i = 0; i < s->order_count; i++) {
        const struct order *order = &s->orders[i];
        struct outcome o = outcome_of(s, first, order->seats.count);
        int64_t cents = 0;
        first += o.count;
        for (size_t k = 0; k < o.count && !s->wish->refund_conflicts; k++)
            o.back_cents -= o.seats[k].fate == SWAP_CONFLICTS ? o.seats[k].cents : 0;
        o.kept = s->wish->refund_conflicts ? o.kept : o.count;
        TRY(refund_of(db, order, &o, &cents));
        add_money(s->out, order->currency, cents);
    }
    return RESULT_OK;
}

/* ── the seats ──────────────────────────────────────────────────────────── */

static const struct cabin_seat *find_new(const struct swap *s, const char *number)
{
    for (size_t i = 0; i < s->cabin.seat_count; i++) {
        if (strcmp(s->cabin.seat[i].number, number) == 0)
            return &s->cabin.seat[i];
    }
    return NULL;
}

static bool is_as_before(const struct swap *s, const struct cabin_seat *seat)
{
    const struct swap_old_seat *old = find_old(s, seat->number);
    return old != NULL && old->row == seat->row && old->knows_features && strcmp(old->letters, seat->letters) == 0 &&
           strcmp(old->cabin_class, seat->cabin_class) == 0 && strcmp(old->features, seat->features) == 0;
}

static enum result rebuild_seats(struct db *db, const struct swap *s)
{
    const struct cabin_seat **written = calloc(s->cabin.seat_count + 1, sizeof(const struct cabin_seat *));
    const char **gone = s->texts + s->order_count;
    size_t written_count = 0;
    size_t gone_count = 0;
    if (written == NULL)
        return RESULT_UNAVAILABLE;
    for (size_t i = 0; i < s->old_count; i++) {
        if (find_new(s, s->old[i].number) == NULL)
            gone[gone_count++] = s->old[i].number;
    }
    for (size_t i = 0; i < s->cabin.seat_count; i++) {
        if (!is_as_before(s, &s->cabin.seat[i]))
            written[written_count++] = &s->cabin.seat[i];
    }
    enum result r = swaps_remove_seats(db, s->flight_id, gone, gone_count);
    if (r == RESULT_OK)
        r = swaps_write_seats(db, s->flight_id, written, written_count);
    free(written);
    return r;
}

static size_t count_moves(const struct swap *s, const char *const *order_ids, size_t count)
{
    size_t moves = 0;
    for (size_t i = 0; i < s->out->move_count; i++) {
        for (size_t k = 0; k < count; k++)
            moves += strcmp(order_ids[k], s->out->moves[i].order_id) == 0 ? 1 : 0;
    }
    return moves;
}

static enum result take_seats(struct db *db, const struct swap *s)
{
    for (size_t done = 0; done < s->moved_count; done += SWAP_ORDERS_MAX) {
        const char *const *ids = s->texts + done;
        size_t count = s->moved_count - done < SWAP_ORDERS_MAX ? s->moved_count - done : SWAP_ORDERS_MAX;
        TRY(swaps_take(db, ids, count, count_moves(s, ids, count)));
    }
    return RESULT_OK;
}

/* ── the transaction ────────────────────────────────────────────────────── */

static bool is_refused(const struct swap *s)
{
    for (size_t i = 0; i < s->out->conflict_count; i++) {
        if (!s->wish->refund_conflicts || strcmp(s->out->conflicts[i].why, swap_why_name(SWAP_PAYMENT_PENDING)) == 0)
            return true;
    }
    return false;
}

static enum result audit_flight(struct db *db, const struct swap *s)
{
    static const char form[] = "{\"cabin\":\"%s\",\"cabinVersion\":%lld,\"version\":%lld}";
    char before[160];
    char after[160];
    (void)snprintf(before, sizeof before, form, s->flight.cabin_id, (long long)s->flight.cabin_version,
                   (long long)s->flight.version);
    (void)snprintf(after, sizeof after, form, s->out->cabin_id, (long long)s->out->cabin_version,
                   (long long)s->out->version);
    return step_audit(db, s->caller, AUDIT_SWAP_CABIN, AUDIT_OF_FLIGHT, s->flight_id, before, after);
}

static enum result apply(struct db *db, struct swap *s)
{
    TRY(swaps_has_boarded(db, s->flight_id, &s->has_boarded));
    TRY(change_orders(db, s));
    TRY(swaps_release(db, s->flight_id, s->freed_count));
    CRASH_POINT("released");
    TRY(rebuild_seats(db, s));
    CRASH_POINT("rebuilt");
    TRY(take_seats(db, s));
    TRY(swaps_update_flight(db, s->flight_id, s->flight.version, s->out->cabin_id, s->out->cabin_version, &s->cabin));
    TRY(flight_counts_forget(db, s->flight_id));
    s->out->version = s->flight.version + 1;
    return audit_flight(db, s);
}

static enum result count_stays(struct db *db, struct swap *s)
{
    TRY(swaps_list_seats(db, s->flight_id, false, &s->old, &s->old_count));
    for (size_t i = 0; i < s->old_count; i++)
        s->out->stays += s->old[i].holder[0] != '\0' ? 1 : 0;
    return step_before_commit(db, s->caller, NULL);
}

static enum result swap_in_txn(struct db *db, void *context)
{
    struct swap *s = context;
    forget(s);

    CRASH_SCOPE("swap");
    TRY(read_flight(db, s));
    if (has_cabin_already(s))
        return count_stays(db, s);
    TRY(read_all(db, s));
    TRY(plan(s));
    TRY(describe(s));
    if (!s->wish->dry_run && is_refused(s))
        return RESULT_SEATS_UNAVAILABLE;
    TRY(s->wish->dry_run ? foresee_refunds(db, s) : apply(db, s));
    return step_before_commit(db, s->caller, NULL);
}

/* Ends the holds that are over, which swap_in_txn() has found. */
static enum result expire_lapsed(struct db *db, const struct swap *s)
{
    for (size_t done = 0; done < s->lapsed_count; done += JOBS_CLAIM_MAX) {
        size_t count = s->lapsed_count - done < JOBS_CLAIM_MAX ? s->lapsed_count - done : JOBS_CLAIM_MAX;
        size_t expired = 0;
        TRY(booking_expire(db, s->caller->config, (const char(*)[UUID_SIZE])s->holders + done, count, NULL, &expired));
    }
    return RESULT_OK;
}

enum result booking_swap_cabin(struct db *db, const struct caller *caller, const char *flight_id,
                               const struct swap_wish *wish, struct swapped_flight *reterr_flight)
{
    struct swap s = { .caller = caller, .flight_id = flight_id, .wish = wish, .out = reterr_flight };
    enum result r = RESULT_ORDER_EXPIRED;
    *reterr_flight = (struct swapped_flight){ .version = 0 };
    for (int tries = 0; r == RESULT_ORDER_EXPIRED && tries < TRIES; tries++) {
        r = txn_run(db, NULL, swap_in_txn, &s);
        if (r != RESULT_ORDER_EXPIRED)
            break;
        const enum result expired = expire_lapsed(db, &s);
        if (expired != RESULT_OK)
            r = expired;
    }
    if (r == RESULT_OK && !wish->dry_run)
        metrics_add_moves(ORDER_CANCELLED, reterr_flight->ended_count);
    /* All that is left to tell is in *reterr_flight. */
    struct swapped_flight kept = *reterr_flight;
    *reterr_flight = (struct swapped_flight){ .version = 0 };
    forget(&s);
    *reterr_flight = kept;
    return r == RESULT_ORDER_EXPIRED ? RESULT_UNAVAILABLE : r;
}
