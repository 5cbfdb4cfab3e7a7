/* SPDX-License-Identifier: MIT */
/* Bodies: the fields read from them, and the answers to malformed ones. */

#include "tests/unit/unit.h"

#include "fcgi/body.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON "application/json"
#define FORM "application/x-www-form-urlencoded"

static struct response response;

static struct request request_of(const char *type, const char *text, size_t len)
{
    return (struct request){ .method = "POST", .path = "/", .id = "req-1", .content_type = type, .body = text,
                             .body_len = len };
}

/* The "error" and "field" of the answer: "INVALID_SEATS/seats"; "" if there is none. */
static const char *answered(void)
{
    static char text[128];
    struct json_object *json = json_tokener_parse(buf_str(&response.body));
    struct json_object *error = NULL;
    struct json_object *field = NULL;
    if (json == NULL)
        return "";
    (void)json_object_object_get_ex(json, "error", &error);
    bool has_field = json_object_object_get_ex(json, "field", &field);
    (void)snprintf(text, sizeof text, "%s%s%s", json_object_get_string(error), has_field ? "/" : "",
                   has_field ? json_object_get_string(field) : "");
    json_object_put(json);
    return text;
}

/* The error code if the body cannot be parsed, or "". */
static const char *parse_outcome(const char *type, const char *text, size_t len)
{
    struct request request = request_of(type, text, len);
    struct body body;
    response_clear(&response);
    if (!body_parse(&request, &response, &body)) {
        check(*answered() != '\0', "refused without a problem");
        return answered();
    }
    body_done(&body);
    check(response.body.len == 0, "accepted, and a problem is written: %s", buf_str(&response.body));
    return "";
}

static void media_types(void **state)
{
    static const struct {
        const char *type;
        const char *want;
    } rows[] = {
        { "application/json", "" },
        { "application/json; charset=utf-8", "" },
        { "application/json;charset=utf-8", "" },
        { "Application/JSON", "" },
        { "application/json ", "" },
        { "application/x-www-form-urlencoded", "" },
        { "APPLICATION/X-WWW-FORM-URLENCODED; charset=UTF-8", "" },
        { "", "UNSUPPORTED_MEDIA_TYPE" },
        { "text/plain", "UNSUPPORTED_MEDIA_TYPE" },
        { "application/jsonp", "UNSUPPORTED_MEDIA_TYPE" },
        { "application/jso", "UNSUPPORTED_MEDIA_TYPE" },
        { "application/json, text/plain", "UNSUPPORTED_MEDIA_TYPE" },
        { "application/problem+json", "UNSUPPORTED_MEDIA_TYPE" },
        { "multipart/form-data; boundary=x", "UNSUPPORTED_MEDIA_TYPE" },
        { "; application/json", "UNSUPPORTED_MEDIA_TYPE" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(strcmp(parse_outcome(rows[i].type, "{}", 2), rows[i].want) == 0, "\"%s\": %s", rows[i].type,
              parse_outcome(rows[i].type, "{}", 2));
}

static void json_bodies(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        { "{}", "" },
        { " {\"a\": [1, 2.5, -3e+2, true, false, null, \"x\", {}]} \r\n\t", "" },
        { "{\"a\":\"\\u00e4\\ud83d\\ude00\\\"\\\\\\/\\n\"}", "" },
        { "{\"a\":\"Zoë 漢字 🛫\"}", "" },
        { "[]", "INVALID_REQUEST" },
        { "\"text\"", "INVALID_REQUEST" },
        { "", "INVALID_JSON" },
        { " ", "INVALID_JSON" },
        { "{", "INVALID_JSON" },
        { "}", "INVALID_JSON" },
        { "{\"a\"}", "INVALID_JSON" },
        { "{\"a\":}", "INVALID_JSON" },
        { "{\"a\":1,}", "INVALID_JSON" },
        { "{,}", "INVALID_JSON" },
        { "{\"a\":1 \"b\":2}", "INVALID_JSON" },
        { "{'a':1}", "INVALID_JSON" },
        { "{a:1}", "INVALID_JSON" },
        { "{\"a\":[1,]}", "INVALID_JSON" },
        { "{\"a\":[1}", "INVALID_JSON" },
        { "{\"a\":01}", "INVALID_JSON" },
        { "{\"a\":+1}", "INVALID_JSON" },
        { "{\"a\":1.}", "INVALID_JSON" },
        { "{\"a\":NaN}", "INVALID_JSON" },
        { "{\"a\":Infinity}", "INVALID_JSON" },
        { "{\"a\":undefined}", "INVALID_JSON" },
        { "{\"a\":True}", "INVALID_JSON" },
        { "{\"a\":\"\\x\"}", "INVALID_JSON" },
        { "{\"a\":\"\\u12\"}", "INVALID_JSON" },
        { "{\"a\":\"line\nbreak\"}", "INVALID_JSON" },
        { "{\"a\":\"\xFF\"}", "INVALID_JSON" },
        { "{\"a\":\"\xC0\xAF\"}", "INVALID_JSON" },
        { "{\"a\":\"\xED\xA0\x80\"}", "INVALID_JSON" },
        { "{\"\xFF\":1}", "INVALID_JSON" },
        { "{} {}", "INVALID_JSON" },
        { "{}x", "INVALID_JSON" },
        { "{}//", "INVALID_JSON" },
        { "/* c */ {}", "INVALID_JSON" },
        { "// c\n{}", "INVALID_JSON" },
        { "<a/>", "INVALID_JSON" },
        { "seats=A1", "INVALID_JSON" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *got = parse_outcome(JSON, rows[i].text, strlen(rows[i].text));
        check(strcmp(got, rows[i].want) == 0, "%s: \"%s\", not \"%s\"", rows[i].text, got, rows[i].want);
    }
    /* These are not objects either. Either of the two codes is right for them. */
    assert_string_not_equal(parse_outcome(JSON, "null", 4), "");
    assert_string_not_equal(parse_outcome(JSON, "true", 4), "");
    assert_string_not_equal(parse_outcome(JSON, "1", 1), "");
    assert_string_equal(parse_outcome(JSON, "{}\0", 3), "INVALID_JSON");
    assert_string_equal(parse_outcome(JSON, "\0{}", 3), "INVALID_JSON");
    assert_string_equal(parse_outcome(JSON, "{\"a\":\"x\0y\"}", 11), "INVALID_JSON");
}

/* Deeply nested bodies of 64 KiB, of every kind. */
static void deep_nesting(void **state)
{
    static const char *const openings[] = { "[", "{\"a\":", "{\"a\":[", "[{\"a\":" };
    static char text[65536];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(openings); i++) {
        size_t unit = strlen(openings[i]);
        for (size_t at = 0; at + unit <= sizeof text; at += unit)
            memcpy(text + at, openings[i], unit);
        assert_string_equal(parse_outcome(JSON, text, sizeof text - sizeof text % unit), "INVALID_JSON");
    }
}

static void form_bodies(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } rows[] = {
        { "", "" },          { "a=1&b=2", "" },     { "&&&", "" },          { "{}", "" },
        { "a=%C3%A4", "" },  { "a=%", "INVALID_REQUEST" }, { "a=%zz", "INVALID_REQUEST" },
        { "a=%FF", "INVALID_REQUEST" }, { "a=\xFF", "INVALID_REQUEST" }, { "a=%00", "INVALID_REQUEST" },
    };
    static char many[65 * 4];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(strcmp(parse_outcome(FORM, rows[i].text, strlen(rows[i].text)), rows[i].want) == 0, "\"%s\": %s",
              rows[i].text, answered());
    for (size_t i = 0; i < sizeof many; i += 4)
        memcpy(many + i, "a=1&", 4);
    assert_string_equal(parse_outcome(FORM, many, 64 * 4), "");
    assert_string_equal(parse_outcome(FORM, many, 65 * 4), "INVALID_REQUEST");
}

/* ── fields ─────────────────────────────────────────────────────────────── */

static struct body parsed(const char *type, const char *text)
{
    struct request request = request_of(type, text, strlen(text));
    struct body body;
    response_clear(&response);
    check(body_parse(&request, &response, &body), "%s: %s", text, buf_str(&response.body));
    return body;
}

static void texts(void **state)
{
    static const struct {
        const char *type, *body;
        bool ok;
        const char *want;
    } rows[] = {
        { JSON, "{\"f\":\"x\"}", true, "x" },
        { JSON, "{\"f\":\"\"}", true, "" },
        { JSON, "{\"f\":null}", true, NULL },
        { JSON, "{}", true, NULL },
        { JSON, "{\"F\":\"x\"}", true, NULL },
        { JSON, "{\"f\":\"1\",\"f\":\"2\"}", true, "2" },
        { JSON, "{\"f\":\"\\u00e4\"}", true, "ä" },
        { JSON, "{\"f\":1}", false, NULL },
        { JSON, "{\"f\":true}", false, NULL },
        { JSON, "{\"f\":[\"x\"]}", false, NULL },
        { JSON, "{\"f\":{}}", false, NULL },
        { JSON, "{\"f\":\"a\\u0000b\"}", false, NULL },
        { FORM, "f=x", true, "x" },
        { FORM, "f=", true, "" },
        { FORM, "f", true, "" },
        { FORM, "g=x", true, NULL },
        { FORM, "f=1&f=2", true, "1" },
        { FORM, "f=a+b%21", true, "a b!" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct body body = parsed(rows[i].type, rows[i].body);
        const char *text = NULL;
        bool ok = body_text(&body, "f", &text);
        check(ok == rows[i].ok, "%s: %s", rows[i].body, ok ? "taken" : "refused");
        if (ok && rows[i].want == NULL)
            check(text == NULL, "%s: \"%s\"", rows[i].body, text);
        else if (ok)
            check(text != NULL && strcmp(text, rows[i].want) == 0, "%s: \"%s\"", rows[i].body, text);
        body_done(&body);
    }
}

static void integers(void **state)
{
    static const struct {
        const char *body;
        int64_t want;
    } rows[] = {
        { "{\"n\":0}", 0 },           { "{\"n\":12900}", 12900 },  { "{\"n\":-5}", -1 },    { "{}", 77 },
        { "{\"n\":null}", 77 },       { "{\"n\":\"5\"}", -1 },     { "{\"n\":5.0}", -1 },   { "{\"n\":true}", -1 },
        { "{\"n\":[5]}", -1 },        { "{\"n\":9223372036854775807}", INT64_MAX },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct body body = parsed(JSON, rows[i].body);
        int64_t n = -1;
        bool is_one = body_integer(&body, "n", 77, &n);
        check(is_one == (rows[i].want >= 0) && n == rows[i].want, "%s: %lld", rows[i].body, (long long)n);
        body_done(&body);
    }
    struct body form = parsed(FORM, "n=5");
    int64_t n = -1;
    assert_true(body_integer(&form, "n", 77, &n) && n == 5);
    assert_true(body_integer(&form, "m", 77, &n) && n == 77);
    body_done(&form);
    form = parsed(FORM, "n=5x");
    assert_false(body_integer(&form, "n", 77, &n));
    body_done(&form);
}

static void seats(void **state)
{
    static const struct {
        const char *type, *body;
        const char *want; /* the list, or the problem */
    } rows[] = {
        { JSON, "{\"seats\":[\"A1\"]}", "A1" },
        { JSON, "{\"seats\":[\"b2\",\"A1\",\"12c\"]}", "B2,A1,12C" },
        { JSON, "{\"seats\":[\"A1\",\"A2\",\"A3\",\"A4\"]}", "A1,A2,A3,A4" },
        { JSON, "{\"seats\":[\"A1\",\"A2\",\"A3\",\"A4\",\"A5\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[]}", "INVALID_SEATS/seats" },
        { JSON, "{}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":null}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\"A1\",\"A1\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\"A1\",\"a1\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\"\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\"A1,A2\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\" a1\",\"B2\\t\"]}", "A1,B2" },
        { JSON, "{\"seats\":[\"012A\",\"a01\"]}", "012A,A01" },
        { JSON, "{\"seats\":[\"012A\",\"12a\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\"A1' OR 1=1 --\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":[\"漢字漢字漢字漢字漢字漢字漢字漢字漢字1A\"]}", "INVALID_SEATS/seats" },
        { JSON, "{\"seats\":\"A1\"}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":{\"0\":\"A1\"}}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":1}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":[1]}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":[null]}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":[[\"A1\"]]}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":[\"A1\",true]}", "INVALID_REQUEST/seats" },
        { JSON, "{\"seats\":[\"A1\\u0000\"]}", "INVALID_REQUEST/seats" },
        { FORM, "seats=A1", "A1" },
        { FORM, "seats=b2&x=y&seats=a1", "B2,A1" },
        { FORM, "seats=A1,A2&seats=A3", "A1,A2,A3" },
        { FORM, "seats=A1%2C+A2+,A3", "A1,A2,A3" },
        { FORM, "seats=&seats=A1", "A1" },
        { FORM, "seats=+012a+,+01B+", "012A,01B" },
        { FORM, "seats=", "INVALID_SEATS/seats" },
        { FORM, "", "INVALID_SEATS/seats" },
        { FORM, "seat=A1", "INVALID_SEATS/seats" },
        { FORM, "seats=A1,", "INVALID_SEATS/seats" },
        { FORM, "seats=,A1", "INVALID_SEATS/seats" },
        { FORM, "seats=A1,,A2", "INVALID_SEATS/seats" },
        { FORM, "seats=A1,A1", "INVALID_SEATS/seats" },
        { FORM, "seats=A1&seats=a1", "INVALID_SEATS/seats" },
        { FORM, "seats=A1,A2,A3,A4,A5", "INVALID_SEATS/seats" },
        { FORM, "seats=A1 A2", "INVALID_SEATS/seats" },
        { FORM, "seats=+", "INVALID_SEATS/seats" },
        { FORM, "seats=A1111111111111111111111111111111111111111111111111111111111111111111111111111111",
          "INVALID_SEATS/seats" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct request request = request_of(rows[i].type, rows[i].body, strlen(rows[i].body));
        struct body body = parsed(rows[i].type, rows[i].body);
        struct seat_list list;
        char text[SEATS_TEXT_SIZE];
        if (body_seats(&body, &request, &response, 4, &list)) {
            seat_list_format(&list, text);
            check(strcmp(text, rows[i].want) == 0, "%s: seats \"%s\"", rows[i].body, text);
        } else {
            check(strcmp(answered(), rows[i].want) == 0, "%s: %s", rows[i].body, buf_str(&response.body));
        }
        body_done(&body);
    }
}

/* A refusal names the seat, but stays short however long the seat's text was. */
static void a_refusal_names_the_seat(void **state)
{
    struct body body = parsed(JSON, "{\"seats\":[\"A1\",\"a1\"]}");
    struct request request = request_of(JSON, "", 0);
    struct seat_list list;
    (void)state;
    assert_false(body_seats(&body, &request, &response, 4, &list));
    check(strcasestr(buf_str(&response.body), "Seat a1 ") != NULL, "%s", buf_str(&response.body));
    body_done(&body);

    static char text[40000] = "{\"seats\":[\"";
    memset(text + 11, 'x', sizeof text - 16);
    memcpy(text + sizeof text - 5, "\"]}", 4);
    body = parsed(JSON, text);
    assert_false(body_seats(&body, &request, &response, 4, &list));
    assert_string_equal(answered(), "INVALID_SEATS/seats");
    assert_true(response.body.len < 600);
    body_done(&body);
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
        cmocka_unit_test(media_types),  cmocka_unit_test(json_bodies), cmocka_unit_test(deep_nesting),
        cmocka_unit_test(form_bodies),  cmocka_unit_test(texts),       cmocka_unit_test(integers),
        cmocka_unit_test(seats),        cmocka_unit_test(a_refusal_names_the_seat),
    };
    return cmocka_run_group_tests(tests, NULL, free_response);
}
