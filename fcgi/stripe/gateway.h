/* SPDX-License-Identifier: MIT */
#ifndef FCGI_STRIPE_GATEWAY_H
#define FCGI_STRIPE_GATEWAY_H

#include "booking/config.h"
#include "fcgi/body.h"
#include "fcgi/request.h"
#include "fcgi/response.h"
#include "fcgi/stripe/books.h"
#include "fcgi/stripe/https.h"
#include "fcgi/stripe/stripe.h"

/* The contract of a payment gateway (docs/api.md) on one side, Stripe on the other. */

struct gateway {
    const struct config *config;
    struct db *db;
    struct stripe *stripe;
    struct https *notices; /* to the API; NULL: there are none */
};

/* One call on its way. */
struct gateway_call {
    struct gateway *gateway;
    const struct request *request;
    struct response *response;
    const char *key; /* the charge's */
};

/* Answers {"status", "reason"}; a NULL reason is left out. */
void gateway_say(const struct gateway_call *c, int http_status, const char *status, const char *reason);

/* Answers that the database failed, or that Stripe did not do what it was asked, as the contract has it. */
void gateway_fail(const struct gateway_call *c, enum result r);
void gateway_pass_on(const struct gateway_call *c, enum stripe_verdict verdict, const struct stripe_error *error);

/* The key that Stripe knows a request by: ours, with a number behind it from the second on. */
#define STRIPE_KEY_SIZE (BOOKS_REFUND_KEY_SIZE + 24)
void gateway_key(const char *key, int64_t request_no, char ret_key[STRIPE_KEY_SIZE]);

/* The handlers: POST and GET /charges, GET /charges/{key}, POST /charges/{key}/void and …/refunds, and Stripe's events.
 * Bodies have been parsed. */
void charge_post(struct gateway_call *c, const struct body *body);
void list_get(struct gateway_call *c);
void charge_get(struct gateway_call *c);
void give_back_void(struct gateway_call *c);
void give_back_refund(struct gateway_call *c, const struct body *body);
void event_post(struct gateway_call *c);

/* Tells the API that there is news about a charge, so that the sweeper asks at once (PAYMENT_NOTIFY_SECRET). Should
 * that fail, the sweeper asks a little later. */
void notice_send(struct gateway *gateway, const char *key, int64_t now_s);

/* Writes the outcome that a session has come to into the books, if it has one. False: what was paid is not what was
 * asked for, and counts as no outcome. */
bool charge_is_as_asked(const struct stripe_charge *charge, const struct stripe_session *session);
enum result charge_settle(struct gateway *gateway, const char *key, const struct stripe_session *session) MUST_CHECK;

#endif
