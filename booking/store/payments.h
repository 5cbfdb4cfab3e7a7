/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_PAYMENTS_H
#define BOOKING_STORE_PAYMENTS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* The one payment of an order. Lock the order first. */
#define PAYMENT_DECIDED (-1)

struct payment {
    char payment_id[UUID_SIZE]; /* the idempotency key of the charge, for all attempts */
    char order_id[UUID_SIZE];
    char code[6];
    char status[21];
    int64_t attempts;        /* how many were announced */
    int64_t announced_claim; /* the job's claim that announced the last attempt */
    int64_t pending_ms;      /* how long the gateway has been deciding; PAYMENT_DECIDED: it has not said that it is */
    int64_t amount_cents;
    char currency[CURRENCY_SIZE];
};

enum result payments_insert(struct db *db, const struct payment *payment) MUST_CHECK;

/* RESULT_OK or RESULT_NOT_FOUND. */
enum result payments_find(struct db *db, const char *order_id, struct payment *ret_payment) MUST_CHECK;

/* Counts an attempt before the gateway is called, so that a transaction that
 * ends the order knows that a charge may exist. RESULT_STALE if a later attempt
 * has begun or the payment is settled. */
enum result payments_begin_attempt(struct db *db, const char *payment_id, int64_t attempt, int64_t claim) MUST_CHECK;

/* Notes that the gateway needs longer: from now on it is asked about the same attempt, and no other is counted. Noting
 * it twice is fine. */
enum result payments_wait(struct db *db, const char *payment_id) MUST_CHECK;

/* Settles a PENDING payment and cuts its code to the last two digits; otherwise
 * RESULT_STALE. transaction_id and last_error may be NULL. */
enum result payments_settle(struct db *db, const char *payment_id, const char *status, const char *transaction_id,
                            const char *last_error) MUST_CHECK;

/* Notes that the gateway has promised that nothing is, or will be, captured. */
enum result payments_mark_voided(struct db *db, const char *payment_id) MUST_CHECK;

#endif
