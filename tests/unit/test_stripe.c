/* SPDX-License-Identifier: MIT */
/* What is Stripe's own: how it counts money, signs events, and says what has become of a page or a refund. */

#include "tests/unit/unit.h"

#include "fcgi/stripe/amount.h"
#include "fcgi/stripe/signature.h"
#include "fcgi/stripe/stripe.h"

#include <json-c/json.h>

#include <string.h>

/* From https://docs.stripe.com/currencies. -1: Stripe takes no such amount. */
static void amounts(void **state)
{
    static const struct {
        const char *currency;
        int64_t ours;
        int64_t theirs;
    } rows[] = {
        { "USD", 1099, 1099 },   { "EUR", 0, 0 },         { "JPY", 500, 500 },   { "BIF", 1, 1 },
        { "CLP", 1, 1 },         { "DJF", 1, 1 },         { "GNF", 1, 1 },       { "KMF", 1, 1 },
        { "KRW", 1, 1 },         { "PYG", 1, 1 },         { "RWF", 1, 1 },       { "VND", 1, 1 },
        { "VUV", 1, 1 },         { "XAF", 1, 1 },         { "XOF", 1, 1 },       { "XPF", 1, 1 },
        { "ISK", 5, 500 },       { "UGX", 5, 500 },       { "HUF", 1045, 1045 }, { "TWD", 80045, 80045 },
        { "MGA", 500, 5 },       { "MGA", 550, -1 },      { "MGA", 505, -1 },    { "KWD", 5120, 5120 },
        { "KWD", 5124, -1 },     { "BHD", 10, 10 },       { "JOD", 5, -1 },      { "OMR", 1000, 1000 },
        { "TND", 1001, -1 },     { "CLF", 10000, -1 },    { "QQQ", 100, -1 },    { "usd", 100, -1 },
        { "", 1, -1 },           { "USD", -1, -1 },       { "USD", INT64_MAX, -1 },
        { "UGX", INT64_MAX / 10, -1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t amount = -1;
        bool taken = amount_for_stripe(rows[i].currency, rows[i].ours, &amount);
        check(amount == rows[i].theirs && taken == (rows[i].theirs >= 0), "%s %lld: %lld", rows[i].currency,
              (long long)rows[i].ours, (long long)amount);
    }
}

/* What an account took otherwise may be no amount of ours: it is listed all the same, and never as less. */
static void amounts_back(void **state)
{
    static const struct {
        const char *currency;
        int64_t theirs;
        int64_t ours;
    } rows[] = {
        { "USD", 1099, 1099 }, { "USD", 0, 0 },     { "JPY", 500, 500 }, { "ISK", 500, 5 },
        { "ISK", 501, 6 },     { "UGX", 599, 6 },   { "MGA", 5, 500 },   { "KWD", 5120, 5120 },
        { "QQQ", 7, 7 },       { "", 7, 7 },        { "MGA", INT64_C(999999999999), INT64_C(99999999999900) },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t ours = amount_from_stripe(rows[i].currency, rows[i].theirs);
        check(ours == rows[i].ours, "%s %lld: %lld", rows[i].currency, (long long)rows[i].theirs, (long long)ours);
    }
}

#define V1 "f89c0a0e96fa6304a7ebd5ecaf13bc1beb859577cd7cafb7bdbc43c3bc2f6afa"
#define OTHER "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd"

/* V1 is the vector that the library stripe-signature publishes: secret "secret", time 123, body "hello". OTHER is the
 * signature in Stripe's own example, of a body that it does not show. */
static void signatures(void **state)
{
    static const struct {
        const char *header;
        bool is_valid;
    } rows[] = {
        { "t=123,v1=" V1, true },
        { "t=123,v1=" OTHER ",v1=" V1 ",v0=" OTHER, true },
        { "v1=" V1 ",t=123", true },
        { "t=123, v1=" V1, true },
        { "t=123,v1=" OTHER, false },
        { "t=124,v1=" V1, false },
        { "t=0123,v1=" V1, false },
        { "t=123,t=123,v1=" V1, false },
        { "t=123,t=124,v1=" V1, false },
        { "t=-123,v1=" V1, false },
        { "t=123x,v1=" V1, false },
        { "t=99999999999999999999,v1=" V1, false },
        { "t=,v1=" V1, false },
        { "t,v1=" V1, false },
        { "v1=" V1, false },
        { "t=123,v0=" V1, false },
        { "t=123,v1", false },
        { "t=123,v1=", false },
        { "t=123,v11=" V1, false },
        { "t=123,v1=" V1 "00", false },
        { "t=123,v1=zz9c0a0e96fa6304a7ebd5ecaf13bc1beb859577cd7cafb7bdbc43c3bc2f6afa", false },
        { "t=123", false },
        { "t", false },
        { ",,,", false },
        { "", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t at = -1;
        bool valid = signature_is_valid(rows[i].header, "hello", 5, "secret", &at);
        check(valid == rows[i].is_valid && at == (valid ? 123 : -1), "\"%s\"", rows[i].header);
    }
    int64_t at = -1;
    assert_false(signature_is_valid("t=123,v1=" V1, "hello!", 6, "secret", &at));
    assert_false(signature_is_valid("t=123,v1=" V1, "hello", 5, "secret!", &at));
    assert_false(signature_is_valid("t=123,v1=" V1, "hello", 5, "", &at));
}

#define SESSION "\"id\":\"cs_1\",\"object\":\"checkout.session\",\"amount_total\":100,\"currency\":\"usd\","

static void sessions(void **state)
{
    static const struct {
        const char *json;
        int want; /* -1: no session */
    } rows[] = {
        { "{" SESSION "\"status\":\"open\",\"payment_status\":\"unpaid\"}", SESSION_OPEN },
        { "{" SESSION "\"status\":\"expired\",\"payment_status\":\"unpaid\"}", SESSION_EXPIRED },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"paid\",\"payment_intent\":\"pi_1\"}", SESSION_PAID },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"paid\",\"payment_intent\":{\"id\":\"pi_1\"}}", SESSION_PAID },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"paid\",\"payment_intent\":null}", -1 },
        { "{" SESSION "\"status\":\"open\",\"payment_status\":\"paid\",\"payment_intent\":\"pi_1\"}", SESSION_OPEN },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"unpaid\",\"payment_intent\":\"pi_1\"}", SESSION_PROCESSING },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"unpaid\",\"payment_intent\":{\"id\":\"pi_1\",\"status\":\"processing\"}}",
          SESSION_PROCESSING },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"unpaid\",\"payment_intent\":{\"id\":\"pi_1\","
          "\"status\":\"requires_payment_method\"}}", SESSION_FAILED },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"unpaid\",\"payment_intent\":{\"id\":\"pi_1\",\"status\":\"canceled\"}}",
          SESSION_FAILED },
        { "{" SESSION "\"status\":\"complete\",\"payment_status\":\"no_payment_required\"}", -1 },
        { "{" SESSION "\"status\":\"complete\"}", -1 },
        { "{" SESSION "\"status\":\"new\",\"payment_status\":\"paid\",\"payment_intent\":\"pi_1\"}", -1 },
        { "{" SESSION "\"status\":null}", -1 },
        { "{\"id\":\"cs_1\",\"object\":\"refund\",\"status\":\"open\"}", -1 },
        { "{\"object\":\"checkout.session\",\"status\":\"open\"}", -1 },
        { "{}", -1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stripe_session session;
        struct json_object *json = stripe_parse(rows[i].json, strlen(rows[i].json));
        assert_non_null(json);
        int found = stripe_read_session(json, &session) ? (int)session.state : -1;
        check(found == rows[i].want, "%s: %d", rows[i].json, found);
        if (found >= 0)
            check(strcmp(session.currency, "USD") == 0 && session.amount == 100, "%s: amount", rows[i].json);
        if (found == SESSION_PAID)
            check(strcmp(session.payment_intent, "pi_1") == 0, "%s: payment", rows[i].json);
        json_object_put(json);
    }
    assert_null(stripe_parse("[]", 2));
    assert_null(stripe_parse("{} {}", 5));
    assert_null(stripe_parse("", 0));
}

static void refunds(void **state)
{
    static const struct {
        const char *status;
        int want;
    } rows[] = { { "succeeded", REFUND_SUCCEEDED },      { "pending", REFUND_UNDER_WAY },
                 { "requires_action", REFUND_UNDER_WAY }, { "failed", REFUND_CAME_BACK },
                 { "canceled", REFUND_CAME_BACK },        { "Succeeded", -1 },
                 { "", -1 } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct stripe_refund refund;
        struct json_object *json = json_object_new_object();
        json_object_object_add(json, "id", json_object_new_string("re_1"));
        json_object_object_add(json, "object", json_object_new_string("refund"));
        json_object_object_add(json, "status", json_object_new_string(rows[i].status));
        int found = stripe_read_refund(json, &refund) ? (int)refund.state : -1;
        check(found == rows[i].want, "%s: %d", rows[i].status, found);
        json_object_put(json);
    }
}

RUN_TESTS(cmocka_unit_test(amounts), cmocka_unit_test(amounts_back), cmocka_unit_test(signatures), cmocka_unit_test(sessions), cmocka_unit_test(refunds))
