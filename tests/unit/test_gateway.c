/* SPDX-License-Identifier: MIT */
/* Both sides of a payment: what the simulator does, and what an answer means to the sweeper. */

#include "tests/unit/unit.h"

#include "fcgi/simulator/behaviour.h"
#include "sweeper/charge_list.h"
#include "sweeper/gateway_answer.h"

#include <stdio.h>
#include <string.h>

/* ── the simulator's codes ──────────────────────────────────────────────── */

/* One letter for each call: A approves, D declines, P answers "pending", F fails, S is silent, C captures and is
 * silent. */
static char letter(const struct behaviour *b)
{
    if (b->never_answers)
        return b->captures ? 'C' : 'S';
    switch (b->outcome) {
    case BEHAVE_APPROVE: return 'A';
    case BEHAVE_DECLINE: return 'D';
    case BEHAVE_PEND: return 'P';
    case BEHAVE_FAIL: return 'F';
    }
    return '?';
}

static void fixed_codes(void **state)
{
    static const struct {
        const char *code;
        const char *calls;
        int status; /* of the calls that fail */
        int retry_after_s;
    } rows[] = {
        { "99999", "AAAA", 0, 0 },   { "00000", "DDDD", 0, 0 },   { "50300", "FFFF", 503, 0 }, { "50301", "FAAA", 503, 0 },
        { "50302", "FFAA", 503, 0 }, { "50400", "SSSS", 0, 0 },   { "50401", "CAAA", 0, 0 },   { "50402", "CCCC", 0, 0 },
        { "20200", "PPAA", 0, 0 },   { "20201", "PPPP", 0, 0 },   { "20202", "PPDD", 0, 0 },   { "20203", "PPPP", 0, 0 },   { "40800", "FAAA", 408, 0 },
        { "40900", "FAAA", 409, 0 }, { "42500", "FAAA", 425, 0 }, { "42900", "FAAA", 429, 2 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int call = 1; call <= 4; call++) {
            /* The result does not depend on the settings or on chance. */
            for (int luck = 0; luck < 2; luck++) {
                struct behaviour b = behaviour_of(rows[i].code, call, luck, 5000, 0, 0.99);
                check(letter(&b) == rows[i].calls[call - 1], "%s, call %d: %c", rows[i].code, call, letter(&b));
                check(letter(&b) != 'F' || (b.status == rows[i].status && b.retry_after_s == rows[i].retry_after_s),
                      "%s, call %d: %d after %d s", rows[i].code, call, b.status, b.retry_after_s);
                check(b.has_page == (strcmp(rows[i].code, "20203") == 0), "%s: has it a page?", rows[i].code);
                check(b.delay_ms == 0, "%s, call %d: waits %lld ms", rows[i].code, call, (long long)b.delay_ms);
                check(b.captures == (letter(&b) == 'A' || letter(&b) == 'C'), "%s, call %d: what is captured",
                      rows[i].code, call);
            }
        }
    }
}

static void other_codes_go_by_chance(void **state)
{
    static const char *const codes[] = { "12345", "00001", "50303", "99998", "50403", "50399" };
    static const struct {
        double rate, failure_roll, delay_roll;
        char want;
        int64_t delay_ms;
    } rows[] = {
        { 0.15, 0.0, 0.0, 'F', 0 },      { 0.15, 0.1499, 0.5, 'F', 2500 }, { 0.15, 0.15, 0.5, 'A', 2500 },
        { 0.15, 0.99, 0.999, 'A', 4995 }, { 0, 0.0, 0.1, 'A', 500 },       { 1, 0.9999, 0.1, 'F', 500 },
    };
    (void)state;
    for (size_t c = 0; c < COUNT_OF(codes); c++) {
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct behaviour b =
                behaviour_of(codes[c], 1, rows[i].rate, 5000, rows[i].failure_roll, rows[i].delay_roll);
            check(letter(&b) == rows[i].want && b.delay_ms == rows[i].delay_ms, "%s, row %zu: %c after %lld ms",
                  codes[c], i, letter(&b), (long long)b.delay_ms);
        }
        struct behaviour at_once = behaviour_of(codes[c], 1, 0, 0, 0.5, 0.99);
        assert_int_equal(at_once.delay_ms, 0);
    }
}

/* ── the answers ────────────────────────────────────────────────────────── */

#define GOOD "{\"transactionId\":\"txn-1\",\"status\":\"APPROVED\"}"
#define NO_SENSE "The payment gateway's answer made no sense"
#define PENDING_SAYS "The payment gateway is still deciding"
#define TOO_LONG_ID                                                                                          \
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789X"
#define DEEP "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["

static struct attempt_result meaning_of(int status, bool timed_out, const char *body, size_t len)
{
    struct gateway_answer answer = { .status = status, .timed_out = timed_out, .body = body, .body_len = len,
                                     .retry_after_ms = 4000, .duration_ms = 123 };
    struct attempt_result result;
    memset(&result, '#', sizeof result);
    gateway_answer_read(&answer, &result);
    assert_int_equal(result.duration_ms, 123);
    assert_int_equal(result.retry_after_ms, 4000);
    return result;
}

static void answers(void **state)
{
    static const struct {
        int status;
        bool timed_out;
        const char *body;
        enum attempt_outcome outcome;
        bool is_final;
        const char *says; /* for APPROVED the transaction, otherwise the reason */
    } rows[] = {
        { 200, false, GOOD, ATTEMPT_APPROVED, false, "txn-1" },
        { 200, false, " {\"status\":\"APPROVED\",\"transactionId\":\"é\",\"more\":[1]} ", ATTEMPT_APPROVED, false, "é" },
        { 402, false, "{\"status\":\"DECLINED\",\"reason\":\"insufficient funds\"}", ATTEMPT_DECLINED, false,
          "Payment declined: insufficient funds" },
        { 402, false, "", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "{}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "{\"reason\":7}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "{\"reason\":\"\"}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "{\"reason\":\"a\\nb\"}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "{\"reason\":\"a\\u0000b\"}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "{\"reason\":\"" TOO_LONG_ID "\"}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 402, false, "<html>", ATTEMPT_DECLINED, false, "Payment declined" },
        /* Pending. */
        { 202, false, "{\"status\":\"PENDING\"}", ATTEMPT_PENDING, false, PENDING_SAYS },
        { 202, false, "{\"transactionId\":\"t\",\"status\":\"PENDING\",\"redirectUrl\":\"https://b\"}", ATTEMPT_PENDING,
          false, PENDING_SAYS },
        { 202, false, "{\"status\":\"PENDING\",\"redirectUrl\":\"https://b\",\"redirectUrl\":\"https://c\"}", ATTEMPT_ERROR,
          false, NO_SENSE },
        { 202, false, "{}", ATTEMPT_PENDING, false, PENDING_SAYS },
        { 200, false, "{\"status\":\"PENDING\",\"transactionId\":\"t\"}", ATTEMPT_PENDING, false, PENDING_SAYS },
        /* Contradictory or empty answers. */
        { 202, false, GOOD, ATTEMPT_ERROR, false, NO_SENSE },
        { 202, false, "{\"status\":\"DECLINED\"}", ATTEMPT_ERROR, false, NO_SENSE },
        { 202, false, "{\"status\":7}", ATTEMPT_ERROR, false, NO_SENSE },
        { 202, false, "", ATTEMPT_ERROR, false, NO_SENSE },
        { 202, false, "<html>", ATTEMPT_ERROR, false, NO_SENSE },
        { 200, false, "{\"status\":\"DECLINED\",\"reason\":\"no\"}", ATTEMPT_ERROR, false, NO_SENSE },
        { 402, false, GOOD, ATTEMPT_ERROR, false, NO_SENSE },
        { 402, false, "{\"status\":\"PENDING\"}", ATTEMPT_ERROR, false, NO_SENSE },
        { 402, false, "{\"status\":\"VOIDED\"}", ATTEMPT_ERROR, false, NO_SENSE },
        { 402, false, "{\"status\":\"REFUSED\"}", ATTEMPT_DECLINED, false, "Payment declined" },
        { 200, false, "{\"status\":\"DECLINED\",\"transactionId\":\"t\",\"status\":\"APPROVED\"}", ATTEMPT_ERROR, false,
          NO_SENSE },
        { 200, false, "{\"status\":\"APPROVED\",\"transactionId\":\"t\",\"transactionId\" : \"u\"}", ATTEMPT_ERROR, false,
          NO_SENSE },
        { 200, false, "{\"card\":{\"status\":\"ok\",\"a\":\"\\\"status\"},\"status\":\"APPROVED\",\"transactionId\":\"status\"}",
          ATTEMPT_APPROVED, false, "status" },
        /* Temporary refusals. */
        { 408, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 408" },
        { 409, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 409" },
        { 425, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 425" },
        { 429, false, GOOD, ATTEMPT_ERROR, false, "The payment gateway answered 429" },
        { 599, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 599" },
        /* Final refusals. */
        { 400, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 400" },
        { 401, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 401" },
        { 404, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 404" },
        { 403, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 403" },
        { 410, false, "{\"status\":\"VOIDED\"}", ATTEMPT_ERROR, true, "The payment gateway answered 410" },
        { 422, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 422" },
        { 426, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 426" },
        { 499, false, "", ATTEMPT_ERROR, true, "The payment gateway answered 499" },
        { 500, false, GOOD, ATTEMPT_ERROR, false, "The payment gateway answered 500" },
        { 502, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 502" },
        { 503, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 503" },
        { 504, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 504" },
        { 201, false, GOOD, ATTEMPT_ERROR, false, "The payment gateway answered 201" },
        { 204, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 204" },
        { 301, false, "", ATTEMPT_ERROR, false, "The payment gateway answered 301" },
        { 0, false, "", ATTEMPT_ERROR, false, "The payment gateway could not be reached" },
        { 0, true, "", ATTEMPT_TIMEOUT, false, "The payment gateway did not answer in time" },
        { 200, true, GOOD, ATTEMPT_TIMEOUT, false, "The payment gateway did not answer in time" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct attempt_result r = meaning_of(rows[i].status, rows[i].timed_out, rows[i].body, strlen(rows[i].body));
        const char *says = r.outcome == ATTEMPT_APPROVED ? r.transaction_id : r.reason;
        check(r.outcome == rows[i].outcome, "row %zu: outcome %d", i, (int)r.outcome);
        check(r.is_final == rows[i].is_final, "row %zu: is it final?", i);
        check(strcmp(says, rows[i].says) == 0, "row %zu: \"%s\"", i, says);
    }
}

/* A 200 that cannot be understood may have taken the money: it is neither approval nor decline, and is tried again. */
static void yes_that_makes_no_sense(void **state)
{
    static const char *const bodies[] = {
        "", " ", "null", "true", "[]", "\"APPROVED\"", "{}", "{", "<html>OK</html>", "APPROVED",
        "{\"status\":\"APPROVED\"}", "{\"transactionId\":\"t\"}",
        "{\"status\":\"DECLINED\",\"transactionId\":\"t\"}", "{\"status\":\"approved\",\"transactionId\":\"t\"}",
        "{\"status\":\"APPROVED \",\"transactionId\":\"t\"}",
        "{\"status\":true,\"transactionId\":\"t\"}", "{\"status\":\"APPROVED\",\"transactionId\":1}",
        "{\"status\":\"APPROVED\",\"transactionId\":null}", "{\"status\":\"APPROVED\",\"transactionId\":\"\"}",
        "{\"status\":\"APPROVED\",\"transactionId\":\"a\\nb\"}",
        "{\"status\":\"APPROVED\",\"transactionId\":\"a\\u0000b\"}",
        "{\"status\":\"APPROVED\\u0000\",\"transactionId\":\"t\"}",
        "{\"status\":\"APPROVED\",\"transactionId\":\"\xFF\"}",
        "{\"status\":\"APPROVED\",\"transactionId\":\"" TOO_LONG_ID "\"}",
        "{\"status\":\"APPROVED\",\"transactionId\":[\"t\"]}",
        "{\"status\":\"APPROVED\",\"transactionId\":\"t\"", "{\"status\":\"APPROVED\",\"transactionId\":\"t",
        "{\"x\":" DEEP, "[" GOOD "]",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct attempt_result r = meaning_of(200, false, bodies[i], strlen(bodies[i]));
        check(r.outcome == ATTEMPT_ERROR && !r.is_final, "%s: outcome %d", bodies[i], (int)r.outcome);
        check(strcmp(r.reason, "The payment gateway's answer made no sense") == 0, "%s: \"%s\"", bodies[i], r.reason);
    }
}

/* A good answer that is cut at any point is no approval. */
static void an_answer_cut_short(void **state)
{
    (void)state;
    for (size_t len = 0; len < strlen(GOOD); len++)
        check(meaning_of(200, false, GOOD, len).outcome == ATTEMPT_ERROR, "cut to %zu bytes", len);
    assert_int_equal(meaning_of(200, false, GOOD, strlen(GOOD)).outcome, ATTEMPT_APPROVED);
}

/* Where a customer is sent to, or NULL: such an answer makes no sense. */
static void pages(void **state)
{
    static const struct {
        const char *value;
        const char *page;
    } rows[] = {
        { "\"https://bank.example/3ds?a=b\"", "https://bank.example/3ds?a=b" },
        { "\"http://127.0.0.1:8081/charges/k/page\"", "http://127.0.0.1:8081/charges/k/page" },
        { "null", "" },
        { "\"\"", NULL },
        { "7", NULL },
        { "[\"https://bank.example\"]", NULL },
        { "\"http://bank.example/\"", NULL },
        { "\"javascript:alert(1)\"", NULL },
        { "\"https://bank.example/ \"", NULL },
        { "\"https://bank.example/\\u0000\"", NULL },
        { "\"https://b\u00e4nk.example/\"", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (int status = 200; status <= 202; status += 2) {
            char body[200];
            (void)snprintf(body, sizeof body, "{\"status\":\"PENDING\",\"redirectUrl\":%s}", rows[i].value);
            struct attempt_result r = meaning_of(status, false, body, strlen(body));
            check(r.outcome == (rows[i].page == NULL ? ATTEMPT_ERROR : ATTEMPT_PENDING), "%s: outcome %d", body,
                  (int)r.outcome);
            check(strcmp(r.redirect_url, rows[i].page == NULL ? "" : rows[i].page) == 0, "%s: %s", body,
                  r.redirect_url);
        }
    }
    assert_string_equal(meaning_of(202, false, "{}", 2).redirect_url, "");
}

static void voids(void **state)
{
    static const struct {
        int status;
        const char *body;
        bool voided;
    } rows[] = {
        { 200, "", true },
        { 200, "{}", true },
        { 200, "{\"status\":\"VOIDED\"}", true },
        { 200, "{\"status\":\"DECLINED\",\"amountCents\":0}", true },
        { 200, "{\"status\":\"APPROVED\"}", false },
        { 200, "{\"status\":[\"VOIDED\"]}", false },
        { 200, "{\"status\":null}", false },
        { 200, "{\"status\":\"VOIDED\"", false },
        { 200, "[]", false },
        { 200, "\"VOIDED\"", false },
        { 200, "<html>Welcome to the airport's wireless network", false },
        { 200, " ", false },
        { 204, "", false },
        { 404, "{\"status\":\"VOIDED\"}", false },
        { 503, "{\"status\":\"VOIDED\"}", false },
        { 0, "", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct gateway_answer answer = { .status = rows[i].status, .body = rows[i].body, .body_len = strlen(rows[i].body) };
        check(gateway_answer_is_void(&answer) == rows[i].voided, "%d %s", rows[i].status, rows[i].body);
    }
}

static void refunds(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *outcome;
        const char *reason; /* NULL: none */
    } rows[] = {
        { 200, "{\"status\":\"REFUNDED\"}", "REFUNDED", NULL },
        { 200, "{\"status\":\"REFUNDED\",\"refundId\":\"r\",\"amountCents\":5}", "REFUNDED", NULL },
        { 200, "", "ERROR", "The payment gateway's answer made no sense" },
        { 200, "{}", "ERROR", "The payment gateway's answer made no sense" },
        { 200, "{\"status\":\"REFUSED\"}", "ERROR", "The payment gateway's answer made no sense" },
        { 200, "{\"status\":\"REFUNDED\",\"status\":\"REFUNDED\"}", "ERROR", "The payment gateway's answer made no sense" },
        { 202, "{\"status\":\"REFUNDED\"}", "ERROR", "The payment gateway answered 202" },
        { 422, "{\"status\":\"REFUSED\",\"reason\":\"no\"}", "REFUSED", "Refund refused: no" },
        { 404, "", "REFUSED", "The payment gateway answered 404" },
        { 400, "{\"reason\":\"a\\nb\"}", "REFUSED", "The payment gateway answered 400" },
        { 408, "", "ERROR", "The payment gateway answered 408" },
        { 409, "", "ERROR", "The payment gateway answered 409" },
        { 425, "", "ERROR", "The payment gateway answered 425" },
        { 429, "{\"reason\":\"slower\"}", "ERROR", "Not now: slower" },
        { 503, "", "ERROR", "The payment gateway answered 503" },
        { 0, "", "ERROR", "The payment gateway could not be reached" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct gateway_answer answer = { .status = rows[i].status, .body = rows[i].body, .body_len = strlen(rows[i].body),
                                         .retry_after_ms = 7, .duration_ms = 9 };
        struct delivery_result result;
        char reason[ERROR_SIZE] = "";
        gateway_answer_read_refund(&answer, &result, reason);
        check(strcmp(result.outcome, rows[i].outcome) == 0, "%d %s: %s", rows[i].status, rows[i].body, result.outcome);
        check(result.delivered == (strcmp(rows[i].outcome, "REFUNDED") == 0), "%d %s", rows[i].status, rows[i].body);
        check(result.is_final == (strcmp(rows[i].outcome, "REFUSED") == 0), "%d %s", rows[i].status, rows[i].body);
        check(rows[i].reason == NULL ? result.reason == NULL : strcmp(result.reason, rows[i].reason) == 0, "%d %s: %s",
              rows[i].status, rows[i].body, reason);
        assert_true(result.retry_after_ms == 7 && result.duration_ms == 9);
    }
    struct gateway_answer late = { .timed_out = true, .body = "" };
    struct delivery_result result;
    char reason[ERROR_SIZE];
    gateway_answer_read_refund(&late, &result, reason);
    assert_string_equal(result.outcome, "TIMEOUT");
    assert_false(result.delivered || result.is_final);
}

/* ── the list of charges ────────────────────────────────────────────────── */

static struct charge_page page;

static void read_list(int status, const char *body)
{
    struct gateway_answer answer = { .status = status, .body = body, .body_len = strlen(body), .retry_after_ms = 7 };
    memset(&page, '#', sizeof page);
    charge_list_read(&answer, &page);
    assert_true(page.retry_after_ms == 7);
    assert_true(page.is_read == (page.reason[0] == '\0'));
}

#define LISTED(rest) "{\"charges\":[{\"key\":\"k\",\"status\":\"APPROVED\",\"amountCents\":5,\"currency\":\"USD\"," rest "}]}"

static void a_list(void **state)
{
    (void)state;
    read_list(200, "{\"charges\":[],\"nextCursor\":null,\"more\":1}");
    assert_true(page.is_read && page.count == 0 && page.next_cursor[0] == '\0');
    read_list(200, "{\"charges\":[{\"key\":\"k-1\",\"orderId\":\"o\",\"status\":\"VOIDED\",\"amountCents\":5,\"refundedCents\":3,"
                   "\"currency\":\"USD\",\"capturedAt\":\"2026-03-15T10:00:00.000Z\"},"
                   "{\"key\":\"k-2\",\"orderId\":null,\"status\":\"APPROVED\",\"amountCents\":0,\"currency\":\"JPY\","
                   "\"capturedAt\":\"2026-03-15T10:00:00Z\"}],\"nextCursor\":\"a/b\"}");
    assert_true(page.is_read && page.count == 2);
    assert_string_equal(page.next_cursor, "a/b");
    assert_string_equal(page.charge[0].order_id, "o");
    assert_true(page.charge[0].refunded_cents == 3 && page.charge[1].refunded_cents == 0);
    assert_true(page.charge[0].captured_at_ms == page.charge[1].captured_at_ms);
    read_list(200, LISTED("\"capturedAt\":\"2026-03-15T10:00:00Z\""));
    assert_true(page.is_read && page.count == 1);
}

static void lists_that_make_no_sense(void **state)
{
    static const char *const bodies[] = {
        "", "[]", "null", "{}", "{\"charges\":{}}", "{\"charges\":[7]}", "{\"charges\":[[]]}", "{\"charges\":[],\"nextCursor\":7}",
        "{\"charges\":[],\"nextCursor\":\"a b\"}", "{\"charges\":[],\"nextCursor\":\"\\u0000\"}", "{\"charges\":[]", LISTED("\"x\":1"),
        LISTED("\"capturedAt\":\"soon\""), LISTED("\"capturedAt\":null"),
        LISTED("\"capturedAt\":\"2026-03-15\",\"key\":\"a b\""), LISTED("\"capturedAt\":\"2026-03-15\",\"amountCents\":-1"),
        LISTED("\"capturedAt\":\"2026-03-15\",\"amountCents\":1.5"), LISTED("\"capturedAt\":\"2026-03-15\",\"refundedCents\":\"1\""),
        LISTED("\"capturedAt\":\"2026-03-15\",\"status\":\"PENDING\""), LISTED("\"capturedAt\":\"2026-03-15\",\"currency\":\"US\""),
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        read_list(200, bodies[i]);
        check(!page.is_read && !page.is_final && !page.has_no_list && page.count == 0, "%s", bodies[i]);
    }
    for (int status = 100; status < 600; status++) {
        if (status == 200)
            continue;
        read_list(status, "{\"charges\":[]}");
        bool not_now = status < 400 || status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
        check(!page.is_read && page.is_final == !not_now, "%d", status);
        check(page.has_no_list == (status == 404 || status == 405 || status == 501), "%d", status);
    }
}

RUN_TESTS(cmocka_unit_test(a_list), cmocka_unit_test(lists_that_make_no_sense), cmocka_unit_test(refunds), cmocka_unit_test(voids), cmocka_unit_test(pages), cmocka_unit_test(fixed_codes), cmocka_unit_test(other_codes_go_by_chance), cmocka_unit_test(answers),
          cmocka_unit_test(yes_that_makes_no_sense), cmocka_unit_test(an_answer_cut_short))
