/* SPDX-License-Identifier: MIT */
/* A request's conditions and pages, and the answers to refusals. */

#include "tests/unit/unit.h"

#include "booking/base/timestamp.h"
#include "fcgi/call.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

static const char *header_name;
static const char *header_value;
static struct response response;
static struct config config = { .payment_max_attempts = 3 };

static const char *header_of(const struct request *request, const char *name)
{
    (void)request;
    return header_name != NULL && strcmp(name, header_name) == 0 ? header_value : NULL;
}

static struct request asked(const char *name, const char *value)
{
    header_name = name;
    header_value = value;
    response_clear(&response);
    return (struct request){ .method = "GET", .path = "/", .id = "req-1", .header_of = header_of };
}

static struct call call_for(const struct request *request)
{
    return (struct call){ .config = &config, .request = request, .response = &response };
}

/* ── If-Match ───────────────────────────────────────────────────────────── */

static void if_match(void **state)
{
    static const struct {
        const char *value;
        int count; /* -1: refused */
        int64_t versions[8];
    } rows[] = {
        { NULL, 0, { 0 } },
        { "*", 0, { 0 } },
        { "\"3\"", 1, { 3 } },
        { "\"3\", \"4\"", 2, { 3, 4 } },
        { "\"3\",\"4\",", 2, { 3, 4 } },
        { " \"3\" ", 1, { 3 } },
        { "W/\"3\"", 1, { -1 } },
        { "\"x\"", 1, { -1 } },
        { "\"\"", 1, { -1 } },
        { "\"-3\"", 1, { -1 } },
        { "\"03\"", 1, { 3 } },
        { "\"99999999999999999999999\"", 1, { -1 } },
        { "\"9999999999999999999\"", 1, { -1 } },
        { "\"a,b\"", 1, { -1 } },
        { "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\"", 8, { 1, 2, 3, 4, 5, 6, 7, 8 } },
        { "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"", -1, { 0 } },
        { "", -1, { 0 } },
        { " ", -1, { 0 } },
        { ",", -1, { 0 } },
        { "3", -1, { 0 } },
        { "\"3", -1, { 0 } },
        { "3\"", -1, { 0 } },
        { "\"3\" x", -1, { 0 } },
        { "W/3", -1, { 0 } },
        { "W/", -1, { 0 } },
        { "**", -1, { 0 } },
        { "'3'", -1, { 0 } },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = asked("HTTP_IF_MATCH", rows[i].value);
        struct call x = call_for(&request);
        struct order_answer answer = { .call = &x };
        struct caller caller;
        const char *shown = rows[i].value == NULL ? "none" : rows[i].value;
        bool ok = call_caller(&x, &answer, &caller);
        check(ok == (rows[i].count >= 0), "If-Match %s: %s", shown, ok ? "taken" : "refused");
        if (!ok) {
            assert_int_equal(response.status, 400);
            assert_non_null(strstr(buf_str(&response.body), "\"field\":\"If-Match\""));
            continue;
        }
        check(caller.only_if.count == (size_t)rows[i].count, "If-Match %s: %zu versions", shown,
              caller.only_if.count);
        for (size_t k = 0; k < caller.only_if.count; k++)
            check(caller.only_if.version[k] == rows[i].versions[k], "If-Match %s: version %lld", shown,
                  (long long)caller.only_if.version[k]);
    }
}

/* ── If-None-Match ──────────────────────────────────────────────────────── */

static void if_none_match(void **state)
{
    static const struct {
        const char *value;
        const char *etag;
        bool matches;
    } rows[] = {
        { NULL, "\"3\"", false },          { "\"3\"", "\"3\"", true },          { "*", "\"3\"", true },
        { "*", "", false },                { "\"3\"", "", false },              { "\"4\"", "\"3\"", false },
        { "W/\"3\"", "\"3\"", true },      { "\"2\", \"3\"", "\"3\"", true },   { "\"2\",\"3\",\"4\"", "\"3\"", true },
        { "\"13\"", "\"3\"", false },      { "\"33\"", "\"3\"", false },        { "3", "\"3\"", false },
        { "\"3", "\"3\"", false },         { "\"3\"x", "\"3\"", false },        { "x\"3\"", "\"3\"", false },
        { "", "\"3\"", false },            { "\"3\"x, \"3\"", "\"3\"", true },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = asked("HTTP_IF_NONE_MATCH", rows[i].value);
        struct call x = call_for(&request);
        struct json_writer w = response_json(&response, 200);
        json_add_text(&w, NULL, "body");
        (void)snprintf(response.etag, sizeof response.etag, "%s", rows[i].etag);
        check(call_not_modified(&x) == rows[i].matches, "If-None-Match %s of %s", rows[i].value, rows[i].etag);
        assert_int_equal(response.status, rows[i].matches ? 304 : 200);
        assert_int_equal(response.body.len, rows[i].matches ? 0 : 6);
    }
}

/* ── pages ──────────────────────────────────────────────────────────────── */

static struct request asked_for(const char *name, const char *value)
{
    struct request request = asked(NULL, NULL);
    request.query = (struct parameters){ .count = value == NULL ? 0 : 1, .item = { { name, value } } };
    return request;
}

static void limits(void **state)
{
    static const struct {
        const char *value;
        int want; /* 0: refused */
    } rows[] = { { NULL, 50 }, { "1", 1 },   { "100", 100 }, { "007", 7 }, { "0", 0 },   { "101", 0 }, { "-1", 0 },
                 { "", 0 },    { "x", 0 },   { "1.5", 0 },   { " 1", 0 },  { "1e1", 0 }, { "99999999999999999999", 0 } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = asked_for("limit", rows[i].value);
        struct call x = call_for(&request);
        int limit = 0;
        bool ok = call_limit(&x, &limit);
        check(ok == (rows[i].want != 0) && limit == rows[i].want, "limit=%s: %d", rows[i].value, limit);
        assert_int_equal(ok ? 0 : 400, ok ? 0 : response.status);
    }
}

static void cursors(void **state)
{
    static const struct {
        const char *value;
        int64_t ms; /* -1: refused */
        const char *id;
    } rows[] = {
        { NULL, TIME_NONE, "" },
        { "0_a", 0, "a" },
        { "1773568800123_01890a5d-ac96-774b-bcce-b302099a8057", 1773568800123, "01890a5d-ac96-774b-bcce-b302099a8057" },
        { "1_fl_101", 1, "fl_101" },
        { "1_01234567890123456789012345678901234567890123456789", 1, "01234567890123456789012345678901234567890123456789" },
        { "1_012345678901234567890123456789012345678901234567890", -1, "" },
        { "", -1, "" },
        { "1", -1, "" },
        { "_", -1, "" },
        { "_a", -1, "" },
        { "1_", -1, "" },
        { "x_a", -1, "" },
        { "-1_a", -1, "" },
        { "1 _a", -1, "" },
        { "1_a b", -1, "" },
        { "1_a'", -1, "" },
        { "253370764800000_a", 253370764800000, "a" },
        { "253370764800001_a", -1, "" },
        { "99999999999999999999_a", -1, "" },
        { "000000000000000000000000000000001_a", -1, "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = asked_for("cursor", rows[i].value);
        struct call x = call_for(&request);
        int64_t ms = 7;
        char id[CURSOR_SIZE] = "?";
        bool ok = call_cursor(&x, &ms, id);
        check(ok == (rows[i].ms != -1), "cursor=%s: %s", rows[i].value, ok ? "taken" : "refused");
        check(!ok || (ms == rows[i].ms && strcmp(id, rows[i].id) == 0), "cursor=%s: %lld, \"%s\"", rows[i].value,
              (long long)ms, id);
    }
}

/* A nextCursor is read back as it was written. */
static void cursors_come_back(void **state)
{
    static const int64_t moments[] = { 0, 1, 1773568800123, 253370764800000 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(moments); i++) {
        struct buf b = BUF_INIT;
        struct json_writer w = JSON_WRITER_INIT(&b);
        json_open_object(&w, NULL);
        struct page page = { .w = &w, .limit = 1, .count = 2, .last_ms = moments[i], .last_id = "fl-101" };
        page_write_cursor(&page, TIME_NONE);
        json_close_object(&w);
        struct json_object *json = json_tokener_parse(buf_str(&b));
        struct request request = asked_for("cursor", json_object_get_string(json_object_object_get(json, "nextCursor")));
        struct call x = call_for(&request);
        int64_t ms = 7;
        char id[CURSOR_SIZE];
        assert_true(call_cursor(&x, &ms, id));
        assert_true(ms == moments[i]);
        assert_string_equal(id, "fl-101");
        json_object_put(json);
        buf_done(&b);
    }
}

/* ── refusals ───────────────────────────────────────────────────────────── */

static void refused_seats(void **state)
{
    static const struct {
        enum result result;
        const char *seats;
        const char *detail;
        const char *field;
    } rows[] = {
        { RESULT_SEATS_UNAVAILABLE, "A1", "Seat A1 is no longer available.", NULL },
        { RESULT_SEATS_UNAVAILABLE, "A1,B2", "Seats A1,B2 are no longer available.", NULL },
        { RESULT_INVALID_SEATS, "Z9", "Seat Z9 is not on this flight.", "seats" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = asked(NULL, NULL);
        struct call x = call_for(&request);
        struct refusal refusal = { .seats = { .count = 0 } };
        assert_true(seat_list_parse(rows[i].seats, &refusal.seats));
        call_refuse_order(&x, rows[i].result, NULL, &refusal);
        struct json_object *json = json_tokener_parse(buf_str(&response.body));
        assert_string_equal(json_object_get_string(json_object_object_get(json, "detail")), rows[i].detail);
        assert_int_equal(json_object_array_length(json_object_object_get(json, "seats")), refusal.seats.count);
        struct json_object *field = json_object_object_get(json, "field");
        check((field != NULL) == (rows[i].field != NULL), "row %zu: field", i);
        json_object_put(json);
    }
}

static void refused_versions(void **state)
{
    struct request request = asked(NULL, NULL);
    struct call x = call_for(&request);
    struct order order = { .order_id = "01890a5d-ac96-774b-bcce-b302099a8057", .status = ORDER_CONFIRMED, .version = 7 };
    struct refusal refusal = { .seats = { .count = 0 } };
    (void)state;
    x.key_answered = true;
    call_refuse_order(&x, RESULT_PRECONDITION_FAILED, &order, &refusal);
    assert_int_equal(response.status, 412);
    assert_string_equal(response.etag, "\"7\"");
    assert_non_null(strstr(buf_str(&response.body), "\"order\":{\"orderId\":\"01890a5d"));
    /* The answer that was written in the change's transaction was rolled back, too. */
    assert_false(x.key_answered);
}

static int free_response(void **state)
{
    (void)state;
    response_done(&response);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(if_match), cmocka_unit_test(if_none_match),     cmocka_unit_test(limits),
        cmocka_unit_test(cursors),  cmocka_unit_test(cursors_come_back), cmocka_unit_test(refused_seats),
        cmocka_unit_test(refused_versions),
    };
    return cmocka_run_group_tests(tests, NULL, free_response);
}
