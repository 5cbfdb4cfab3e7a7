/* SPDX-License-Identifier: MIT */
/* POST /charges and GET /charges/{key}: a charge is a page of Stripe's on which the customer pays it.
 *
 * The row is written before Stripe is asked for the page, and the customer is sent only to the page that the row names.
 * So a page that is lost with an answer, or made twice, is one that no customer can pay on: only the row's counts, and
 * there is at most one. Once a void is in the row, no page gets into it any more. */

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/base/url.h"
#include "booking/core/currency.h"
#include "fcgi/problem.h"
#include "fcgi/stripe/amount.h"
#include "fcgi/stripe/gateway.h"

#include <string.h>

/* ── answers ────────────────────────────────────────────────────────────── */

/* A charge of nothing has no payment at Stripe; the contract wants a name for it all the same. */
static const char *transaction_of(const struct stripe_charge *charge)
{
    return charge->payment_intent[0] != '\0' ? charge->payment_intent : "nothing-to-pay";
}

static void say_outcome(const struct gateway_call *c, const struct stripe_charge *charge)
{
    if (charge->status == CHARGE_DECLINED) {
        gateway_say(c, 402, "DECLINED", charge->reason);
    } else if (charge->status == CHARGE_VOIDED) {
        gateway_say(c, 410, "VOIDED", "this charge was voided");
    } else if (charge->status == CHARGE_APPROVED) {
        struct json_writer w = response_json(c->response, 200);
        json_open_object(&w, NULL);
        json_add_text(&w, "transactionId", transaction_of(charge));
        json_add_text(&w, "status", "APPROVED");
        json_close_object(&w);
    } else {
        gateway_say(c, 503, "ERROR", "asked for at the same time by another request");
    }
}

static void say_page(const struct gateway_call *c, const struct stripe_session *session)
{
    struct json_writer w = response_json(c->response, 202);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "PENDING");
    if (session->url[0] != '\0')
        json_add_text(&w, "redirectUrl", session->url);
    json_close_object(&w);
}

static void say_what_stands(const struct gateway_call *c)
{
    struct stripe_charge charge;
    enum result r = books_find(c->gateway->db, c->key, &charge);
    if (r == RESULT_OK)
        say_outcome(c, &charge);
    else
        gateway_fail(c, r);
}

/* ── what a session has come to ─────────────────────────────────────────── */

bool charge_is_as_asked(const struct stripe_charge *charge, const struct stripe_session *session)
{
    int64_t amount = -1;
    return amount_for_stripe(charge->currency, charge->amount_cents, &amount) && amount == session->amount &&
           strcmp(charge->currency, session->currency) == 0;
}

enum result charge_settle(struct gateway *gateway, const char *key, const struct stripe_session *session)
{
    enum result r = RESULT_OK;
    CRASH_SCOPE("stripe-outcome");
    if (session->state == SESSION_PAID)
        r = books_approve(gateway->db, key, session->payment_intent);
    else if (session->state == SESSION_EXPIRED)
        r = books_decline(gateway->db, key, "the payment page was left until it ended");
    else if (session->state == SESSION_FAILED)
        r = books_decline(gateway->db, key, session->reason[0] != '\0' ? session->reason : "the bank refused");
    CRASH_POINT("written");
    return r;
}

/* Answers by the session that the customer was sent to. */
static void answer_by_session(const struct gateway_call *c, const struct stripe_charge *charge,
                              const struct stripe_session *session)
{
    if (session->state == SESSION_OPEN || session->state == SESSION_PROCESSING) {
        say_page(c, session);
        return;
    }
    if (session->state == SESSION_PAID && !charge_is_as_asked(charge, session)) {
        log_error("stripe_amount_differs", LOG_TEXT("request_id", c->request->id), LOG_TEXT("charge", c->key),
                  LOG_TEXT("session", session->id));
        gateway_say(c, 503, "ERROR", "Stripe took another amount than it was asked to");
        return;
    }
    enum result r = charge_settle(c->gateway, c->key, session);
    if (r == RESULT_OK)
        say_what_stands(c);
    else
        gateway_fail(c, r);
}

static void follow(const struct gateway_call *c, const struct stripe_charge *charge)
{
    struct stripe_session session;
    struct stripe_error error;
    enum stripe_verdict v = stripe_get_session(c->gateway->stripe, charge->session_id, &session, &error);
    if (v == STRIPE_DONE)
        answer_by_session(c, charge, &session);
    else
        gateway_pass_on(c, v == STRIPE_REFUSED ? STRIPE_NOT_NOW : v, &error);
}

/* ── a page for a charge that has none ──────────────────────────────────── */

static enum stripe_verdict create(const struct gateway_call *c, const struct stripe_charge *charge,
                                  struct stripe_session *ret_session, struct stripe_error *ret_error)
{
    char key[STRIPE_KEY_SIZE];
    int64_t amount = 0;
    gateway_key(c->key, charge->request_no, key);
    if (!amount_for_stripe(charge->currency, charge->amount_cents, &amount)) {
        *ret_error = (struct stripe_error){ .reason = "Stripe takes no such amount in this currency" };
        return STRIPE_REFUSED;
    }
    return stripe_create_session(c->gateway->stripe,
                                 &(struct stripe_page){ .key = key,
                                                        .charge = c->key,
                                                        .order_id = charge->order_id,
                                                        .amount = amount,
                                                        .currency = charge->currency,
                                                        .return_url = charge->return_url,
                                                        .expires_at_s = charge->page_ends_at_s },
                                 ret_session, ret_error);
}

/* Whether Stripe's answer leaves the key without use: what it was sent for is too late by now, or failed for good. */
static bool wants_new_key(const struct stripe_error *error)
{
    return error->key_is_spent || (error->status == 400 && strcmp(error->param, "expires_at") == 0);
}

/* Writes the page into the row. Another process or a void may have been faster: then this page is one that no customer
 * is sent to, and the next question finds the other. */
static void open_page(const struct gateway_call *c, const struct stripe_session *session)
{
    struct stripe_charge charge;
    struct stripe_session ended;
    struct stripe_error error;
    CRASH_POINT("made");
    enum result r = books_open(c->gateway->db, c->key, session->id);
    CRASH_POINT("opened");
    if (r == RESULT_OK)
        r = books_find(c->gateway->db, c->key, &charge);
    if (r != RESULT_OK) {
        gateway_fail(c, r);
    } else if (strcmp(charge.session_id, session->id) == 0 && charge.status == CHARGE_ASKED) {
        answer_by_session(c, &charge, session);
    } else {
        if (strcmp(charge.session_id, session->id) != 0)
            (void)stripe_expire_session(c->gateway->stripe, session->id, &ended, &error);
        say_outcome(c, &charge);
    }
}

static void ask_for_page(const struct gateway_call *c, struct stripe_charge *charge)
{
    struct stripe_session session;
    struct stripe_error error;
    CRASH_SCOPE("stripe-page");
    CRASH_POINT("asking");
    enum stripe_verdict v = create(c, charge, &session, &error);
    if (v != STRIPE_DONE && wants_new_key(&error)) {
        enum result r = books_renew(c->gateway->db, c->key, charge->request_no);
        if (r == RESULT_OK)
            r = books_find(c->gateway->db, c->key, charge);
        if (r != RESULT_OK) {
            gateway_fail(c, r);
            return;
        }
        v = create(c, charge, &session, &error);
    }
    if (v == STRIPE_DONE)
        open_page(c, &session);
    else
        gateway_pass_on(c, v, &error);
}

/* ── POST /charges ──────────────────────────────────────────────────────── */

static bool read_wish(const struct gateway_call *c, const struct body *body, struct charge_wish *ret_wish)
{
    int64_t cents = -1;
    const char *order = NULL;
    const char *currency = NULL;
    const char *url = NULL;
    bool is_read = body_text(body, "orderId", &order) && body_text(body, "currency", &currency) &&
                   body_text(body, "returnUrl", &url) && body_integer(body, "amountCents", -1, &cents);
    if (!is_read || order == NULL || !text_is_identifier(order, 50) || currency == NULL ||
        currency_decimals(currency) < 0 || cents < 0) {
        problem_say(c->response, c->request, PROBLEM_INVALID_REQUEST,
                    "orderId, amountCents, a currency of ISO 4217 and returnUrl are required.");
        return false;
    }
    if (url == NULL || !url_is_web(url)) {
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "returnUrl",
                      "returnUrl is where Stripe sends the customer back to: set PUBLIC_URL for the sweeper.");
        return false;
    }
    *ret_wish = (struct charge_wish){ order, cents, currency, url };
    return true;
}

void charge_post(struct gateway_call *c, const struct body *body)
{
    struct charge_wish wish;
    struct stripe_charge charge;
    enum result r = books_find(c->gateway->db, c->key, &charge);
    if (r == RESULT_NOT_FOUND) {
        if (!read_wish(c, body, &wish))
            return;
        r = books_ask(c->gateway->db, c->key, &wish);
        if (r == RESULT_OK)
            r = books_find(c->gateway->db, c->key, &charge);
    }
    if (r != RESULT_OK)
        gateway_fail(c, r);
    else if (charge.status != CHARGE_ASKED)
        say_outcome(c, &charge);
    else if (charge.session_id[0] != '\0')
        follow(c, &charge);
    else
        ask_for_page(c, &charge);
}

/* ── GET /charges/{key} ─────────────────────────────────────────────────── */

static void add_text(struct json_writer *w, const char *name, const char *text)
{
    json_add_text(w, name, text[0] == '\0' ? NULL : text);
}

void charge_get(struct gateway_call *c)
{
    struct stripe_charge charge;
    enum result r = books_find(c->gateway->db, c->key, &charge);
    if (r == RESULT_NOT_FOUND) {
        problem_say(c->response, c->request, PROBLEM_NOT_FOUND, "There is no charge with this key.");
        return;
    }
    if (r != RESULT_OK) {
        gateway_fail(c, r);
        return;
    }
    struct json_writer w = response_json(c->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "key", c->key);
    json_add_text(&w, "status", charge.status == CHARGE_ASKED ? "PENDING" : charge_status_name(charge.status));
    add_text(&w, "transactionId", charge.payment_intent);
    add_text(&w, "orderId", charge.order_id);
    json_add_int(&w, "amountCents", charge.amount_cents);
    add_text(&w, "currency", charge.currency);
    json_add_time(&w, "capturedAt", charge.captured_at_ms);
    json_add_time(&w, "voidedAt", charge.voided_at_ms);
    json_close_object(&w);
}
