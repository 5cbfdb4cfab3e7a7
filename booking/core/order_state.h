/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_ORDER_STATE_H
#define BOOKING_CORE_ORDER_STATE_H

#include "booking/core/result.h"

#include <stdbool.h>

/* The life of an order. The table in order_state.c is the only place that says
 * which moves exist; the use cases ask it, and it guards their UPDATEs. */

enum order_status {
    ORDER_CREATED,
    ORDER_SEATS_RESERVED,
    ORDER_PAYMENT_PENDING,
    ORDER_CONFIRMED,
    ORDER_FAILED,
    ORDER_EXPIRED,
    ORDER_CANCELLED,
};
#define ORDER_STATUS_COUNT 7

enum order_event {
    ORDER_EVENT_RESERVE, /* the seats of a new order */
    ORDER_EVENT_CHANGE_SEATS,
    ORDER_EVENT_SUBMIT_PAYMENT,
    ORDER_EVENT_APPROVE, /* the gateway took the money */
    ORDER_EVENT_FAIL,    /* declined, or out of attempts */
    ORDER_EVENT_EXPIRE,
    ORDER_EVENT_CANCEL,      /* by the customer, or by an operator */
    ORDER_EVENT_REFUND,      /* after the sale: the seats are given back, and money that was captured */
    ORDER_EVENT_MOVE_SEATS,  /* the flight has another cabin */
    ORDER_EVENT_GIVE_UP,     /* after the sale: the same with some of the seats */
    ORDER_EVENT_DECLINE,     /* but the hold goes on */
    ORDER_EVENT_CHANGE_SOLD, /* after the sale: other seats, for no more money */
    ORDER_EVENT_EXTEND,      /* by a member of staff: a later end of the hold */
};
#define ORDER_EVENT_COUNT 13

/* RESULT_OK and the next state, or why the move is refused: ORDER_EXPIRED,
 * ORDER_CLOSED, PAYMENT_IN_PROGRESS, NOT_PAID for what comes after the sale, or
 * STALE if no customer can be the cause.
 * *ret_next is untouched unless RESULT_OK. */
enum result order_next(enum order_status from, enum order_event event, enum order_status *ret_next) MUST_CHECK;

bool order_status_is_final(enum order_status status);

/* "SEATS_RESERVED" and back; false if the text names no state. */
const char *order_status_name(enum order_status status);
bool order_status_parse(const char *text, enum order_status *ret_status);

#endif
