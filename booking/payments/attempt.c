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
 * such a charge may exist, a void is requested, and an approval that comes after the end is voided as well. */

#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/locators.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

#define CONFIRMATION_TRIES 10
#define WORKER_STOPPED "The payment worker stopped during the attempt"
#define NOT_COMPLETED "Your payment was not completed in time"
#define DEPARTED "Your flight has departed"
#define SEATS_LOST "Your seats were not held any more"

/* The pause between two questions about a PENDING charge: a second, and half of the time it has taken so far. */
#define ASK_MIN_MS 1000
#define ASK_MAX_MS 30000

/* What one transaction knows about an attempt. */
struct attempt {
    const struct config *config;
    const struct job *job;
    const char *worker;
    int64_t number;                      /* of the announced attempt */
    const struct attempt_result *result; /* NULL while it begins */
    bool *go;
    struct charge *charge;
    struct order order;
    struct payment payment;
    bool ended;      /* CONFIRMED or FAILED by this transaction */
    bool seats_lost; /* approved, but the order no longer has its seats */
};

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
    a->ended = true;
    TRY(step_move_order(db, o, ORDER_EVENT_FAIL));
    TRY(seats_release(db, o));
    TRY(payments_settle(db, a->payment.payment_id, declined ? "DECLINED" : "FAILED", NULL, reason));
    TRY(jobs_finish(db, a->job));
    TRY(step_log_move(db, o, EVENT_ORDER_FAILED, ORDER_PAYMENT_PENDING, reason, &by));
    TRY(step_tell(db, a->config, MESSAGE_ORDER_FAILED, o, a->job->request_id));
    if (may_be_charged(a, declined))
        TRY(step_request_void(db, o->order_id,
                              declined ? "declined after an attempt whose outcome is unknown"
                                       : "payment failed without a final answer",
                              &by));
    return RESULT_OK;
}

/* The time until departure, as of now: both times were read under the order's lock. 0 or less: the flight has left. */
static int64_t departs_in_ms(const struct attempt *a)
{
    return a->order.flight.departure_ms - a->order.read_at_ms;
}

/* Counts the order if this attempt has ended it. */
static enum result count_end(const struct attempt *a, enum result r)
{
    if (r == RESULT_OK && a->ended)
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

static void fill_charge(const struct attempt *a)
{
    struct charge *charge = a->charge;
    text_copy(charge->payment_id, UUID_SIZE, a->payment.payment_id);
    text_copy(charge->order_id, UUID_SIZE, a->order.order_id);
    text_copy(charge->code, sizeof charge->code, a->payment.code);
    text_copy(charge->currency, CURRENCY_SIZE, a->payment.currency);
    charge->amount_cents = a->payment.amount_cents;
    charge->attempt = a->number;
    *a->go = true;
}

static enum result announce(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    a->number = o->payment_attempts = a->payment.attempts + 1;
    TRY(orders_update(db, o, ORDER_PAYMENT_PENDING));
    TRY(payments_begin_attempt(db, a->payment.payment_id, a->number, a->job->claim));
    fill_charge(a);
    return RESULT_OK;
}

/* Why the gateway must not be asked (again), or NULL. */
static const char *reason_to_end(const struct attempt *a)
{
    bool pending = a->payment.pending_ms != PAYMENT_DECIDED;
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
    a->ended = false;

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
    const char *reason = reason_to_end(a);
    if (reason != NULL)
        return fail_order(db, a, false, reason);
    if (!pending)
        return announce(db, a);
    a->number = a->payment.attempts;
    fill_charge(a);
    return RESULT_OK;
}

enum result booking_begin_attempt(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  bool *reterr_go, struct charge *reterr_charge)
{
    struct attempt a = { .config = config, .job = job, .worker = worker, .go = reterr_go, .charge = reterr_charge };
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
    case ATTEMPT_PENDING: return "PENDING";
    }
    return "";
}

static enum result confirm(struct db *db, struct attempt *a)
{
    struct order *o = &a->order;
    const struct author by = author_of(a);
    o->last_error[0] = '\0';
    a->ended = true;
    if (o->locator[0] == '\0')
        TRY(locators_give(db, o->order_id, random_id, o->locator));
    CRASH_POINT("located");
    TRY(step_move_order(db, o, ORDER_EVENT_APPROVE));
    enum result booked = seats_book(db, o);
    a->seats_lost = booked == RESULT_STALE;
    TRY(booked);
    CRASH_POINT("booked");
    TRY(payments_settle(db, a->payment.payment_id, "APPROVED", a->result->transaction_id, NULL));
    TRY(jobs_finish(db, a->job));
    TRY(jobs_add(db, JOB_SEND_CONFIRMATION, o->order_id, TIME_NONE, CONFIRMATION_TRIES, a->job->request_id));
    TRY(step_log_move(db, o, EVENT_ORDER_CONFIRMED, ORDER_PAYMENT_PENDING, a->result->transaction_id, &by));
    return step_tell(db, a->config, MESSAGE_ORDER_CONFIRMED, o, a->job->request_id);
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

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The attempt goes on: nothing that the customer sees changes, and the history says once that the gateway is
 * deciding. */
static enum result ask_again_later(struct db *db, struct attempt *a)
{
    bool is_new = a->payment.pending_ms == PAYMENT_DECIDED;
    int64_t so_far_ms = is_new ? 0 : a->payment.pending_ms;
    const struct backoff pause = { .first_ms = least(ASK_MIN_MS + so_far_ms / 2, ASK_MAX_MS),
                                   .factor = 1,
                                   .max_ms = ASK_MAX_MS };
    int64_t delay_ms = step_wait(backoff_delay_ms(&pause, 1, random_fraction()), a->result->retry_after_ms);
    int64_t left_ms = least(a->config->payment_pending_timeout_ms - so_far_ms, departs_in_ms(a));
    if (is_new) {
        TRY(log_attempt(db, a, a->number, outcome_name(ATTEMPT_PENDING), a->worker, a->result->reason));
        TRY(payments_wait(db, a->payment.payment_id));
    }
    if (delay_ms > left_ms)
        delay_ms = left_ms < 0 ? 0 : left_ms;
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
    TRY(log_attempt(db, a, a->number, outcome_name(result->outcome), a->worker,
                    approved ? result->transaction_id : result->reason));
    if (approved)
        return a->seats_lost ? fail_order(db, a, false, SEATS_LOST) : confirm(db, a);
    if (result->outcome == ATTEMPT_DECLINED)
        return fail_order(db, a, true, result->reason);
    a->order.failed_attempts = a->number;
    if (result->is_final || a->number >= a->job->max_attempts)
        return fail_order(db, a, false, result->reason);
    return try_again_later(db, a);
}

static enum result settle_pending(struct db *db, struct attempt *a)
{
    TRY(payments_find(db, a->job->order_id, &a->payment));
    TRY(jobs_check_claim(db, a->job));
    return is_undecided(a) ? ask_again_later(db, a) : settle_decided(db, a);
}

/* The order ended during the call to the gateway. The transaction that ended it saw that the attempt was announced and
 * requested a void; after an approval we make sure of it. */
static enum result settle_too_late(struct db *db, struct attempt *a)
{
    bool approved = a->result->outcome == ATTEMPT_APPROVED;
    bool is_told = false;
    if (a->order.status == ORDER_CONFIRMED || a->result->outcome == ATTEMPT_PENDING)
        return RESULT_STALE;
    /* Another worker may have recorded the attempt as abandoned, or we did it ourselves before the answer to COMMIT was
     * lost. */
    TRY(events_have_attempt(db, a->order.order_id, a->number, approved, &is_told));
    if (is_told)
        return RESULT_STALE;
    TRY(log_attempt(db, a, a->number, approved ? "LATE_APPROVAL" : outcome_name(a->result->outcome), a->worker,
                    approved ? a->result->transaction_id : a->result->reason));
    const struct author by = author_of(a);
    return approved ? step_request_void(db, a->order.order_id, "approved after the order had ended", &by) : RESULT_OK;
}

static enum result settle_in_txn(struct db *db, void *context)
{
    struct attempt *a = context;
    a->ended = false;

    CRASH_SCOPE("settle-attempt");
    TRY(orders_lock(db, a->job->order_id, NULL, &a->order));
    return a->order.status == ORDER_PAYMENT_PENDING ? settle_pending(db, a) : settle_too_late(db, a);
}

enum result booking_settle_attempt(struct db *db, const struct config *config, const struct job *job, int64_t attempt,
                                   const char *worker, const struct attempt_result *result)
{
    struct attempt a = { .config = config, .job = job, .number = attempt, .worker = worker, .result = result };
    enum result r = txn_run(db, job->order_id, settle_in_txn, &a);
    /* Nothing was written. The order cannot be confirmed and must not stay as it is: the second transaction fails it
     * and requests a void. */
    if (r == RESULT_STALE && a.seats_lost)
        r = txn_run(db, job->order_id, settle_in_txn, &a);
    return count_end(&a, r);
}
