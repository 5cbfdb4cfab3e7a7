/* SPDX-License-Identifier: MIT */
/* Results become HTTP answers in one place: every result, every code, and the head of every answer. */

#include "tests/unit/unit.h"

#include "fcgi/problem.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* The contract's codes with their status, in the order of the enum. */
static const struct {
    enum problem_code code;
    int status;
    const char *name;
    const char *type;
} codes[] = {
    { PROBLEM_INVALID_JSON, 400, "INVALID_JSON", "invalid-json" },
    { PROBLEM_INVALID_REQUEST, 400, "INVALID_REQUEST", "invalid-request" },
    { PROBLEM_INVALID_SEATS, 400, "INVALID_SEATS", "invalid-seats" },
    { PROBLEM_INVALID_PAYMENT_CODE, 400, "INVALID_PAYMENT_CODE", "invalid-payment-code" },
    { PROBLEM_UNAUTHORIZED, 401, "UNAUTHORIZED", "unauthorized" },
    { PROBLEM_FORBIDDEN, 403, "FORBIDDEN", "forbidden" },
    { PROBLEM_FLIGHT_NOT_FOUND, 404, "FLIGHT_NOT_FOUND", "flight-not-found" },
    { PROBLEM_ORDER_NOT_FOUND, 404, "ORDER_NOT_FOUND", "order-not-found" },
    { PROBLEM_NOT_FOUND, 404, "NOT_FOUND", "not-found" },
    { PROBLEM_METHOD_NOT_ALLOWED, 405, "METHOD_NOT_ALLOWED", "method-not-allowed" },
    { PROBLEM_SEATS_UNAVAILABLE, 409, "SEATS_UNAVAILABLE", "seats-unavailable" },
    { PROBLEM_SINGLE_SEAT_LEFT, 409, "SINGLE_SEAT_LEFT", "single-seat-left" },
    { PROBLEM_ORDER_EXPIRED, 409, "ORDER_EXPIRED", "order-expired" },
    { PROBLEM_ORDER_CLOSED, 409, "ORDER_CLOSED", "order-closed" },
    { PROBLEM_PAYMENT_IN_PROGRESS, 409, "PAYMENT_IN_PROGRESS", "payment-in-progress" },
    { PROBLEM_FLIGHT_DEPARTED, 409, "FLIGHT_DEPARTED", "flight-departed" },
    { PROBLEM_FLIGHT_CLOSED, 409, "FLIGHT_CLOSED", "flight-closed" },
    { PROBLEM_FLIGHT_CANCELLED, 409, "FLIGHT_CANCELLED", "flight-cancelled" },
    { PROBLEM_IN_USE, 409, "IN_USE", "in-use" },
    { PROBLEM_CANNOT_BOARD, 409, "CANNOT_BOARD", "cannot-board" },
    { PROBLEM_JOB_RUNNING, 409, "JOB_RUNNING", "job-running" },
    { PROBLEM_JOB_NOT_RUNNING, 409, "JOB_NOT_RUNNING", "job-not-running" },
    { PROBLEM_NAME_TAKEN, 409, "NAME_TAKEN", "name-taken" },
    { PROBLEM_ORDER_OPEN, 409, "ORDER_OPEN", "order-open" },
    { PROBLEM_NOT_PAID, 409, "NOT_PAID", "not-paid" },
    { PROBLEM_PASSENGERS_MISSING, 409, "PASSENGERS_MISSING", "passengers-missing" },
    { PROBLEM_CONSENT_MISSING, 409, "CONSENT_MISSING", "consent-missing" },
    { PROBLEM_TOO_MANY_PASSENGERS, 409, "TOO_MANY_PASSENGERS", "too-many-passengers" },
    { PROBLEM_REFUND_TOO_LARGE, 409, "REFUND_TOO_LARGE", "refund-too-large" },
    { PROBLEM_QUOTE_CHANGED, 409, "QUOTE_CHANGED", "quote-changed" },
    { PROBLEM_PASSENGER_BOARDED, 409, "PASSENGER_BOARDED", "passenger-boarded" },
    { PROBLEM_PRICE_DIFFERENCE, 409, "PRICE_DIFFERENCE", "price-difference" },
    { PROBLEM_NOTHING_TO_SEND, 409, "NOTHING_TO_SEND", "nothing-to-send" },
    { PROBLEM_REQUEST_IN_PROGRESS, 409, "REQUEST_IN_PROGRESS", "request-in-progress" },
    { PROBLEM_PRECONDITION_FAILED, 412, "PRECONDITION_FAILED", "precondition-failed" },
    { PROBLEM_PAYLOAD_TOO_LARGE, 413, "PAYLOAD_TOO_LARGE", "payload-too-large" },
    { PROBLEM_UNSUPPORTED_MEDIA_TYPE, 415, "UNSUPPORTED_MEDIA_TYPE", "unsupported-media-type" },
    { PROBLEM_IDEMPOTENCY_MISMATCH, 422, "IDEMPOTENCY_MISMATCH", "idempotency-mismatch" },
    { PROBLEM_TOO_MANY_REQUESTS, 429, "TOO_MANY_REQUESTS", "too-many-requests" },
    { PROBLEM_INTERNAL, 500, "INTERNAL", "internal" },
    { PROBLEM_DATABASE_UNAVAILABLE, 503, "DATABASE_UNAVAILABLE", "database-unavailable" },
};

static const struct request asker = { .method = "GET", .path = "/", .id = "req-1" };

static const char *text_of(struct json_object *json, const char *name)
{
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(json, name, &field))
        return NULL;
    return json_object_get_string(field);
}

static struct json_object *body_of(const struct response *response)
{
    struct json_object *json = json_tokener_parse(buf_str(&response->body));
    check(json != NULL, "not JSON: %s", buf_str(&response->body));
    return json;
}

static void every_code(void **state)
{
    struct response response = {0};
    (void)state;
    assert_int_equal(COUNT_OF(codes), PROBLEM_DATABASE_UNAVAILABLE + 1);
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        char type[80];
        assert_int_equal(codes[i].code, i);
        response_clear(&response);
        problem_say(&response, &asker, codes[i].code, NULL);
        struct json_object *json = body_of(&response);
        (void)snprintf(type, sizeof type, "urn:booking:problem:%s", codes[i].type);
        check(response.status == codes[i].status, "%s is %d, not %d", codes[i].name, response.status, codes[i].status);
        check(response_status_line(response.status)[0] == '0' + response.status / 100 &&
                  (response.status == 500 || strncmp(response_status_line(response.status), "500", 3) != 0),
              "%d has no status line", response.status);
        assert_string_equal(response.content_type, "application/problem+json");
        assert_string_equal(response.cache_control, "no-store");
        assert_string_equal(text_of(json, "type"), type);
        assert_string_equal(text_of(json, "error"), codes[i].name);
        assert_int_equal(json_object_get_int(json_object_object_get(json, "status")), codes[i].status);
        assert_string_equal(text_of(json, "requestId"), "req-1");
        assert_string_equal(text_of(json, "detail"), text_of(json, "message"));
        check(strlen(text_of(json, "title")) > 5, "%s has no title", codes[i].name);
        check(strlen(text_of(json, "detail")) > 10, "%s has no sentence", codes[i].name);
        /* If the client may try again, it is told when. */
        bool come_again = codes[i].status == 503 || codes[i].code == PROBLEM_REQUEST_IN_PROGRESS;
        check((response.retry_after_s > 0) == come_again, "%s: Retry-After", codes[i].name);
        json_object_put(json);
    }
    response_done(&response);
}

static void every_result(void **state)
{
    static const struct {
        enum result result;
        enum problem_code code;
        const char *name;
    } rows[] = {
        { RESULT_OK, PROBLEM_INTERNAL, "ok" }, /* not a refusal, so the call itself is a defect */
        { RESULT_INVALID_REQUEST, PROBLEM_INVALID_REQUEST, "invalid_request" },
        { RESULT_INVALID_SEATS, PROBLEM_INVALID_SEATS, "invalid_seats" },
        { RESULT_INVALID_PAYMENT_CODE, PROBLEM_INVALID_PAYMENT_CODE, "invalid_payment_code" },
        { RESULT_FLIGHT_NOT_FOUND, PROBLEM_FLIGHT_NOT_FOUND, "flight_not_found" },
        { RESULT_ORDER_NOT_FOUND, PROBLEM_ORDER_NOT_FOUND, "order_not_found" },
        { RESULT_NOT_FOUND, PROBLEM_NOT_FOUND, "not_found" },
        { RESULT_SEATS_UNAVAILABLE, PROBLEM_SEATS_UNAVAILABLE, "seats_unavailable" },
        { RESULT_ORDER_EXPIRED, PROBLEM_ORDER_EXPIRED, "order_expired" },
        { RESULT_ORDER_CLOSED, PROBLEM_ORDER_CLOSED, "order_closed" },
        { RESULT_PAYMENT_IN_PROGRESS, PROBLEM_PAYMENT_IN_PROGRESS, "payment_in_progress" },
        { RESULT_FLIGHT_DEPARTED, PROBLEM_FLIGHT_DEPARTED, "flight_departed" },
        { RESULT_FLIGHT_CLOSED, PROBLEM_FLIGHT_CLOSED, "flight_closed" },
        { RESULT_FLIGHT_CANCELLED, PROBLEM_FLIGHT_CANCELLED, "flight_cancelled" },
        { RESULT_IN_USE, PROBLEM_IN_USE, "in_use" },
        { RESULT_CANNOT_BOARD, PROBLEM_CANNOT_BOARD, "cannot_board" },
        { RESULT_TOO_MANY_HOLDS, PROBLEM_TOO_MANY_REQUESTS, "too_many_holds" },
        { RESULT_PRECONDITION_FAILED, PROBLEM_PRECONDITION_FAILED, "precondition_failed" },
        { RESULT_JOB_RUNNING, PROBLEM_JOB_RUNNING, "job_running" },
        { RESULT_JOB_NOT_RUNNING, PROBLEM_JOB_NOT_RUNNING, "job_not_running" },
        { RESULT_NAME_TAKEN, PROBLEM_NAME_TAKEN, "name_taken" },
        { RESULT_ORDER_OPEN, PROBLEM_ORDER_OPEN, "order_open" },
        { RESULT_NOT_PAID, PROBLEM_NOT_PAID, "not_paid" },
        { RESULT_PASSENGERS_MISSING, PROBLEM_PASSENGERS_MISSING, "passengers_missing" },
        { RESULT_CONSENT_MISSING, PROBLEM_CONSENT_MISSING, "consent_missing" },
        { RESULT_TOO_MANY_PASSENGERS, PROBLEM_TOO_MANY_PASSENGERS, "too_many_passengers" },
        { RESULT_NO_SUCH_PASSENGER, PROBLEM_INVALID_REQUEST, "no_such_passenger" },
        { RESULT_REFUND_TOO_LARGE, PROBLEM_REFUND_TOO_LARGE, "refund_too_large" },
        { RESULT_QUOTE_CHANGED, PROBLEM_QUOTE_CHANGED, "quote_changed" },
        { RESULT_PASSENGER_BOARDED, PROBLEM_PASSENGER_BOARDED, "passenger_boarded" },
        { RESULT_PRICE_DIFFERENCE, PROBLEM_PRICE_DIFFERENCE, "price_difference" },
        { RESULT_NOTHING_TO_SEND, PROBLEM_NOTHING_TO_SEND, "nothing_to_send" },
        { RESULT_FOR_OPERATORS, PROBLEM_FORBIDDEN, "for_operators" },
        { RESULT_NOT_PROVED, PROBLEM_UNAUTHORIZED, "not_proved" },
        { RESULT_IDEMPOTENCY_MISMATCH, PROBLEM_IDEMPOTENCY_MISMATCH, "idempotency_mismatch" },
        { RESULT_IDEMPOTENCY_RUNNING, PROBLEM_REQUEST_IN_PROGRESS, "idempotency_running" },
        { RESULT_DUPLICATE, PROBLEM_INTERNAL, "duplicate" },
        { RESULT_STALE, PROBLEM_INTERNAL, "stale" },
        { RESULT_RETRY, PROBLEM_DATABASE_UNAVAILABLE, "retry" },
        { RESULT_COMMIT_UNKNOWN, PROBLEM_DATABASE_UNAVAILABLE, "commit_unknown" },
        { RESULT_UNAVAILABLE, PROBLEM_DATABASE_UNAVAILABLE, "unavailable" },
        { RESULT_INTERNAL, PROBLEM_INTERNAL, "internal" },
    };
    (void)state;
    assert_int_equal(COUNT_OF(rows), RESULT_INTERNAL + 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(rows[i].result, i);
        assert_string_equal(result_name(rows[i].result), rows[i].name);
        check(problem_of_result(rows[i].result) == rows[i].code, "%s becomes %s", rows[i].name,
              codes[problem_of_result(rows[i].result)].name);
    }
    assert_string_equal(result_name((enum result)999), "unknown");
    assert_int_equal(problem_of_result((enum result)999), PROBLEM_INTERNAL);
}

static void what_helps(void **state)
{
    struct response response = {0};
    struct seat_list seats = { .count = 2, .number = { "A1", "B2" } };
    struct order order = { .order_id = "01890a5d-ac96-774b-bcce-b302099a8057", .status = ORDER_CONFIRMED, .version = 7 };
    struct problem p = { .code = PROBLEM_PRECONDITION_FAILED, .detail = "Say \"no\".", .field = "seats", .seats = &seats,
                         .order = &order, .max_attempts = 3 };
    (void)state;
    response_clear(&response);
    problem_write(&response, &asker, &p);
    struct json_object *json = body_of(&response);
    assert_string_equal(text_of(json, "detail"), "Say \"no\".");
    assert_string_equal(text_of(json, "field"), "seats");
    assert_string_equal(json_object_to_json_string_ext(json_object_object_get(json, "seats"), 0), "[\"A1\",\"B2\"]");
    assert_int_equal(json_object_get_int(json_object_object_get(json_object_object_get(json, "order"), "version")), 7);
    json_object_put(json);

    /* Fields that do not apply are left out. */
    problem_say(&response, &asker, PROBLEM_NOT_FOUND, NULL);
    json = body_of(&response);
    assert_int_equal(json_object_object_length(json), 7);
    json_object_put(json);
    response_done(&response);
}

/* A problem replaces any answer that was prepared before. */
static void a_problem_replaces_the_answer(void **state)
{
    struct response response = {0};
    (void)state;
    response_clear(&response);
    struct json_writer w = response_json(&response, 201);
    json_add_text(&w, NULL, "half an answer");
    (void)snprintf(response.location, sizeof response.location, "/api/orders/x");
    (void)snprintf(response.etag, sizeof response.etag, "\"1\"");
    response.cache_control = "max-age=1";
    problem_say(&response, &asker, PROBLEM_INTERNAL, NULL);
    assert_int_equal(response.status, 500);
    assert_int_equal(response.location[0], '\0');
    assert_int_equal(response.etag[0], '\0');
    assert_string_equal(response.cache_control, "no-store");
    assert_null(strstr(buf_str(&response.body), "half an answer"));
    response_done(&response);
}

/* ── the head of an answer ──────────────────────────────────────────────── */

static const char *head_of(const struct response *response)
{
    static struct buf head;
    buf_clear(&head);
    response_write_head(response, &head);
    return buf_str(&head);
}

static void heads(void **state)
{
    struct response r = {0};
    (void)state;
    response_clear(&r);
    assert_string_equal(head_of(&r), "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n"
                                     "Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n");
    struct json_writer w = response_json(&r, 201);
    json_add_text(&w, NULL, "é");
    (void)snprintf(r.location, sizeof r.location, "/api/orders/1");
    (void)snprintf(r.etag, sizeof r.etag, "\"1\"");
    (void)snprintf(r.allow, sizeof r.allow, "GET, HEAD");
    r.cache_control = "no-cache";
    r.retry_after_s = 2;
    r.replayed = true;
    r.authenticate = "Bearer";
    buf_add_str(&r.headers, "Vary: Origin\r\n");
    assert_string_equal(head_of(&r),
                        "Status: 201 Created\r\nContent-Type: application/json\r\nCache-Control: no-cache\r\n"
                        "Location: /api/orders/1\r\nETag: \"1\"\r\nAllow: GET, HEAD\r\nWWW-Authenticate: Bearer\r\n"
                        "Retry-After: 2\r\nIdempotency-Replayed: true\r\nVary: Origin\r\nContent-Length: 4\r\n\r\n");
    /* Nothing of an answer remains in the next. */
    response_clear(&r);
    assert_string_equal(head_of(&r), "Status: 500 Internal Server Error\r\nContent-Type: application/json\r\n"
                                     "Cache-Control: no-store\r\nContent-Length: 0\r\n\r\n");
    response_done(&r);
}

/* RFC 9110: neither 204 nor 304 has a body to describe. */
static void answers_without_a_body(void **state)
{
    static const int statuses[] = { 204, 304 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct response r = {0};
        response_clear(&r);
        r.status = statuses[i];
        assert_null(strstr(head_of(&r), "Content-Length"));
        assert_null(strstr(head_of(&r), "Content-Type"));
        response_done(&r);
    }
}

static void status_lines(void **state)
{
    static const int known[] = { 200, 201, 202, 204, 304, 400, 401, 402, 403, 404, 405, 408, 409, 410, 412, 413, 415, 422, 425, 429,
                                 500, 503 };
    (void)state;
    for (int status = 100; status < 600; status++) {
        char digits[8];
        bool is_known = false;
        for (size_t i = 0; i < COUNT_OF(known); i++)
            is_known = is_known || known[i] == status;
        (void)snprintf(digits, sizeof digits, "%d ", is_known ? status : 500);
        check(strncmp(response_status_line(status), digits, 4) == 0 && strlen(response_status_line(status)) > 5,
              "%d: \"%s\"", status, response_status_line(status));
    }
}

RUN_TESTS(cmocka_unit_test(every_code), cmocka_unit_test(every_result), cmocka_unit_test(what_helps),
          cmocka_unit_test(a_problem_replaces_the_answer), cmocka_unit_test(heads),
          cmocka_unit_test(answers_without_a_body), cmocka_unit_test(status_lines))
