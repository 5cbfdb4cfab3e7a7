/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/timestamp.h"
#include "booking/base/wake.h"
#include "booking/store/events.h"
#include "booking/store/orders.h"
#include "fcgi/after_sale.h"
#include "fcgi/body.h"
#include "fcgi/bulkhead.h"
#include "fcgi/passengers.h"
#include "fcgi/replay.h"

#include <stdio.h>
#include <string.h>

/* ── creating ───────────────────────────────────────────────────────────── */

/* Whose an order is to be. */
struct customer {
    char account[ACCOUNT_SIZE];
    char user_id[USER_ID_SIZE]; /* as much of it as there is room for */
    bool is_owner;              /* the account must sign in to see the order */
    int64_t hold_until_ms;      /* which a member of staff says; 0: as long as is set */
};

static bool refuse_user_id(struct call *call)
{
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "userId",
                  "userId must be 1 to 50 characters, at least one of them visible, without control characters.");
    return false;
}

/* Staff make orders for customers, who may have to sign in to see them. */
static bool read_account(struct call *call, const char *text, struct customer *c)
{
    c->is_owner = true;
    if (!text_trim_copy(c->account, sizeof c->account, text) || !account_is_valid(c->account))
        return refuse_user_id(call);
    account_to_user_id(c->account, c->user_id);
    return true;
}

/* Reads the customer's id, or takes the fallback (contract B, where the id may be left out). Whoever has signed in is
 * the customer. */
static bool read_customer(struct call *call, const struct body *body, const char *fallback, struct customer *c)
{
    const struct identity *who = &call->who;
    const char *user_id = NULL;
    *c = (struct customer){ .is_owner = false };
    if (who->kind == IDENTITY_CUSTOMER)
        return read_account(call, who->user, c);
    bool is_text = body_text(body, "userId", &user_id);
    if (is_text && user_id == NULL && who->user != NULL)
        return read_account(call, who->user, c);
    if (is_text && user_id == NULL)
        user_id = fallback;
    if (!is_text || user_id == NULL)
        return refuse_user_id(call);
    if (who->kind == IDENTITY_STAFF && config_wants_sign_in(call->config))
        return read_account(call, user_id, c);
    return user_id_read(user_id, c->user_id) || refuse_user_id(call);
}

/* Staff may hold seats until a moment of their choice. What customers send there is not heeded. False, with the problem
 * as the answer, if it is no moment. */
static bool read_until(struct call *call, const struct body *body, struct customer *c)
{
    const char *text = NULL;
    c->hold_until_ms = 0;
    if (call->who.kind != IDENTITY_STAFF)
        return true;
    if (body_text(body, "until", &text) && (text == NULL || timestamp_parse(text, &c->hold_until_ms)))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "until",
                  "until must be a moment such as 2026-03-15T10:00:00Z.");
    return false;
}

/* The token of one order opens no other one. */
static bool may_hold(struct call *call)
{
    if (call->who.kind != IDENTITY_ORDER || !config_wants_sign_in(call->config))
        return true;
    problem_say(call->response, call->request, PROBLEM_FORBIDDEN, "This token is for one order only. Please sign in.");
    return false;
}

/* Customers who ask at the same moment are given some of the best seats by chance, so that they do not all want the
 * same; one who is alone gets the very best. */
#define RANKS_PER_OTHER 8

static enum result hold_best(struct call *call, const struct caller *caller, const char *flight_id, const char *user_id,
                             const struct choose_wish *asked, const struct party_wish *persons,
                             struct order *reterr_order, struct refusal *reterr_refusal)
{
    struct choose_wish wish = *asked;
    size_t others = bulkhead_others(flight_id);
    wish.rank = others == 0 ? 0 : (size_t)random_id() % (others * RANKS_PER_OTHER);
    return booking_hold_best(call->db, caller, flight_id, user_id, &wish, persons, reterr_order, reterr_refusal);
}

/* ORPHAN_RULE, for seats that a customer has named. False, with the problem as the answer, if the rule refuses them;
 * else the answer says what it has to say. */
static bool check_singles(struct call *call, const char *flight_id, const struct seat_list *seats,
                          const struct seat_list *before, struct order_answer *answer)
{
    char detail[80];
    struct seat_list single = { .count = 0 };
    enum result r = booking_find_single(call->db, call->config, flight_id, seats, before, answer->single_left);
    /* Whatever is wrong with the flight or the database, the hold finds it, too, and says so. */
    if (r != RESULT_OK || answer->single_left[0] == '\0' || config_orphan_rule(call->config) != ORPHANS_REFUSED)
        return true;
    (void)seat_list_add(&single, answer->single_left);
    (void)snprintf(detail, sizeof detail, "Seat %s would be left over alone. Please choose other seats.",
                   answer->single_left);
    struct problem p = { .code = PROBLEM_SINGLE_SEAT_LEFT, .detail = detail, .seats = &single };
    problem_write(call->response, call->request, &p);
    return false;
}

static void hold(struct call *call, const char *flight_id, const struct customer *customer,
                 const struct body_wish *wish, const struct party_wish *persons)
{
    struct order_answer answer = { .call = call, .status = 201, .is_new = true };
    answer.has_no_persons = !persons->has_passengers && !persons->has_contact;
    struct caller caller;
    struct order order;
    struct refusal refusal = { 0 };
    char id[FLIGHT_ID_SIZE];
    if (!call_read_flight_id(flight_id, id)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return;
    }
    if (!may_hold(call) || !call_caller(call, &answer, &caller) || !bulkhead_enter(call, id) || !replay_begin(call))
        return;
    /* An order that does not exist yet has no version. */
    caller.only_if = (struct version_set){ 0 };
    caller.unless = (struct version_set){ 0 };
    caller.owner = customer->is_owner ? customer->account : NULL;
    caller.hold_until_ms = customer->hold_until_ms;
    if (wish->seats.count > 0 && !check_singles(call, id, &wish->seats, NULL, &answer))
        return;
    enum result r = wish->seats.count > 0
                        ? booking_hold(call->db, &caller, id, customer->user_id, &wish->seats, persons, &order,
                                       &refusal)
                        : hold_best(call, &caller, id, customer->user_id, &wish->best, persons, &order, &refusal);
    if (r != RESULT_OK)
        call_refuse_order(call, r, &order, &refusal);
}

/* Reads the rest of a new order: whose it is to be, which seats, and who travels. */
static void read_and_hold(struct call *call, const struct body *body, const char *flight_id, const char *fallback)
{
    struct customer customer;
    struct body_wish wish;
    struct party_wish persons;
    if (!read_customer(call, body, fallback, &customer) || !read_until(call, body, &customer) ||
        !body_wish(body, call->request, call->response, (size_t)call->config->max_seats_per_order, &wish))
        return;
    size_t seats = wish.seats.count > 0 ? wish.seats.count : wish.best.count;
    if (passengers_read_new(call, body, seats, &persons))
        hold(call, flight_id, &customer, &wish, &persons);
}

void orders_post_for_flight(struct call *call)
{
    struct body body;
    if (!body_parse(call->request, call->response, &body))
        return;
    read_and_hold(call, &body, call->id, NULL);
    body_done(&body);
}

void orders_post(struct call *call)
{
    struct body body;
    const char *flight_id = NULL;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (!body_text(&body, "flightId", &flight_id) || flight_id == NULL || *flight_id == '\0')
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "flightId",
                      "flightId must name a flight.");
    else
        read_and_hold(call, &body, flight_id, "guest");
    body_done(&body);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static void get_order(struct call *call, enum order_dialect dialect)
{
    struct order order;
    enum result r = call_read_order(call, &order);
    if (r == RESULT_OK)
        r = call_show_order(call, &order, 200, dialect);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    call->response->cache_control = "private, no-cache";
    if (call_matches(call, &order))
        (void)call_not_modified(call);
}

void orders_get(struct call *call)
{
    get_order(call, ORDER_DIALECT_A);
}

void orders_get_status(struct call *call)
{
    get_order(call, ORDER_DIALECT_B);
}

/* A hold that has run out is ended by whoever comes by, which may be a customer's request. */
static const char *author_name(const struct event *e)
{
    if (e->by.actor_id != 0)
        return "staff";
    return e->by.worker != NULL || strcmp(e->type, EVENT_ORDER_EXPIRED) == 0 ? "system" : "customer";
}

/* Only staff are told the names of staff. */
struct event_list {
    struct json_writer *w;
    bool with_names;
};

static void write_event(const struct event *e, void *context)
{
    const struct event_list *list = context;
    struct json_writer *w = list->w;
    json_open_object(w, NULL);
    json_add_int(w, "eventId", e->event_id);
    json_add_text(w, "type", e->type);
    json_add_text(w, "fromStatus", e->from_status);
    json_add_text(w, "toStatus", e->to_status);
    if (e->attempt == 0)
        json_add_null(w, "attempt");
    else
        json_add_int(w, "attempt", e->attempt);
    json_add_text(w, "outcome", e->outcome);
    if (e->duration_ms == NULL)
        json_add_null(w, "durationMs");
    else
        json_add_int(w, "durationMs", *e->duration_ms);
    json_add_text(w, "by", author_name(e));
    if (list->with_names)
        json_add_text(w, "actor", e->actor);
    json_add_text(w, "worker", e->by.worker);
    json_add_text(w, "detail", e->detail);
    json_add_text(w, "requestId", e->by.request_id);
    json_add_time(w, "createdAt", e->created_at_ms);
    json_close_object(w);
}

void orders_get_events(struct call *call)
{
    struct order order;
    enum result r = call_read_order(call, &order);
    struct json_writer w = response_json(call->response, 200);
    struct event_list list = { &w, call->who.kind == IDENTITY_STAFF };
    json_open_object(&w, NULL);
    json_add_text(&w, "orderId", call->id);
    json_open_array(&w, "events");
    if (r == RESULT_OK)
        r = events_list(call->db, call->id, write_event, &list);
    json_close_array(&w);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

/* Whose orders are asked for, by a signed-in customer. False, with the problem as the answer, if by name anybody
 * else's. */
static bool read_own(struct call *call, const char *text, char user_id[USER_ID_SIZE], struct order_filter *filter)
{
    const char *user = call->who.user;
    if (user == NULL || (text != NULL && strcmp(text, user) != 0)) {
        call_refuse(call, RESULT_ORDER_NOT_FOUND);
        return false;
    }
    account_to_user_id(user, user_id);
    filter->owner = user;
    filter->user_id = user_id;
    return true;
}

void orders_get_list(struct call *call)
{
    const char *text = parameters_get(&call->request->query, "userId");
    bool is_staff = call->who.kind == IDENTITY_STAFF;
    bool is_own = text == NULL && call->who.user != NULL;
    is_own = is_own || (!is_staff && config_wants_sign_in(call->config));
    char user_id[USER_ID_SIZE];
    struct order_filter filter = { .user_id = user_id, .from_ms = TIME_NONE, .before_ms = TIME_NONE };
    if (is_own) {
        if (!read_own(call, text, user_id, &filter))
            return;
    } else if (is_staff && text != NULL && account_is_valid(text) && text_utf8_length(text) > USER_ID_MAX) {
        account_to_user_id(text, user_id);
        filter.owner = text;
    } else if (text == NULL || !user_id_read(text, user_id)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "userId",
                      "Say whose orders: ?userId=, 1 to 50 characters, at least one of them visible.");
        return;
    } else {
        filter.user_id_sent = text;
    }
    call_answer_orders(call, &filter);
}

/* ── changing ───────────────────────────────────────────────────────────── */

/* Checks all that must be right before an order is changed. The Idempotency-Key comes last: a request that is refused
 * before writes nothing, however often it is sent, and its key stays free for the corrected request. */
static bool begin_change(struct call *call, struct order_answer *answer, struct caller *reterr_caller)
{
    if (call_order_id(call))
        return call_caller(call, answer, reterr_caller) && bulkhead_enter(call, call->id) && replay_begin(call);
    call_refuse(call, RESULT_ORDER_NOT_FOUND);
    return false;
}

/* ORPHAN_RULE, for other seats of an order. Its own count as free. */
static bool check_changed_singles(struct call *call, const struct caller *caller, const struct seat_list *seats,
                                  struct order_answer *answer)
{
    struct order order;
    if (config_orphan_rule(call->config) == ORPHANS_ALLOWED ||
        booking_read_order(call->db, call->id, caller->owner, &order) != RESULT_OK)
        return true;
    bool is_same = seat_list_equal_sets(&order.seats, seats);
    return is_same || check_singles(call, order.flight_id, seats, &order.seats, answer);
}

static void change_seats(struct call *call, const struct seat_list *seats, const struct stay_list *stay)
{
    struct order_answer answer = { .call = call, .status = 200 };
    struct caller caller;
    struct order order;
    struct refusal refusal = { 0 };
    if (!begin_change(call, &answer, &caller))
        return;
    if (!check_changed_singles(call, &caller, seats, &answer))
        return;
    enum result r = booking_change_seats(call->db, &caller, call->id, seats, stay, &order, &refusal);
    bool is_sold = r == RESULT_ORDER_CLOSED && order.status == ORDER_CONFIRMED;
    if (is_sold && call->config->seat_change_until_ms != CONFIG_OFF)
        after_sale_change_seats(call, &caller, seats, false);
    else if (r != RESULT_OK)
        call_refuse_order(call, r, &order, &refusal);
}

void orders_put_seats(struct call *call)
{
    struct body body;
    struct seat_list seats;
    struct stay_list room;
    const struct stay_list *stay = NULL;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_seats(&body, call->request, call->response, (size_t)call->config->max_seats_per_order, &seats) &&
        passengers_read_stay(call, &body, &room, &stay))
        change_seats(call, &seats, stay);
    body_done(&body);
}

static void pay(struct call *call, const char *code, int status, enum order_dialect dialect)
{
    struct order_answer answer = { .call = call, .status = status, .dialect = dialect };
    struct caller caller;
    struct order order;
    struct refusal refusal = { 0 };
    if (!begin_change(call, &answer, &caller))
        return;
    enum result r = booking_submit_payment(call->db, &caller, call->id, code, &order);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_PAYMENT);
    else
        call_refuse_order(call, r, &order, &refusal);
}

/* With PAYMENT_CODE=none there need be no body. */
static void post_payment(struct call *call, int status, enum order_dialect dialect)
{
    struct body body;
    if (!config_asks_for_code(call->config)) {
        pay(call, "", status, dialect);
        return;
    }
    const char *code = NULL;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_text(&body, "paymentCode", &code) && code != NULL && booking_payment_code_is_valid(code))
        pay(call, code, status, dialect);
    else
        problem_field(call->response, call->request, PROBLEM_INVALID_PAYMENT_CODE, "paymentCode", NULL);
    body_done(&body);
}

void orders_post_payment(struct call *call)
{
    post_payment(call, 200, ORDER_DIALECT_A);
}

void orders_post_pay(struct call *call)
{
    post_payment(call, 202, ORDER_DIALECT_B);
}

static void cancel(struct call *call, const struct caller *caller)
{
    struct order order;
    struct refusal refusal = { 0 };
    enum result r = booking_cancel(call->db, caller, call->id, &order);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING); /* there may be a charge to void */
    else
        call_refuse_order(call, r, &order, &refusal);
}

void orders_delete(struct call *call)
{
    struct order_answer answer = { .call = call, .status = 200 };
    struct caller caller;
    if (begin_change(call, &answer, &caller))
        cancel(call, &caller);
}

static void forget(struct call *call, const struct caller *caller)
{
    struct order order;
    struct refusal refusal = { 0 };
    enum result r = booking_forget(call->db, caller, call->id, &order);
    if (r != RESULT_OK)
        call_refuse_order(call, r, &order, &refusal);
}

/* What staff do to an order, with a reason. The router has claimed the key already, as for all of the operator's
 * paths. */
static void do_for(struct call *call, void (*what)(struct call *, const struct caller *), const char *reason)
{
    struct order_answer answer = { .call = call, .status = 200 };
    struct caller caller;
    if (!call_order_id(call)) {
        call_refuse(call, RESULT_ORDER_NOT_FOUND);
        return;
    }
    if (!call_caller(call, &answer, &caller) || !bulkhead_enter(call, call->id))
        return;
    caller.reason = reason;
    what(call, &caller);
}

static void post_with_reason(struct call *call, void (*what)(struct call *, const struct caller *))
{
    struct body body;
    char reason[REASON_SIZE];
    if (!body_parse(call->request, call->response, &body))
        return;
    if (call_reason(call, &body, reason))
        do_for(call, what, reason);
    body_done(&body);
}

void orders_post_forget(struct call *call)
{
    post_with_reason(call, forget);
}
