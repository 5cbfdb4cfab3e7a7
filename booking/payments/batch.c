/* SPDX-License-Identifier: MIT */
/* The way of almost every payment, for many at once: the first attempt is announced as the job is claimed, and the
 * approval is settled. One transaction then serves a whole batch. What it does for each is what attempt.c does for one,
 * by the same steps.
 *
 * A batch waits for no order. One that another session has locked, or that is not as almost every one is, is left out
 * and taken singly. So is all of the batch if it fails: whatever is wrong with one costs the others only time. */

#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/payments/attempt.h"
#include "booking/store/locators.h"
#include "booking/store/orders.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CONFIRMATION_TRIES 10

static_assert(BOOKING_APPROVALS_MAX <= TOLD_MAX, "a batch is told of at once");

/* ── the steps ──────────────────────────────────────────────────────────── */

enum result attempts_announce(struct db *db, struct attempt *const attempts[], size_t count)
{
    struct order *orders[JOBS_CLAIM_MAX];
    const struct payment *payments[JOBS_CLAIM_MAX];
    for (size_t i = 0; i < count; i++) {
        struct attempt *a = attempts[i];
        a->number = a->order.payment_attempts = ++a->payment.attempts;
        a->payment.announced_claim = a->job->claim;
        orders[i] = &a->order;
        payments[i] = &a->payment;
    }
    TRY(orders_move_all(db, orders, count, ORDER_PAYMENT_PENDING));
    TRY(payments_begin_attempts(db, payments, count));
    for (size_t i = 0; i < count; i++)
        attempt_fill_charge(attempts[i]);
    return RESULT_OK;
}

/* The history of an approval. Without a CONFIRMATION_URL there is no receiver to tell, and that is known at once. */
static size_t note_approval(const struct attempt *a, struct event events[3])
{
    static const int64_t no_time_ms = 0;
    const struct author by = { .request_id = a->job->request_id, .worker = a->worker };
    events[0] = (struct event){ .order_id = a->order.order_id,
                                .type = EVENT_PAYMENT_ATTEMPT,
                                .attempt = a->number,
                                .outcome = "APPROVED",
                                .duration_ms = &a->result->duration_ms,
                                .detail = a->result->transaction_id,
                                .by = by };
    events[1] = (struct event){ .order_id = a->order.order_id,
                                .type = EVENT_ORDER_CONFIRMED,
                                .from_status = order_status_name(ORDER_PAYMENT_PENDING),
                                .to_status = order_status_name(ORDER_CONFIRMED),
                                .detail = a->result->transaction_id,
                                .by = by };
    events[2] = (struct event){ .order_id = a->order.order_id,
                                .type = EVENT_CONFIRMATION_ATTEMPT,
                                .attempt = 1,
                                .outcome = "NOT_CONFIGURED",
                                .duration_ms = &no_time_ms,
                                .by = by };
    return a->config->confirmation_url[0] == '\0' ? 3 : 2;
}

static enum result log_approvals(struct db *db, struct attempt *const attempts[], size_t count)
{
    struct event events[3 * BOOKING_APPROVALS_MAX];
    size_t event_count = 0;
    for (size_t i = 0; i < count; i++)
        event_count += note_approval(attempts[i], events + event_count);
    return events_add_all(db, events, event_count);
}

/* Whoever is told of confirmed orders. */
static enum result tell(struct db *db, struct attempt *const attempts[], size_t count)
{
    const struct config *config = attempts[0]->config;
    struct told told[BOOKING_APPROVALS_MAX];
    for (size_t i = 0; i < count; i++) {
        const char *request_id = attempts[i]->job->request_id;
        told[i] = (struct told){ &attempts[i]->order, request_id };
        if (config->confirmation_url[0] != '\0')
            TRY(jobs_add(db, JOB_SEND_CONFIRMATION, told[i].order->order_id, TIME_NONE, CONFIRMATION_TRIES,
                         request_id));
    }
    return step_tell_all(db, config, MESSAGE_ORDER_CONFIRMED, told, count);
}

static enum result give_locators(struct db *db, struct order *const orders[], size_t count)
{
    if (count > 1)
        return locators_give_many(db, orders, count, random_id);
    struct order *o = orders[0];
    return o->locator[0] == '\0' ? locators_give(db, o->order_id, random_id, o->locator) : RESULT_OK;
}

enum result attempts_confirm(struct db *db, struct attempt *const attempts[], size_t count)
{
    struct order *orders[BOOKING_APPROVALS_MAX];
    const struct job *jobs[BOOKING_APPROVALS_MAX];
    const char *payments[BOOKING_APPROVALS_MAX];
    const char *transactions[BOOKING_APPROVALS_MAX];
    for (size_t i = 0; i < count; i++) {
        struct attempt *a = attempts[i];
        orders[i] = &a->order;
        jobs[i] = a->job;
        payments[i] = a->payment.payment_id;
        transactions[i] = a->result->transaction_id;
        a->order.last_error[0] = '\0';
        a->moved = true;
        TRY(order_next(a->order.status, ORDER_EVENT_APPROVE, &a->order.status));
    }
    TRY(give_locators(db, orders, count));
    CRASH_POINT("located");
    TRY(orders_move_all(db, orders, count, ORDER_PAYMENT_PENDING));
    enum result booked = seats_book_all(db, orders, count);
    attempts[0]->seats_lost = booked == RESULT_STALE && count == 1;
    TRY(booked);
    CRASH_POINT("booked");
    TRY(payments_approve(db, payments, transactions, count));
    TRY(jobs_finish_all(db, jobs, count));
    TRY(log_approvals(db, attempts, count));
    return tell(db, attempts, count);
}

/* ── what is locked ─────────────────────────────────────────────────────── */

/* The attempts of a batch, and those among them that go the common way. */
struct batch {
    struct attempt *attempts;
    size_t count;
    struct attempt *plain[JOBS_CLAIM_MAX];
    size_t plain_count;
    char order_id[UUID_SIZE]; /* of one of the latter: all of them change together */
};

static struct attempt *find_attempt(const struct batch *b, const char *order_id)
{
    size_t i = 0;
    while (i < b->count && strcmp(b->attempts[i].job->order_id, order_id) != 0)
        i++;
    return i < b->count ? &b->attempts[i] : NULL;
}

static void take_locked(const struct order *order, const struct payment *payment, void *context)
{
    struct attempt *a = find_attempt(context, order->order_id);
    if (a == NULL)
        return;
    a->order = *order;
    a->payment = *payment;
}

/* Locks the orders that are free, and finds the plain ones. */
static enum result lock_plain(struct db *db, struct batch *b, bool (*is_plain)(const struct attempt *))
{
    const char *ids[JOBS_CLAIM_MAX];
    for (size_t i = 0; i < b->count; i++) {
        struct attempt *a = &b->attempts[i];
        ids[i] = a->job->order_id;
        a->order.order_id[0] = '\0';
        a->moved = a->seats_lost = false;
    }
    b->plain_count = 0;
    TRY(payments_lock_many_free(db, ids, b->count, take_locked, b));
    for (size_t i = 0; i < b->count; i++) {
        struct attempt *a = &b->attempts[i];
        bool is_there = a->order.order_id[0] != '\0';
        if (is_there && a->order.status == ORDER_PAYMENT_PENDING && is_plain(a))
            b->plain[b->plain_count++] = a;
    }
    if (b->plain_count > 0)
        memcpy(b->order_id, b->plain[0]->order.order_id, UUID_SIZE);
    return RESULT_OK;
}

/* ── announcing ─────────────────────────────────────────────────────────── */

static bool is_plain_first(const struct attempt *a)
{
    return a->job->claim == 1 && a->payment.attempts == 0 && a->payment.pending_ms == PAYMENT_DECIDED &&
           attempt_reason_to_end(a) == NULL;
}

struct claiming {
    const struct config *config;
    size_t limit;
    const char *worker;
    struct job *jobs;
    struct charge *charges;
    size_t *count;
};

static enum result announce_plain(struct db *db, struct claiming *c, struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        b->attempts[i].config = c->config;
        b->attempts[i].worker = c->worker;
        b->attempts[i].job = &c->jobs[i];
        b->attempts[i].charge = &c->charges[i];
        c->charges[i].attempt = 0;
    }
    TRY(lock_plain(db, b, is_plain_first));
    return b->plain_count == 0 ? RESULT_OK : attempts_announce(db, b->plain, b->plain_count);
}

static enum result claim_in_txn(struct db *db, void *context)
{
    struct claiming *c = context;
    struct batch b = { 0 };
    CRASH_SCOPE(job_kind_name(JOB_PAYMENT_ATTEMPT));
    TRY(jobs_claim(db, JOB_PAYMENT_ATTEMPT, c->limit, booking_lease_ms(c->config, JOB_PAYMENT_ATTEMPT), c->worker,
                   c->jobs, c->count));
    if (*c->count == 0)
        return RESULT_OK;
    CRASH_POINT("leased");
    b.count = *c->count;
    b.attempts = calloc(b.count, sizeof *b.attempts);
    enum result r = b.attempts == NULL ? RESULT_INTERNAL : announce_plain(db, c, &b);
    CRASH_POINT("announced");
    free(b.attempts);
    return r;
}

enum result booking_claim_payments(struct db *db, const struct config *config, size_t limit, const char *worker,
                                   struct job *reterr_jobs, struct charge *reterr_charges, size_t *reterr_count)
{
    struct claiming c = { config, limit, worker, reterr_jobs, reterr_charges, reterr_count };
    /* As for any claim: if COMMIT is unknown, the lease runs out. */
    enum result r = txn_run(db, NULL, claim_in_txn, &c);
    if (r == RESULT_OK || (r == RESULT_UNAVAILABLE && !db_was_locked_out(db))) {
        *reterr_count = r == RESULT_OK ? *reterr_count : 0;
        return r;
    }
    for (size_t i = 0; i < limit && i < JOBS_CLAIM_MAX; i++)
        reterr_charges[i].attempt = 0;
    return booking_claim(db, JOB_PAYMENT_ATTEMPT, limit, booking_lease_ms(config, JOB_PAYMENT_ATTEMPT), worker,
                         reterr_jobs, reterr_count);
}

/* ── settling ───────────────────────────────────────────────────────────── */

static bool is_plain_approval(const struct attempt *a)
{
    return a->result->outcome == ATTEMPT_APPROVED && strcmp(a->payment.payment_id, a->payment_id) == 0 &&
           a->payment.pending_ms == PAYMENT_DECIDED && a->order.flight.status != FLIGHT_CANCELLED &&
           a->order.locator[0] == '\0';
}

/* A batch that meets a deadlock does not try again: one by one its orders wait for each other's rivals only. */
static enum result settle_in_txn(struct db *db, void *context)
{
    struct batch *b = context;
    CRASH_SCOPE("settle-batch");
    TRY(lock_plain(db, b, is_plain_approval));
    enum result r = b->plain_count == 0 ? RESULT_STALE : attempts_confirm(db, b->plain, b->plain_count);
    return r == RESULT_RETRY ? RESULT_STALE : r;
}

/* The batch was settled by a run before the last one, and which orders were in that one is not known any more. */
static void recall(const struct order *now, void *context)
{
    struct batch *b = context;
    (void)now;
    b->plain_count = 0;
}

enum result booking_settle_approvals(struct db *db, const struct config *config, const char *worker,
                                     struct approval *approvals, size_t count)
{
    struct batch b = { .attempts = calloc(count, sizeof *b.attempts), .count = count };
    if (b.attempts == NULL)
        return RESULT_INTERNAL;
    for (size_t i = 0; i < count; i++) {
        approvals[i].is_settled = false;
        b.attempts[i] = (struct attempt){ .config = config,
                                          .worker = worker,
                                          .job = approvals[i].job,
                                          .number = approvals[i].attempt->number,
                                          .payment_id = approvals[i].attempt->payment_id,
                                          .result = approvals[i].result };
    }
    enum result r = txn_run_answered(db, b.order_id, settle_in_txn, recall, &b);
    for (size_t i = 0; r == RESULT_OK && i < b.plain_count; i++)
        approvals[b.plain[i] - b.attempts].is_settled = true;
    if (r == RESULT_OK)
        metrics_add_moves(ORDER_CONFIRMED, b.plain_count);
    free(b.attempts);
    return r;
}
