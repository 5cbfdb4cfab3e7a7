/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/store/staff.h"
#include "fcgi/body.h"

/* ── reading ────────────────────────────────────────────────────────────── */

static void write_row(const struct staff_row *row, void *context)
{
    struct json_writer *w = context;
    json_open_object(w, NULL);
    json_add_int(w, "id", row->person_id);
    json_add_text(w, "name", row->name);
    json_add_text(w, "role", role_name(row->role));
    json_add_time(w, "createdAt", row->created_at_ms);
    json_add_time(w, "revokedAt", row->revoked_at_ms);
    json_close_object(w);
}

void staff_get_list(struct call *call)
{
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_open_array(&w, "staff");
    enum result r = staff_list(call->db, write_row, &w);
    json_close_array(&w);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

/* ── changing ───────────────────────────────────────────────────────────── */

static void answer(struct call *call, int status, enum result r, const struct member *member)
{
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, status);
    json_open_object(&w, NULL);
    json_add_int(&w, "id", member->person_id);
    json_add_text(&w, "name", *member->name == '\0' ? NULL : member->name);
    json_add_text(&w, "role", member->role == ROLE_NONE ? NULL : role_name(member->role));
    if (*member->token != '\0')
        json_add_text(&w, "token", member->token);
    json_close_object(&w);
}

static bool read_name(struct call *call, const struct body *body, char ret_name[ACCOUNT_SIZE])
{
    const char *text = NULL;
    if (body_text(body, "name", &text) && text != NULL && staff_name_read(text, ret_name))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "name",
                  "name must be 1 to 255 characters, at least one of them visible, without control characters.");
    return false;
}

static bool read_role(struct call *call, const struct body *body, enum role *ret_role)
{
    const char *text = NULL;
    if (body_text(body, "role", &text) && text != NULL && role_parse(text, ret_role))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "role",
                  "role must be viewer, agent, operator or admin.");
    return false;
}

/* Whoever calls, and whom the path names. False, with the problem as the answer, if there can be no such person. */
static bool begin(struct call *call, struct caller *reterr_caller, int64_t *ret_person_id)
{
    long long id = 0;
    if (!text_parse_int(call->id, 1, INT64_MAX, &id)) {
        call_refuse(call, RESULT_NOT_FOUND);
        return false;
    }
    *ret_person_id = id;
    return call_plain_caller(call, reterr_caller);
}

static void add(struct call *call, const char *name, enum role role)
{
    struct caller caller;
    struct member member;
    if (call_plain_caller(call, &caller))
        answer(call, 201, booking_add_staff(call->db, &caller, name, role, &member), &member);
}

void staff_post(struct call *call)
{
    struct body body;
    char name[ACCOUNT_SIZE];
    enum role role;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (read_name(call, &body, name) && read_role(call, &body, &role))
        add(call, name, role);
    body_done(&body);
}

void staff_post_rotate(struct call *call)
{
    struct caller caller;
    struct member member;
    int64_t person_id;
    if (begin(call, &caller, &person_id))
        answer(call, 200, booking_rotate_token(call->db, &caller, person_id, &member), &member);
}

static void set_role(struct call *call, enum role role)
{
    struct caller caller;
    struct member member;
    int64_t person_id;
    if (begin(call, &caller, &person_id))
        answer(call, 200, booking_set_role(call->db, &caller, person_id, role, &member), &member);
}

void staff_post_role(struct call *call)
{
    struct body body;
    enum role role;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (read_role(call, &body, &role))
        set_role(call, role);
    body_done(&body);
}

void staff_delete(struct call *call)
{
    struct caller caller;
    struct member member;
    int64_t person_id;
    if (begin(call, &caller, &person_id))
        answer(call, 200, booking_revoke_token(call->db, &caller, person_id, &member), &member);
}
