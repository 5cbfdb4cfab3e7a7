/* SPDX-License-Identifier: MIT */
/* A refund is asked for in one transaction, which adds its row and its job; a sweeper makes it at the gateway, under
 * its own key, until the gateway has answered; and another transaction writes down what came of it. All lock the order
 * first, so that the sum of an order's refunds never exceeds what was captured. */

#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

/* ── asking for one ─────────────────────────────────────────────────────── */

struct wish {
    const struct caller *caller;
    const char *order_id;
    int64_t amount_cents;
    struct order order;
    struct refund *refund;
};

/* With the payment. */
static enum result left_to_refund(struct db *db, const char *order_id, struct payment *reterr_payment,
                                  int64_t *ret_cents)
{
    int64_t asked_cents = 0;
    enum result r = payments_find(db, order_id, reterr_payment);
    if (r == RESULT_NOT_FOUND || (r == RESULT_OK && strcmp(reterr_payment->status, "APPROVED") != 0))
        return RESULT_NOT_PAID;
    TRY(r);
    TRY(refunds_sum(db, order_id, &asked_cents));
    *ret_cents = reterr_payment->amount_cents - asked_cents;
    return RESULT_OK;
}

enum result step_left_to_refund(struct db *db, const struct order *order, int64_t *ret_cents)
{
    struct payment payment;
    int64_t left_cents = 0;
    TRY(left_to_refund(db, order->order_id, &payment, &left_cents));
    *ret_cents = left_cents > order->fee_cents ? left_cents - order->fee_cents : 0;
    return RESULT_OK;
}

static enum result log_request(struct db *db, const struct refund *refund, const struct author *by)
{
    char text[80];
    (void)snprintf(text, sizeof text, "%lld %s", (long long)refund->amount_cents, refund->currency);
    struct event event = {
        .order_id = refund->order_id,
        .type = EVENT_REFUND_REQUESTED,
        .detail = text,
        .by = *by,
    };
    return events_add(db, &event);
}

enum result step_request_refund(struct db *db, struct order *order, int64_t amount_cents, const char *reason,
                                const struct author *by, struct refund *refund)
{
    struct payment payment;
    int64_t left_cents = 0;
    TRY(left_to_refund(db, order->order_id, &payment, &left_cents));
    refund->amount_cents = amount_cents == 0 ? left_cents - order->fee_cents : amount_cents;
    if (refund->amount_cents <= 0 || refund->amount_cents > left_cents)
        return RESULT_REFUND_TOO_LARGE;
    text_copy(refund->order_id, sizeof refund->order_id, order->order_id);
    text_copy(refund->payment_id, sizeof refund->payment_id, payment.payment_id);
    text_copy(refund->currency, sizeof refund->currency, payment.currency);
    text_copy(refund->reason, sizeof refund->reason, reason == NULL ? "" : reason);
    TRY(refunds_add(db, refund));
    CRASH_POINT("inserted");
    TRY(jobs_add_about(db, JOB_REFUND_CHARGE, order->order_id, refund->refund_id, 0, by->request_id));
    order->refunded_cents += refund->amount_cents;
    return log_request(db, refund, by);
}

enum result step_give_back(struct db *db, const struct caller *caller, struct order *order, int64_t amount_cents)
{
    const struct author by = step_author(caller);
    struct refund refund = { .amount_cents = 0 };
    if (amount_cents == 0)
        return RESULT_OK;
    random_uuid(refund.refund_id);
    return step_request_refund(db, order, amount_cents, caller->reason, &by, &refund);
}

static enum result audit_refund(struct db *db, const struct wish *w)
{
    char text[80];
    (void)snprintf(text, sizeof text, "{\"amountCents\":%lld,\"currency\":\"%s\"}", (long long)w->refund->amount_cents,
                   w->refund->currency);
    return step_audit(db, w->caller, AUDIT_REFUND, AUDIT_OF_ORDER, w->order_id, NULL, text);
}

/* What is left is the price of the seats that the order has, unless a refund failed. */
static int64_t owed_by_rule(const struct order *o, int64_t free_cents)
{
    const int64_t price_cents = o->status == ORDER_CONFIRMED ? o->total_price_cents : 0;
    return free_cents > price_cents ? free_cents - price_cents : 0;
}

/* What staff give back comes last of all from the fee that was kept, which is that much smaller then. */
static enum result request(struct db *db, struct wish *w, const struct author *by)
{
    struct order *o = &w->order;
    int64_t free_cents = 0;
    TRY(step_left_to_refund(db, o, &free_cents));
    const int64_t left_cents = free_cents + o->fee_cents;
    const bool is_operator = w->caller->staff.role >= ROLE_OPERATOR;
    const int64_t most_cents = is_operator ? left_cents : owed_by_rule(o, free_cents);
    if (!is_operator && (most_cents == 0 || w->amount_cents > most_cents))
        return RESULT_FOR_OPERATORS;
    if (most_cents == 0)
        return RESULT_REFUND_TOO_LARGE;
    TRY(step_request_refund(db, o, w->amount_cents == 0 ? most_cents : w->amount_cents, w->caller->reason, by,
                            w->refund));
    if (o->fee_cents > left_cents - w->refund->amount_cents)
        o->fee_cents = left_cents - w->refund->amount_cents;
    return RESULT_OK;
}

static enum result refund_in_txn(struct db *db, void *context)
{
    struct wish *w = context;
    const struct author by = step_author(w->caller);

    CRASH_SCOPE("refund");
    TRY(step_lock_order(db, w->caller, w->order_id, &w->order));
    TRY(request(db, w, &by));
    TRY(orders_update(db, &w->order, w->order.status)); /* its price lines have changed */
    TRY(audit_refund(db, w));
    TRY(refunds_find(db, w->refund->refund_id, w->refund));
    return step_before_commit(db, w->caller, &w->order);
}

enum result booking_refund(struct db *db, const struct caller *caller, const char *order_id, int64_t amount_cents,
                           struct refund *reterr_refund)
{
    struct wish w = { .caller = caller, .order_id = order_id, .amount_cents = amount_cents, .refund = reterr_refund };
    *reterr_refund = (struct refund){ 0 };
    random_uuid(reterr_refund->refund_id);
    return txn_run(db, order_id, refund_in_txn, &w);
}

/* ── making it ──────────────────────────────────────────────────────────── */

struct making {
    const struct config *config;
    const struct job *job;
    const char *worker;
    const struct delivery_result *result;
    struct refund *refund;
};

/* A refund that had failed, and that an operator has tried again, may be too much by now: then it stays as it is. */
static enum result revive(struct db *db, const struct order *order, const struct refund *refund)
{
    int64_t left_cents = 0;
    TRY(step_left_to_refund(db, order, &left_cents));
    return refund->amount_cents <= left_cents ? refunds_move(db, refund->refund_id, REFUND_FAILED, REFUND_PENDING, NULL)
                                              : RESULT_REFUND_TOO_LARGE;
}

static enum result begin_in_txn(struct db *db, void *context)
{
    struct making *m = context;
    struct order order;

    CRASH_SCOPE("begin-refund");
    TRY(orders_lock(db, m->job->order_id, NULL, &order));
    TRY(refunds_find(db, m->job->subject_id, m->refund));
    if (strcmp(m->refund->status, REFUND_FAILED) == 0) {
        TRY(revive(db, &order, m->refund));
        TRY(orders_update(db, &order, order.status)); /* its price lines have it again */
    }
    return jobs_check_claim(db, m->job);
}

enum result booking_begin_refund(struct db *db, const struct job *job, struct refund *reterr_refund)
{
    struct making m = { .job = job, .refund = reterr_refund };
    return txn_run(db, NULL, begin_in_txn, &m);
}

static enum result end_job(struct db *db, const struct making *m)
{
    const struct delivery_result *result = m->result;
    if (result->delivered)
        return jobs_finish(db, m->job);
    if (result->is_final)
        return jobs_fail(db, m->job, result->reason);
    return jobs_postpone(db, m->job,
                         step_wait(backoff_delay_ms(&BACKOFF_DELIVERY, (int)m->job->claim, random_fraction()),
                                   result->retry_after_ms),
                         result->reason);
}

static enum result settle_in_txn(struct db *db, void *context)
{
    const struct making *m = context;
    const struct delivery_result *result = m->result;
    struct order order;

    CRASH_SCOPE("settle-refund");
    TRY(orders_lock(db, m->job->order_id, NULL, &order));
    TRY(end_job(db, m));
    if (result->delivered || result->is_final)
        TRY(refunds_move(db, m->job->subject_id, REFUND_PENDING, result->delivered ? REFUND_REFUNDED : REFUND_FAILED,
                         result->reason));
    if (!result->delivered && result->is_final)
        TRY(orders_update(db, &order, order.status)); /* its price lines do not have it any more */
    struct event event = {
        .order_id = m->job->order_id,
        .type = EVENT_REFUND_ATTEMPT,
        .attempt = m->job->claim,
        .outcome = result->outcome,
        .duration_ms = &result->duration_ms,
        .detail = result->reason,
        .by = { .request_id = m->job->request_id, .worker = m->worker },
    };
    TRY(events_add(db, &event));
    return result->delivered ? step_tell(db, m->config, MESSAGE_ORDER_REFUNDED, &order, m->job->request_id) : RESULT_OK;
}

enum result booking_settle_refund(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  const struct delivery_result *result)
{
    struct making m = { .config = config, .job = job, .worker = worker, .result = result };
    return txn_run(db, job->order_id, settle_in_txn, &m);
}
