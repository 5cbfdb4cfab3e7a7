/* SPDX-License-Identifier: MIT */
#include "sweeper/gateway_answer.h"

#include "booking/base/json_parse.h"
#include "booking/base/text.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

#define JSON_DEPTH_MAX 8

/* Reads a text field of the answer; false if it is not fit to be kept and shown. */
static bool read_text(struct json_object *json, const char *name, char *ret, size_t size)
{
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(json, name, &field) || !json_object_is_type(field, json_type_string))
        return false;
    const char *text = json_object_get_string(field);
    size_t len = strlen(text);
    if (len == 0 || len >= size || len != (size_t)json_object_get_string_len(field) || !text_is_utf8(text, len) ||
        !text_is_printable(text))
        return false;
    text_copy(ret, size, text);
    return true;
}

/* The closing quotation mark of the string that opens at this one. The whole text is valid JSON. */
static size_t end_of_text(const char *json, size_t at)
{
    for (at++; json[at] != '"'; at++)
        at += json[at] == '\\' ? 1 : 0;
    return at;
}

/* A field that occurs twice may say two things, of which json-c would keep only one. */
static bool stands_twice(const char *json, size_t len, const char *name)
{
    int depth = 0;
    int times = 0;
    for (size_t i = 0; i < len; i++) {
        depth += json[i] == '{' || json[i] == '[' ? 1 : json[i] == '}' || json[i] == ']' ? -1 : 0;
        if (json[i] != '"')
            continue;
        size_t begin = i + 1;
        i = end_of_text(json, i);
        size_t after = i + 1 + strspn(json + i + 1, " \t\r\n");
        bool is_name = depth == 1 && after < len && json[after] == ':';
        if (is_name && i - begin == strlen(name) && memcmp(json + begin, name, i - begin) == 0)
            times++;
    }
    return times > 1;
}

static struct json_object *parse(const struct gateway_answer *answer)
{
    struct json_object *json = json_parse_object(answer->body, answer->body_len, JSON_DEPTH_MAX);
    if (json != NULL && !stands_twice(answer->body, answer->body_len, "status") &&
        !stands_twice(answer->body, answer->body_len, "transactionId") &&
        !stands_twice(answer->body, answer->body_len, "redirectUrl"))
        return json;
    json_object_put(json);
    return NULL;
}

static bool says(struct json_object *json, const char *status)
{
    char text[20];
    return json != NULL && read_text(json, "status", text, sizeof text) && strcmp(text, status) == 0;
}

static bool has_status(struct json_object *json)
{
    return json_object_object_get_ex(json, "status", NULL);
}

/* The gateway may have taken the money, so the next attempt asks again with the same key. */
static void no_sense(struct attempt_result *r)
{
    r->outcome = ATTEMPT_ERROR;
    text_copy(r->reason, sizeof r->reason, "The payment gateway's answer made no sense");
}

/* A page that the customer must not be sent to is no page. */
static bool read_page(struct json_object *json, struct attempt_result *r)
{
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(json, "redirectUrl", &field) || field == NULL)
        return true;
    if (read_text(json, "redirectUrl", r->redirect_url, sizeof r->redirect_url) && url_is_private(r->redirect_url))
        return true;
    r->redirect_url[0] = '\0';
    return false;
}

static void wait_for_it(struct json_object *json, struct attempt_result *r)
{
    if (!read_page(json, r)) {
        no_sense(r);
        return;
    }
    r->outcome = ATTEMPT_PENDING;
    text_copy(r->reason, sizeof r->reason, "The payment gateway is still deciding");
}

static void read_approval(struct json_object *json, struct attempt_result *r)
{
    if (says(json, "PENDING"))
        wait_for_it(json, r);
    else if (says(json, "APPROVED") && read_text(json, "transactionId", r->transaction_id, sizeof r->transaction_id))
        r->outcome = ATTEMPT_APPROVED;
    else
        no_sense(r);
}

static void read_pending(struct json_object *json, struct attempt_result *r)
{
    if (json != NULL && (!has_status(json) || says(json, "PENDING")))
        wait_for_it(json, r);
    else
        no_sense(r);
}

/* A 402 is a decline whatever it says, unless its status is that of another answer. */
static void read_decline(struct json_object *json, struct attempt_result *r)
{
    char reason[101];
    if (says(json, "APPROVED") || says(json, "PENDING") || says(json, "VOIDED")) {
        no_sense(r);
        return;
    }
    r->outcome = ATTEMPT_DECLINED;
    if (json != NULL && read_text(json, "reason", reason, sizeof reason))
        (void)snprintf(r->reason, sizeof r->reason, "Payment declined: %s", reason);
    else
        text_copy(r->reason, sizeof r->reason, "Payment declined");
}

/* "Not now" is not "no": the same request may be answered another time. */
static bool is_not_now(int status)
{
    return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

bool gateway_answer_is_void(const struct gateway_answer *answer)
{
    char status[20];
    if (answer->status != 200 || answer->body_len == 0)
        return answer->status == 200;
    struct json_object *json = parse(answer);
    bool voided = json != NULL;
    if (json_object_object_get_ex(json, "status", NULL))
        voided = read_text(json, "status", status, sizeof status) && strcmp(status, "APPROVED") != 0;
    json_object_put(json);
    return voided;
}

/* The gateway's own words, or what it answered. */
static void say_why(struct json_object *json, int status, const char *what, char reason[ERROR_SIZE])
{
    char words[101];
    if (json != NULL && read_text(json, "reason", words, sizeof words))
        (void)snprintf(reason, ERROR_SIZE, "%s: %s", what, words);
    else
        (void)snprintf(reason, ERROR_SIZE, "The payment gateway answered %d", status);
}

void gateway_answer_read_refund(const struct gateway_answer *answer, struct delivery_result *ret_result,
                                char reason[ERROR_SIZE])
{
    struct delivery_result r = { .outcome = "ERROR",
                                 .reason = reason,
                                 .retry_after_ms = answer->retry_after_ms,
                                 .duration_ms = answer->duration_ms };
    struct json_object *json = answer->status != 0 ? parse(answer) : NULL;
    if (answer->timed_out) {
        r.outcome = "TIMEOUT";
        text_copy(reason, ERROR_SIZE, "The payment gateway did not answer in time");
    } else if (answer->status == 0) {
        text_copy(reason, ERROR_SIZE, "The payment gateway could not be reached");
    } else if (answer->status == 200 && says(json, "REFUNDED")) {
        r.delivered = true;
        r.outcome = "REFUNDED";
        r.reason = NULL;
    } else if (answer->status == 200) {
        text_copy(reason, ERROR_SIZE, "The payment gateway's answer made no sense");
    } else {
        r.is_final = answer->status >= 400 && !is_not_now(answer->status);
        r.outcome = r.is_final ? "REFUSED" : "ERROR";
        say_why(json, answer->status, r.is_final ? "Refund refused" : "Not now", reason);
    }
    json_object_put(json);
    *ret_result = r;
}

void gateway_answer_read(const struct gateway_answer *answer, struct attempt_result *ret_result)
{
    struct attempt_result r = { .outcome = ATTEMPT_ERROR,
                                .retry_after_ms = answer->retry_after_ms,
                                .duration_ms = answer->duration_ms };
    bool has_body = answer->status == 200 || answer->status == 202 || answer->status == 402;
    struct json_object *json = has_body && !answer->timed_out ? parse(answer) : NULL;

    if (answer->timed_out) {
        r.outcome = ATTEMPT_TIMEOUT;
        text_copy(r.reason, sizeof r.reason, "The payment gateway did not answer in time");
    } else if (answer->status == 0) {
        text_copy(r.reason, sizeof r.reason, "The payment gateway could not be reached");
    } else if (answer->status == 200) {
        read_approval(json, &r);
    } else if (answer->status == 202) {
        read_pending(json, &r);
    } else if (answer->status == 402) {
        read_decline(json, &r);
    } else {
        r.is_final = answer->status >= 400 && !is_not_now(answer->status);
        (void)snprintf(r.reason, sizeof r.reason, "The payment gateway answered %d", answer->status);
    }
    json_object_put(json);
    *ret_result = r;
}
