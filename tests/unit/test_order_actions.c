/* SPDX-License-Identifier: MIT */
/* What may be done with an order, for each state, each kind of caller, and around the settings' moments. */

#include "tests/unit/unit.h"

#include "booking/core/order_actions.h"

#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1773568800000)
#define HOUR INT64_C(3600000)

static struct order order_in(enum order_status status)
{
    struct order o = {
        .user_id = "ada",
        .status = status,
        .flight = { .departure_ms = NOW + 24 * HOUR, .status = FLIGHT_ON_SALE, .refund_rule = { .count = 1 } },
        .read_at_ms = NOW,
    };
    if (status == ORDER_CONFIRMED)
        memcpy(o.locator, "K7D4RN", sizeof o.locator);
    return o;
}

/* All is allowed, and the order is the caller's. */
static struct order_terms open_terms(enum role role)
{
    return (struct order_terms){
        .change_until_ms = HOUR, .name_until_ms = HOUR, .takes_passengers = true, .sends_mail = true,
        .may_change = true, .is_proved = true, .role = role,
    };
}

static const char *actions_of(const struct order *o, const struct order_terms *t)
{
    static struct buf b;
    struct json_writer w = JSON_WRITER_INIT(&b);
    const struct order_actions actions = order_actions_of(o, t);
    buf_clear(&b);
    json_open_object(&w, NULL);
    order_actions_write(&w, &actions);
    json_close_object(&w);
    return buf_str(&b);
}

static void check_actions(const char *what, const struct order *o, const struct order_terms *t, const char *want)
{
    const char *got = actions_of(o, t);
    check(strcmp(got, want) == 0, "%s: %s, not %s", what, got, want);
}

static void each_state(void **state)
{
    static const struct {
        enum order_status status;
        const char *customer, *staff;
    } rows[] = {
        { ORDER_SEATS_RESERVED, "\"pay\",\"change\",\"passengers\",\"cancel\"",
          "\"change\",\"passengers\",\"cancel\",\"extend\"" },
        { ORDER_PAYMENT_PENDING, "\"cancel\"", "\"cancel\"" },
        { ORDER_CONFIRMED, "\"change\",\"passengers\",\"cancel\"",
          "\"change\",\"passengers\",\"cancel\",\"refund\",\"resend\",\"forget\"" },
        { ORDER_FAILED, "", "\"forget\"" },
        { ORDER_EXPIRED, "", "\"forget\"" },
        { ORDER_CANCELLED, "", "\"forget\"" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct order o = order_in(rows[i].status);
        const struct order_terms customer = open_terms(ROLE_NONE);
        const struct order_terms operator = open_terms(ROLE_OPERATOR);
        char want[200];
        (void)snprintf(want, sizeof want, "{\"actions\":[%s]}", rows[i].customer);
        check_actions(order_status_name(o.status), &o, &customer, want);
        (void)snprintf(want, sizeof want, "{\"actions\":[%s],\"staffActions\":[%s]}", rows[i].customer, rows[i].staff);
        check_actions(order_status_name(o.status), &o, &operator, want);
    }
}

/* Whoever has only an order's id may pay for it and end it; once it is paid, there is something to prove first. */
static void a_stranger(void **state)
{
    struct order_terms t = open_terms(ROLE_NONE);
    struct order o = order_in(ORDER_SEATS_RESERVED);
    (void)state;
    t.is_proved = false;
    check_actions("held", &o, &t, "{\"actions\":[\"pay\",\"change\",\"passengers\",\"cancel\"]}");
    o = order_in(ORDER_CONFIRMED);
    check_actions("paid", &o, &t, "{\"actions\":[\"prove\"]}");
    o.flight.refund_rule.count = 0;
    t.change_until_ms = t.name_until_ms = ORDER_NEVER;
    check_actions("paid, for good", &o, &t, "{\"actions\":[]}");
}

static void roles(void **state)
{
    struct order o = order_in(ORDER_CONFIRMED);
    struct order_terms t = open_terms(ROLE_AGENT);
    (void)state;
    t.change_until_ms = t.name_until_ms = ORDER_NEVER;
    o.flight.refund_rule.count = 0;
    check_actions("an agent, without a rule", &o, &t,
                  "{\"actions\":[\"passengers\"],\"staffActions\":[\"change\",\"passengers\",\"resend\"]}");
    t.role = ROLE_OPERATOR;
    check_actions("an operator, without a rule", &o, &t,
                  "{\"actions\":[\"passengers\"],\"staffActions\":[\"change\",\"passengers\",\"cancel\",\"refund\",\"resend\","
                  "\"forget\"]}");
    t = (struct order_terms){ .change_until_ms = ORDER_NEVER, .name_until_ms = ORDER_NEVER, .role = ROLE_VIEWER };
    o = order_in(ORDER_SEATS_RESERVED);
    check_actions("a viewer", &o, &t, "{\"actions\":[],\"staffActions\":[]}");
}

/* A setting's moment itself is too late. */
static void moments(void **state)
{
    struct order_terms t = open_terms(ROLE_NONE);
    struct order o = order_in(ORDER_CONFIRMED);
    (void)state;
    o.flight.departure_ms = NOW + HOUR + 1;
    check_actions("just in time", &o, &t, "{\"actions\":[\"change\",\"passengers\",\"cancel\"]}");
    o.flight.departure_ms = NOW + HOUR;
    check_actions("too late", &o, &t, "{\"actions\":[\"cancel\"]}");
    o.flight.departure_ms = NOW;
    check_actions("departed", &o, &t, "{\"actions\":[]}");
}

static void flights_states(void **state)
{
    struct order_terms t = open_terms(ROLE_OPERATOR);
    struct order o = order_in(ORDER_SEATS_RESERVED);
    (void)state;
    o.flight.status = FLIGHT_CANCELLED;
    check_actions("held, cancelled", &o, &t,
                  "{\"actions\":[\"passengers\",\"cancel\"],\"staffActions\":[\"passengers\",\"cancel\"]}");
    o = order_in(ORDER_CONFIRMED);
    o.flight.status = FLIGHT_CLOSED;
    t.role = ROLE_NONE;
    check_actions("paid, closed", &o, &t, "{\"actions\":[\"passengers\",\"cancel\"]}");
    o.flight.status = FLIGHT_CANCELLED;
    check_actions("paid, cancelled", &o, &t, "{\"actions\":[\"passengers\"]}");
}

static void settings(void **state)
{
    struct order_terms t = open_terms(ROLE_ADMIN);
    struct order o = order_in(ORDER_CONFIRMED);
    (void)state;
    t.takes_passengers = t.sends_mail = false;
    check_actions("no names, no mails", &o, &t,
                  "{\"actions\":[\"change\",\"cancel\"],\"staffActions\":[\"change\",\"cancel\",\"refund\",\"forget\"]}");
    o.user_id[0] = '\0';
    t.takes_passengers = t.sends_webhooks = true;
    check_actions("forgotten", &o, &t,
                  "{\"actions\":[\"change\",\"cancel\"],\"staffActions\":[\"change\",\"cancel\",\"refund\",\"resend\"]}");
    o = order_in(ORDER_FAILED);
    check_actions("told by a webhook", &o, &t, "{\"actions\":[],\"staffActions\":[\"resend\",\"forget\"]}");
}

RUN_TESTS(cmocka_unit_test(each_state), cmocka_unit_test(a_stranger), cmocka_unit_test(roles), cmocka_unit_test(moments),
          cmocka_unit_test(flights_states), cmocka_unit_test(settings))
