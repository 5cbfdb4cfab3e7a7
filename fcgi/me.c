/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

/* Tells the page who is asking, what they may do, and whether one can sign in. */
void me_get(struct call *call)
{
    const struct identity *who = &call->who;
    bool signs_on = call->config->trust_remote_user;
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "user", who->user);
    json_add_text(&w, "role", who->kind == IDENTITY_STAFF ? role_name(who->staff.role) : NULL);
    json_add_text(&w, "orderId", who->kind == IDENTITY_ORDER ? who->order_id : NULL);
    json_add_text(&w, "customers", call->config->customers);
    json_add_text(&w, "signIn", signs_on ? "/sign-in" : NULL);
    json_add_text(&w, "signOut", signs_on && who->user != NULL ? "/sign-out" : NULL);
    json_close_object(&w);
}
