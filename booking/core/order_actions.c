/* SPDX-License-Identifier: MIT */
#include "booking/core/order_actions.h"

#include <stddef.h>

static const char *const names[ORDER_ACTION_COUNT] = {
    [ORDER_ACTION_PAY] = "pay",       [ORDER_ACTION_CHANGE] = "change", [ORDER_ACTION_PASSENGERS] = "passengers",
    [ORDER_ACTION_CANCEL] = "cancel", [ORDER_ACTION_PROVE] = "prove",   [ORDER_ACTION_REFUND] = "refund",
    [ORDER_ACTION_EXTEND] = "extend", [ORDER_ACTION_RESEND] = "resend", [ORDER_ACTION_FORGET] = "forget",
};

static uint32_t only_if(bool may, enum order_action action)
{
    return may ? UINT32_C(1) << action : 0;
}

bool order_actions_have(uint32_t set, enum order_action action)
{
    return (set & only_if(true, action)) != 0;
}

static bool allows(const struct order *o, enum order_event event)
{
    enum order_status next;
    return order_next(o->status, event, &next) == RESULT_OK;
}

/* Whether there is still so much time before departure. */
static bool is_before(const struct order *o, int64_t ms)
{
    return ms != ORDER_NEVER && o->read_at_ms + ms < o->flight.departure_ms;
}

static bool is_flying(const struct order *o)
{
    return o->flight.status != FLIGHT_CANCELLED && is_before(o, 0);
}

/* Names are given while seats may be changed; later they are corrected, at any time by staff. */
static bool may_name(const struct order *o, const struct order_terms *t, bool is_staff)
{
    if (!t->takes_passengers && !t->asks_consent)
        return false;
    if (o->status != ORDER_CONFIRMED)
        return allows(o, ORDER_EVENT_CHANGE_SEATS);
    return !order_is_forgotten(o) && (is_staff || is_before(o, t->name_until_ms));
}

/* While seats are held or paid for, by a caller who may see the order. */
static uint32_t while_open(const struct order *o, const struct order_terms *t)
{
    const bool is_sold = o->flight.status != FLIGHT_CANCELLED;
    return only_if(is_sold && allows(o, ORDER_EVENT_SUBMIT_PAYMENT), ORDER_ACTION_PAY) |
           only_if(is_sold && allows(o, ORDER_EVENT_CHANGE_SEATS), ORDER_ACTION_CHANGE) |
           only_if(may_name(o, t, false), ORDER_ACTION_PASSENGERS) |
           only_if(allows(o, ORDER_EVENT_CANCEL), ORDER_ACTION_CANCEL);
}

/* Once it is paid, by a caller who has proved that the order is theirs. */
static uint32_t once_paid(const struct order *o, const struct order_terms *t, bool is_staff)
{
    const bool changes = o->flight.status == FLIGHT_ON_SALE && is_before(o, t->change_until_ms);
    const bool refunds = is_flying(o) && o->flight.refund_rule.count > 0;
    return only_if(changes && allows(o, ORDER_EVENT_CHANGE_SOLD), ORDER_ACTION_CHANGE) |
           only_if(may_name(o, t, is_staff), ORDER_ACTION_PASSENGERS) |
           only_if(refunds && allows(o, ORDER_EVENT_REFUND), ORDER_ACTION_CANCEL);
}

static uint32_t as_customer(const struct order *o, const struct order_terms *t)
{
    if (o->status != ORDER_CONFIRMED)
        return while_open(o, t);
    const uint32_t set = once_paid(o, t, t->role >= ROLE_AGENT);
    return t->is_proved ? set : only_if(set != 0, ORDER_ACTION_PROVE);
}

/* What customers may do, too, but at any time before departure, and without a rule if an operator says the amount. */
static uint32_t for_customers(const struct order *o, const struct order_terms *t)
{
    const bool refunds = is_flying(o) && (o->flight.refund_rule.count > 0 || t->role >= ROLE_OPERATOR);
    const bool changes = allows(o, ORDER_EVENT_CHANGE_SEATS) || allows(o, ORDER_EVENT_CHANGE_SOLD);
    return only_if(changes && is_flying(o), ORDER_ACTION_CHANGE) |
           only_if(may_name(o, t, true), ORDER_ACTION_PASSENGERS) |
           only_if(allows(o, ORDER_EVENT_CANCEL) || (refunds && allows(o, ORDER_EVENT_REFUND)), ORDER_ACTION_CANCEL) |
           only_if(is_flying(o) && allows(o, ORDER_EVENT_EXTEND), ORDER_ACTION_EXTEND);
}

/* Only what was paid once has a locator, and is written about by mail. */
static uint32_t as_staff(const struct order *o, const struct order_terms *t)
{
    const bool was_paid = o->locator[0] != '\0';
    const bool is_final = order_status_is_final(o->status);
    const bool was_told = (t->sends_webhooks && is_final) || (t->sends_mail && was_paid);
    const bool is_operator = t->role >= ROLE_OPERATOR;
    if (t->role < ROLE_AGENT)
        return 0;
    return for_customers(o, t) | only_if(was_told, ORDER_ACTION_RESEND) |
           only_if(is_operator && was_paid, ORDER_ACTION_REFUND) |
           only_if(is_operator && is_final && !order_is_forgotten(o), ORDER_ACTION_FORGET);
}

struct order_actions order_actions_of(const struct order *order, const struct order_terms *terms)
{
    return (struct order_actions){
        .as_customer = terms->may_change ? as_customer(order, terms) : 0,
        .as_staff = as_staff(order, terms),
        .is_for_staff = terms->role != ROLE_NONE,
    };
}

static void write_set(struct json_writer *w, const char *name, uint32_t set)
{
    json_open_array(w, name);
    for (int i = 0; i < ORDER_ACTION_COUNT; i++) {
        if (order_actions_have(set, (enum order_action)i))
            json_add_text(w, NULL, names[i]);
    }
    json_close_array(w);
}

void order_actions_write(struct json_writer *w, const struct order_actions *actions)
{
    write_set(w, "actions", actions->as_customer);
    if (actions->is_for_staff)
        write_set(w, "staffActions", actions->as_staff);
}
