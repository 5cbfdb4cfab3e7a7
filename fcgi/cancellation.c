/* SPDX-License-Identifier: MIT */
/* A paid order is cancelled, in part or as a whole: first a quote, then the deed, which names what was quoted. */

#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "fcgi/body.h"
#include "fcgi/bulkhead.h"
#include "fcgi/replay.h"

#include <stdio.h>
#include <string.h>

static void write_quote(struct json_writer *w, const char *name, const char *order_id, const struct sale_quote *quote)
{
    json_open_object(w, name);
    json_add_text(w, "orderId", order_id);
    json_open_array(w, "seats");
    for (size_t i = 0; i < quote->seats.count; i++)
        json_add_text(w, NULL, quote->seats.number[i]);
    json_close_array(w);
    json_add_bool(w, "wholeOrder", quote->is_whole);
    json_add_int(w, "refundCents", quote->refund_cents);
    json_add_int(w, "feeCents", quote->fee_cents);
    json_add_text(w, "currency", quote->currency);
    json_add_time(w, "validUntil", quote->until_ms);
    json_close_object(w);
}

/* ── refusals ───────────────────────────────────────────────────────────── */

struct new_quote {
    const char *order_id;
    const struct sale_quote *quote;
};

static void write_new_quote(struct json_writer *w, const void *extra)
{
    const struct new_quote *new_quote = extra;
    write_quote(w, "quote", new_quote->order_id, new_quote->quote);
}

static void refuse_seats(struct call *call, const struct refusal *refusal)
{
    char seats[SEATS_TEXT_SIZE];
    char detail[SEATS_TEXT_SIZE + 64];
    bool is_one = refusal->seats.count == 1;
    seat_list_format(&refusal->seats, seats);
    (void)snprintf(detail, sizeof detail, "Seat%s %s %s not part of this booking.", is_one ? "" : "s", seats,
                   is_one ? "is" : "are");
    struct problem p = { .code = PROBLEM_INVALID_SEATS, .detail = detail, .field = "seats", .seats = &refusal->seats };
    problem_write(call->response, call->request, &p);
}

/* Who stays cannot be said here, as it can when seats are changed. */
static void refuse_infant(struct call *call)
{
    struct problem p = { .code = PROBLEM_TOO_MANY_PASSENGERS,
                         .detail = "Each infant needs an adult to sit with, and this is an adult's seat. Give up the "
                                   "whole booking, or have the infant leave it first." };
    problem_write(call->response, call->request, &p);
}

static void refuse(struct call *call, enum result r, const struct order *order, const struct sale_quote *quote,
                   const struct refusal *refusal)
{
    const struct new_quote new_quote = { call->id, quote };
    call->key_answered = false;
    if (r == RESULT_INVALID_SEATS) {
        refuse_seats(call, refusal);
    } else if (r == RESULT_NOT_PROVED) {
        call_refuse_proof(call);
    } else if (r == RESULT_TOO_MANY_PASSENGERS) {
        refuse_infant(call);
    } else if (r == RESULT_QUOTE_CHANGED) {
        struct problem p = { .code = PROBLEM_QUOTE_CHANGED, .write_extra = write_new_quote, .extra = &new_quote };
        problem_write(call->response, call->request, &p);
    } else {
        call_refuse_order(call, r, order, refusal);
    }
}

/* ── the quote ──────────────────────────────────────────────────────────── */

/* Reads ?seats=A1,B1; none: all. False, with the problem as the answer, if it is no list of seats. */
static bool read_query(struct call *call, struct seat_list *reterr_seats)
{
    char text[SEATS_MAX * 3 * SEAT_NUMBER_SIZE];
    const char *seats = call_query(call, "seats");
    bool is_list = seats == NULL || text_trim_copy(text, sizeof text, seats);
    char *rest = text;
    reterr_seats->count = 0;
    while (seats != NULL && is_list && rest != NULL) {
        char *part = rest;
        rest = strchr(part, ',');
        if (rest != NULL)
            *rest++ = '\0';
        is_list = seat_list_add(reterr_seats, part) == SEAT_LIST_OK;
    }
    if (!is_list)
        problem_field(call->response, call->request, PROBLEM_INVALID_SEATS, "seats",
                      "Name the seats to give up, each once, such as ?seats=12A,12B.");
    return is_list;
}

void cancellation_get(struct call *call)
{
    struct order order;
    struct seat_list seats;
    struct sale_quote quote;
    struct refusal refusal = { 0 };
    const struct sale_wish wish = { &seats, SALE_BY_RULE, SALE_BY_RULE };
    if (!read_query(call, &seats))
        return;
    enum result r = !call_order_id(call) ? RESULT_ORDER_NOT_FOUND
                                         : booking_quote_cancellation(call->db, call->id, call_owner(call, call->id),
                                                                      &wish, &order, &quote, &refusal);
    if (r != RESULT_OK) {
        refuse(call, r, &order, &quote, &refusal);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    write_quote(&w, NULL, call->id, &quote);
}

/* ── the deed ───────────────────────────────────────────────────────────── */

static void cancel(struct call *call, const struct sale_wish *wish)
{
    struct order_answer answer = { .call = call, .status = 200 };
    struct caller caller;
    struct order order;
    struct sale_quote quote;
    struct refusal refusal = { 0 };
    if (!call_order_id(call)) {
        call_refuse(call, RESULT_ORDER_NOT_FOUND);
        return;
    }
    if (!call_caller(call, &answer, &caller) || !bulkhead_enter(call, call->id) || !replay_begin(call))
        return;
    enum result r = booking_cancel_sold(call->db, &caller, call->id, wish, &order, &quote, &refusal);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    else
        refuse(call, r, &order, &quote, &refusal);
}

/* The seats, which may be left out. */
static bool read_seats(struct call *call, const struct body *body, struct seat_list *reterr_seats)
{
    reterr_seats->count = 0;
    return !body_has_seats(body) || body_seats(body, call->request, call->response, SEATS_MAX, reterr_seats);
}

void cancellation_post(struct call *call)
{
    struct body body;
    struct seat_list seats;
    struct sale_wish wish = { &seats, SALE_BY_RULE, SALE_BY_RULE };
    if (!body_parse(call->request, call->response, &body))
        return;
    if (!body_integer(&body, "expectedRefundCents", SALE_BY_RULE, &wish.expected_cents) ||
        wish.expected_cents == SALE_BY_RULE)
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "expectedRefundCents",
                      "expectedRefundCents must be the refundCents that were quoted.");
    else if (read_seats(call, &body, &seats))
        cancel(call, &wish);
    body_done(&body);
}

/* ── by staff ───────────────────────────────────────────────────────────── */

/* A reason; and for a paid order perhaps some of its seats, what the staff were told it gives back, or what an operator
 * wants it to. */
struct staff_wish {
    struct sale_wish sale;
    struct seat_list seats;
    char reason[REASON_SIZE];
};

static bool refuse_amount(struct call *call, const char *field, const char *detail)
{
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, field, detail);
    return false;
}

static bool read_staff_wish(struct call *call, const struct body *body, struct staff_wish *wish)
{
    wish->sale = (struct sale_wish){ &wish->seats, SALE_BY_RULE, SALE_BY_RULE };
    if (!body_integer(body, "refundCents", SALE_BY_RULE, &wish->sale.refund_cents))
        return refuse_amount(call, "refundCents", "refundCents must be a whole number, or be left out for the rule.");
    if (!body_integer(body, "expectedRefundCents", SALE_BY_RULE, &wish->sale.expected_cents))
        return refuse_amount(call, "expectedRefundCents",
                             "expectedRefundCents must be the refundCents that were quoted.");
    if (!read_seats(call, body, &wish->seats) || !call_reason(call, body, wish->reason))
        return false;
    if (wish->sale.refund_cents == SALE_BY_RULE || call->who.staff.role >= ROLE_OPERATOR)
        return true;
    call_refuse_role(call, ROLE_OPERATOR);
    return false;
}

/* An open order ends as for its customer. What is only for paid orders is not asked of it. */
static enum result cancel_for(struct call *call, const struct caller *caller, const struct staff_wish *wish,
                              struct order *order, struct sale_quote *quote, struct refusal *refusal)
{
    bool is_about_money = wish->seats.count > 0 || wish->sale.refund_cents != SALE_BY_RULE ||
                          wish->sale.expected_cents != SALE_BY_RULE;
    enum result r = RESULT_ORDER_CLOSED;
    if (!is_about_money)
        r = booking_cancel(call->db, caller, call->id, order);
    if (r == RESULT_ORDER_CLOSED && (is_about_money || order->status == ORDER_CONFIRMED))
        r = booking_cancel_sold(call->db, caller, call->id, &wish->sale, order, quote, refusal);
    return r;
}

/* The router has claimed the key already, as for all of the operator's paths. */
static void cancel_as_staff(struct call *call, const struct staff_wish *wish)
{
    struct order_answer answer = { .call = call, .status = 200 };
    struct caller caller;
    struct order order;
    struct sale_quote quote;
    struct refusal refusal = { 0 };
    if (!call_order_id(call)) {
        call_refuse(call, RESULT_ORDER_NOT_FOUND);
        return;
    }
    if (!call_caller(call, &answer, &caller) || !bulkhead_enter(call, call->id))
        return;
    caller.reason = wish->reason;
    enum result r = cancel_for(call, &caller, wish, &order, &quote, &refusal);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    else
        refuse(call, r, &order, &quote, &refusal);
}

void orders_post_cancel(struct call *call)
{
    struct body body;
    struct staff_wish wish;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (read_staff_wish(call, &body, &wish))
        cancel_as_staff(call, &wish);
    body_done(&body);
}
