/* SPDX-License-Identifier: MIT */
/* Idempotency-Key: a client that repeats a request gets the first answer again, and the change is made only once.
 *
 * replay_begin() claims the key in the database. The key is ours, and the handler goes on; or it was answered before,
 * and that answer is sent again; or its first request is still running (409); or it belongs to another request (422).
 * The answer to a change is written under the key in the transaction of the change (answer_before_commit() in call.c),
 * so neither exists without the other. replay_end() sees to all other answers: it keeps a refusal that a use case
 * decided, and gives the key up after any other, so that the corrected request may use it.
 *
 * The process may die at any point. Its claim then runs out (booking/store/idempotency.c), and a repeat takes it over
 * as a new owner. A slow process that has lost its claim this way cannot commit: writing the answer fails, and the
 * change is rolled back. Whatever is added must keep the claim last, after all checks that can refuse a request without
 * writing (begin_change() in orders.c), and must not make a change whose answer is written in another transaction. */

#include "fcgi/replay.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "booking/store/idempotency.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 255

static bool key_is_sane(const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++) {
        if (key[i] < 0x21 || key[i] > 0x7E)
            return false;
    }
    return len > 0 && len <= KEY_MAX;
}

static const char *literal_content_type(const char *stored)
{
    return stored != NULL && strcmp(stored, CONTENT_PROBLEM) == 0 ? CONTENT_PROBLEM : CONTENT_JSON;
}

static void replay(struct call *call, const struct stored_answer *stored)
{
    struct response *r = call->response;
    r->status = stored->status;
    r->content_type = literal_content_type(stored->content_type);
    r->replayed = true;
    metrics_add(METRIC_IDEMPOTENT_REPLAYS, 1);
    text_copy(r->location, sizeof r->location, stored->location == NULL ? "" : stored->location);
    text_copy(r->etag, sizeof r->etag, stored->etag == NULL ? "" : stored->etag);
    buf_clear(&r->body);
    buf_add_str(&r->body, stored->body == NULL ? "" : stored->body);
}

/* Appends all that makes two requests the same: method, target and body. */
static void describe(const struct request *request, struct buf *ret)
{
    buf_add_str(ret, request->method);
    buf_add_char(ret, ' ');
    buf_add_str(ret, request->path);
    buf_add_char(ret, '\n');
    buf_add(ret, request->body, request->body_len);
}

/* Tries twice, as the first try may only find out that the connection is dead. */
static enum result give_up_key(struct call *call, const char *key)
{
    enum result r = idempotency_release(call->db, key, call->key_owner);
    return r == RESULT_UNAVAILABLE || r == RESULT_RETRY ? idempotency_release(call->db, key, call->key_owner) : r;
}

/* A claim consists of single statements outside any transaction. One that met a deadlock or a lock timeout is simply
 * made again. */
static enum result claim_key(struct call *call, const char *key, struct stored_answer *reterr_stored)
{
    struct buf request = BUF_INIT;
    enum result r = RESULT_RETRY;
    describe(call->request, &request);
    call->key_owner = random_id();
    for (int tries = 0; r == RESULT_RETRY && tries < 3; tries++)
        r = idempotency_claim(call->db, key, buf_str(&request), request.len, call->key_owner, reterr_stored);
    buf_done(&request);
    return r;
}

/* Two customers who choose the same key do not learn of each other. Nobody's keys, and the ADMIN_TOKEN's, are as the
 * version before has them. */
static const char *name_key(struct call *call, const char *key)
{
    const struct identity *who = &call->who;
    size_t size = sizeof call->key_text;
    if (who->kind == IDENTITY_ORDER)
        (void)snprintf(call->key_text, size, "%s\norder %s", key, who->order_id);
    else if (who->user != NULL)
        (void)snprintf(call->key_text, size, "%s\nuser %s", key, who->user);
    else if (who->kind == IDENTITY_STAFF && who->known_by == NULL)
        (void)snprintf(call->key_text, size, "%s\nstaff %lld", key, (long long)who->staff.person_id);
    else
        text_copy(call->key_text, size, key);
    return call->key_text;
}

bool replay_begin(struct call *call)
{
    const char *key = request_header(call->request, "HTTP_IDEMPOTENCY_KEY");
    struct stored_answer stored;

    if (key == NULL)
        return true;
    if (!key_is_sane(key)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "Idempotency-Key",
                      "Idempotency-Key must be 1 to 255 visible ASCII characters.");
        return false;
    }
    if (!text_is_utf8(call->request->body, call->request->body_len)) {
        problem_say(call->response, call->request, PROBLEM_INVALID_REQUEST, "The body is not UTF-8.");
        return false;
    }
    key = name_key(call, key);
    enum result r = claim_key(call, key, &stored);
    if (r == RESULT_OK) {
        CRASH_POINT("key-claimed");
        call->key = key;
        return true;
    }
    if (r == RESULT_DUPLICATE)
        replay(call, &stored);
    else
        call_refuse(call, r);
    /* It is not known whether we got the key before the connection was lost. */
    if (r == RESULT_UNAVAILABLE && give_up_key(call, key) != RESULT_OK)
        log_warn("idempotency_key_not_released", LOG_TEXT("request_id", call->request->id));
    return false;
}

/* Whether a use case decided this. A request that was refused for any other reason may be sent again, corrected, under
 * the same key. */
static bool is_kept(int status)
{
    return (status >= 200 && status < 300) || status == 409 || status == 412;
}

void replay_end(struct call *call)
{
    struct response *response = call->response;
    enum result r = RESULT_OK;

    if (call->key == NULL || call->key_answered)
        return;
    if (!is_kept(response->status)) {
        r = give_up_key(call, call->key);
    } else {
        struct stored_answer stored = {
            .status = response->status,
            .content_type = response->content_type,
            .location = response->location[0] == '\0' ? NULL : response->location,
            .etag = response->etag[0] == '\0' ? NULL : response->etag,
            .body = buf_str(&response->body),
        };
        r = idempotency_answer(call->db, call->key, call->key_owner, &stored);
    }
    /* The answer stands all the same; the key frees itself when its claim ends. */
    if (r != RESULT_OK)
        log_warn("idempotency_key_not_kept", LOG_TEXT("request_id", call->request->id),
                 LOG_TEXT("result", result_name(r)));
}
