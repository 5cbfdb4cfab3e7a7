/* SPDX-License-Identifier: MIT */
/* stripe-gateway: a payment gateway as the sweeper knows one (docs/api.md), by way of Stripe. Customers pay on Stripe's
 * own pages, so that no card's number comes near this host. */

#include "booking/base/log.h"
#include "booking/base/monotonic.h"
#include "booking/base/text.h"
#include "fcgi/access.h"
#include "fcgi/pool.h"
#include "fcgi/problem.h"
#include "fcgi/stripe/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ── dispatch ───────────────────────────────────────────────────────────── */

enum path { PATH_NONE, PATH_EVENTS, PATH_CHARGES, PATH_LIST, PATH_CHARGE, PATH_VOID, PATH_REFUNDS };

static enum path path_of(const struct request *r)
{
    size_t n = r->segment_count;
    if (n == 2 && strcmp(r->segment[0], "webhooks") == 0 && strcmp(r->segment[1], "stripe") == 0)
        return PATH_EVENTS;
    if (n == 0 || n > 3 || strcmp(r->segment[0], "charges") != 0 ||
        (n >= 2 && !text_is_identifier(r->segment[1], BOOKS_KEY_SIZE - 1)))
        return PATH_NONE;
    if (n < 3)
        return n == 2 ? PATH_CHARGE : strcmp(r->method, "GET") == 0 ? PATH_LIST : PATH_CHARGES;
    return strcmp(r->segment[2], "void") == 0      ? PATH_VOID
           : strcmp(r->segment[2], "refunds") == 0 ? PATH_REFUNDS
                                                   : PATH_NONE;
}

/* Parses the body, for the handlers that want one. Another site's page can make a browser send any body but a JSON
 * one. */
static void with_body(struct gateway_call *c, void (*handler)(struct gateway_call *c, const struct body *body))
{
    struct body body;
    if (!body_is_json(c->request)) {
        problem_say(c->response, c->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
        return;
    }
    if (!body_parse(c->request, c->response, &body))
        return;
    handler(c, &body);
    body_done(&body);
}

static void post_charge(struct gateway_call *c)
{
    c->key = request_header(c->request, "HTTP_IDEMPOTENCY_KEY");
    if (c->key == NULL || !text_is_identifier(c->key, BOOKS_KEY_SIZE - 1))
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "Idempotency-Key",
                      "A charge needs an Idempotency-Key.");
    else
        with_body(c, charge_post);
}

static void post_void(struct gateway_call *c)
{
    if (body_is_json(c->request))
        give_back_void(c);
    else
        problem_say(c->response, c->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
}

static void call_handler(struct gateway_call *c, enum path path)
{
    switch (path) {
    case PATH_EVENTS: event_post(c); break;
    case PATH_CHARGES: post_charge(c); break;
    case PATH_LIST: list_get(c); break;
    case PATH_CHARGE: charge_get(c); break;
    case PATH_VOID: post_void(c); break;
    case PATH_REFUNDS: with_body(c, give_back_refund); break;
    case PATH_NONE: break;
    }
}

static void route(struct gateway_call *c)
{
    const struct request *request = c->request;
    enum path path = path_of(request);
    const char *token = c->gateway->config->payment_gateway_token;
    const char *method = path == PATH_CHARGE || path == PATH_LIST ? "GET" : "POST";

    /* The signature is what lets Stripe in. */
    if (path != PATH_EVENTS && *token != '\0' && !access_has_token(request, token)) {
        problem_say(c->response, request, PROBLEM_UNAUTHORIZED,
                    "Send the token of PAYMENT_GATEWAY_TOKEN as Authorization: Bearer.");
        return;
    }
    c->key = path == PATH_CHARGE || path == PATH_VOID || path == PATH_REFUNDS ? request->segment[1] : "";
    if (path == PATH_NONE)
        problem_say(c->response, request, PROBLEM_NOT_FOUND, NULL);
    else if (strcmp(request->method, method) != 0)
        problem_say(c->response, request, PROBLEM_METHOD_NOT_ALLOWED, NULL);
    else
        call_handler(c, path);
}

static void handle(const struct request *request, enum server_error error, struct response *response, void *context)
{
    struct gateway *gateway = context;
    struct gateway_call c = { .gateway = gateway, .request = request, .response = response };
    int64_t begun_ms = monotonic_ms();
    /* The sweeper waits for PAYMENT_TIMEOUT, and the answer has a way to go. */
    stripe_set_deadline(gateway->stripe, begun_ms + gateway->config->payment_timeout_ms * 4 / 5);
    if (error == SERVER_OK)
        route(&c);
    else if (error == SERVER_BODY_TOO_LARGE || error == SERVER_BODY_LONG)
        problem_say(response, request, PROBLEM_PAYLOAD_TOO_LARGE, NULL);
    else
        problem_say(response, request, PROBLEM_INVALID_REQUEST, NULL);
    log_info("call", LOG_TEXT("request_id", request->id), LOG_TEXT("method", request->method),
             LOG_TEXT("path", request->path), LOG_NUMBER("status", response->status),
             LOG_NUMBER("ms", monotonic_ms() - begun_ms));
}

/* Only this program is told these, so only it can miss them. */
static bool is_set(const char *name)
{
    const char *value = getenv(name);
    if (value != NULL && *value != '\0')
        return true;
    (void)fprintf(stderr, "%s: PAYMENT_GATEWAY=stripe needs it\n", name);
    return false;
}

int main(int argc, char **argv)
{
    struct config config;
    static const char usage[] = "stripe-gateway [--check-config | --version | --help] < FastCGI socket";
    bool is_about_settings = argc < 2 || strcmp(argv[1], "--check-config") == 0;
    if (is_about_settings && !(is_set("STRIPE_SECRET_KEY") && is_set("STRIPE_WEBHOOK_SECRET")))
        return 2;
    config_start_plain(argc, argv, usage, &config);
    struct gateway gateway = { .config = &config,
                               .db = db_new(&config.gateway_database),
                               .stripe = stripe_new(config.stripe_api_url, config.stripe_secret_key) };
    if (config.payment_notify_secret[0] != '\0' && config.public_url[0] != '\0')
        gateway.notices = https_new();
    if (gateway.stripe == NULL) {
        (void)fprintf(stderr, "stripe-gateway: out of memory\n");
        return 1;
    }
    int status = pool_run("stripe-gateway", config.gateway_workers, handle, &gateway);
    https_free(gateway.notices);
    stripe_free(gateway.stripe);
    db_free(gateway.db);
    return status;
}
