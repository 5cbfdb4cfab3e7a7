/* SPDX-License-Identifier: MIT */
/* A member of staff holds seats longer than RESERVATION_TIMEOUT and RESERVATION_LIMIT: for a group, or on the phone. */

#include "booking/base/crash_point.h"
#include "booking/base/timestamp.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

struct extending {
    const struct caller *caller;
    const char *order_id;
    int64_t until_ms;
    struct order *order;
};

static enum result log_end(struct db *db, const struct order *o, const struct author *by)
{
    char end[TIMESTAMP_SIZE];
    timestamp_format(o->expires_at_ms, end);
    return step_log_move(db, o, EVENT_HOLD_EXTENDED, ORDER_SEATS_RESERVED, end, by);
}

/* The flight is read with the order: if it leaves earlier by now, every reader has the earlier end. */
static enum result extend_in_txn(struct db *db, void *context)
{
    const struct extending *e = context;
    const struct author by = step_author(e->caller);
    struct order *o = e->order;
    enum order_status next;

    CRASH_SCOPE("extend");
    TRY(step_lock_order(db, e->caller, e->order_id, o));
    TRY(order_next(o->status, ORDER_EVENT_EXTEND, &next));
    if (o->flight.status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    if (e->until_ms < o->expires_at_ms)
        return RESULT_INVALID_REQUEST;
    const struct order was = *o;
    o->expires_at_ms = e->until_ms < o->flight.departure_ms ? e->until_ms : o->flight.departure_ms;
    TRY(step_move_order(db, o, ORDER_EVENT_EXTEND));
    TRY(jobs_move(db, JOB_EXPIRE_HOLD, o->order_id, o->expires_at_ms));
    TRY(log_end(db, o, &by));
    TRY(step_audit_order(db, e->caller, AUDIT_EXTEND_HOLD, &was, o));
    return step_before_commit(db, e->caller, o);
}

static void recall_extend(const struct order *now, void *context)
{
    const struct extending *e = context;
    step_recall(e->caller, now, e->order);
}

enum result booking_extend(struct db *db, const struct caller *caller, const char *order_id, int64_t until_ms,
                           struct order *reterr_order)
{
    struct extending e = { caller, order_id, until_ms, reterr_order };
    return txn_run_answered(db, order_id, extend_in_txn, recall_extend, &e);
}
