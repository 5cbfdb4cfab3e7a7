/* SPDX-License-Identifier: MIT */
/* An order as clients see it: lapses, timers, messages, and its JSON. */

#include "tests/unit/unit.h"

#include "booking/core/order.h"
#include "booking/core/order_json.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define NOW INT64_C(1773568800000)

static struct order held(int64_t expires_at_ms)
{
    struct order o = {
        .order_id = "01890a5d-ac96-774b-bcce-b302099a8057",
        .flight_id = "FL123",
        .flight = { .number = "FL 123", .origin = "BOS", .destination = "DCA", .origin_time_zone = "America/New_York",
                    .destination_time_zone = "America/Chicago", .departure_ms = NOW + 86400000, .arrival_ms = TIME_NONE },
        .user_id = "Zoë",
        .status = ORDER_SEATS_RESERVED,
        .seats = { .count = 2, .number = { "B2", "A1" } },
        .reserved_at_ms = NOW - 1000,
        .expires_at_ms = expires_at_ms,
        .total_price_cents = 25800,
        .prices = { .cents = { 12901, 12899 } },
        .currency = "USD",
        .version = 3,
        .created_at_ms = NOW - 5000,
        .updated_at_ms = NOW - 1000,
        .read_at_ms = NOW,
    };
    return o;
}

/* A hold is over exactly at the millisecond of its end. */
static void lapse(void **state)
{
    static const struct {
        int64_t left_ms;
        bool lapsed;
        int64_t remaining_s;
    } rows[] = {
        { 900000, false, 900 }, { 899999, false, 899 }, { 1000, false, 1 }, { 999, false, 0 },
        { 1, false, 0 },        { 0, true, 0 },         { -1, true, 0 },    { -900000, true, 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct order o = held(NOW + rows[i].left_ms);
        struct order seen = o;
        check(order_timer_remaining_s(&o) == rows[i].remaining_s, "%lld ms left: %lld s", (long long)rows[i].left_ms,
              (long long)order_timer_remaining_s(&o));
        check(order_has_lapsed(&o) == rows[i].lapsed, "%lld ms left: has it lapsed?", (long long)rows[i].left_ms);
        order_settle_lapse(&seen);
        if (!rows[i].lapsed) {
            assert_memory_equal(&seen, &o, sizeof o);
            continue;
        }
        assert_int_equal(seen.status, ORDER_EXPIRED);
        assert_int_equal(seen.version, o.version + 1);
        assert_int_equal(seen.updated_at_ms, o.expires_at_ms);
        assert_true(seen.expires_at_ms == TIME_NONE);
        assert_int_equal(order_timer_remaining_s(&seen), 0);
        /* It lapses only once. */
        order_settle_lapse(&seen);
        assert_int_equal(seen.version, o.version + 1);
    }
}

/* Time ends no order in any other state. */
static void other_states_do_not_lapse(void **state)
{
    (void)state;
    for (int status = 0; status < ORDER_STATUS_COUNT; status++) {
        if (status == ORDER_SEATS_RESERVED)
            continue;
        struct order o = held(TIME_NONE);
        o.status = (enum order_status)status;
        struct order seen = o;
        order_settle_lapse(&seen);
        check(!order_has_lapsed(&o) && memcmp(&seen, &o, sizeof o) == 0, "%s lapses",
              order_status_name(o.status));
        assert_int_equal(order_timer_remaining_s(&o), 0);
    }
}

static void messages(void **state)
{
    static const struct {
        enum order_status status;
        int attempts, failed;
        const char *last_error;
        const char *want;
    } rows[] = {
        { ORDER_SEATS_RESERVED, 0, 0, "", "Your seats are held. Pay before the time runs out." },
        { ORDER_SEATS_RESERVED, 1, 1, "Payment declined: insufficient funds",
          "Payment declined: insufficient funds. Your seats are still held: you can pay again before the time runs out." },
        { ORDER_PAYMENT_PENDING, 0, 0, "", "Validating your payment…" },
        { ORDER_PAYMENT_PENDING, 1, 0, "", "Validating your payment…" },
        { ORDER_PAYMENT_PENDING, 1, 1, "The payment gateway answered 503",
          "Payment validation failed. Retrying (attempt 2 of 3)" },
        { ORDER_PAYMENT_PENDING, 2, 1, "The payment gateway answered 503",
          "Payment validation failed. Retrying (attempt 2 of 3)" },
        { ORDER_PAYMENT_PENDING, 3, 2, "The payment gateway did not answer in time",
          "Payment validation failed. Retrying (attempt 3 of 3)" },
        { ORDER_CONFIRMED, 2, 1, "The payment gateway answered 503", "Payment received. Your seats are booked." },
        { ORDER_FAILED, 3, 3, "The payment gateway answered 503",
          "Payment validation failed after 3 attempts. Your seats have been released. Please try again." },
        { ORDER_FAILED, 1, 1, "The payment gateway answered 400",
          "Payment validation failed after 1 attempt. Your seats have been released. Please try again." },
        { ORDER_FAILED, 1, 1, "Payment declined: insufficient funds",
          "Payment declined: insufficient funds. Your seats have been released. Please try again." },
        { ORDER_FAILED, 1, 0, "Your payment was not completed in time",
          "Your payment was not completed in time. Your seats have been released. Please try again." },
        { ORDER_FAILED, 0, 0, "Your flight has departed", "Your flight has departed. Your seats have been released." },
        { ORDER_EXPIRED, 0, 0, "", "Your hold has expired. Your seats have been released." },
        { ORDER_CANCELLED, 1, 0, "", "Your booking is cancelled. Your seats have been released." },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct order o = held(TIME_NONE);
        char text[512];
        o.status = rows[i].status;
        o.payment_attempts = rows[i].attempts;
        o.failed_attempts = rows[i].failed;
        (void)snprintf(o.last_error, sizeof o.last_error, "%s", rows[i].last_error);
        order_message(&o, 3, text, sizeof text);
        check(strcmp(text, rows[i].want) == 0, "row %zu: \"%s\"", i, text);

        /* A short buffer only cuts the message. */
        char small[24];
        memset(small, '#', sizeof small);
        order_message(&o, 3, small, 20);
        assert_true(strlen(small) <= 19);
        assert_int_equal(strncmp(small, rows[i].want, strlen(small)), 0);
        assert_int_equal(small[20], '#');
    }
}

static const char *written(const struct order *o, enum order_dialect dialect)
{
    static struct buf b;
    struct json_writer w = JSON_WRITER_INIT(&b);
    buf_clear(&b);
    order_write_json(&w, NULL, o, 3, dialect);
    return buf_str(&b);
}

static void as_json(void **state)
{
    struct order o = held(NOW + 899500);
    (void)state;
    assert_string_equal(
        written(&o, ORDER_DIALECT_A),
        "{\"orderId\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"flightId\":\"FL123\","
        "\"flight\":{\"flightNumber\":\"FL 123\",\"origin\":\"BOS\",\"destination\":\"DCA\","
        "\"departureTime\":\"2026-03-16T10:00:00.000Z\",\"arrivalTime\":null,\"originTimeZone\":\"America/New_York\","
        "\"destinationTimeZone\":\"America/Chicago\"},\"userId\":\"Zoë\","
        "\"status\":\"SEATS_RESERVED\",\"seats\":[\"B2\",\"A1\"],\"seatPrices\":[12901,12899],"
        "\"locator\":null,\"workflowId\":\"booking-01890a5d-ac96-774b-bcce-b302099a8057\","
        "\"reservedAt\":\"2026-03-15T09:59:59.000Z\",\"expiresAt\":\"2026-03-15T10:14:59.500Z\",\"timerRemaining\":899,"
        "\"serverTime\":\"2026-03-15T10:00:00.000Z\",\"paymentAttempts\":0,\"maxPaymentAttempts\":3,\"lastError\":null,"
        "\"message\":\"Your seats are held. Pay before the time runs out.\",\"totalPriceCents\":25800,"
        "\"currency\":\"USD\",\"priceLines\":["
        "{\"kind\":\"FARE\",\"seats\":[\"B2\"],\"amountCents\":12901},"
        "{\"kind\":\"FARE\",\"seats\":[\"A1\"],\"amountCents\":12899}],\"version\":3,\"createdAt\":\"2026-03-15T09:59:55.000Z\","
        "\"updatedAt\":\"2026-03-15T09:59:59.000Z\"}");
}

/* The two contracts differ in one word. */
static void dialects(void **state)
{
    (void)state;
    for (int status = 0; status < ORDER_STATUS_COUNT; status++) {
        static const enum order_dialect dialects[] = { ORDER_DIALECT_A, ORDER_DIALECT_B };
        for (size_t d = 0; d < COUNT_OF(dialects); d++) {
            struct order o = held(TIME_NONE);
            o.status = (enum order_status)status;
            struct json_object *json = json_tokener_parse(written(&o, dialects[d]));
            const char *want = status == ORDER_PAYMENT_PENDING && dialects[d] == ORDER_DIALECT_B
                                   ? "PAYMENT_PROCESSING"
                                   : order_status_name(o.status);
            assert_string_equal(json_object_get_string(json_object_object_get(json, "status")), want);
            assert_null(json_object_object_get(json, "expiresAt"));
            json_object_put(json);
        }
    }
}

/* The longest possible order. */
static void everything_at_its_longest(void **state)
{
    struct order o = held(NOW);
    (void)state;
    memset(o.user_id, '\\', sizeof o.user_id - 1);
    memset(o.flight_id, 'f', sizeof o.flight_id - 1);
    memset(o.last_error, '\x01', sizeof o.last_error - 1);
    o.status = ORDER_FAILED;
    (void)memcpy(o.last_error, "Payment declined", 16);
    o.seats.count = 0;
    for (int i = 0; i < SEATS_MAX; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "A%09d", i);
        assert_int_equal(seat_list_add(&o.seats, number), SEAT_LIST_OK);
    }
    struct json_object *json = json_tokener_parse(written(&o, ORDER_DIALECT_A));
    assert_non_null(json);
    assert_string_equal(json_object_get_string(json_object_object_get(json, "userId")), o.user_id);
    assert_string_equal(json_object_get_string(json_object_object_get(json, "lastError")), o.last_error);
    assert_int_equal(json_object_array_length(json_object_object_get(json, "seats")), SEATS_MAX);
    json_object_put(json);
}

RUN_TESTS(cmocka_unit_test(lapse), cmocka_unit_test(other_states_do_not_lapse), cmocka_unit_test(messages),
          cmocka_unit_test(as_json), cmocka_unit_test(dialects), cmocka_unit_test(everything_at_its_longest))
