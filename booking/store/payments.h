/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_PAYMENTS_H
#define BOOKING_STORE_PAYMENTS_H

#include "booking/base/url.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* The payments of an order. One at most counts; those before it were declined, and left the order its hold. Lock the
 * order first. */
#define PAYMENT_DECIDED (-1)

struct payment {
    char payment_id[UUID_SIZE]; /* the idempotency key of the charge, for all attempts */
    char order_id[UUID_SIZE];
    char code[6];
    char status[21];
    bool has_news;           /* the gateway has said so, and was not asked since */
    bool is_former;          /* the order went back to its hold without it */
    int64_t attempts;        /* how many were announced */
    int64_t announced_claim; /* the job's claim that announced the last attempt */
    int64_t pending_ms;      /* how long the gateway has been deciding; PAYMENT_DECIDED: it has not said that it is */
    int64_t amount_cents;
    char currency[CURRENCY_SIZE];
    char redirect_url[URL_SIZE]; /* where the customer decides; empty: nowhere */
};

enum result payments_insert(struct db *db, const struct payment *payment) MUST_CHECK;

/* The payment that counts for an order. RESULT_OK or RESULT_NOT_FOUND. */
enum result payments_find(struct db *db, const char *order_id, struct payment *ret_payment) MUST_CHECK;

/* The same by the payment's own id, also if it does not count any more. */
enum result payments_find_by_id(struct db *db, const char *payment_id, struct payment *ret_payment) MUST_CHECK;

/* Locks those of up to 64 orders that no other session has locked, with the payment that counts for each. It waits for
 * none, and leaves out an order that has no payment. What was given back of an order (refunded_cents) and where it is
 * paid (payment_url) is not read. */
enum result payments_lock_many_free(struct db *db, const char *const order_ids[], size_t count,
                                    void (*each)(const struct order *, const struct payment *, void *),
                                    void *context) MUST_CHECK;

/* Counts an attempt of each of up to 64 payments before the gateway is called, so that a transaction that ends the
 * order knows that a charge may exist: writes attempts and announced_claim as they are here. RESULT_STALE if a later
 * attempt has begun or the payment is settled. */
enum result payments_begin_attempts(struct db *db, const struct payment *const payments[], size_t count) MUST_CHECK;

/* Notes that the gateway needs longer: from now on it is asked about the same attempt, and no other is counted. Also
 * where the customer decides (empty: nowhere). Noting it twice is fine. */
enum result payments_wait(struct db *db, const char *payment_id, const char *redirect_url) MUST_CHECK;

/* Notes that the gateway has news about a PENDING payment, and that it is being asked for them. */
enum result payments_note_news(struct db *db, const char *payment_id) MUST_CHECK;
enum result payments_ask_for_news(struct db *db, const char *payment_id) MUST_CHECK;

/* Settles a PENDING payment and cuts its code to the last two digits; otherwise
 * RESULT_STALE. transaction_id and last_error may be NULL. */
enum result payments_settle(struct db *db, const char *payment_id, const char *status, const char *transaction_id,
                            const char *last_error) MUST_CHECK;

/* The same for up to 64 payments that were approved. */
enum result payments_approve(struct db *db, const char *const payment_ids[], const char *const transaction_ids[],
                             size_t count) MUST_CHECK;

/* Settles a PENDING payment as DECLINED, and takes it out of the way of the next one; otherwise RESULT_STALE. */
enum result payments_decline(struct db *db, const char *payment_id, const char *last_error) MUST_CHECK;

/* Notes that the gateway has promised that nothing is, or will be, captured. */
enum result payments_mark_voided(struct db *db, const char *payment_id) MUST_CHECK;

#endif
