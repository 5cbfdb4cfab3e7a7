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

/* How much of what was captured for an order has not been given back, nor asked for. */
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

static enum result log_refund(struct db *db, const struct wish *w)
{
    char text[80];
    (void)snprintf(text, sizeof text, "%lld %s", (long long)w->refund->amount_cents, w->refund->currency);
    struct event event = {
        .order_id = w->order_id,
        .type = EVENT_REFUND_REQUESTED,
        .detail = text,
        .by = step_author(w->caller),
    };
    TRY(events_add(db, &event));
    (void)snprintf(text, sizeof text, "{\"amountCents\":%lld,\"currency\":\"%s\"}", (long long)w->refund->amount_cents,
                   w->refund->currency);
    return step_audit(db, w->caller, AUDIT_REFUND, AUDIT_OF_ORDER, w->order_id, NULL, text);
}

static enum result refund_in_txn(struct db *db, void *context)
{
    struct wish *w = context;
    struct refund *refund = w->refund;
    struct payment payment;
    int64_t left_cents = 0;

    CRASH_SCOPE("refund");
    TRY(step_lock_order(db, w->caller, w->order_id, &w->order));
    TRY(left_to_refund(db, w->order_id, &payment, &left_cents));
    refund->amount_cents = w->amount_cents == 0 ? left_cents : w->amount_cents;
    if (left_cents == 0 || refund->amount_cents > left_cents)
        return RESULT_REFUND_TOO_LARGE;
    text_copy(refund->order_id, sizeof refund->order_id, w->order_id);
    text_copy(refund->payment_id, sizeof refund->payment_id, payment.payment_id);
    text_copy(refund->currency, sizeof refund->currency, payment.currency);
    text_copy(refund->reason, sizeof refund->reason, w->caller->reason == NULL ? "" : w->caller->reason);
    TRY(refunds_add(db, refund));
    CRASH_POINT("inserted");
    TRY(jobs_add_about(db, JOB_REFUND_CHARGE, w->order_id, refund->refund_id, 0, w->caller->request_id));
    TRY(log_refund(db, w));
    TRY(refunds_find(db, refund->refund_id, refund));
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
static enum result revive(struct db *db, const struct refund *refund)
{
    struct payment payment;
    int64_t left_cents = 0;
    TRY(left_to_refund(db, refund->order_id, &payment, &left_cents));
    return refund->amount_cents <= left_cents ? refunds_move(db, refund->refund_id, REFUND_FAILED, REFUND_PENDING, NULL)
                                              : RESULT_REFUND_TOO_LARGE;
}

static enum result begin_in_txn(struct db *db, void *context)
{
    struct making *m = context;
    struct order order;
    TRY(orders_lock(db, m->job->order_id, NULL, &order));
    TRY(refunds_find(db, m->job->subject_id, m->refund));
    if (strcmp(m->refund->status, REFUND_FAILED) == 0)
        TRY(revive(db, m->refund));
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
