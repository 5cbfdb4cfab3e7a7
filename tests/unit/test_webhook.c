/* SPDX-License-Identifier: MIT */
/* Signatures as Standard Webhooks publishes them. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"
#include "booking/base/webhook.h"

#include <string.h>

static const char *signed_by(const char *secret, const char *id, int64_t timestamp_s, const char *body)
{
    static char text[200];
    struct buf out = BUF_INIT;
    webhook_sign(secret, id, timestamp_s, body, strlen(body), &out);
    assert_true(out.len < sizeof text);
    memcpy(text, buf_str(&out), out.len + 1);
    buf_done(&out);
    return text;
}

/* From the test of the reference libraries. */
static void the_published_vector(void **state)
{
    (void)state;
    assert_string_equal(signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                                  "{\"test\": 2432232314}"),
                        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void a_secret_may_be_any_text(void **state)
{
    (void)state;
    const char *plain = "0123456789abcdef";
    char first[200];
    text_copy(first, sizeof first, signed_by(plain, "msg_1", 1, "{}"));
    assert_string_equal(first, signed_by("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "msg_1", 1, "{}"));
    assert_string_not_equal(first, signed_by(plain, "msg_2", 1, "{}"));
    assert_string_not_equal(first, signed_by(plain, "msg_1", 2, "{}"));
    assert_string_not_equal(first, signed_by(plain, "msg_1", 1, "{ }"));
    /* What is no base64 is a key as it stands. */
    assert_string_not_equal(first, signed_by("whsec_not*base64", "msg_1", 1, "{}"));
}

static void two_secrets_give_two_signatures(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    webhook_sign("0123456789abcdef", "msg_1", 1, "{}", 2, &out);
    size_t one = out.len;
    webhook_sign("fedcba9876543210", "msg_1", 1, "{}", 2, &out);
    assert_true(out.len == 2 * one + 1 && buf_str(&out)[one] == ' ');
    buf_done(&out);
}

static void verified(void **state)
{
    static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    static const char body[] = "{\"test\": 2432232314}";
    static const char right[] = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    static const struct {
        const char *id, *timestamp, *signatures;
        bool is_right;
    } rows[] = {
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", right, true },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
          "v1,AAAA v1a,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,y", true },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265331", right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJeK", "1614265330", right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE", false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "", false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330 ", right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "-1614265330", right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "9999999999999", right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "", right, false },
        { "", "1614265330", right, false },
        { NULL, "1614265330", right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", NULL, right, false },
        { "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", NULL, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct webhook_signature signature = { rows[i].id, rows[i].timestamp, rows[i].signatures };
        int64_t timestamp_s = 7;
        bool is_right = webhook_verify(secret, &signature, body, strlen(body), &timestamp_s);
        check(is_right == rows[i].is_right, "row %zu", i);
        check(timestamp_s == (is_right ? 1614265330 : 7), "row %zu: the time is %lld", i, (long long)timestamp_s);
        check(!webhook_verify(secret, &signature, body, strlen(body) - 1, &timestamp_s), "row %zu: another body", i);
        check(!webhook_verify("whsec_AAAA", &signature, body, strlen(body), &timestamp_s), "row %zu: another secret", i);
    }
}

RUN_TESTS(cmocka_unit_test(verified), cmocka_unit_test(the_published_vector), cmocka_unit_test(a_secret_may_be_any_text),
          cmocka_unit_test(two_secrets_give_two_signatures))
