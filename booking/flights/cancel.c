/* SPDX-License-Identifier: MIT */
/* A flight is cancelled in one transaction, which takes it off sale and adds a job. It locks the flight's row alone. A
 * hold reads that row under a shared lock, so each either comes before and is found by the job, or is refused.
 *
 * The job is the walk (sweeper/cancel_flight.c): it ends the flight's orders one after the other, each in a transaction
 * of its own, which locks the order first and does what the order's state asks for. Nothing is kept of how far it has
 * come: an order that has ended holds no seats and is not found again. So it may be killed anywhere, and two sweepers
 * may do it at once. It is over when it finds no order. */

#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/cancellations.h"
#include "booking/store/flight_facts.h"
#include "booking/store/flight_rows.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

#define WHY "the flight was cancelled"

/* ── the flight ─────────────────────────────────────────────────────────── */

struct cancelling {
    const struct caller *caller;
    const char *flight_id;
    struct cancelled_flight *flight;
};

static void add_orders(const struct flight_orders *orders, void *context)
{
    struct cancelled_flight *flight = context;
    flight->holds += orders->holds;
    flight->payments += orders->payments;
    flight->confirmed += orders->confirmed;
    if (orders->refund_cents == 0 || flight->refund_count == CURRENCIES_MAX)
        return;
    struct money *money = &flight->refunds[flight->refund_count++];
    text_copy(money->currency, sizeof money->currency, orders->currency);
    money->cents = orders->refund_cents;
}

/* Says what there is to do, and what the flight is. */
static enum result describe(struct db *db, const struct cancelling *c, const struct flight_row *row)
{
    *c->flight = (struct cancelled_flight){ .status = row->status, .version = row->version };
    text_copy(c->flight->flight_id, sizeof c->flight->flight_id, c->flight_id);
    text_copy(c->flight->currency, sizeof c->flight->currency, row->currency);
    return cancellations_count_orders(db, c->flight_id, add_orders, c->flight);
}

static enum result audit(struct db *db, const struct cancelling *c, const struct flight_row *was,
                         const struct flight_row *became)
{
    static const char form[] = "{\"status\":\"%s\",\"version\":%lld}";
    char before[80];
    char after[80];
    (void)snprintf(before, sizeof before, form, flight_status_name(was->status), (long long)was->version);
    (void)snprintf(after, sizeof after, form, flight_status_name(became->status), (long long)became->version);
    return step_audit(db, c->caller, AUDIT_CANCEL_FLIGHT, AUDIT_OF_FLIGHT, c->flight_id, before, after);
}

static enum result cancel_in_txn(struct db *db, void *context)
{
    const struct cancelling *c = context;
    struct flight_row was;
    char subject[UUID_SIZE];
    bool goes_on = false;

    CRASH_SCOPE("cancel-flight");
    TRY(flight_rows_lock(db, c->flight_id, &was));
    c->flight->version = was.version;
    TRY(step_check_version(c->caller, was.version));
    struct flight_row now = was;
    if (was.status != FLIGHT_CANCELLED)
        TRY(flight_rows_cancel(db, &now, c->caller->reason));
    CRASH_POINT("off-sale");
    TRY(jobs_of_flight(db, JOB_CANCEL_FLIGHT, c->flight_id, &goes_on));
    random_uuid(subject);
    if (!goes_on)
        TRY(jobs_add_about_flight(db, JOB_CANCEL_FLIGHT, c->flight_id, subject, 0, c->caller->request_id));
    if (!goes_on)
        TRY(audit(db, c, &was, &now));
    TRY(describe(db, c, &now));
    return step_before_commit(db, c->caller, NULL);
}

static enum result foresee_in_txn(struct db *db, void *context)
{
    const struct cancelling *c = context;
    struct flight_row now;
    TRY(flight_rows_find(db, c->flight_id, &now));
    c->flight->version = now.version;
    TRY(step_check_version(c->caller, now.version));
    TRY(describe(db, c, &now));
    return step_before_commit(db, c->caller, NULL);
}

enum result booking_cancel_flight(struct db *db, const struct caller *caller, const char *flight_id, bool dry_run,
                                  struct cancelled_flight *reterr_flight)
{
    struct cancelling c = { caller, flight_id, reterr_flight };
    *reterr_flight = (struct cancelled_flight){ .version = 0 };
    return txn_run(db, NULL, dry_run ? foresee_in_txn : cancel_in_txn, &c);
}

/* ── its orders ─────────────────────────────────────────────────────────── */

enum result booking_cancelled_orders(struct db *db, const struct job *job, const char *after_id, size_t limit,
                                     char (*reterr_ids)[UUID_SIZE], size_t *reterr_count)
{
    return cancellations_next(db, job->flight_id, after_id, limit, reterr_ids, reterr_count);
}

struct ending {
    const struct config *config;
    const struct job *job;
    const char *worker;
    const char *order_id;
    bool ended;
};

/* Nothing is left to refund if nothing was captured, or all was given back before. */
static enum result end_sale(struct db *db, struct order *order, const struct author *by)
{
    struct refund refund = { .amount_cents = 0 };
    random_uuid(refund.refund_id);
    TRY(step_end_confirmed(db, order, WHY, by));
    enum result r = step_request_refund(db, order, 0, WHY, by, &refund);
    return r == RESULT_NOT_PAID || r == RESULT_REFUND_TOO_LARGE ? RESULT_OK : r;
}

static enum result end_in_txn(struct db *db, void *context)
{
    struct ending *e = context;
    const struct author by = { .request_id = e->job->request_id, .worker = e->worker };
    struct order order;
    e->ended = false;

    CRASH_SCOPE("end-cancelled");
    TRY(orders_lock_free(db, e->order_id, &order));
    order_settle_lapse(&order);
    if (order.status == ORDER_EXPIRED)
        return RESULT_ORDER_EXPIRED;
    if (order.flight.status != FLIGHT_CANCELLED ||
        (order_status_is_final(order.status) && order.status != ORDER_CONFIRMED))
        return RESULT_OK;
    TRY(order.status == ORDER_CONFIRMED ? end_sale(db, &order, &by) : step_cancel_order(db, &order, WHY, &by));
    TRY(step_tell(db, e->config, MESSAGE_FLIGHT_CANCELLED, &order, e->job->request_id));
    e->ended = true;
    return RESULT_OK;
}

enum result booking_end_cancelled(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  const char *order_id)
{
    struct ending e = { .config = config, .job = job, .worker = worker, .order_id = order_id };
    enum result r = txn_run(db, order_id, end_in_txn, &e);
    if (r == RESULT_ORDER_EXPIRED) {
        char id[1][UUID_SIZE];
        size_t expired = 0;
        text_copy(id[0], UUID_SIZE, order_id);
        return booking_expire(db, config, (const char(*)[UUID_SIZE])id, 1, NULL, &expired);
    }
    if (r == RESULT_OK && e.ended)
        metrics_add_moves(ORDER_CANCELLED, 1);
    return r;
}

/* ── the walk ───────────────────────────────────────────────────────────── */

struct walk_end {
    const struct job *job;
    int64_t pause_ms;
};

static enum result pause_in_txn(struct db *db, void *context)
{
    const struct walk_end *w = context;
    CRASH_SCOPE("pause-walk");
    return jobs_postpone(db, w->job, w->pause_ms, NULL);
}

static enum result end_walk_in_txn(struct db *db, void *context)
{
    const struct walk_end *w = context;
    CRASH_SCOPE("end-walk");
    return jobs_finish(db, w->job);
}

enum result booking_pause_walk(struct db *db, const struct job *job, int64_t pause_ms)
{
    struct walk_end w = { job, pause_ms };
    return txn_run(db, NULL, pause_in_txn, &w);
}

enum result booking_end_walk(struct db *db, const struct job *job)
{
    struct walk_end w = { job, 0 };
    return txn_run(db, NULL, end_walk_in_txn, &w);
}
