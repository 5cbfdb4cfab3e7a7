/* SPDX-License-Identifier: MIT */
#include "booking/base/log.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/base/webhook.h"
#include "fcgi/stripe/gateway.h"

#include <stdio.h>
#include <string.h>

/* Stripe waits for its own answer meanwhile. */
#define NOTICE_TIMEOUT_MS 2000

static void post(struct gateway *gateway, const char *url, const char *body, const char id[UUID_SIZE], int64_t now_s)
{
    struct https_answer answer;
    struct buf signature = BUF_INIT;
    char id_header[80];
    char time_header[60];
    (void)snprintf(id_header, sizeof id_header, "webhook-id: %s", id);
    (void)snprintf(time_header, sizeof time_header, "webhook-timestamp: %lld", (long long)now_s);
    webhook_sign(gateway->config->payment_notify_secret, id, now_s, body, strlen(body), &signature);
    struct buf signature_header = BUF_INIT;
    buf_addf(&signature_header, "webhook-signature: %s", buf_str(&signature));
    const char *const headers[] = { "Content-Type: application/json", id_header, time_header,
                                    buf_str(&signature_header), NULL };
    https_call(gateway->notices,
               &(struct https_request){ .url = url, .body = body, .headers = headers, .timeout_ms = NOTICE_TIMEOUT_MS },
               &answer);
    if (answer.status != 204)
        log_warn("notice_failed", LOG_TEXT("url", url), LOG_NUMBER("status", answer.status),
                 LOG_TEXT("error", answer.status == 0 ? answer.error : ""));
    buf_done(&answer.body);
    buf_done(&signature);
    buf_done(&signature_header);
}

void notice_send(struct gateway *gateway, const char *key, int64_t now_s)
{
    struct buf url = BUF_INIT;
    char body[BOOKS_KEY_SIZE + 16];
    char id[UUID_SIZE];
    const char *base = gateway->config->public_url;
    size_t len = strlen(base);
    if (gateway->notices == NULL)
        return;
    while (len > 0 && base[len - 1] == '/')
        len--;
    random_uuid(id);
    (void)snprintf(body, sizeof body, "{\"key\":\"%s\"}", key);
    buf_addf(&url, "%.*s/api/gateway/notify", (int)len, base);
    if (buf_ok(&url))
        post(gateway, buf_str(&url), body, id, now_s);
    buf_done(&url);
}
