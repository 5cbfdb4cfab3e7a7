/* SPDX-License-Identifier: MIT */
/* POST /charges/{key}/void and /charges/{key}/refunds.
 *
 * A void is in the row before Stripe is told, so that no page gets into the row after it. Then the page that is there
 * is ended; if the customer was faster, what they paid is given back. A refund is in its row before Stripe is asked,
 * too, and is looked for at Stripe before it is asked for again: Stripe forgets a key after a day, and ours stays. */

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "fcgi/problem.h"
#include "fcgi/stripe/amount.h"
#include "fcgi/stripe/gateway.h"

#include <stdio.h>
#include <string.h>

/* How long to wait for a bank before asking again. */
#define BANK_PAUSE_S 60

struct giving_back {
    const struct stripe_charge *charge;
    const char *refund_key;
    int64_t amount_cents;
    bool is_void;
};

static bool failed(const struct gateway_call *c, enum result r)
{
    if (r != RESULT_OK)
        gateway_fail(c, r);
    return r != RESULT_OK;
}

/* ── one refund at Stripe ───────────────────────────────────────────────── */

/* Writes what Stripe says, and takes it over into the row that was read. */
static bool settle(const struct gateway_call *c, const struct giving_back *g, const struct stripe_refund *refund,
                   struct stripe_refund_row *row)
{
    CRASH_POINT("made");
    if (failed(c, books_settle_refund(c->gateway->db, g->refund_key, refund)))
        return false;
    CRASH_POINT("settled");
    row->status = refund->state == REFUND_SUCCEEDED   ? REFUND_MADE
                  : refund->state == REFUND_UNDER_WAY ? REFUND_WAITS
                                                      : REFUND_REFUSED;
    text_copy(row->reason, sizeof row->reason, refund->reason);
    text_copy(row->refund_id, sizeof row->refund_id, refund->id);
    return true;
}

static bool refuse(const struct gateway_call *c, const struct giving_back *g, const struct stripe_error *error,
                   struct stripe_refund_row *row)
{
    /* Whoever gave it back by Stripe's dashboard left nothing for a void to do. */
    bool is_given_back = g->is_void && strcmp(error->code, "charge_already_refunded") == 0;
    row->status = is_given_back ? REFUND_MADE : REFUND_REFUSED;
    text_copy(row->reason, sizeof row->reason, error->reason);
    return is_given_back || !failed(c, books_refuse_refund(c->gateway->db, g->refund_key, error->reason));
}

static bool create(const struct gateway_call *c, const struct giving_back *g, const struct stripe_giving_back *what,
                   struct stripe_refund_row *row)
{
    struct stripe_refund refund;
    struct stripe_error error;
    CRASH_POINT("asking");
    enum stripe_verdict v = stripe_create_refund(c->gateway->stripe, what, &refund, &error);
    if (v == STRIPE_DONE)
        return settle(c, g, &refund, row);
    if (error.key_is_spent && failed(c, books_renew_refund(c->gateway->db, g->refund_key, row->request_no)))
        return false;
    if (v == STRIPE_REFUSED && !error.key_is_spent)
        return refuse(c, g, &error, row);
    gateway_pass_on(c, error.key_is_spent ? STRIPE_NOT_NOW : v, &error);
    return false;
}

/* Brings a refund that has no outcome nearer to one. False if the answer has been given: not now. */
static bool bring_on(const struct gateway_call *c, const struct giving_back *g, struct stripe_refund_row *row)
{
    struct stripe_refund refund;
    struct stripe_error error;
    char key[STRIPE_KEY_SIZE];
    bool found = false;
    struct stripe_giving_back what = {
        .key = key, .refund_key = g->refund_key, .payment_intent = g->charge->payment_intent, .known_id = row->refund_id
    };
    if (!amount_for_stripe(g->charge->currency, g->amount_cents, &what.amount)) {
        text_copy(error.reason, sizeof error.reason, "Stripe gives back no such amount in this currency");
        error.code[0] = '\0';
        return refuse(c, g, &error, row);
    }
    gateway_key(g->refund_key, row->request_no, key);
    enum stripe_verdict v = row->is_new ? STRIPE_DONE
                                        : stripe_find_refund(c->gateway->stripe, &what, &found, &refund, &error);
    if (v != STRIPE_DONE) {
        gateway_pass_on(c, v == STRIPE_REFUSED ? STRIPE_NOT_NOW : v, &error);
        return false;
    }
    return found ? settle(c, g, &refund, row) : create(c, g, &what, row);
}

/* Gives back under a key of the refund's own, however often it is called. False if the answer has been given. */
static bool give_back(const struct gateway_call *c, const struct giving_back *g, struct stripe_refund_row *ret_row)
{
    const char *refusal = NULL;
    if (failed(c,
               books_ask_refund(c->gateway->db, c->key, g->refund_key, g->amount_cents, g->is_void, ret_row, &refusal)))
        return false;
    if (refusal != NULL) {
        gateway_say(c, 422, "REFUSED", refusal);
        return false;
    }
    return ret_row->status == REFUND_MADE || ret_row->status == REFUND_REFUSED || bring_on(c, g, ret_row);
}

/* ── POST /charges/{key}/void ───────────────────────────────────────────── */

/* Ends the page, or finds out what was paid on it. False if the answer has been given: not now. */
static bool end_page(const struct gateway_call *c, struct stripe_charge *charge)
{
    struct stripe_session session;
    struct stripe_error error;
    enum stripe_verdict v = stripe_expire_session(c->gateway->stripe, charge->session_id, &session, &error);
    CRASH_POINT("ended");
    if (v == STRIPE_REFUSED)
        v = stripe_get_session(c->gateway->stripe, charge->session_id, &session, &error);
    if (v != STRIPE_DONE) {
        gateway_pass_on(c, v == STRIPE_REFUSED ? STRIPE_NOT_NOW : v, &error);
        return false;
    }
    if (session.state == SESSION_OPEN || session.state == SESSION_PROCESSING) {
        c->response->retry_after_s = session.state == SESSION_PROCESSING ? BANK_PAUSE_S : 1;
        gateway_say(c, 503, "ERROR", "the customer's bank is deciding");
        return false;
    }
    if (session.state != SESSION_PAID)
        return true;
    text_copy(charge->payment_intent, sizeof charge->payment_intent, session.payment_intent);
    return !failed(c, books_capture_voided(c->gateway->db, c->key, session.payment_intent));
}

/* Gives back all that was paid. False if the answer has been given. */
static bool give_all_back(const struct gateway_call *c, const struct stripe_charge *charge)
{
    struct stripe_refund_row row;
    char refund_key[BOOKS_REFUND_KEY_SIZE];
    struct giving_back g = { charge, refund_key, charge->amount_cents, true };
    (void)snprintf(refund_key, sizeof refund_key, "void-%s", c->key);
    if (!give_back(c, &g, &row))
        return false;
    if (row.status == REFUND_MADE)
        return true;
    if (row.status == REFUND_REFUSED) {
        log_error("stripe_void_refused", LOG_TEXT("request_id", c->request->id), LOG_TEXT("charge", c->key),
                  LOG_TEXT("reason", row.reason));
        if (failed(c, books_renew_refund(c->gateway->db, refund_key, row.request_no)))
            return false;
    }
    c->response->retry_after_s = BANK_PAUSE_S;
    gateway_say(c, 503, "ERROR", row.status == REFUND_WAITS ? "the money is on its way back" : row.reason);
    return false;
}

void give_back_void(struct gateway_call *c)
{
    struct stripe_charge charge;
    bool refunded = false;
    enum result r = books_void(c->gateway->db, c->key, &refunded);
    if (r == RESULT_OK && refunded) {
        gateway_say(c, 409, "REFUSED", "some of it was refunded");
        return;
    }
    if (r == RESULT_OK)
        r = books_find(c->gateway->db, c->key, &charge);
    if (failed(c, r))
        return;
    bool is_open = charge.closed_at_ms == TIME_NONE;
    if (is_open && charge.payment_intent[0] == '\0' && charge.session_id[0] != '\0' && !end_page(c, &charge))
        return;
    if (is_open && charge.payment_intent[0] != '\0' && !give_all_back(c, &charge))
        return;
    CRASH_SCOPE("stripe-void");
    CRASH_POINT("closing");
    if (!failed(c, is_open ? books_close(c->gateway->db, c->key) : RESULT_OK))
        charge_get(c);
}

/* ── POST /charges/{key}/refunds ────────────────────────────────────────── */

static void say_refund(const struct gateway_call *c, const struct giving_back *g, const struct stripe_refund_row *row)
{
    if (row->status == REFUND_REFUSED) {
        gateway_say(c, 422, "REFUSED", row->reason[0] != '\0' ? row->reason : "the bank refused");
        return;
    }
    bool waits = row->status == REFUND_WAITS;
    struct json_writer w = response_json(c->response, waits ? 202 : 200);
    c->response->retry_after_s = waits ? BANK_PAUSE_S : 0;
    json_open_object(&w, NULL);
    json_add_text(&w, "refundId", g->refund_key);
    json_add_text(&w, "status", waits ? "PENDING" : "REFUNDED");
    json_add_int(&w, "amountCents", g->amount_cents);
    json_close_object(&w);
}

void give_back_refund(struct gateway_call *c, const struct body *body)
{
    struct stripe_charge charge;
    struct stripe_refund_row row;
    struct giving_back g = { .charge = &charge, .refund_key = request_header(c->request, "HTTP_IDEMPOTENCY_KEY") };
    if (g.refund_key == NULL || !text_is_identifier(g.refund_key, BOOKS_KEY_SIZE - 1)) {
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "Idempotency-Key",
                      "A refund needs an Idempotency-Key of its own.");
        return;
    }
    if (!body_integer(body, "amountCents", 0, &g.amount_cents) || g.amount_cents <= 0) {
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "amountCents",
                      "amountCents must be a whole number above 0.");
        return;
    }
    enum result r = books_find(c->gateway->db, c->key, &charge);
    if (r == RESULT_NOT_FOUND)
        problem_say(c->response, c->request, PROBLEM_NOT_FOUND, "There is no charge with this key.");
    else if (!failed(c, r) && give_back(c, &g, &row))
        say_refund(c, &g, &row);
}
