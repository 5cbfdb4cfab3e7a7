/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "booking/base/webhook.h"
#include "fcgi/body.h"

static void refuse(struct call *call)
{
    problem_say(
        call->response, call->request, PROBLEM_FORBIDDEN,
        "Sign with the secret of PAYMENT_NOTIFY_SECRET, as Standard Webhooks describes, and with the present time.");
}

/* Reads who signed. False, with the problem as the answer, if it was not the gateway. */
static bool read_signature(struct call *call, int64_t *reterr_sent_at_ms)
{
    const struct request *request = call->request;
    const struct webhook_signature signature = {
        .id = request_header(request, "HTTP_WEBHOOK_ID"),
        .timestamp = request_header(request, "HTTP_WEBHOOK_TIMESTAMP"),
        .signatures = request_header(request, "HTTP_WEBHOOK_SIGNATURE"),
    };
    int64_t sent_at_s = 0;
    bool is_signed = webhook_verify(call->config->payment_notify_secret, &signature, request->body, request->body_len,
                                    &sent_at_s);
    *reterr_sent_at_ms = sent_at_s * 1000;
    if (!is_signed)
        refuse(call);
    return is_signed;
}

static void hear(struct call *call, const char *key, int64_t sent_at_ms)
{
    bool waits = false;
    enum result r = booking_hear_notice(call->db, key, sent_at_ms, &waits);
    if (r == RESULT_STALE) {
        refuse(call);
        return;
    }
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    if (waits)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    call->response->status = 204;
}

void gateway_post_notify(struct call *call)
{
    struct body body;
    const char *key = NULL;
    int64_t sent_at_ms = 0;
    if (call->config->payment_notify_secret[0] == '\0') {
        problem_say(call->response, call->request, PROBLEM_NOT_FOUND, NULL);
        return;
    }
    if (!body_is_json(call->request)) {
        problem_say(call->response, call->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
        return;
    }
    if (!read_signature(call, &sent_at_ms) || !body_parse(call->request, call->response, &body))
        return;
    if (body_text(&body, "key", &key) && key != NULL && text_is_identifier(key, 100))
        hear(call, key, sent_at_ms);
    else
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "key", "key names the charge.");
    body_done(&body);
}
