/* SPDX-License-Identifier: MIT */
#include "fcgi/stripe/stripe.h"

#include "booking/base/json_parse.h"
#include "booking/base/monotonic.h"
#include "booking/base/text.h"
#include "booking/base/url.h"
#include "fcgi/stripe/https.h"

#include <json-c/json.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_MAX 32

struct stripe {
    const char *base_url;
    struct https *https;
    char authorization[600];
    int64_t deadline_ms;
};

struct stripe *stripe_new(const char *base_url, const char *secret_key)
{
    struct stripe *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->base_url = base_url;
    (void)snprintf(s->authorization, sizeof s->authorization, "Authorization: Bearer %s", secret_key);
    s->https = https_new();
    if (s->https != NULL)
        return s;
    free(s);
    return NULL;
}

void stripe_free(struct stripe *s)
{
    if (s == NULL)
        return;
    https_free(s->https);
    free(s);
}

void stripe_set_deadline(struct stripe *s, int64_t deadline_ms)
{
    s->deadline_ms = deadline_ms;
}

/* ── reading ────────────────────────────────────────────────────────────── */

struct json_object *stripe_parse(const char *text, size_t len)
{
    return json_parse_object(text, len, JSON_DEPTH_MAX);
}

static struct json_object *member(struct json_object *json, const char *name)
{
    struct json_object *field = NULL;
    return json_object_object_get_ex(json, name, &field) ? field : NULL;
}

void stripe_read_text(struct json_object *json, const char *name, char *ret, size_t size)
{
    struct json_object *field = member(json, name);
    *ret = '\0';
    if (!json_object_is_type(field, json_type_string) || json_object_get_string_len(field) >= (int)size)
        return;
    const char *text = json_object_get_string(field);
    if (strlen(text) == (size_t)json_object_get_string_len(field) && text_is_printable(text))
        text_copy(ret, size, text);
}

/* Words that are shown: too long, they are cut. */
static void read_words(struct json_object *json, const char *name, char ret[STRIPE_REASON_SIZE])
{
    struct json_object *field = member(json, name);
    const char *text = json_object_is_type(field, json_type_string) ? json_object_get_string(field) : "";
    text_copy(ret, STRIPE_REASON_SIZE, text_is_printable(text) ? text : "");
}

static void read_currency(struct json_object *json, char ret[4])
{
    stripe_read_text(json, "currency", ret, 4);
    for (char *c = ret; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
}

static bool is_word(struct json_object *json, const char *name, const char *word)
{
    char text[40];
    stripe_read_text(json, name, text, sizeof text);
    return strcmp(text, word) == 0;
}

/* Whether the customer's bank refused, though the customer was done. An event names the payment only. */
static bool bank_refused(struct json_object *payment, char ret_reason[STRIPE_REASON_SIZE])
{
    if (!is_word(payment, "status", "requires_payment_method") && !is_word(payment, "status", "canceled"))
        return false;
    read_words(member(payment, "last_payment_error"), "message", ret_reason);
    return true;
}

static bool read_state(struct json_object *json, struct stripe_session *s)
{
    bool is_complete = is_word(json, "status", "complete");
    if (is_word(json, "status", "open"))
        s->state = SESSION_OPEN;
    else if (is_word(json, "status", "expired"))
        s->state = SESSION_EXPIRED;
    else if (is_complete && is_word(json, "payment_status", "paid") && s->payment_intent[0] != '\0')
        s->state = SESSION_PAID;
    else if (is_complete && is_word(json, "payment_status", "unpaid"))
        s->state = bank_refused(member(json, "payment_intent"), s->reason) ? SESSION_FAILED : SESSION_PROCESSING;
    else
        return false;
    return true;
}

bool stripe_read_session(struct json_object *json, struct stripe_session *ret_session)
{
    struct stripe_session s = { .amount = -1 };
    struct json_object *payment = member(json, "payment_intent");
    stripe_read_text(json, "id", s.id, sizeof s.id);
    stripe_read_text(json, "url", s.url, sizeof s.url);
    read_currency(json, s.currency);
    if (json_object_is_type(member(json, "amount_total"), json_type_int))
        s.amount = json_object_get_int64(member(json, "amount_total"));
    if (json_object_is_type(payment, json_type_object))
        stripe_read_text(payment, "id", s.payment_intent, sizeof s.payment_intent);
    else
        stripe_read_text(json, "payment_intent", s.payment_intent, sizeof s.payment_intent);
    if (s.id[0] == '\0' || !is_word(json, "object", "checkout.session") || !read_state(json, &s))
        return false;
    *ret_session = s;
    return true;
}

bool stripe_read_refund(struct json_object *json, struct stripe_refund *ret_refund)
{
    struct stripe_refund r = { 0 };
    stripe_read_text(json, "id", r.id, sizeof r.id);
    if (r.id[0] == '\0' || !is_word(json, "object", "refund"))
        return false;
    if (is_word(json, "status", "succeeded"))
        r.state = REFUND_SUCCEEDED;
    else if (is_word(json, "status", "pending") || is_word(json, "status", "requires_action"))
        r.state = REFUND_UNDER_WAY;
    else if (is_word(json, "status", "failed") || is_word(json, "status", "canceled"))
        r.state = REFUND_CAME_BACK;
    else
        return false;
    read_words(json, "failure_reason", r.reason);
    *ret_refund = r;
    return true;
}

/* ── asking ─────────────────────────────────────────────────────────────── */

/* Whether it is Stripe that cannot do it now, or the operator's key that may not: neither is the customer's fault, and
 * both may be another answer the next time. */
static enum stripe_verdict judge(int status)
{
    if (status == 200)
        return STRIPE_DONE;
    if (status == 409 || status == 429)
        return STRIPE_BUSY;
    return status == 400 || status == 402 || status == 404 ? STRIPE_REFUSED : STRIPE_NOT_NOW;
}

static void read_error(const struct https_answer *answer, struct json_object *json, struct stripe_error *ret_error)
{
    struct json_object *error = member(json, "error");
    *ret_error = (struct stripe_error){
        .status = answer->status,
        .retry_after_s = answer->retry_after_s,
        .key_is_spent = (answer->is_replayed && answer->status >= 500) ||
                        (answer->status == 400 && is_word(error, "type", "idempotency_error")),
    };
    if (answer->status == 0)
        text_copy(ret_error->reason, sizeof ret_error->reason, answer->error);
    stripe_read_text(error, "code", ret_error->code, sizeof ret_error->code);
    stripe_read_text(error, "param", ret_error->param, sizeof ret_error->param);
    if (error != NULL)
        read_words(error, "message", ret_error->reason);
    stripe_read_text(error, "request_log_url", ret_error->request_log, sizeof ret_error->request_log);
}

/* Sends a request and parses the answer, *ret_json, which the caller frees; NULL unless it is STRIPE_DONE. */
static enum stripe_verdict ask(struct stripe *s, const struct buf *url, const struct buf *form, const char *key,
                               struct json_object **ret_json, struct stripe_error *ret_error)
{
    char idempotency[200] = "Accept: application/json";
    if (key != NULL)
        (void)snprintf(idempotency, sizeof idempotency, "Idempotency-Key: %s", key);
    static const char version[] = "Stripe-Version: " STRIPE_API_VERSION;
    const char *const headers[] = { s->authorization, version, idempotency, "Expect:", NULL };
    struct https_answer answer = { .error = "there was no time left to ask" };
    int64_t left_ms = s->deadline_ms - monotonic_ms();
    bool is_whole = buf_ok(url) && (form == NULL || buf_ok(form));
    if (left_ms > 0 && is_whole)
        https_call(s->https,
                   &(struct https_request){ .url = buf_str(url),
                                            .body = form == NULL ? NULL : buf_str(form),
                                            .headers = headers,
                                            .timeout_ms = left_ms },
                   &answer);
    struct json_object *json = answer.status == 0 ? NULL : stripe_parse(buf_str(&answer.body), answer.body.len);
    enum stripe_verdict v = judge(answer.status);
    read_error(&answer, json, ret_error);
    if (v == STRIPE_DONE && json == NULL)
        v = STRIPE_NOT_NOW;
    if (v != STRIPE_DONE) {
        json_object_put(json);
        json = NULL;
    }
    *ret_json = json;
    buf_done(&answer.body);
    return v;
}

/* An answer of 200 that is not what was asked for decides nothing. */
static enum stripe_verdict no_sense(struct stripe_error *ret_error)
{
    text_copy(ret_error->reason, sizeof ret_error->reason, "Stripe's answer made no sense");
    return STRIPE_NOT_NOW;
}

/* Adds one parameter of a form, encoded. */
static void add(struct buf *form, const char *name, const char *value)
{
    if (form->len > 0)
        buf_add_char(form, '&');
    buf_add_str(form, name);
    buf_add_char(form, '=');
    url_encode(value, form);
}

static void add_number(struct buf *form, const char *name, int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    add(form, name, text);
}

static enum stripe_verdict ask_session(struct stripe *s, const struct buf *url, const struct buf *form, const char *key,
                                       struct stripe_session *ret_session, struct stripe_error *ret_error)
{
    struct json_object *json = NULL;
    enum stripe_verdict v = ask(s, url, form, key, &json, ret_error);
    if (v == STRIPE_DONE && !stripe_read_session(json, ret_session))
        v = no_sense(ret_error);
    json_object_put(json);
    return v;
}

/* Cards alone, with what wallets make of them: seats are not held for the days that a transfer between banks takes. And
 * the price in the currency of the booking, which is the one that is compared. */
static void write_page(const struct stripe_page *page, struct buf *form)
{
    add(form, "mode", "payment");
    add(form, "payment_method_types[0]", "card");
    add(form, "adaptive_pricing[enabled]", "false");
    add(form, "line_items[0][quantity]", "1");
    add(form, "line_items[0][price_data][currency]", page->currency);
    add_number(form, "line_items[0][price_data][unit_amount]", page->amount);
    struct buf name = BUF_INIT;
    buf_addf(&name, "Booking %s", page->order_id);
    add(form, "line_items[0][price_data][product_data][name]", buf_str(&name));
    buf_done(&name);
    add(form, "success_url", page->return_url);
    add(form, "cancel_url", page->return_url);
    add_number(form, "expires_at", page->expires_at_s);
    add(form, "client_reference_id", page->order_id);
    add(form, "metadata[charge]", page->charge);
    add(form, "payment_intent_data[metadata][charge]", page->charge);
    add(form, "payment_intent_data[metadata][order]", page->order_id);
}

enum stripe_verdict stripe_create_session(struct stripe *s, const struct stripe_page *page,
                                          struct stripe_session *ret_session, struct stripe_error *ret_error)
{
    struct buf url = BUF_INIT;
    struct buf form = BUF_INIT;
    buf_addf(&url, "%s/v1/checkout/sessions", s->base_url);
    write_page(page, &form);
    enum stripe_verdict v = ask_session(s, &url, &form, page->key, ret_session, ret_error);
    buf_done(&url);
    buf_done(&form);
    return v;
}

enum stripe_verdict stripe_get_session(struct stripe *s, const char *id, struct stripe_session *ret_session,
                                       struct stripe_error *ret_error)
{
    struct buf url = BUF_INIT;
    buf_addf(&url, "%s/v1/checkout/sessions/%s?expand[]=payment_intent", s->base_url, id);
    enum stripe_verdict v = ask_session(s, &url, NULL, NULL, ret_session, ret_error);
    buf_done(&url);
    return v;
}

enum stripe_verdict stripe_expire_session(struct stripe *s, const char *id, struct stripe_session *ret_session,
                                          struct stripe_error *ret_error)
{
    struct buf url = BUF_INIT;
    struct buf form = BUF_INIT;
    buf_addf(&url, "%s/v1/checkout/sessions/%s/expire", s->base_url, id);
    enum stripe_verdict v = ask_session(s, &url, &form, NULL, ret_session, ret_error);
    buf_done(&url);
    buf_done(&form);
    return v;
}

enum stripe_verdict stripe_create_refund(struct stripe *s, const struct stripe_giving_back *what,
                                         struct stripe_refund *ret_refund, struct stripe_error *ret_error)
{
    struct json_object *json = NULL;
    struct buf url = BUF_INIT;
    struct buf form = BUF_INIT;
    buf_addf(&url, "%s/v1/refunds", s->base_url);
    add(&form, "payment_intent", what->payment_intent);
    add_number(&form, "amount", what->amount);
    add(&form, "metadata[refund]", what->refund_key);
    enum stripe_verdict v = ask(s, &url, &form, what->key, &json, ret_error);
    if (v == STRIPE_DONE && !stripe_read_refund(json, ret_refund))
        v = no_sense(ret_error);
    json_object_put(json);
    buf_done(&url);
    buf_done(&form);
    return v;
}

/* Whether the list says it: it is one page, since no payment is given back in more than a hundred parts. A refund that
 * came back leaves room for another, unless it is the one that is asked about. */
static bool find_in_list(struct json_object *list, const struct stripe_giving_back *what, bool *ret_found,
                         struct stripe_refund *ret_refund)
{
    struct json_object *data = member(list, "data");
    struct stripe_refund refund;
    *ret_found = false;
    if (!json_object_is_type(data, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(data); i++) {
        struct json_object *each = json_object_array_get_idx(data, i);
        char key[STRIPE_ID_SIZE];
        stripe_read_text(member(each, "metadata"), "refund", key, sizeof key);
        if (strcmp(key, what->refund_key) != 0 || !stripe_read_refund(each, &refund))
            continue;
        if (refund.state == REFUND_CAME_BACK && strcmp(refund.id, what->known_id) != 0)
            continue;
        *ret_refund = refund;
        *ret_found = true;
        return true;
    }
    return json_object_get_boolean(member(list, "has_more")) == 0;
}

enum stripe_verdict stripe_find_refund(struct stripe *s, const struct stripe_giving_back *what, bool *ret_found,
                                       struct stripe_refund *ret_refund, struct stripe_error *ret_error)
{
    struct json_object *json = NULL;
    struct buf url = BUF_INIT;
    buf_addf(&url, "%s/v1/refunds?limit=100&payment_intent=%s", s->base_url, what->payment_intent);
    enum stripe_verdict v = ask(s, &url, NULL, NULL, &json, ret_error);
    if (v == STRIPE_DONE && !find_in_list(json, what, ret_found, ret_refund))
        v = no_sense(ret_error);
    json_object_put(json);
    buf_done(&url);
    return v;
}

/* ── the list of charges ────────────────────────────────────────────────── */

/* Of 12 digits at most, as Stripe's are. */
static bool read_amount(struct json_object *json, const char *name, int64_t *ret)
{
    struct json_object *field = member(json, name);
    *ret = json_object_get_int64(field);
    return json_object_is_type(field, json_type_int) && *ret >= 0 && *ret <= INT64_C(999999999999);
}

static bool read_listed(struct json_object *json, struct stripe_listed *ret)
{
    struct json_object *metadata = member(json, "metadata");
    stripe_read_text(json, "id", ret->id, sizeof ret->id);
    stripe_read_text(json, "payment_intent", ret->payment_intent, sizeof ret->payment_intent);
    stripe_read_text(metadata, "charge", ret->charge, sizeof ret->charge);
    stripe_read_text(metadata, "order", ret->order_id, sizeof ret->order_id);
    read_currency(json, ret->currency);
    return is_word(json, "object", "charge") && ret->id[0] != '\0' && strlen(ret->currency) == 3 &&
           read_amount(json, "amount_captured", &ret->captured) &&
           read_amount(json, "amount_refunded", &ret->refunded) && read_amount(json, "created", &ret->created_s);
}

/* Reads a page whole or not at all: a charge that was left out would count as one that Stripe does not know. */
static bool read_list(struct json_object *json, struct stripe_list *list)
{
    struct json_object *data = member(json, "data");
    size_t count = json_object_is_type(data, json_type_array) ? json_object_array_length(data) : 0;
    if (!json_object_is_type(data, json_type_array) || count > STRIPE_LISTED_MAX ||
        !json_object_is_type(member(json, "has_more"), json_type_boolean))
        return false;
    list->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *each = json_object_array_get_idx(data, i);
        if (!read_listed(each, &list->charge[list->count]))
            return false;
        if (is_word(each, "status", "succeeded") && json_object_get_boolean(member(each, "captured")) != 0)
            list->count++;
    }
    bool has_more = json_object_get_boolean(member(json, "has_more")) != 0;
    list->next[0] = '\0';
    if (has_more && count > 0)
        stripe_read_text(json_object_array_get_idx(data, count - 1), "id", list->next, sizeof list->next);
    return has_more == (list->next[0] != '\0');
}

enum stripe_verdict stripe_list_charges(struct stripe *s, int64_t from_s, int64_t to_s, const char *after,
                                        struct stripe_list *ret_list, struct stripe_error *ret_error)
{
    struct json_object *json = NULL;
    struct buf query = BUF_INIT;
    struct buf url = BUF_INIT;
    add_number(&query, "created[gte]", from_s);
    add_number(&query, "created[lt]", to_s);
    add_number(&query, "limit", STRIPE_LISTED_MAX);
    if (*after != '\0')
        add(&query, "starting_after", after);
    buf_addf(&url, "%s/v1/charges?%s", s->base_url, buf_str(&query));
    enum stripe_verdict v = ask(s, &url, NULL, NULL, &json, ret_error);
    if (v == STRIPE_DONE && !read_list(json, ret_list))
        v = no_sense(ret_error);
    json_object_put(json);
    buf_done(&query);
    buf_done(&url);
    return v;
}
