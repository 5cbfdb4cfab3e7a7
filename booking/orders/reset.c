/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/expiry.h"
#include "booking/store/flights.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

#define WHY "reset by the operator"

/* ── one order ──────────────────────────────────────────────────────────── */

struct reset {
    const struct caller *caller;
    const char *order_id;
    struct order order;
    bool ended;
};

/* A confirmed order stays confirmed; only its seats are given back, and its
 * history says by whom. */
static enum result free_confirmed(struct db *db, const struct reset *reset)
{
    struct event event = {
        .order_id = reset->order_id,
        .type = EVENT_SEATS_FREED_BY_ADMIN,
        .by = step_author(reset->caller),
    };
    TRY(seats_release(db, &reset->order));
    TRY(events_add(db, &event));
    return step_audit_order(db, reset->caller, AUDIT_FREE_SEATS, &reset->order, &reset->order);
}

static enum result reset_in_txn(struct db *db, void *context)
{
    struct reset *reset = context;
    const struct author by = step_author(reset->caller);
    struct order was;
    reset->ended = false;

    CRASH_SCOPE("reset");
    TRY(step_lock_order(db, reset->caller, reset->order_id, &reset->order));
    if (reset->order.status == ORDER_EXPIRED)
        return RESULT_ORDER_EXPIRED;
    if (reset->order.status == ORDER_CONFIRMED)
        return free_confirmed(db, reset);
    reset->ended = true;
    was = reset->order;
    TRY(step_cancel_order(db, &reset->order, WHY, &by));
    TRY(step_audit_order(db, reset->caller, AUDIT_CANCEL_ORDER, &was, &reset->order));
    return step_tell(db, reset->caller->config, MESSAGE_ORDER_CANCELLED, &reset->order, reset->caller->request_id);
}

/* Resets one order that holds seats. It may have let go of them meanwhile,
 * which is as good. */
static enum result reset_order(struct db *db, struct reset *reset, int64_t *ended, int64_t *freed)
{
    enum result r = txn_run(db, reset->order_id, reset_in_txn, reset);
    if (r == RESULT_ORDER_EXPIRED) {
        size_t expired = 0;
        char id[1][UUID_SIZE];
        memcpy(id[0], reset->order_id, UUID_SIZE);
        r = booking_expire(db, reset->caller->config, (const char(*)[UUID_SIZE])id, 1, NULL, &expired);
        reset->ended = expired > 0;
    }
    if (r == RESULT_OK) {
        *ended += reset->ended ? 1 : 0;
        if (reset->ended && reset->order.status == ORDER_CANCELLED)
            metrics_add_moves(ORDER_CANCELLED, 1);
        *freed += (int64_t)reset->order.seats.count;
    }
    bool moved_on = r == RESULT_STALE || r == RESULT_ORDER_CLOSED || r == RESULT_ORDER_NOT_FOUND;
    return moved_on ? RESULT_OK : r;
}

/* ── holds, many at once ────────────────────────────────────────────────── */

/* Most of what is reset are holds that go on. Up to EXPIRY_MAX of them end in one transaction; whatever else there
 * is, or is locked, or does not work out, is reset one by one after that. */
struct batch {
    const struct caller *caller;
    const char (*order_ids)[UUID_SIZE];
    size_t count;
    struct expiry_list ended;
    /* One of those that end, which shows whether a COMMIT without an answer was carried out: all of them do or none. */
    char witness[UUID_SIZE];
};

static enum result record(struct db *db, const struct caller *caller, const struct expiry_list *ended)
{
    bool any = caller->staff.person_id != 0 || caller->config->webhook_url[0] != '\0';
    enum result r = RESULT_OK;
    for (size_t i = 0; any && r == RESULT_OK && i < ended->count; i++) {
        struct order order;
        TRY(orders_lock(db, ended->order[i].order_id, NULL, &order));
        struct order was = order;
        was.status = ORDER_SEATS_RESERVED;
        was.version--;
        TRY(step_audit_order(db, caller, AUDIT_CANCEL_ORDER, &was, &order));
        r = step_tell(db, caller->config, MESSAGE_ORDER_CANCELLED, &order, caller->request_id);
    }
    return r;
}

static enum result end_holds_in_txn(struct db *db, void *context)
{
    struct batch *b = context;
    const struct author by = step_author(b->caller);
    struct expiry_list all;

    CRASH_SCOPE("reset-holds");
    b->ended.count = 0;
    TRY(expiry_lock(db, b->order_ids, b->count, false, &all));
    for (size_t i = 0; i < all.count; i++)
        if (all.order[i].status == ORDER_SEATS_RESERVED && all.order[i].expires_at_ms > all.order[i].read_at_ms)
            b->ended.order[b->ended.count++] = all.order[i];
    if (b->ended.count == 0)
        return RESULT_OK;
    text_copy(b->witness, sizeof b->witness, b->ended.order[0].order_id);
    TRY(expiry_cancel(db, &b->ended, WHY, &by));
    CRASH_POINT("released");
    TRY(expiry_drop_timers(db, &b->ended));
    return record(db, b->caller, &b->ended);
}

static bool is_among(const struct expiry_list *list, const char *order_id)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->order[i].order_id, order_id) == 0)
            return true;
    return false;
}

/* Ends the holds among these orders; ended tells which that were. */
static void end_holds(struct db *db, struct batch *b, int64_t *ended, int64_t *freed)
{
    text_copy(b->witness, sizeof b->witness, b->order_ids[0]);
    if (txn_run(db, b->witness, end_holds_in_txn, b) != RESULT_OK)
        b->ended.count = 0;
    *ended += (int64_t)b->ended.count;
    metrics_add_moves(ORDER_CANCELLED, b->ended.count);
    for (size_t i = 0; i < b->ended.count; i++)
        *freed += (int64_t)b->ended.order[i].seat_count;
}

/* ── all of them ────────────────────────────────────────────────────────── */

static enum result reset_page(struct db *db, const struct caller *caller, const char (*ids)[UUID_SIZE], size_t count,
                              int64_t *ended, int64_t *freed)
{
    struct batch batch = { .caller = caller, .order_ids = ids, .count = count };
    enum result worst = RESULT_OK;
    end_holds(db, &batch, ended, freed);
    for (size_t i = 0; i < count; i++) {
        struct reset reset = { .caller = caller, .order_id = ids[i] };
        enum result r = is_among(&batch.ended, ids[i]) ? RESULT_OK : reset_order(db, &reset, ended, freed);
        /* An order that cannot be ended does not keep the others from it. */
        if (r == RESULT_INTERNAL)
            worst = r;
        else
            TRY(r);
    }
    return worst;
}

enum result booking_reset(struct db *db, const struct caller *caller, const char *flight_id,
                          int64_t *reterr_orders_ended, int64_t *reterr_seats_freed)
{
    char ids[EXPIRY_MAX][UUID_SIZE];
    char after[UUID_SIZE] = "";
    int64_t until_ms = TIME_NONE; /* orders made from now on are not part of this reset */
    size_t count = 0;
    enum result worst = RESULT_OK;

    *reterr_orders_ended = *reterr_seats_freed = 0;
    enum result r = flight_id == NULL ? RESULT_OK : flights_exists(db, flight_id);
    while (r == RESULT_OK) {
        r = seats_holders(db, flight_id, after, &until_ms, EXPIRY_MAX, ids, &count);
        if (r != RESULT_OK || count == 0)
            return r == RESULT_OK ? worst : r;
        memcpy(after, ids[count - 1], sizeof after);
        r = reset_page(db, caller, (const char(*)[UUID_SIZE])ids, count, reterr_orders_ended, reterr_seats_freed);
        if (r == RESULT_INTERNAL) {
            worst = r;
            r = RESULT_OK;
        }
    }
    return r;
}
