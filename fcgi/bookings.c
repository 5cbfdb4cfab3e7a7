/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "fcgi/body.h"

static void find(struct call *call, const char *locator, const char *family_name, const char *email)
{
    struct order_key key;
    enum result r = booking_look_up(call->db, locator, family_name, email, &key);
    if (r == RESULT_ORDER_NOT_FOUND) {
        /* The same for all failures, whatever is wrong. */
        problem_say(call->response, call->request, PROBLEM_ORDER_NOT_FOUND,
                    "There is no booking with this locator and this name or e-mail address, or it was asked for too "
                    "often. Check both, or try again in an hour.");
        return;
    }
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "orderId", key.order_id);
    json_add_text(&w, "token", key.token);
    json_add_time(&w, "expiresAt", key.expires_at_ms);
    json_close_object(&w);
}

/* Reads a text of the body. False, with the problem as the answer, if it is something else. */
static bool read_text(struct call *call, const struct body *body, const char *name, const char **reterr_text)
{
    if (body_text(body, name, reterr_text))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name, "This must be a text.");
    return false;
}

/* The answer is never kept under an Idempotency-Key, since it has a token in it. A client that repeats the request gets
 * another one. */
void bookings_post_find(struct call *call)
{
    struct body body;
    const char *locator = NULL;
    const char *family_name = NULL;
    const char *email = NULL;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (!read_text(call, &body, "locator", &locator) || !read_text(call, &body, "familyName", &family_name) ||
        !read_text(call, &body, "email", &email)) {
        /* It is answered. */
    } else if (locator == NULL) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "locator",
                      "Say the booking's locator, such as K7D4RN.");
    } else if ((family_name == NULL) == (email == NULL)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "familyName",
                      "Say either familyName or email.");
    } else {
        find(call, locator, family_name, email);
    }
    body_done(&body);
}
