/* SPDX-License-Identifier: MIT */
#include "fcgi/stripe/gateway.h"

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "fcgi/problem.h"

#include <stdio.h>

void gateway_say(const struct gateway_call *c, int http_status, const char *status, const char *reason)
{
    struct json_writer w = response_json(c->response, http_status);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", status);
    if (reason != NULL)
        json_add_text(&w, "reason", reason);
    json_close_object(&w);
}

void gateway_fail(const struct gateway_call *c, enum result r)
{
    log_error("gateway_failed", LOG_TEXT("request_id", c->request->id), LOG_TEXT("result", result_name(r)),
              LOG_TEXT("database", db_last_error(c->gateway->db)));
    problem_say(c->response, c->request, problem_of_result(r), NULL);
}

void gateway_pass_on(const struct gateway_call *c, enum stripe_verdict verdict, const struct stripe_error *error)
{
    bool is_refused = verdict == STRIPE_REFUSED;
    bool is_busy = verdict == STRIPE_BUSY;
    log_warn("stripe_did_not", LOG_TEXT("request_id", c->request->id), LOG_TEXT("charge", c->key),
             LOG_NUMBER("status", error->status), LOG_TEXT("code", error->code), LOG_TEXT("param", error->param),
             LOG_TEXT("reason", error->reason), LOG_TEXT("see", error->request_log));
    c->response->retry_after_s = error->retry_after_s > 0 ? error->retry_after_s : is_busy ? 1 : 0;
    gateway_say(c,
                is_refused ? 422
                : is_busy  ? error->status
                           : 503,
                is_refused ? "REFUSED" : "ERROR", is_refused ? error->reason : "Stripe cannot do it now");
}

void gateway_key(const char *key, int64_t request_no, char ret_key[STRIPE_KEY_SIZE])
{
    if (request_no == 0)
        text_copy(ret_key, STRIPE_KEY_SIZE, key);
    else
        (void)snprintf(ret_key, STRIPE_KEY_SIZE, "%s-%lld", key, (long long)request_no);
}
