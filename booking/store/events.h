/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_EVENTS_H
#define BOOKING_STORE_EVENTS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* Who made a change: a customer's request, a staff member's, or a worker on behalf of a request. */
struct author {
    const char *request_id; /* NULL: none */
    int64_t actor_id;       /* the person id of a staff member; 0: none */
    const char *worker;     /* NULL: a request made it */
};

/* The history of an order: rows are only ever added, each in the transaction of
 * the change it records. Fields left out are NULL or 0. */
struct event {
    int64_t event_id;     /* only from events_list() */
    const char *order_id; /* only for events_add() */
    const char *type;     /* EVENT_… */
    const char *from_status;
    const char *to_status;
    int64_t attempt; /* 0: none */
    const char *outcome;
    const int64_t *duration_ms; /* NULL: none */
    const char *detail;
    struct author by;
    const char *actor;     /* only from events_list(): the name of by.actor_id, NULL if it was forgotten */
    int64_t created_at_ms; /* only from events_list() */
};

#define EVENT_ORDER_CREATED "ORDER_CREATED"
#define EVENT_SEATS_RESERVED "SEATS_RESERVED"
#define EVENT_SEATS_CHANGED "SEATS_CHANGED"
#define EVENT_PAYMENT_SUBMITTED "PAYMENT_SUBMITTED"
#define EVENT_PAYMENT_ATTEMPT "PAYMENT_ATTEMPT"
#define EVENT_PAYMENT_DECLINED "PAYMENT_DECLINED" /* and the hold goes on */
#define EVENT_ORDER_CONFIRMED "ORDER_CONFIRMED"
#define EVENT_ORDER_FAILED "ORDER_FAILED"
#define EVENT_ORDER_EXPIRED "ORDER_EXPIRED"
#define EVENT_ORDER_CANCELLED "ORDER_CANCELLED"
#define EVENT_VOID_REQUESTED "VOID_REQUESTED"
#define EVENT_VOID_ATTEMPT "VOID_ATTEMPT"
#define EVENT_REFUND_REQUESTED "REFUND_REQUESTED"
#define EVENT_REFUND_ATTEMPT "REFUND_ATTEMPT"
#define EVENT_MESSAGE_ATTEMPT "MESSAGE_ATTEMPT"
#define EVENT_MAIL_ATTEMPT "MAIL_ATTEMPT"
#define EVENT_CONFIRMATION_ATTEMPT "CONFIRMATION_ATTEMPT"
#define EVENT_MESSAGE_REPEATED "MESSAGE_REPEATED"
#define EVENT_HOLD_EXTENDED "HOLD_EXTENDED"
#define EVENT_PERSONS_FORGOTTEN "PERSONS_FORGOTTEN"
#define EVENT_SEATS_FREED_BY_ADMIN "SEATS_FREED_BY_ADMIN"
#define EVENT_PASSENGERS_CHANGED "PASSENGERS_CHANGED"
#define EVENT_PASSENGER_BOARDED "PASSENGER_BOARDED"
#define EVENT_FLIGHT_CHANGED "FLIGHT_CHANGED"
#define EVENT_JOB_RETRIED "JOB_RETRIED"
#define EVENT_JOB_RELEASED "JOB_RELEASED"
#define EVENT_JOB_SET_ASIDE "JOB_SET_ASIDE"

enum result events_add(struct db *db, const struct event *event) MUST_CHECK;

/* Adds up to EVENTS_MAX events, in their order. */
#define EVENTS_MAX 96
enum result events_add_all(struct db *db, const struct event *events, size_t count) MUST_CHECK;

/* Adds the birth of an order: ORDER_CREATED and SEATS_RESERVED, in one statement. */
enum result events_add_birth(struct db *db, const struct order *order, int64_t actor_id) MUST_CHECK;

/* Whether the transaction with this change id wrote to the order's history. */
enum result events_have_change(struct db *db, const char *order_id, int64_t change_id, bool *reterr_have) MUST_CHECK;

/* Whether the order's history has the outcome of an attempt of its last payment; PENDING is not an outcome. With late,
 * only an approval that came after the order had ended counts. */
enum result events_have_attempt(struct db *db, const char *order_id, int64_t attempt, bool late,
                                bool *reterr_have) MUST_CHECK;

/* Oldest first. */
enum result events_list(struct db *db, const char *order_id, void (*each)(const struct event *, void *),
                        void *context) MUST_CHECK;

#endif
