/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_ORDER_ACTIONS_H
#define BOOKING_CORE_ORDER_ACTIONS_H

#include "booking/base/json_writer.h"
#include "booking/core/order.h"
#include "booking/core/role.h"

#include <stdbool.h>
#include <stdint.h>

/* What may be done with an order as it is now, so that clients offer just that and need no copy of the rules. Each use
 * case decides for itself all the same, and may refuse for what only it looks up: a seat that is taken, a passenger who
 * is on board, names that are missing. */
enum order_action {
    ORDER_ACTION_PAY,
    ORDER_ACTION_CHANGE,     /* other seats */
    ORDER_ACTION_PASSENGERS, /* name them, or correct their names */
    ORDER_ACTION_CANCEL,     /* and, once it is paid, give money back by the flight's rule */
    ORDER_ACTION_PROVE,      /* that it is the caller's order, after which more may be done */
    ORDER_ACTION_REFUND,
    ORDER_ACTION_EXTEND,
    ORDER_ACTION_RESEND,
    ORDER_ACTION_FORGET,
};
#define ORDER_ACTION_COUNT 9

/* Sets of actions: those of the customers' paths, and those of the operator's. */
struct order_actions {
    uint32_t as_customer;
    uint32_t as_staff;
    bool is_for_staff; /* as_staff is to be shown */
};

#define ORDER_NEVER (-1)

/* What the settings allow, and who is asking. */
struct order_terms {
    int64_t change_until_ms; /* before departure seats of a paid order are changed; ORDER_NEVER */
    int64_t name_until_ms;   /* the same for names */
    bool takes_passengers;
    bool asks_consent;
    bool sends_mail;
    bool sends_webhooks;
    bool may_change; /* the caller's changes are not refused for who they are */
    bool is_proved;  /* that the order is the caller's, or that staff serve customers */
    enum role role;
};

/* Of an order that was read a moment ago, and is settled if it has lapsed. */
struct order_actions order_actions_of(const struct order *order, const struct order_terms *terms);

bool order_actions_have(uint32_t set, enum order_action action);

/* Adds "actions" and, for staff, "staffActions". */
void order_actions_write(struct json_writer *w, const struct order_actions *actions);

#endif
