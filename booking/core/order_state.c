/* SPDX-License-Identifier: MIT */
#include "booking/core/order_state.h"

#include <stddef.h>
#include <string.h>

static const char *const status_names[ORDER_STATUS_COUNT] = {
    [ORDER_CREATED] = "CREATED",
    [ORDER_SEATS_RESERVED] = "SEATS_RESERVED",
    [ORDER_PAYMENT_PENDING] = "PAYMENT_PENDING",
    [ORDER_CONFIRMED] = "CONFIRMED",
    [ORDER_FAILED] = "FAILED",
    [ORDER_EXPIRED] = "EXPIRED",
    [ORDER_CANCELLED] = "CANCELLED",
};

static const struct {
    enum order_status from;
    enum order_event event;
    enum order_status to;
} moves[] = {
    { ORDER_CREATED, ORDER_EVENT_RESERVE, ORDER_SEATS_RESERVED },
    { ORDER_SEATS_RESERVED, ORDER_EVENT_CHANGE_SEATS, ORDER_SEATS_RESERVED },
    { ORDER_SEATS_RESERVED, ORDER_EVENT_SUBMIT_PAYMENT, ORDER_PAYMENT_PENDING },
    { ORDER_SEATS_RESERVED, ORDER_EVENT_EXPIRE, ORDER_EXPIRED },
    { ORDER_SEATS_RESERVED, ORDER_EVENT_CANCEL, ORDER_CANCELLED },
    { ORDER_PAYMENT_PENDING, ORDER_EVENT_APPROVE, ORDER_CONFIRMED },
    { ORDER_PAYMENT_PENDING, ORDER_EVENT_FAIL, ORDER_FAILED },
    { ORDER_PAYMENT_PENDING, ORDER_EVENT_DECLINE, ORDER_SEATS_RESERVED },
    { ORDER_PAYMENT_PENDING, ORDER_EVENT_CANCEL, ORDER_CANCELLED },
    { ORDER_CONFIRMED, ORDER_EVENT_REFUND, ORDER_CANCELLED },
    { ORDER_SEATS_RESERVED, ORDER_EVENT_MOVE_SEATS, ORDER_SEATS_RESERVED },
    { ORDER_PAYMENT_PENDING, ORDER_EVENT_MOVE_SEATS, ORDER_PAYMENT_PENDING },
    { ORDER_CONFIRMED, ORDER_EVENT_MOVE_SEATS, ORDER_CONFIRMED },
    { ORDER_CONFIRMED, ORDER_EVENT_GIVE_UP, ORDER_CONFIRMED },
    { ORDER_CONFIRMED, ORDER_EVENT_CHANGE_SOLD, ORDER_CONFIRMED },
    { ORDER_SEATS_RESERVED, ORDER_EVENT_EXTEND, ORDER_SEATS_RESERVED },
};

bool order_status_is_final(enum order_status status)
{
    return status == ORDER_CONFIRMED || status == ORDER_FAILED || status == ORDER_EXPIRED || status == ORDER_CANCELLED;
}

static enum result refusal(enum order_status from, enum order_event event)
{
    bool is_after_sale = event == ORDER_EVENT_REFUND || event == ORDER_EVENT_GIVE_UP ||
                         event == ORDER_EVENT_CHANGE_SOLD;
    if (from == ORDER_SEATS_RESERVED && is_after_sale)
        return RESULT_NOT_PAID;
    if (from == ORDER_EXPIRED)
        return RESULT_ORDER_EXPIRED;
    if (from == ORDER_PAYMENT_PENDING)
        return RESULT_PAYMENT_IN_PROGRESS;
    return order_status_is_final(from) ? RESULT_ORDER_CLOSED : RESULT_STALE;
}

enum result order_next(enum order_status from, enum order_event event, enum order_status *ret_next)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].from == from && moves[i].event == event) {
            *ret_next = moves[i].to;
            return RESULT_OK;
        }
    }
    return refusal(from, event);
}

const char *order_status_name(enum order_status status)
{
    return status_names[status];
}

bool order_status_parse(const char *text, enum order_status *ret_status)
{
    for (int i = 0; i < ORDER_STATUS_COUNT; i++) {
        if (strcmp(status_names[i], text) == 0) {
            *ret_status = (enum order_status)i;
            return true;
        }
    }
    return false;
}
