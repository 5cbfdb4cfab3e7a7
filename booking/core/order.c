/* SPDX-License-Identifier: MIT */
#include "booking/core/order.h"

#include "booking/base/text.h"

#include <stdio.h>
#include <string.h>

bool order_is_forgotten(const struct order *order)
{
    return order->user_id[0] == '\0';
}

bool order_has_lapsed(const struct order *order)
{
    return order->status == ORDER_SEATS_RESERVED && order->expires_at_ms <= order->read_at_ms;
}

bool version_is_in(const struct version_set *set, int64_t version)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->version[i] == version)
            return true;
    }
    return set->any;
}

void order_settle_lapse(struct order *order)
{
    if (!order_has_lapsed(order))
        return;
    order->status = ORDER_EXPIRED;
    order->updated_at_ms = order->expires_at_ms;
    order->expires_at_ms = TIME_NONE;
    order->version++;
}

int64_t order_timer_remaining_s(const struct order *order)
{
    if (order->expires_at_ms == TIME_NONE || order->expires_at_ms <= order->read_at_ms)
        return 0;
    return (order->expires_at_ms - order->read_at_ms) / 1000;
}

static void failure_message(const struct order *order, char *ret_text, size_t size)
{
    bool has_left = strcmp(order->last_error, "Your flight has departed") == 0;
    /* These reasons are true whatever the number of attempts. */
    bool is_told = strncmp(order->last_error, "Payment declined", 16) == 0 ||
                   strncmp(order->last_error, "Your ", 5) == 0;
    if (is_told)
        (void)snprintf(ret_text, size, "%s. Your seats have been released.%s", order->last_error,
                       has_left ? "" : " Please try again.");
    else
        (void)snprintf(ret_text, size,
                       "Payment validation failed after %lld attempt%s. Your seats have been released."
                       " Please try again.",
                       (long long)order->payment_attempts, order->payment_attempts == 1 ? "" : "s");
}

/* An error is left over from a payment that was declined. */
static void hold_message(const struct order *order, char *ret_text, size_t size)
{
    if (order->last_error[0] == '\0')
        text_copy(ret_text, size, "Your seats are held. Pay before the time runs out.");
    else
        (void)snprintf(ret_text, size, "%s. Your seats are still held: you can pay again before the time runs out.",
                       order->last_error);
}

void order_message(const struct order *order, int64_t max_attempts, char *ret_text, size_t size)
{
    switch (order->status) {
    case ORDER_CREATED:
    case ORDER_SEATS_RESERVED: hold_message(order, ret_text, size); break;
    case ORDER_PAYMENT_PENDING:
        if (order->payment_url[0] != '\0')
            text_copy(ret_text, size, "Please complete your payment on the page of the payment service.");
        else if (order->failed_attempts == 0)
            text_copy(ret_text, size, "Validating your payment…");
        else
            (void)snprintf(ret_text, size, "Payment validation failed. Retrying (attempt %lld of %lld)",
                           (long long)order->failed_attempts + 1, (long long)max_attempts);
        break;
    case ORDER_CONFIRMED: text_copy(ret_text, size, "Payment received. Your seats are booked."); break;
    case ORDER_FAILED: failure_message(order, ret_text, size); break;
    case ORDER_EXPIRED: text_copy(ret_text, size, "Your hold has expired. Your seats have been released."); break;
    case ORDER_CANCELLED: text_copy(ret_text, size, "Your booking is cancelled. Your seats have been released."); break;
    }
}
