/* SPDX-License-Identifier: MIT */
/* An attempt to get an order paid. It is announced in one transaction (booking_begin_attempt), made by the sweeper
 * while no transaction is open, and settled in another (booking_settle_attempt). Both lock the order first.
 *
 * Two numbers must not be confused. The job's claim says which worker may write; it grows whenever a worker takes up
 * the job, even if that worker dies before it has done anything. The payment's attempts count what the gateway was, or
 * may have been, asked for: they grow when an attempt is announced, are bounded by PAYMENT_MAX_RETRIES, and are what
 * the customer sees. A gateway that answers PENDING is asked again under the number of the attempt it is deciding
 * about.
 *
 * An announced attempt whose outcome is unknown may have charged the customer. So when an order ends unconfirmed and
 * such a charge may exist, a void is requested, and an approval that comes after the end is voided as well.
 *
 * With KEEP_HOLD_AFTER_DECLINE a decline is no end while the hold would still go on: the order has its timer back, the
 * payment counts no more, and the customer may submit another one. What is answered about the former one after that is
 * too late, whatever the order is by then. */

#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/payments/attempt.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

#define WORKER_STOPPED "The payment worker stopped during the attempt"
#define NOT_COMPLETED "Your payment was not completed in time"
#define DEPARTED "Your flight has departed"
#define CANCELLED "Your flight has been cancelled"
#define SEATS_LOST "Your seats were not held any more"

/* The pause between two questions about a PENDING charge: a second, and half of the time it has taken so far. */
#define ASK_MIN_MS 1000
#define ASK_MAX_MS 30000

static enum result log_attempt(struct db *db, const struct attempt *a, int64_t number, const char *outcome,
                               const char *worker, const char *detail)
{
    struct event event = {
        .order_id = a->order.order_id,
        .type = EVENT_PAYMENT_ATTEMPT,
        .attempt = number,
        .outcome = outcome,
        .duration_ms = a->result == NULL ? NULL : &a->result->duration_ms,
        .detail = detail,
        .by = { .request_id = a->job->request_id, .worker = worker },
    };
    return events_add(db, &event);
}

static struct author author_of(const struct attempt *a)
{
    return (struct author){ .request_id = a->job->request_id, .worker = a->worker };
}

/* A decline settles only its own attempt; the outcome of an attempt before it is unknown. */
static bool may_be_charged(const struct attempt *a, bool declined)
{
    return a->payment.attempts > (declined ? 1 : 0);
}

/* Fails the order with its seats, payment and history, and requests a void if
 * money may be held. */
static enum result fail_order(struct db *db, struct attempt *a, bool declined, const char *reason)
{
    struct order *o = &a->order;
    const struct author by = author_of(a);
    text_copy(o->last_error, sizeof o->last_error, reason);
    a->moved = true;
    TRY(step_move_order(db, o, ORDER_EVENT_FAIL));
    TRY(seats_release(db, o));
    TRY(payments_settle(db, a->payment.payment_id, declined ? "DECLINED" : "FAILED", NULL, reason));
    TRY(jobs_finish(db, a->job));
    TRY(step_log_move(db, o, EVENT_ORDER_FAILED, ORDER_PAYMENT_PENDING, reason, &by));
    TRY(step_tell(db, a->config, MESSAGE_ORDER_FAILED, o, a->job->request_id));
    if (may_be_charged(a, declined))
        TRY(step_request_void(db, &a->payment,
                              declined ? "declined after an attempt whose outcome is unknown"
                                       : "payment failed without a final answer",
                              &by));
    return RESULT_OK;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The time until departure, as of now: both times were read under the order's lock. 0 or less: the flight has left. */
static int64_t departs_in_ms(const struct attempt *a)
{
    return a->order.flight.departure_ms - a->order.read_at_ms;
}

/* Counts the order if this attempt has moved it. */
static enum result count_move(const struct attempt *a, enum result r)
{
    if (r == RESULT_OK && a->moved)
        metrics_add_moves(a->order.status, 1);
    return r;
}

/* ── beginning ──────────────────────────────────────────────────────────── */

/* Records attempts that were announced but whose outcome is unknown, since the worker's lease ran out. Claims that
 * ended before they announced an attempt leave no trace. */
static enum result note_abandoned(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    const struct job *job = a->job;
    bool is_known = a->payment.announced_claim == job->claim - 1 && job->abandoned_by[0] != '\0';
    enum result r = RESULT_OK;
    while (r == RESULT_OK && o->failed_attempts < a->payment.attempts) {
        o->payment_attempts = ++o->failed_attempts;
        text_copy(o->last_error, sizeof o->last_error, WORKER_STOPPED);
        bool is_last = o->failed_attempts == a->payment.attempts;
        r = log_attempt(db, a, o->failed_attempts, "ABANDONED", is_last && is_known ? job->abandoned_by : NULL,
                        WORKER_STOPPED);
    }
    return r;
}

void attempt_fill_charge(const struct attempt *a)
{
    struct charge *charge = a->charge;
    text_copy(charge->payment_id, UUID_SIZE, a->payment.payment_id);
    text_copy(charge->order_id, UUID_SIZE, a->order.order_id);
    text_copy(charge->code, sizeof charge->code, a->payment.code);
    text_copy(charge->currency, CURRENCY_SIZE, a->payment.currency);
    charge->amount_cents = a->payment.amount_cents;
    charge->attempt = a->number;
}

const char *attempt_reason_to_end(const struct attempt *a)
{
    bool pending = a->payment.pending_ms != PAYMENT_DECIDED;
    if (a->order.flight.status == FLIGHT_CANCELLED)
        return CANCELLED;
    if (departs_in_ms(a) <= 0)
        return DEPARTED;
    if (pending)
        return a->payment.pending_ms >= a->config->payment_pending_timeout_ms ? NOT_COMPLETED : NULL;
    return a->payment.attempts >= a->job->max_attempts ? WORKER_STOPPED : NULL;
}

static enum result begin_in_txn(struct db *db, void *context)
{
    struct attempt *a = context;
    *a->go = false;
    a->moved = false;

    CRASH_SCOPE("begin-attempt");
    TRY(orders_lock(db, a->job->order_id, NULL, &a->order));
    if (a->order.status != ORDER_PAYMENT_PENDING)
        return jobs_finish(db, a->job);
    TRY(payments_find(db, a->job->order_id, &a->payment));
    /* The lease begins now, however long the job has waited for its turn. */
    TRY(jobs_renew(db, a->job, booking_lease_ms(a->config, JOB_PAYMENT_ATTEMPT)));
    bool pending = a->payment.pending_ms != PAYMENT_DECIDED;
    if (!pending)
        TRY(note_abandoned(db, a));
    const char *reason = attempt_reason_to_end(a);
    if (reason != NULL)
        return fail_order(db, a, false, reason);
    *a->go = true;
    if (!pending)
        return attempts_announce(db, &a, 1);
    a->number = a->payment.attempts;
    attempt_fill_charge(a);
    return a->payment.has_news ? payments_ask_for_news(db, a->payment.payment_id) : RESULT_OK;
}

enum result booking_begin_attempt(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  bool *reterr_go, struct charge *reterr_charge)
{
    struct attempt a = { .config = config, .job = job, .worker = worker, .go = reterr_go, .charge = reterr_charge };
    return count_move(&a, txn_run(db, NULL, begin_in_txn, &a));
}

/* ── settling ───────────────────────────────────────────────────────────── */

static const char *outcome_name(enum attempt_outcome outcome)
{
    switch (outcome) {
    case ATTEMPT_APPROVED: return "APPROVED";
    case ATTEMPT_DECLINED: return "DECLINED";
    case ATTEMPT_ERROR: return "ERROR";
    case ATTEMPT_TIMEOUT: return "TIMEOUT";
    case ATTEMPT_PENDING: return "PENDING";
    }
    return "";
}

/* Whether the order still has a hold to go back to. */
static bool keeps_hold(const struct attempt *a)
{
    const struct order *o = &a->order;
    return a->config->keep_hold_after_decline && o->hold_ends_at_ms > o->read_at_ms && departs_in_ms(a) > 0 &&
           o->flight.status != FLIGHT_CANCELLED;
}

/* The timer runs again, until the hold would have ended. */
static enum result return_to_hold(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    const struct author by = author_of(a);
    text_copy(o->last_error, sizeof o->last_error, a->result->reason);
    o->failed_attempts = a->number;
    o->expires_at_ms = least(o->hold_ends_at_ms, o->flight.departure_ms);
    o->hold_ends_at_ms = TIME_NONE;
    a->moved = true;
    TRY(step_move_order(db, o, ORDER_EVENT_DECLINE));
    TRY(payments_decline(db, a->payment.payment_id, a->result->reason));
    CRASH_POINT("returned");
    TRY(jobs_finish(db, a->job));
    TRY(jobs_add(db, JOB_EXPIRE_HOLD, o->order_id, o->expires_at_ms, 0, a->job->request_id));
    TRY(step_log_move(db, o, EVENT_PAYMENT_DECLINED, ORDER_PAYMENT_PENDING, a->result->reason, &by));
    a->payment.is_former = true;
    return may_be_charged(a, true)
               ? step_request_void(db, &a->payment, "declined after an attempt whose outcome is unknown", &by)
               : RESULT_OK;
}

static enum result try_again_later(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    int64_t delay_ms = backoff_delay_ms(&BACKOFF_PAYMENT, (int)a->number, random_fraction());
    o->failed_attempts = a->number;
    text_copy(o->last_error, sizeof o->last_error, a->result->reason);
    enum result r = orders_update(db, o, ORDER_PAYMENT_PENDING);
    return r == RESULT_OK ? jobs_postpone(db, a->job, step_wait(delay_ms, a->result->retry_after_ms), a->result->reason)
                          : r;
}

/* Notes where the customer is to decide, if the gateway has said so; the customer sees nothing else of it. An answer
 * that is none leaves it as it was. */
static enum result note_page(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    bool says = a->result->outcome == ATTEMPT_PENDING;
    bool is_same = !says || strcmp(a->payment.redirect_url, a->result->redirect_url) == 0;
    if (is_same && a->payment.pending_ms != PAYMENT_DECIDED)
        return RESULT_OK;
    TRY(payments_wait(db, a->payment.payment_id, says ? a->result->redirect_url : a->payment.redirect_url));
    text_copy(o->payment_url, sizeof o->payment_url, a->result->redirect_url);
    return is_same ? RESULT_OK : orders_update(db, o, ORDER_PAYMENT_PENDING);
}

/* The attempt goes on, and the history says once that the gateway is deciding. */
static enum result ask_again_later(struct db *db, struct attempt *a)
{
    bool is_new = a->payment.pending_ms == PAYMENT_DECIDED;
    int64_t so_far_ms = is_new ? 0 : a->payment.pending_ms;
    const struct backoff pause = { .first_ms = least(ASK_MIN_MS + so_far_ms / 2, ASK_MAX_MS),
                                   .factor = 1,
                                   .max_ms = ASK_MAX_MS };
    int64_t delay_ms = step_wait(backoff_delay_ms(&pause, 1, random_fraction()), a->result->retry_after_ms);
    int64_t left_ms = least(a->config->payment_pending_timeout_ms - so_far_ms, departs_in_ms(a));
    if (is_new)
        TRY(log_attempt(db, a, a->number, outcome_name(ATTEMPT_PENDING), a->worker, a->result->reason));
    TRY(note_page(db, a));
    if (delay_ms > left_ms)
        delay_ms = left_ms < 0 ? 0 : left_ms;
    /* This answer may be older than the news. */
    if (a->payment.has_news)
        delay_ms = 0;
    return jobs_postpone(db, a->job, delay_ms, a->result->reason);
}

/* The gateway answered PENDING, or did not answer when asked about a PENDING charge. */
static bool is_undecided(const struct attempt *a)
{
    bool no_answer = a->result->outcome == ATTEMPT_TIMEOUT ||
                     (a->result->outcome == ATTEMPT_ERROR && !a->result->is_final);
    return a->result->outcome == ATTEMPT_PENDING || (a->payment.pending_ms != PAYMENT_DECIDED && no_answer);
}

static enum result settle_decided(struct db *db, struct attempt *a)
{
    const struct attempt_result *result = a->result;
    bool approved = result->outcome == ATTEMPT_APPROVED;
    bool is_cancelled = a->order.flight.status == FLIGHT_CANCELLED;
    if (approved && !is_cancelled && !a->seats_lost)
        return attempts_confirm(db, &a, 1);
    TRY(log_attempt(db, a, a->number, outcome_name(result->outcome), a->worker,
                    approved ? result->transaction_id : result->reason));
    /* A cancellation that this transaction does not see yet finds the order CONFIRMED, and has it refunded. */
    if (approved)
        return fail_order(db, a, false, is_cancelled ? CANCELLED : SEATS_LOST);
    if (result->outcome == ATTEMPT_DECLINED)
        return keeps_hold(a) ? return_to_hold(db, a) : fail_order(db, a, true, result->reason);
    a->order.failed_attempts = a->number;
    if (result->is_final || a->number >= a->job->max_attempts)
        return fail_order(db, a, false, result->reason);
    return try_again_later(db, a);
}

static enum result settle_pending(struct db *db, struct attempt *a)
{
    TRY(jobs_check_claim(db, a->job));
    return is_undecided(a) ? ask_again_later(db, a) : settle_decided(db, a);
}

/* The order went back to its hold during the call to the gateway, after another answer to it, a decline. By now it may
 * be in any state, and be paid otherwise. */
static enum result settle_former(struct db *db, struct attempt *a)
{
    const struct author by = author_of(a);
    if (a->result->outcome != ATTEMPT_APPROVED)
        return RESULT_STALE;
    TRY(log_attempt(db, a, 0, "LATE_APPROVAL", a->worker, a->result->transaction_id)); /* numbers are the next one's */
    return step_request_void(db, &a->payment, "approved after it was declined", &by);
}

/* The order ended during the call to the gateway. The transaction that ended it saw that the attempt was announced and
 * requested a void; after an approval we make sure of it. */
static enum result settle_too_late(struct db *db, struct attempt *a)
{
    bool approved = a->result->outcome == ATTEMPT_APPROVED;
    bool is_told = false;
    /* APPROVED: another worker has confirmed the order; it may have been ended since, with a refund. */
    if (a->result->outcome == ATTEMPT_PENDING || strcmp(a->payment.status, "APPROVED") == 0)
        return RESULT_STALE;
    /* Another worker may have recorded the attempt as abandoned, or we did it ourselves before the answer to COMMIT was
     * lost. */
    TRY(events_have_attempt(db, a->order.order_id, a->number, approved, &is_told));
    if (is_told)
        return RESULT_STALE;
    TRY(log_attempt(db, a, a->number, approved ? "LATE_APPROVAL" : outcome_name(a->result->outcome), a->worker,
                    approved ? a->result->transaction_id : a->result->reason));
    const struct author by = author_of(a);
    return approved ? step_request_void(db, &a->payment, "approved after the order had ended", &by) : RESULT_OK;
}

static enum result settle_in_txn(struct db *db, void *context)
{
    struct attempt *a = context;
    a->moved = false;

    CRASH_SCOPE("settle-attempt");
    TRY(orders_lock(db, a->job->order_id, NULL, &a->order));
    TRY(payments_find_by_id(db, a->payment_id, &a->payment));
    if (a->payment.is_former)
        return settle_former(db, a);
    return a->order.status == ORDER_PAYMENT_PENDING ? settle_pending(db, a) : settle_too_late(db, a);
}

enum result booking_settle_attempt(struct db *db, const struct config *config, const struct job *job,
                                   const struct attempt_name *attempt, const char *worker,
                                   const struct attempt_result *result, bool *reterr_confirmed)
{
    struct attempt a = { .config = config,
                         .job = job,
                         .number = attempt->number,
                         .payment_id = attempt->payment_id,
                         .worker = worker,
                         .result = result };
    enum result r = txn_run(db, job->order_id, settle_in_txn, &a);
    /* Nothing was written. The order cannot be confirmed and must not stay as it is: the second transaction fails it
     * and requests a void. */
    if (r == RESULT_STALE && a.seats_lost)
        r = txn_run(db, job->order_id, settle_in_txn, &a);
    *reterr_confirmed = r == RESULT_OK && a.moved && a.order.status == ORDER_CONFIRMED;
    return count_move(&a, r);
}
