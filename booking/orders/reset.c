/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/flights.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

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
    TRY(step_cancel_order(db, &reset->order, "reset by the operator", &by));
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

#define PAGE 64

enum result booking_reset(struct db *db, const struct caller *caller, const char *flight_id,
                          int64_t *reterr_orders_ended, int64_t *reterr_seats_freed)
{
    char ids[PAGE][UUID_SIZE];
    char after[UUID_SIZE] = "";
    int64_t until_ms = TIME_NONE; /* orders made from now on are not part of this reset */
    size_t count = 0;
    enum result worst = RESULT_OK;

    *reterr_orders_ended = *reterr_seats_freed = 0;
    enum result r = flight_id == NULL ? RESULT_OK : flights_exists(db, flight_id);
    while (r == RESULT_OK) {
        r = seats_holders(db, flight_id, after, &until_ms, PAGE, ids, &count);
        if (r != RESULT_OK || count == 0)
            return r == RESULT_OK ? worst : r;
        for (size_t i = 0; r == RESULT_OK && i < count; i++) {
            struct reset reset = { .caller = caller, .order_id = ids[i] };
            r = reset_order(db, &reset, reterr_orders_ended, reterr_seats_freed);
            /* An order that cannot be ended does not keep the others from it. */
            if (r == RESULT_INTERNAL) {
                worst = r;
                r = RESULT_OK;
            }
        }
        memcpy(after, ids[count - 1], sizeof after);
    }
    return r;
}
