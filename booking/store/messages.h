/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_MESSAGES_H
#define BOOKING_STORE_MESSAGES_H

#include "booking/base/buf.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* What is told of an order, in order: a later message waits until the earlier one is SENT, FAILED or TOO_OLD. Lock the
 * order first. */
#define MESSAGE_PENDING "PENDING"
#define MESSAGE_SENT "SENT"
#define MESSAGE_FAILED "FAILED"
#define MESSAGE_TOO_OLD "TOO_OLD"

/* The types, as Standard Webhooks writes them. */
#define MESSAGE_ORDER_CONFIRMED "order.confirmed"
#define MESSAGE_ORDER_FAILED "order.failed"
#define MESSAGE_ORDER_EXPIRED "order.expired"
#define MESSAGE_ORDER_CANCELLED "order.cancelled"
#define MESSAGE_ORDER_REFUNDED "order.refunded"

#define MESSAGE_BODY_SIZE 12001

struct message {
    int64_t message_id;
    char public_id[UUID_SIZE];
    int64_t tries;
    int64_t age_ms;
};

/* Adds a message that is PENDING. */
enum result messages_add(struct db *db, const char *order_id, const char *type, const char *body) MUST_CHECK;

/* The order's oldest message that is PENDING; RESULT_NOT_FOUND if there is none. Its body takes the place of what is in
 * the buffer (NULL: it is not wanted). */
enum result messages_next(struct db *db, const char *order_id, struct message *ret_message,
                          struct buf *reterr_body) MUST_CHECK;

/* Counts a try. RESULT_STALE unless the message is PENDING. last_error may be NULL. */
enum result messages_settle(struct db *db, int64_t message_id, const char *status, const char *last_error) MUST_CHECK;

/* Replaces a part of all messages of an order, sent or not. */
enum result messages_replace(struct db *db, const char *order_id, const char *from, const char *to) MUST_CHECK;

/* Removes messages that are a week old and not PENDING; *reterr_more says that there may be more. */
enum result messages_purge(struct db *db, bool *reterr_more) MUST_CHECK;

#endif
