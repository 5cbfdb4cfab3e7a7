/* SPDX-License-Identifier: MIT */
#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/payments.h"
#include "booking/store/txn.h"

/* Voids and confirmations, which are sent to a service outside until it has received them. */
struct delivery {
    const struct job *job;
    const char *worker;
    const struct delivery_result *result;
};

/* The payment that a void is about. */
static enum result find_payment(struct db *db, const struct job *job, struct payment *ret_payment)
{
    return job->subject_id[0] != '\0' ? payments_find_by_id(db, job->subject_id, ret_payment)
                                      : payments_find(db, job->order_id, ret_payment);
}

enum result booking_find_charge(struct db *db, const struct job *job, struct charge *ret_charge)
{
    struct payment payment;
    enum result r = find_payment(db, job, &payment);
    if (r != RESULT_OK)
        return r;
    *ret_charge = (struct charge){ .amount_cents = payment.amount_cents };
    text_copy(ret_charge->payment_id, UUID_SIZE, payment.payment_id);
    text_copy(ret_charge->order_id, UUID_SIZE, payment.order_id);
    text_copy(ret_charge->currency, CURRENCY_SIZE, payment.currency);
    return RESULT_OK;
}

static enum result settle_job(struct db *db, const struct delivery *d, const char *event_type)
{
    const struct job *job = d->job;
    enum result r;

    if (d->result->delivered)
        r = jobs_finish(db, job);
    else if (job->max_attempts > 0 && job->claim >= job->max_attempts)
        r = jobs_fail(db, job, d->result->reason);
    else
        r = jobs_postpone(db, job,
                          step_wait(backoff_delay_ms(&BACKOFF_DELIVERY, (int)job->claim, random_fraction()),
                                    d->result->retry_after_ms),
                          d->result->reason);
    if (r != RESULT_OK)
        return r;

    struct event event = {
        .order_id = job->order_id,
        .type = event_type,
        .attempt = job->claim,
        .outcome = d->result->outcome,
        .duration_ms = &d->result->duration_ms,
        .detail = d->result->reason,
        .by = { .request_id = job->request_id, .worker = d->worker },
    };
    return events_add(db, &event);
}

static enum result settle_void_in_txn(struct db *db, void *context)
{
    const struct delivery *d = context;
    struct payment payment;

    CRASH_SCOPE("settle-void");
    TRY(find_payment(db, d->job, &payment));
    if (d->result->delivered)
        TRY(payments_mark_voided(db, payment.payment_id));
    return settle_job(db, d, EVENT_VOID_ATTEMPT);
}

static enum result settle_confirmation_in_txn(struct db *db, void *context)
{
    CRASH_SCOPE("settle-confirmation");
    return settle_job(db, context, EVENT_CONFIRMATION_ATTEMPT);
}

enum result booking_settle_void(struct db *db, const struct job *job, const char *worker,
                                const struct delivery_result *result)
{
    struct delivery d = { job, worker, result };
    return txn_run(db, job->order_id, settle_void_in_txn, &d);
}

enum result booking_settle_confirmation(struct db *db, const struct job *job, const char *worker,
                                        const struct delivery_result *result)
{
    struct delivery d = { job, worker, result };
    return txn_run(db, job->order_id, settle_confirmation_in_txn, &d);
}
