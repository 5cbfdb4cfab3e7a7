/* SPDX-License-Identifier: MIT */
#include "fcgi/body.h"

#include "booking/base/json_parse.h"
#include "booking/base/text.h"
#include "booking/core/tariff.h"
#include "fcgi/problem.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* No request of ours nests deeper than two. */
#define JSON_DEPTH_MAX 16

/* Compares the media type, without its parameters and regardless of case. */
static bool media_type_is(const char *content_type, const char *type)
{
    size_t len = strcspn(content_type, "; \t");
    return len == strlen(type) && strncasecmp(content_type, type, len) == 0;
}

/* The value of a parameter such as charset, without quotes; "" if there is none. */
static void media_parameter(const char *content_type, const char *name, char *ret_value, size_t size)
{
    const char *p = strchr(content_type, ';');
    size_t name_len = strlen(name);
    size_t len = 0;
    for (; p != NULL; p = strchr(p, ';')) {
        p += 1 + strspn(p + 1, " \t");
        if (strncasecmp(p, name, name_len) != 0 || p[name_len] != '=')
            continue;
        p += name_len + 1;
        for (; *p != '\0' && strchr("; \t", *p) == NULL && len + 1 < size; p++) {
            if (*p != '"')
                ret_value[len++] = *p;
        }
        break;
    }
    ret_value[len] = '\0';
}

/* Whether we can read the body's coding and character set. A body read as what it is not would book something else, or
 * nothing, for a reason that no customer could see. */
static bool is_readable(const struct request *request)
{
    char charset[24];
    const char *coding = request_header(request, "HTTP_CONTENT_ENCODING");
    media_parameter(request->content_type, "charset", charset, sizeof charset);
    return (coding == NULL || *coding == '\0' || strcasecmp(coding, "identity") == 0) &&
           (*charset == '\0' || strcasecmp(charset, "utf-8") == 0 || strcasecmp(charset, "utf8") == 0);
}

static bool begin_json(const struct request *request, struct response *response, struct body *body)
{
    char error[160];
    size_t at = 0;
    body->json = json_parse(request->body, request->body_len, JSON_DEPTH_MAX, &at);
    if (body->json == NULL) {
        (void)snprintf(error, sizeof error, "The body is not valid JSON: see byte %zu.", at + 1);
        problem_say(response, request, PROBLEM_INVALID_JSON, error);
        return false;
    }
    if (!json_object_is_type(body->json, json_type_object)) {
        problem_say(response, request, PROBLEM_INVALID_REQUEST, "The body must be a JSON object.");
        json_object_put(body->json);
        return false;
    }
    return true;
}

static bool begin_form(const struct request *request, struct response *response, struct body *body)
{
    if (request_parse_parameters(&body->decoded, request->body, request->body_len, &body->form) == REQUEST_OK)
        return true;
    problem_say(response, request, PROBLEM_INVALID_REQUEST,
                "The form is not UTF-8 in percent-encoding, or has too many fields.");
    buf_done(&body->decoded);
    return false;
}

bool body_is_json(const struct request *request)
{
    return media_type_is(request->content_type, "application/json");
}

bool body_is_type(const struct request *request, const char *type)
{
    return media_type_is(request->content_type, type) && is_readable(request);
}

bool body_parse(const struct request *request, struct response *response, struct body *reterr_body)
{
    *reterr_body = (struct body){ 0 };
    if (!is_readable(request)) {
        problem_say(response, request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "Send the body in UTF-8, and not compressed (no Content-Encoding).");
        return false;
    }
    if (media_type_is(request->content_type, "application/json"))
        return begin_json(request, response, reterr_body);
    if (media_type_is(request->content_type, "application/x-www-form-urlencoded"))
        return begin_form(request, response, reterr_body);
    problem_say(response, request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
    return false;
}

void body_done(struct body *body)
{
    json_object_put(body->json);
    buf_done(&body->decoded);
}

/* A JSON string as a C string, or NULL if they differ: a "\u0000" in it would hide its end. */
static const char *plain_text(struct json_object *json)
{
    if (!json_object_is_type(json, json_type_string))
        return NULL;
    const char *text = json_object_get_string(json);
    return strlen(text) == (size_t)json_object_get_string_len(json) ? text : NULL;
}

bool body_text(const struct body *body, const char *name, const char **reterr_text)
{
    struct json_object *field = NULL;
    if (body->json == NULL) {
        *reterr_text = parameters_get(&body->form, name);
        return true;
    }
    *reterr_text = NULL;
    if (!json_object_object_get_ex(body->json, name, &field) || field == NULL)
        return true;
    *reterr_text = plain_text(field);
    return *reterr_text != NULL;
}

static bool form_integer(const char *text, int64_t *ret_number)
{
    long long number = 0;
    if (!text_parse_int(text, 0, INT64_MAX, &number))
        return false;
    *ret_number = number;
    return true;
}

bool body_integer(const struct body *body, const char *name, int64_t fallback, int64_t *ret_number)
{
    struct json_object *field = NULL;
    const char *text = body->json == NULL ? parameters_get(&body->form, name) : NULL;
    if (text != NULL)
        return form_integer(text, ret_number);
    if (body->json == NULL || !json_object_object_get_ex(body->json, name, &field) || field == NULL) {
        *ret_number = fallback;
        return true;
    }
    if (!json_object_is_type(field, json_type_int) || json_object_get_int64(field) < 0)
        return false;
    *ret_number = json_object_get_int64(field);
    return true;
}

bool body_flag(const struct body *body, const char *name, bool fallback, bool *ret_flag)
{
    struct json_object *field = NULL;
    const char *text = body->json == NULL ? parameters_get(&body->form, name) : NULL;
    bool is_absent = body->json == NULL ? text == NULL
                                        : !json_object_object_get_ex(body->json, name, &field) || field == NULL;
    if (is_absent) {
        *ret_flag = fallback;
        return true;
    }
    if (text != NULL) {
        *ret_flag = strcmp(text, "true") == 0;
        return *ret_flag || strcmp(text, "false") == 0;
    }
    if (!json_object_is_type(field, json_type_boolean))
        return false;
    *ret_flag = json_object_get_boolean(field);
    return true;
}

/* ── seats ──────────────────────────────────────────────────────────────── */

struct seat_reader {
    const struct request *request;
    struct response *response;
    size_t max;
    struct seat_list *seats;
};

static bool refuse(const struct seat_reader *reader, enum problem_code code, const char *detail)
{
    problem_field(reader->response, reader->request, code, "seats", detail);
    return false;
}

static bool refuse_repeated(const struct seat_reader *reader, const char *text)
{
    char detail[64];
    struct seat_list repeated = { .count = 0 };
    (void)seat_list_add(&repeated, text);
    (void)snprintf(detail, sizeof detail, "Seat %s is named twice.", repeated.number[0]);
    struct problem p = { .code = PROBLEM_INVALID_SEATS, .detail = detail, .field = "seats", .seats = &repeated };
    problem_write(reader->response, reader->request, &p);
    return false;
}

static bool add_seat(const struct seat_reader *reader, const char *text)
{
    char detail[160];
    char shown[24];
    if (reader->seats->count >= reader->max) {
        (void)snprintf(detail, sizeof detail, "An order may have at most %zu seats.", reader->max);
        return refuse(reader, PROBLEM_INVALID_SEATS, detail);
    }
    text_copy(shown, sizeof shown, text);
    switch (seat_list_add(reader->seats, text)) {
    case SEAT_LIST_OK: return true;
    case SEAT_LIST_REPEATED: return refuse_repeated(reader, text);
    case SEAT_LIST_MALFORMED:
    case SEAT_LIST_FULL: (void)snprintf(detail, sizeof detail, "\"%s\" is not a seat number.", shown); break;
    }
    return refuse(reader, PROBLEM_INVALID_SEATS, detail);
}

static bool add_comma_separated(const struct seat_reader *reader, const char *text)
{
    for (;;) {
        char part[64];
        while (*text == ' ')
            text++;
        size_t len = strcspn(text, ",");
        size_t kept = len;
        while (kept > 0 && text[kept - 1] == ' ')
            kept--;
        if (kept >= sizeof part)
            kept = sizeof part - 1;
        memcpy(part, text, kept);
        part[kept] = '\0';
        if (!add_seat(reader, part))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

static bool add_from_json(const struct seat_reader *reader, const struct body *body)
{
    struct json_object *array = NULL;
    if (!json_object_object_get_ex(body->json, "seats", &array) || array == NULL)
        return refuse(reader, PROBLEM_INVALID_SEATS, "Name at least one seat.");
    if (!json_object_is_type(array, json_type_array))
        return refuse(reader, PROBLEM_INVALID_REQUEST, "seats must be an array of seat numbers.");
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        const char *text = plain_text(json_object_array_get_idx(array, i));
        if (text == NULL)
            return refuse(reader, PROBLEM_INVALID_REQUEST, "Every seat must be a string such as \"12A\".");
        if (!add_seat(reader, text))
            return false;
    }
    return true;
}

static bool add_from_form(const struct seat_reader *reader, const struct body *body)
{
    for (size_t i = 0; i < body->form.count; i++) {
        const struct parameter *p = &body->form.item[i];
        if (strcmp(p->name, "seats") == 0 && *p->value != '\0' && !add_comma_separated(reader, p->value))
            return false;
    }
    return true;
}

bool body_seats(const struct body *body, const struct request *request, struct response *response, size_t max,
                struct seat_list *reterr_seats)
{
    struct seat_reader reader = { request, response, max, reterr_seats };
    reterr_seats->count = 0;
    if (!(body->json != NULL ? add_from_json(&reader, body) : add_from_form(&reader, body)))
        return false;
    if (reterr_seats->count == 0)
        return refuse(&reader, PROBLEM_INVALID_SEATS, "Name at least one seat.");
    return true;
}

/* ── the best seats ─────────────────────────────────────────────────────── */

static bool refuse_field(const struct seat_reader *reader, const char *field, const char *detail)
{
    problem_field(reader->response, reader->request, PROBLEM_INVALID_REQUEST, field, detail);
    return false;
}

bool body_has_seats(const struct body *body)
{
    struct json_object *array = NULL;
    if (body->json == NULL)
        return parameters_get(&body->form, "seats") != NULL;
    return json_object_object_get_ex(body->json, "seats", &array) && array != NULL;
}

static bool read_class(const struct seat_reader *reader, const struct body *body, struct body_wish *wish)
{
    const char *name = NULL;
    bool is_text = body_text(body, "class", &name);
    if (is_text && (name == NULL || *name == '\0'))
        return true;
    if (!is_text || !tariff_name_is_valid(name))
        return refuse_field(reader, "class", "class must be the name of a class, such as economy.");
    text_copy(wish->cabin_class, sizeof wish->cabin_class, name);
    wish->best.cabin_class = wish->cabin_class;
    return true;
}

static bool read_prefer(const struct seat_reader *reader, const struct body *body, struct body_wish *wish)
{
    const char *name = NULL;
    bool is_text = body_text(body, "prefer", &name);
    if (is_text && (name == NULL || *name == '\0' || choose_prefer_parse(name, &wish->best.prefer)))
        return true;
    return refuse_field(reader, "prefer", "prefer must be window, aisle, front or back.");
}

bool body_wish(const struct body *body, const struct request *request, struct response *response, size_t max,
               struct body_wish *reterr_wish)
{
    const struct seat_reader reader = { request, response, max, NULL };
    char detail[80];
    int64_t count = -1;
    *reterr_wish = (struct body_wish){ .best = { .prefer = CHOOSE_ANY } };
    if (!body_integer(body, "count", -1, &count))
        return refuse_field(&reader, "count", "count must be a whole number.");
    if (count < 0)
        return body_seats(body, request, response, max, &reterr_wish->seats);
    if (body_has_seats(body))
        return refuse_field(&reader, "count", "Say which seats, or how many, but not both.");
    if (count < 1 || count > (int64_t)max) {
        (void)snprintf(detail, sizeof detail, "An order may have 1 to %zu seats.", max);
        problem_field(response, request, PROBLEM_INVALID_SEATS, "count", detail);
        return false;
    }
    reterr_wish->best.count = (size_t)count;
    return read_class(&reader, body, reterr_wish) && read_prefer(&reader, body, reterr_wish);
}
