/* SPDX-License-Identifier: MIT */
#include "sweeper/charge_list.h"

#include "booking/base/json_parse.h"
#include "booking/base/text.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

#define JSON_DEPTH_MAX 4

/* Reads a text; one that is absent or null is empty. False if it is anything else, or too long. */
static bool read_text(struct json_object *json, const char *name, char *ret, size_t size)
{
    struct json_object *field = NULL;
    ret[0] = '\0';
    if (!json_object_object_get_ex(json, name, &field) || field == NULL)
        return true;
    const char *text = json_object_get_string(field);
    size_t len = strlen(text);
    if (!json_object_is_type(field, json_type_string) || len >= size ||
        len != (size_t)json_object_get_string_len(field) || !text_is_printable(text))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    }
    text_copy(ret, size, text);
    return true;
}

/* A whole number from 0; one that is absent is the fallback, or false if that is negative. */
static bool read_cents(struct json_object *json, const char *name, int64_t fallback, int64_t *ret)
{
    struct json_object *field = NULL;
    *ret = fallback;
    if (!json_object_object_get_ex(json, name, &field))
        return fallback >= 0;
    if (!json_object_is_type(field, json_type_int))
        return false;
    *ret = json_object_get_int64(field);
    return *ret >= 0 && *ret < INT64_C(1000000000000000);
}

static bool read_charge(struct json_object *json, struct listed_charge *c)
{
    char captured_at[40];
    return json_object_is_type(json, json_type_object) && read_text(json, "key", c->key, sizeof c->key) &&
           text_is_identifier(c->key, CHARGE_KEY_MAX) && read_text(json, "orderId", c->order_id, sizeof c->order_id) &&
           read_text(json, "status", c->status, sizeof c->status) &&
           (strcmp(c->status, "APPROVED") == 0 || strcmp(c->status, "VOIDED") == 0) &&
           read_cents(json, "amountCents", -1, &c->amount_cents) &&
           read_cents(json, "refundedCents", 0, &c->refunded_cents) &&
           read_text(json, "currency", c->currency, sizeof c->currency) && strlen(c->currency) == 3 &&
           read_text(json, "capturedAt", captured_at, sizeof captured_at) &&
           timestamp_parse(captured_at, &c->captured_at_ms);
}

static bool read_page(struct json_object *json, struct charge_page *page)
{
    struct json_object *list = NULL;
    if (!json_object_is_type(json, json_type_object) || !json_object_object_get_ex(json, "charges", &list) ||
        !json_object_is_type(list, json_type_array) || json_object_array_length(list) > CHARGE_PAGE_MAX ||
        !read_text(json, "nextCursor", page->next_cursor, sizeof page->next_cursor))
        return false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        if (!read_charge(json_object_array_get_idx(list, i), &page->charge[i]))
            return false;
    }
    page->count = json_object_array_length(list);
    return true;
}

static bool is_not_now(int status)
{
    return status < 400 || status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

void charge_list_read(const struct gateway_answer *answer, struct charge_page *ret_page)
{
    *ret_page = (struct charge_page){ .retry_after_ms = answer->retry_after_ms };
    size_t at = 0;
    struct json_object *json = answer->status == 200 && !answer->timed_out
                                   ? json_parse(answer->body, answer->body_len, JSON_DEPTH_MAX, &at)
                                   : NULL;
    ret_page->is_read = read_page(json, ret_page);
    ret_page->has_no_list = answer->status == 404 || answer->status == 405 || answer->status == 501;
    ret_page->is_final = !ret_page->is_read && !is_not_now(answer->status);
    if (answer->timed_out)
        text_copy(ret_page->reason, sizeof ret_page->reason, "The payment gateway did not answer in time");
    else if (answer->status == 0)
        text_copy(ret_page->reason, sizeof ret_page->reason, "The payment gateway could not be reached");
    else if (answer->status == 200 && !ret_page->is_read)
        text_copy(ret_page->reason, sizeof ret_page->reason, "The payment gateway's list made no sense");
    else if (ret_page->has_no_list)
        text_copy(ret_page->reason, sizeof ret_page->reason, "The payment gateway has no list of charges");
    else if (!ret_page->is_read)
        (void)snprintf(ret_page->reason, sizeof ret_page->reason, "The payment gateway answered %d", answer->status);
    if (!ret_page->is_read) {
        ret_page->count = 0;
        ret_page->next_cursor[0] = '\0';
    }
    json_object_put(json);
}
