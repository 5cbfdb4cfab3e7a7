#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/txn.h"

struct cancellation {
    const struct caller *caller;
    const char *order_id;
    struct order *order;
};

static enum result cancel_in_txn(struct db *db, void *context)
{
    struct cancellation *c = context;
    bool by_operator = c->caller->kind == CALLER_OPERATOR;
    enum order_status next;

    CRASH_SCOPE("cancel");
    enum result r = part_lock_order(db, c->caller, c->order_id, c->order);
    if (r == RESULT_OK)
        r = order_next(c->order->status, ORDER_EVENT_CANCEL, &next);
    if (r == RESULT_OK)
        r = part_cancel_order(db, c->order, by_operator ? "cancelled by an operator" : "cancelled by the customer",
                              c->caller->request_id);
    if (r == RESULT_OK)
        r = part_before_commit(db, c->caller, c->order);
    return r;
}

enum result booking_cancel(struct db *db, const struct caller *caller, const char *order_id,
                           struct order *ret_order)
{
    struct cancellation c = { caller, order_id, ret_order };
    enum result r = txn_run(db, order_id, cancel_in_txn, &c);
    if (r == RESULT_OK)
        metrics_add_moves(ret_order->status, 1);
    return r;
}
