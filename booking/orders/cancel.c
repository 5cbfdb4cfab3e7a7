/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/txn.h"

struct cancellation {
    const struct caller *caller;
    const char *order_id;
    struct order *order;
};

static enum result cancel_in_txn(struct db *db, void *context)
{
    struct cancellation *c = context;
    const struct author by = step_author(c->caller);
    struct order was;
    enum order_status next;

    CRASH_SCOPE("cancel");
    TRY(step_lock_order(db, c->caller, c->order_id, c->order));
    was = *c->order;
    TRY(order_next(c->order->status, ORDER_EVENT_CANCEL, &next));
    TRY(step_cancel_order(db, c->order, by.actor_id != 0 ? "cancelled by an operator" : "cancelled by the customer",
                          &by));
    TRY(step_audit_order(db, c->caller, AUDIT_CANCEL_ORDER, &was, c->order));
    TRY(step_tell(db, c->caller->config, MESSAGE_ORDER_CANCELLED, c->order, c->caller->request_id));
    return step_before_commit(db, c->caller, c->order);
}

static void recall_cancel(const struct order *now, void *context)
{
    const struct cancellation *c = context;
    step_recall(c->caller, now, c->order);
}

enum result booking_cancel(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    struct cancellation c = { caller, order_id, reterr_order };
    enum result r = txn_run_answered(db, order_id, cancel_in_txn, recall_cancel, &c);
    if (r == RESULT_OK)
        metrics_add_moves(reterr_order->status, 1);
    return r;
}
