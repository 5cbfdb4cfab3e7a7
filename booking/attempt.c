#include "booking/parts.h"
#include "booking/core/backoff.h"
#include "booking/core/text.h"
#include "booking/crash_point.h"
#include "booking/metrics.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/seats.h"
#include "booking/txn.h"

#include <string.h>

#define CONFIRMATION_TRIES 10
#define WORKER_STOPPED "The payment worker stopped during the attempt"

/* One transaction's worth of what an attempt is about. */
struct attempt {
    const struct job *job;
    const char *worker;
    const struct attempt_result *result; /* NULL while it begins */
    bool *go;
    struct charge *charge;
    struct order order;
    struct payment payment;
    bool ended; /* CONFIRMED or FAILED by this transaction */
};

static enum result log_attempt(struct db *db, const struct attempt *a, int64_t number,
                               const char *outcome, const char *worker, const char *detail)
{
    struct event event = {
        .order_id = a->order.order_id,
        .type = EVENT_PAYMENT_ATTEMPT,
        .from_status = EVENT_NONE,
        .to_status = EVENT_NONE,
        .attempt = number,
        .outcome = outcome,
        .duration_ms = a->result == NULL ? EVENT_NONE : a->result->duration_ms,
        .worker = worker,
        .detail = detail,
        .request_id = a->job->request_id,
    };
    return events_add(db, &event);
}

/* The order fails: seats, payment, history, and a void if money may be held. */
static enum result fail_order(struct db *db, struct attempt *a, bool declined, const char *reason)
{
    struct order *o = &a->order;
    text_copy(o->last_error, sizeof o->last_error, reason);
    a->ended = true;
    enum result r = part_move_order(db, o, ORDER_EVENT_FAIL);
    if (r == RESULT_OK)
        r = seats_release(db, o);
    if (r == RESULT_OK)
        r = payments_settle(db, a->payment.payment_id, declined ? "DECLINED" : "FAILED", NULL, reason);
    if (r == RESULT_OK)
        r = jobs_finish(db, a->job);
    if (r == RESULT_OK)
        r = part_log_move(db, o, EVENT_ORDER_FAILED, ORDER_PAYMENT_PENDING, reason, a->job->request_id,
                          a->worker);
    if (r == RESULT_OK && !declined)
        r = part_request_void(db, o->order_id, "payment failed without a final answer", a->job->request_id);
    return r;
}

/* Counts the order if this attempt has ended it. */
static enum result count_end(const struct attempt *a, enum result r)
{
    if (r == RESULT_OK && a->ended)
        metrics_add_moves(a->order.status, 1);
    return r;
}

/* ── beginning ──────────────────────────────────────────────────────────── */

/* Attempts that were claimed and of which no one knows the outcome: the lease
 * ran out, perhaps several times before anyone got as far as this. */
static enum result note_abandoned(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    const struct job *job = a->job;
    int64_t last = job->attempt - 1 < job->max_attempts ? job->attempt - 1 : job->max_attempts;
    enum result r = RESULT_OK;
    while (r == RESULT_OK && o->failed_attempts < last) {
        o->payment_attempts = ++o->failed_attempts;
        text_copy(o->last_error, sizeof o->last_error, WORKER_STOPPED);
        bool is_known = o->failed_attempts == job->attempt - 1 && job->abandoned_by[0] != '\0';
        r = log_attempt(db, a, o->failed_attempts, "ABANDONED", is_known ? job->abandoned_by : NULL,
                        WORKER_STOPPED);
    }
    return r;
}

static enum result announce(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    o->payment_attempts = a->job->attempt;
    enum result r = orders_update(db, o, ORDER_PAYMENT_PENDING);
    if (r == RESULT_OK)
        r = payments_begin_attempt(db, a->payment.payment_id, a->job->attempt);
    if (r != RESULT_OK)
        return r;
    *a->go = true;
    text_copy(a->charge->payment_id, UUID_SIZE, a->payment.payment_id);
    text_copy(a->charge->order_id, UUID_SIZE, o->order_id);
    text_copy(a->charge->code, sizeof a->charge->code, a->payment.code);
    text_copy(a->charge->currency, CURRENCY_SIZE, a->payment.currency);
    a->charge->amount_cents = a->payment.amount_cents;
    return RESULT_OK;
}

static enum result begin_in_txn(struct db *db, void *context)
{
    struct attempt *a = context;
    *a->go = false;
    a->ended = false;

    CRASH_SCOPE("begin-attempt");
    enum result r = orders_lock(db, a->job->order_id, &a->order);
    if (r == RESULT_OK && a->order.status != ORDER_PAYMENT_PENDING)
        return jobs_finish(db, a->job);
    if (r == RESULT_OK)
        r = payments_find(db, a->job->order_id, &a->payment);
    if (r == RESULT_OK)
        r = jobs_check_claim(db, a->job);
    if (r == RESULT_OK)
        r = note_abandoned(db, a);
    if (r != RESULT_OK)
        return r;
    if (a->job->attempt > a->job->max_attempts)
        return fail_order(db, a, false, WORKER_STOPPED);
    return announce(db, a);
}

enum result booking_begin_attempt(struct db *db, const struct job *job,
                                  const char *worker, bool *ret_go, struct charge *ret_charge)
{
    struct attempt a = { .job = job, .worker = worker, .go = ret_go, .charge = ret_charge };
    return count_end(&a, txn_run(db, NULL, begin_in_txn, &a));
}

/* ── settling ───────────────────────────────────────────────────────────── */

static const char *outcome_name(enum attempt_outcome outcome)
{
    switch (outcome) {
    case ATTEMPT_APPROVED: return "APPROVED";
    case ATTEMPT_DECLINED: return "DECLINED";
    case ATTEMPT_ERROR: return "ERROR";
    case ATTEMPT_TIMEOUT: return "TIMEOUT";
    }
    return "";
}

static enum result confirm(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    o->last_error[0] = '\0';
    a->ended = true;
    enum result r = part_move_order(db, o, ORDER_EVENT_APPROVE);
    if (r == RESULT_OK)
        r = seats_book(db, o);
    CRASH_POINT("booked");
    if (r == RESULT_OK)
        r = payments_settle(db, a->payment.payment_id, "APPROVED", a->result->transaction_id, NULL);
    if (r == RESULT_OK)
        r = jobs_finish(db, a->job);
    if (r == RESULT_OK)
        r = jobs_add(db, JOB_SEND_CONFIRMATION, o->order_id, TIME_NONE, CONFIRMATION_TRIES,
                     a->job->request_id);
    if (r == RESULT_OK)
        r = part_log_move(db, o, EVENT_ORDER_CONFIRMED, ORDER_PAYMENT_PENDING, a->result->transaction_id,
                          a->job->request_id, a->worker);
    return r;
}

static enum result try_again_later(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    int64_t delay_ms = backoff_delay_ms(&BACKOFF_PAYMENT, (int)a->job->attempt, random_fraction());
    o->failed_attempts = a->job->attempt;
    text_copy(o->last_error, sizeof o->last_error, a->result->reason);
    enum result r = orders_update(db, o, ORDER_PAYMENT_PENDING);
    return r == RESULT_OK ? jobs_postpone(db, a->job, delay_ms, a->result->reason) : r;
}

static enum result settle_pending(struct db *db, struct attempt *a)
{
    const struct attempt_result *result = a->result;
    enum result r = payments_find(db, a->job->order_id, &a->payment);
    if (r == RESULT_OK)
        r = jobs_check_claim(db, a->job);
    if (r == RESULT_OK)
        r = log_attempt(db, a, a->job->attempt, outcome_name(result->outcome), a->worker,
                        result->outcome == ATTEMPT_APPROVED ? result->transaction_id : result->reason);
    if (r != RESULT_OK)
        return r;

    if (result->outcome == ATTEMPT_APPROVED)
        return confirm(db, a);
    if (result->outcome == ATTEMPT_DECLINED)
        return fail_order(db, a, true, result->reason);
    a->order.failed_attempts = a->job->attempt;
    if (result->is_final || a->job->attempt >= a->job->max_attempts)
        return fail_order(db, a, false, result->reason);
    return try_again_later(db, a);
}

/* The order ended while the gateway was asked. Whoever ended it saw the attempt
 * announced and asked for a void; after an approval we make sure of it. */
static enum result settle_too_late(struct db *db, struct attempt *a)
{
    bool approved = a->result->outcome == ATTEMPT_APPROVED;
    bool is_told = false;
    if (a->order.status == ORDER_CONFIRMED)
        return RESULT_STALE;
    /* By whoever took it for abandoned, or by ourselves before the answer to COMMIT was lost. */
    enum result r = events_have_attempt(db, a->order.order_id, a->job->attempt, approved, &is_told);
    if (r == RESULT_OK && is_told)
        return RESULT_STALE;
    if (r == RESULT_OK)
        r = log_attempt(db, a, a->job->attempt, approved ? "LATE_APPROVAL" : outcome_name(a->result->outcome),
                        a->worker, approved ? a->result->transaction_id : a->result->reason);
    if (r == RESULT_OK && approved)
        r = part_request_void(db, a->order.order_id, "approved after the order had ended",
                              a->job->request_id);
    return r;
}

static enum result settle_in_txn(struct db *db, void *context)
{
    struct attempt *a = context;
    a->ended = false;

    CRASH_SCOPE("settle-attempt");
    enum result r = orders_lock(db, a->job->order_id, &a->order);
    if (r != RESULT_OK)
        return r;
    return a->order.status == ORDER_PAYMENT_PENDING ? settle_pending(db, a) : settle_too_late(db, a);
}

enum result booking_settle_attempt(struct db *db, const struct job *job,
                                   const char *worker, const struct attempt_result *result)
{
    struct attempt a = { .job = job, .worker = worker, .result = result };
    return count_end(&a, txn_run(db, job->order_id, settle_in_txn, &a));
}
