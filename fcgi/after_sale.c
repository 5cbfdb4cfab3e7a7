/* SPDX-License-Identifier: MIT */
/* What staff do with an order besides what customers do: other seats at any time before departure, a longer hold, the
 * last message once more. Each needs a reason. The router has claimed the key already. */

#include "fcgi/after_sale.h"

#include "booking/base/timestamp.h"
#include "booking/base/wake.h"
#include "fcgi/body.h"
#include "fcgi/bulkhead.h"
#include "fcgi/handlers.h"
#include "fcgi/passengers.h"

void after_sale_change_seats(struct call *call, const struct caller *caller, const struct seat_list *seats,
                             bool any_time)
{
    struct order order;
    struct refusal refusal = { 0 };
    enum result r = booking_change_sold(call->db, caller, call->id, seats, any_time, &order, &refusal);
    if (r == RESULT_OK) {
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING); /* there may be a difference to give back */
    } else if (r == RESULT_INVALID_SEATS && refusal.seats.count == 0) {
        call->key_answered = false;
        problem_field(call->response, call->request, PROBLEM_INVALID_SEATS, "seats",
                      "A paid booking keeps its number of seats. Cancel those that are not needed.");
    } else {
        call_refuse_order(call, r, &order, &refusal);
    }
}

/* Reads the order's id and the reason, and makes a caller whose answer is the order. False, with the problem as the
 * answer, if that fails. */
static bool begin(struct call *call, const struct body *body, char reason[REASON_SIZE], struct order_answer *answer,
                  struct caller *reterr_caller)
{
    *answer = (struct order_answer){ .call = call, .status = 200 };
    if (!call_reason(call, body, reason))
        return false;
    if (!call_order_id(call)) {
        call_refuse(call, RESULT_ORDER_NOT_FOUND);
        return false;
    }
    if (!call_caller(call, answer, reterr_caller) || !bulkhead_enter(call, call->id))
        return false;
    reterr_caller->reason = reason;
    return true;
}

/* ── seats ──────────────────────────────────────────────────────────────── */

static void change_seats(struct call *call, const struct caller *caller, const struct seat_list *seats,
                         const struct stay_list *stay)
{
    struct order order;
    struct refusal refusal = { 0 };
    enum result r = booking_change_seats(call->db, caller, call->id, seats, stay, &order, &refusal);
    if (r == RESULT_ORDER_CLOSED && order.status == ORDER_CONFIRMED)
        after_sale_change_seats(call, caller, seats, true);
    else if (r != RESULT_OK)
        call_refuse_order(call, r, &order, &refusal);
}

void orders_post_staff_seats(struct call *call)
{
    struct body body;
    struct seat_list seats;
    struct stay_list room;
    const struct stay_list *stay = NULL;
    struct order_answer answer;
    struct caller caller;
    char reason[REASON_SIZE];
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_seats(&body, call->request, call->response, (size_t)call->config->max_seats_per_order, &seats) &&
        passengers_read_stay(call, &body, &room, &stay) && begin(call, &body, reason, &answer, &caller))
        change_seats(call, &caller, &seats, stay);
    body_done(&body);
}

/* ── the hold's end ─────────────────────────────────────────────────────── */

static void refuse_moment(struct call *call, const char *detail)
{
    call->key_answered = false;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "until", detail);
}

static void extend(struct call *call, const struct caller *caller, int64_t until_ms)
{
    struct order order;
    struct refusal refusal = { 0 };
    enum result r = booking_extend(call->db, caller, call->id, until_ms, &order);
    if (r == RESULT_INVALID_REQUEST)
        refuse_moment(call, "The seats are held longer than that already.");
    else if (r != RESULT_OK)
        call_refuse_order(call, r, &order, &refusal);
}

void orders_post_extend(struct call *call)
{
    struct body body;
    struct order_answer answer;
    struct caller caller;
    char reason[REASON_SIZE];
    const char *text = NULL;
    int64_t until_ms = 0;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (!body_text(&body, "until", &text) || text == NULL || !timestamp_parse(text, &until_ms))
        refuse_moment(call, "until must be a moment such as 2026-03-15T10:00:00Z.");
    else if (begin(call, &body, reason, &answer, &caller))
        extend(call, &caller, until_ms);
    body_done(&body);
}

/* ── the last message ───────────────────────────────────────────────────── */

static void resend(struct call *call, const struct caller *caller)
{
    struct order order;
    struct refusal refusal = { 0 };
    enum result r = booking_resend(call->db, caller, call->id, &order);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    else
        call_refuse_order(call, r, &order, &refusal);
}

void orders_post_resend(struct call *call)
{
    struct body body;
    struct order_answer answer;
    struct caller caller;
    char reason[REASON_SIZE];
    if (!body_parse(call->request, call->response, &body))
        return;
    if (begin(call, &body, reason, &answer, &caller))
        resend(call, &caller);
    body_done(&body);
}
