/* SPDX-License-Identifier: MIT */
/* A flight leaves or arrives at another time: a TELL_FLIGHT job goes over its orders, one after the other, moves the
 * end of a hold that would outlast the departure, and tells of the change. What has been done is written into each
 * order's history, so the job may be killed anywhere, and tells nobody twice. */

#include "booking/base/crash_point.h"
#include "booking/orders/steps.h"
#include "booking/store/flight_rows.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

struct telling {
    const struct config *config;
    const struct job *job;
    const char *worker;
    const char *order_id;
};

enum result booking_orders_to_tell(struct db *db, const struct job *job, size_t limit, char (*reterr_ids)[UUID_SIZE],
                                   size_t *reterr_count)
{
    return flight_rows_orders_to_tell(db, job->flight_id, job->job_id, limit, reterr_ids, reterr_count);
}

static bool is_concerned(const struct order *order)
{
    return order->status == ORDER_SEATS_RESERVED || order->status == ORDER_PAYMENT_PENDING ||
           order->status == ORDER_CONFIRMED;
}

/* Locks an order and its flight, and reads both under the lock: a second change comes before, or waits until this one
 * is written down, and then has a job of its own that is newer. */
static enum result lock(struct db *db, const char *order_id, struct order *ret_order)
{
    struct order order;
    TRY(orders_lock_free(db, order_id, &order));
    TRY(flight_rows_share(db, order.flight_id));
    return orders_lock_free(db, order_id, ret_order);
}

static enum result tell_in_txn(struct db *db, void *context)
{
    const struct telling *t = context;
    struct order order;
    char departure[TIMESTAMP_SIZE];

    CRASH_SCOPE("tell-flight");
    TRY(lock(db, t->order_id, &order));
    order_settle_lapse(&order);
    if (!is_concerned(&order))
        return RESULT_OK;
    /* The order is read with the end that the flight allows. */
    if (order.status == ORDER_SEATS_RESERVED)
        TRY(jobs_move(db, JOB_EXPIRE_HOLD, order.order_id, order.expires_at_ms));
    timestamp_format(order.flight.departure_ms, departure);
    const struct event event = {
        .order_id = order.order_id,
        .type = EVENT_FLIGHT_CHANGED,
        .detail = departure,
        .by = { .request_id = t->job->request_id, .worker = t->worker },
    };
    TRY(events_add(db, &event));
    CRASH_POINT("written");
    return step_tell(db, t->config, MESSAGE_FLIGHT_CHANGED, &order, t->job->request_id);
}

enum result booking_tell_change(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                const char *order_id)
{
    struct telling t = { config, job, worker, order_id };
    return txn_run(db, order_id, tell_in_txn, &t);
}
