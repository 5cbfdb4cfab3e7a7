/* SPDX-License-Identifier: MIT */
/* POST /webhooks/stripe: what Stripe tells by itself (https://docs.stripe.com/webhooks). It may come twice, late, or in
 * another order than it happened, and may not come at all: whatever it says, the answer to a question says, too. So an
 * event only ever moves a charge from no outcome to one; what decides nothing, or is not about us, is thanked for. */

#include "booking/base/log.h"
#include "fcgi/problem.h"
#include "fcgi/stripe/gateway.h"
#include "fcgi/stripe/signature.h"

#include <json-c/json.h>

#include <string.h>

/* Whether Stripe sent it, and lately. With two secrets, during a change, either will do. */
static bool is_from_stripe(const struct gateway_call *c, int64_t *ret_signed_at_s)
{
    const struct config *config = c->gateway->config;
    const struct request *r = c->request;
    const char *header = request_header(r, "HTTP_STRIPE_SIGNATURE");
    return header != NULL &&
           (signature_is_valid(header, r->body, r->body_len, config->stripe_webhook_secret, ret_signed_at_s) ||
            signature_is_valid(header, r->body, r->body_len, config->stripe_webhook_secret_before, ret_signed_at_s));
}

static enum result hear_of_session(struct gateway *gateway, struct json_object *object, const char *type, int64_t now_s)
{
    struct stripe_session session;
    struct stripe_charge charge;
    char key[BOOKS_KEY_SIZE];
    if (!stripe_read_session(object, &session))
        return RESULT_OK;
    if (strcmp(type, "checkout.session.async_payment_failed") == 0 && session.state == SESSION_PROCESSING)
        session.state = SESSION_FAILED;
    enum result r = books_find_by_session(gateway->db, session.id, key, &charge);
    if (r == RESULT_NOT_FOUND)
        return RESULT_OK;
    if (r != RESULT_OK || (session.state == SESSION_PAID && !charge_is_as_asked(&charge, &session)))
        return r;
    r = charge_settle(gateway, key, &session);
    if (r == RESULT_OK && charge.status == CHARGE_ASKED && session.state != SESSION_PROCESSING)
        notice_send(gateway, key, now_s);
    return r;
}

static enum result hear(struct gateway *gateway, struct json_object *event, int64_t now_s)
{
    struct json_object *data = NULL;
    struct json_object *object = NULL;
    struct stripe_refund refund;
    char type[80];
    stripe_read_text(event, "type", type, sizeof type);
    if (!json_object_object_get_ex(event, "data", &data) || !json_object_object_get_ex(data, "object", &object))
        return RESULT_OK;
    if (strncmp(type, "checkout.session.", strlen("checkout.session.")) == 0)
        return hear_of_session(gateway, object, type, now_s);
    return stripe_read_refund(object, &refund) ? books_hear_of_refund(gateway->db, &refund) : RESULT_OK;
}

void event_post(struct gateway_call *c)
{
    int64_t signed_at_s = 0;
    int64_t now_s = 0;
    struct json_object *event = NULL;
    if (!is_from_stripe(c, &signed_at_s)) {
        problem_say(c->response, c->request, PROBLEM_INVALID_REQUEST, "Stripe-Signature is not that of this body.");
        return;
    }
    enum result r = books_now(c->gateway->db, &now_s);
    if (r == RESULT_OK &&
        (now_s - signed_at_s > SIGNATURE_TOLERANCE_S || signed_at_s - now_s > SIGNATURE_TOLERANCE_S)) {
        problem_say(c->response, c->request, PROBLEM_INVALID_REQUEST,
                    "Stripe-Signature is too old, or from the future.");
        return;
    }
    if (r == RESULT_OK)
        event = stripe_parse(c->request->body, c->request->body_len);
    if (event != NULL)
        r = hear(c->gateway, event, now_s);
    json_object_put(event);
    if (r == RESULT_OK)
        gateway_say(c, 200, "RECEIVED", NULL);
    else
        gateway_fail(c, r);
}
