/* SPDX-License-Identifier: MIT */
/* GET /charges: what Stripe captured, for the comparison with our books.
 *
 * Amounts, moments and what there is at all are Stripe's word, never that of this program's books. These only say which
 * payment counts for a key, so that a second one under the same key does not hide behind the first, and that a charge
 * of which all was given back was voided. */

#include "booking/base/text.h"
#include "booking/base/timestamp.h"
#include "fcgi/problem.h"
#include "fcgi/stripe/amount.h"
#include "fcgi/stripe/gateway.h"

#include <string.h>

/* What the list says of a charge by means of our books. */
struct entry {
    char key[BOOKS_KEY_SIZE];
    bool is_voided;
};

static void copy_own_id(const struct stripe_listed *listed, struct entry *ret_entry)
{
    text_copy(ret_entry->key, sizeof ret_entry->key,
              listed->payment_intent[0] != '\0' ? listed->payment_intent : listed->id);
}

static enum result look_up(const struct gateway_call *c, const struct stripe_listed *listed, struct entry *ret_entry)
{
    struct stripe_charge charge = { .status = CHARGE_ASKED };
    ret_entry->is_voided = false;
    copy_own_id(listed, ret_entry);
    if (!text_is_identifier(listed->charge, BOOKS_KEY_SIZE - 1))
        return RESULT_OK;
    enum result r = books_find(c->gateway->db, listed->charge, &charge);
    if (r != RESULT_OK && r != RESULT_NOT_FOUND)
        return r;
    if (charge.payment_intent[0] != '\0' && strcmp(charge.payment_intent, listed->payment_intent) != 0)
        return RESULT_OK;
    text_copy(ret_entry->key, sizeof ret_entry->key, listed->charge);
    ret_entry->is_voided = charge.status == CHARGE_VOIDED && listed->refunded >= listed->captured;
    return RESULT_OK;
}

static void write_charge(struct json_writer *w, const struct stripe_listed *listed, const struct entry *entry)
{
    bool has_order = text_is_identifier(listed->order_id, sizeof listed->order_id - 1);
    json_open_object(w, NULL);
    json_add_text(w, "key", entry->key);
    json_add_text(w, "status", charge_status_name(entry->is_voided ? CHARGE_VOIDED : CHARGE_APPROVED));
    json_add_text(w, "transactionId", listed->payment_intent[0] != '\0' ? listed->payment_intent : listed->id);
    json_add_text(w, "orderId", has_order ? listed->order_id : NULL);
    json_add_int(w, "amountCents", amount_from_stripe(listed->currency, listed->captured));
    json_add_int(w, "refundedCents", amount_from_stripe(listed->currency, listed->refunded));
    json_add_text(w, "currency", listed->currency);
    json_add_time(w, "capturedAt", listed->created_s * 1000);
    json_close_object(w);
}

static void say_list(const struct gateway_call *c, const struct stripe_list *list)
{
    struct json_writer w = response_json(c->response, 200);
    enum result r = RESULT_OK;
    json_open_object(&w, NULL);
    json_open_array(&w, "charges");
    for (size_t i = 0; i < list->count && r == RESULT_OK; i++) {
        struct entry entry;
        r = look_up(c, &list->charge[i], &entry);
        if (r == RESULT_OK)
            write_charge(&w, &list->charge[i], &entry);
    }
    json_close_array(&w);
    json_add_text(&w, "nextCursor", list->next[0] == '\0' ? NULL : list->next);
    json_close_object(&w);
    if (r != RESULT_OK)
        gateway_fail(c, r);
}

/* Stripe counts whole seconds: one that begins at or after the moment. */
static bool read_second(const struct gateway_call *c, const char *name, int64_t *ret_s)
{
    const char *text = parameters_get(&c->request->query, name);
    int64_t ms = 0;
    if (text == NULL || !timestamp_parse(text, &ms))
        return false;
    *ret_s = ms > 0 ? (ms + 999) / 1000 : 0;
    return true;
}

void list_get(struct gateway_call *c)
{
    struct stripe_list list;
    struct stripe_error error;
    int64_t from_s = 0;
    int64_t to_s = 0;
    const char *cursor = parameters_get(&c->request->query, "cursor");
    if (cursor == NULL)
        cursor = "";
    if (!read_second(c, "from", &from_s) || !read_second(c, "to", &to_s) ||
        (*cursor != '\0' && !text_is_identifier(cursor, STRIPE_ID_SIZE - 1))) {
        problem_say(c->response, c->request, PROBLEM_INVALID_REQUEST,
                    "from and to are moments in UTC, and cursor is the nextCursor of a page.");
        return;
    }
    enum stripe_verdict v = stripe_list_charges(c->gateway->stripe, from_s, to_s, cursor, &list, &error);
    if (v == STRIPE_DONE)
        say_list(c, &list);
    else
        gateway_pass_on(c, v, &error);
}
