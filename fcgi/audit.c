/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/core/order_json.h"
#include "booking/store/audit.h"

#include <stdio.h>

/* The longest id of what can be changed. */
#define OBJECT_MAX 64

static void write_actor(struct json_writer *w, const struct audit_row *row)
{
    json_open_object(w, "actor");
    json_add_int(w, "id", row->actor_id);
    json_add_text(w, "name", row->actor);
    json_close_object(w);
    json_add_text(w, "role", row->role);
}

static void write_object(struct json_writer *w, const struct audit_row *row)
{
    json_open_object(w, "object");
    json_add_text(w, "kind", row->object_kind);
    json_add_text(w, "id", row->object_id);
    if (row->has_flight)
        order_flight_write_json(w, &row->flight);
    json_close_object(w);
}

/* What was, or became, of the object: the use case wrote it as JSON. */
static void write_state(struct json_writer *w, const char *name, const char *json)
{
    if (json == NULL)
        json_add_null(w, name);
    else
        json_add_raw(w, name, json);
}

static void write_row(const struct audit_row *row, void *context)
{
    struct page *page = context;
    struct json_writer *w = page->w;
    char id[24];
    (void)snprintf(id, sizeof id, "%lld", (long long)row->audit_id);
    if (!page_takes(page, row->created_at_ms, id))
        return;
    json_open_object(w, NULL);
    json_add_int(w, "id", row->audit_id);
    write_actor(w, row);
    json_add_text(w, "action", row->action);
    write_object(w, row);
    write_state(w, "was", row->was);
    write_state(w, "became", row->became);
    json_add_text(w, "reason", row->reason);
    json_add_text(w, "requestId", row->request_id);
    json_add_time(w, "createdAt", row->created_at_ms);
    json_close_object(w);
}

static bool refuse(struct call *call, const char *field, const char *detail)
{
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, field, detail);
    return false;
}

/* A name that nothing can have is refused: such a filter would never find anything. An order's id may be in either
 * case. */
static bool read_names(struct call *call, struct audit_filter *filter, char order_id[UUID_SIZE])
{
    const char *actor = call_query(call, "actor");
    const char *object = call_query(call, "object");
    long long actor_id = 0;
    filter->action = call_query(call, "action");
    if (actor != NULL && !text_parse_int(actor, 1, INT64_MAX, &actor_id))
        return refuse(call, "actor", "actor must be the id of a member of staff.");
    if (filter->action != NULL && !audit_is_action(filter->action))
        return refuse(call, "action", "action must be one that staff can do, such as CANCEL_ORDER.");
    if (object != NULL && text_read_uuid(object, order_id))
        object = order_id;
    if (object != NULL && !text_is_identifier(object, OBJECT_MAX))
        return refuse(call, "object", "object must be the id of an order, a job, a kind of job or a member of staff.");
    filter->actor_id = actor_id;
    filter->object_id = object;
    return true;
}

static bool read_page(struct call *call, struct audit_filter *filter, int *ret_limit)
{
    char before_id[CURSOR_SIZE];
    int64_t cursor_ms = TIME_NONE;
    long long id = 0;
    if (!call_moment(call, "from", &filter->from_ms) || !call_moment(call, "to", &filter->before_ms) ||
        !call_limit(call, ret_limit) || !call_cursor(call, &cursor_ms, before_id))
        return false;
    if (cursor_ms == TIME_NONE)
        return true;
    if (!text_parse_int(before_id, 0, INT64_MAX, &id))
        return refuse(call, "cursor", "cursor must be the nextCursor of an answer.");
    filter->before_ms = cursor_ms;
    filter->before_id = id;
    return true;
}

void audit_get(struct call *call)
{
    struct audit_filter filter = { .actor_id = 0 };
    char order_id[UUID_SIZE];
    int limit = 0;
    if (!read_names(call, &filter, order_id) || !read_page(call, &filter, &limit))
        return;
    filter.limit = limit + 1;
    struct json_writer w = response_json(call->response, 200);
    struct page page = { .w = &w, .limit = limit };
    json_open_object(&w, NULL);
    json_open_array(&w, "entries");
    enum result r = audit_list(call->db, &filter, write_row, &page);
    json_close_array(&w);
    page_write_cursor(&page, TIME_NONE);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}
