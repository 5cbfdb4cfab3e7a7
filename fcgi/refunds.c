/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "fcgi/body.h"

#include <string.h>

/* Why it was made, and what the gateway said, is for staff: both are words that may be about a person. */
struct refund_writer {
    struct json_writer *w;
    bool for_staff;
};

static const char *words(const struct refund_writer *writer, const char *text)
{
    return writer->for_staff && *text != '\0' ? text : NULL;
}

static void write_refund(const struct refund *refund, void *context)
{
    const struct refund_writer *writer = context;
    struct json_writer *w = writer->w;
    json_open_object(w, NULL);
    json_add_text(w, "refundId", refund->refund_id);
    json_add_text(w, "orderId", refund->order_id);
    json_add_int(w, "amountCents", refund->amount_cents);
    json_add_text(w, "currency", refund->currency);
    json_add_text(w, "status", refund->status);
    json_add_text(w, "reason", words(writer, refund->reason));
    json_add_text(w, "lastError", words(writer, refund->last_error));
    json_add_time(w, "createdAt", refund->created_at_ms);
    json_add_time(w, "updatedAt", refund->updated_at_ms);
    json_close_object(w);
}

void orders_get_refunds(struct call *call)
{
    struct order order;
    enum result r = call_read_order(call, &order);
    struct json_writer w = response_json(call->response, 200);
    struct refund_writer writer = { &w, call->who.kind == IDENTITY_STAFF };
    json_open_object(&w, NULL);
    json_add_text(&w, "orderId", call->id);
    json_open_array(&w, "refunds");
    if (r == RESULT_OK)
        r = refunds_list(call->db, call->id, write_refund, &writer);
    json_close_array(&w);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

#define ALL_THAT_IS_LEFT (-1)

/* Renders the answer and, if there is a key, writes it beside the refund. */
struct refund_answer {
    struct call *call;
    const struct refund *refund;
};

static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct refund_answer *answer = context;
    struct json_writer w = response_json(answer->call->response, 202);
    struct refund_writer writer = { &w, true };
    (void)order;
    write_refund(answer->refund, &writer);
    return call_keep_answer(answer->call, db);
}

static void refund(struct call *call, int64_t amount_cents, const char *reason)
{
    struct refund made;
    struct refund_answer answer = { call, &made };
    struct caller caller;
    if (!call_caller(call, NULL, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    caller.reason = reason;
    enum result r = booking_refund(call->db, &caller, call->id, amount_cents, &made);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    else if (r == RESULT_FOR_OPERATORS)
        call_refuse_role(call, ROLE_OPERATOR);
    else
        call_refuse(call, r);
}

/* The amount, or 0 for all that is left. False, with the problem as the answer, if it is neither. */
static bool read_amount(struct call *call, const struct body *body, int64_t *ret_cents)
{
    int64_t cents = 0;
    if (body_integer(body, "amountCents", ALL_THAT_IS_LEFT, &cents) && cents != 0) {
        *ret_cents = cents == ALL_THAT_IS_LEFT ? 0 : cents;
        return true;
    }
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "amountCents",
                  "amountCents must be a whole number above 0, or be left out for all that is left.");
    return false;
}

void admin_post_refund(struct call *call)
{
    struct body body;
    char reason[REASON_SIZE];
    int64_t amount_cents = 0;
    if (!call_order_id(call)) {
        call_refuse(call, RESULT_ORDER_NOT_FOUND);
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (read_amount(call, &body, &amount_cents) && call_reason(call, &body, reason))
        refund(call, amount_cents, reason);
    body_done(&body);
}
