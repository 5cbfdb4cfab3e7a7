/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/store/staff.h"

/* The name that the history of what they do will show. *ret_name is "" for those who are no staff, and if the name was
 * forgotten. */
static enum result read_name(struct call *call, char ret_name[ACCOUNT_SIZE])
{
    const struct identity *who = &call->who;
    if (who->kind == IDENTITY_STAFF && who->staff.person_id != 0)
        return staff_name(call->db, who->staff.person_id, ret_name);
    text_copy(ret_name, ACCOUNT_SIZE, who->kind == IDENTITY_STAFF && who->name != NULL ? who->name : "");
    return RESULT_OK;
}

/* Tells the page who is asking, what they may do, and whether one can sign in. */
void me_get(struct call *call)
{
    const struct identity *who = &call->who;
    bool signs_on = call->config->trust_remote_user;
    char name[ACCOUNT_SIZE];
    enum result r = read_name(call, name);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "user", who->user);
    json_add_text(&w, "name", *name == '\0' ? NULL : name);
    json_add_text(&w, "role", who->kind == IDENTITY_STAFF ? role_name(who->staff.role) : NULL);
    json_add_text(&w, "orderId", who->kind == IDENTITY_ORDER ? who->order_id : NULL);
    json_add_text(&w, "customers", call->config->customers);
    json_add_text(&w, "signIn", signs_on ? "/sign-in" : NULL);
    json_add_text(&w, "signOut", signs_on && who->user != NULL ? "/sign-out" : NULL);
    json_close_object(&w);
}
