/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_REFUNDS_H
#define BOOKING_STORE_REFUNDS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* Refunds of captured charges. Lock the order first. A refund is PENDING until the gateway has answered, then REFUNDED
 * or, with its words, FAILED. */
#define REFUND_PENDING "PENDING"
#define REFUND_REFUNDED "REFUNDED"
#define REFUND_FAILED "FAILED"

struct refund {
    char refund_id[UUID_SIZE]; /* also the key at the gateway */
    char order_id[UUID_SIZE];
    char payment_id[UUID_SIZE]; /* the key of the charge */
    int64_t amount_cents;
    char currency[CURRENCY_SIZE];
    char status[11];
    char reason[ERROR_SIZE];     /* empty: none */
    char last_error[ERROR_SIZE]; /* empty: none */
    int64_t created_at_ms;
    int64_t updated_at_ms;
};

/* Adds a refund that is PENDING; its times are the database's. */
enum result refunds_add(struct db *db, const struct refund *refund) MUST_CHECK;

/* RESULT_NOT_FOUND if there is no such refund. */
enum result refunds_find(struct db *db, const char *refund_id, struct refund *ret_refund) MUST_CHECK;

/* What was asked for and has not failed, in all. */
enum result refunds_sum(struct db *db, const char *order_id, int64_t *ret_cents) MUST_CHECK;

/* Moves a refund to another status; RESULT_STALE if it has left that one. last_error may be NULL. */
enum result refunds_move(struct db *db, const char *refund_id, const char *from, const char *to,
                         const char *last_error) MUST_CHECK;

/* An order's refunds, the oldest first. Each is valid only during the call. */
enum result refunds_list(struct db *db, const char *order_id, void (*each)(const struct refund *, void *),
                         void *context) MUST_CHECK;

#endif
