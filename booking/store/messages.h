/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_MESSAGES_H
#define BOOKING_STORE_MESSAGES_H

#include "booking/base/buf.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* What is told of an order. Each channel tells its own in order: a later message waits until the earlier one is SENT,
 * FAILED, TOO_OLD or NO_ADDRESS. Lock the order first. */
#define CHANNEL_WEBHOOK "WEBHOOK"
#define CHANNEL_MAIL "MAIL"

#define MESSAGE_PENDING "PENDING"
#define MESSAGE_SENT "SENT"
#define MESSAGE_FAILED "FAILED"
#define MESSAGE_TOO_OLD "TOO_OLD"
#define MESSAGE_NO_ADDRESS "NO_ADDRESS" /* a mail: its receiver was forgotten meanwhile */

/* The types, as Standard Webhooks writes them. */
#define MESSAGE_ORDER_CONFIRMED "order.confirmed"
#define MESSAGE_ORDER_FAILED "order.failed"
#define MESSAGE_ORDER_EXPIRED "order.expired"
#define MESSAGE_ORDER_CANCELLED "order.cancelled"
#define MESSAGE_ORDER_CHANGED "order.changed"
#define MESSAGE_ORDER_REFUNDED "order.refunded"
#define MESSAGE_FLIGHT_CHANGED "flight.changed"
#define MESSAGE_FLIGHT_CANCELLED "flight.cancelled"
#define MESSAGE_SEAT_MOVED "seat.moved"

#define MESSAGE_BODY_SIZE 12001

#define MESSAGE_TYPE_SIZE 31

struct message {
    int64_t message_id;
    char public_id[UUID_SIZE];
    char type[MESSAGE_TYPE_SIZE];
    int64_t tries;
    int64_t age_ms;
};

/* Statements about several orders take up to so many. */
#define MESSAGES_AHEAD 64

/* Adds messages that are PENDING, up to MESSAGES_ADDED, in their order. */
#define MESSAGES_ADDED 64
struct new_message {
    const char *order_id;
    const char *channel;
    const char *type;
    const char *body;
};
enum result messages_add_all(struct db *db, const struct new_message *list, size_t count) MUST_CHECK;

/* Those of the orders that a mail can be about: that have been paid for once and have somebody to write to, so that
 * nobody can make us write to strangers. */
enum result messages_mail_addressees(struct db *db, const char *const *order_ids, size_t count,
                                     void (*each)(const char *order_id, void *), void *context) MUST_CHECK;

/* The order's oldest message of a channel that is PENDING; RESULT_NOT_FOUND if there is none. Its body takes the place
 * of what is in the buffer (NULL: it is not wanted). */
enum result messages_next(struct db *db, const char *order_id, const char *channel, struct message *ret_message,
                          struct buf *reterr_body) MUST_CHECK;

/* The same for several orders; each is not called for one that has none. */
enum result messages_next_of(struct db *db, const char *const *order_ids, size_t count, const char *channel,
                             void (*each)(const char *order_id, const struct message *, const struct buf *body, void *),
                             void *context) MUST_CHECK;

/* The type of the order's last message on any channel; RESULT_NOT_FOUND if there is none, or none is kept any more. */
enum result messages_last_type(struct db *db, const char *order_id, char ret_type[MESSAGE_TYPE_SIZE]) MUST_CHECK;

/* The message of that id, whatever has become of it. */
enum result messages_find(struct db *db, const char *order_id, const char *public_id, struct message *ret_message,
                          struct buf *reterr_body) MUST_CHECK;

/* What mails about several orders say beside their messages: how people call the places of the order's flight, and what
 * was refunded of the order in all. */
#define PLACE_NAME_SIZE 401
struct mail_facts {
    char origin[PLACE_NAME_SIZE]; /* empty: only the code is known */
    char destination[PLACE_NAME_SIZE];
    int64_t refunded_cents;
};
enum result messages_mail_facts(struct db *db, const char *const *order_ids, size_t count,
                                void (*each)(const char *order_id, const struct mail_facts *, void *),
                                void *context) MUST_CHECK;

/* Counts a try. RESULT_STALE unless the message is PENDING, or FAILED and tried once more. last_error may be NULL. */
enum result messages_settle(struct db *db, int64_t message_id, const char *status, const char *last_error) MUST_CHECK;

/* Replaces a part of all messages of an order, sent or not. */
enum result messages_replace(struct db *db, const char *order_id, const char *from, const char *to) MUST_CHECK;

/* Removes messages that are a week old and not PENDING; *reterr_more says that there may be more. */
enum result messages_purge(struct db *db, bool *reterr_more) MUST_CHECK;

#endif
