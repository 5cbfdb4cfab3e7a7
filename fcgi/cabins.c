/* SPDX-License-Identifier: MIT */
#include "booking/store/cabins.h"

#include "booking/base/text.h"
#include "fcgi/body.h"
#include "fcgi/flight_json.h"
#include "fcgi/handlers.h"

#include <string.h>

/* ── reading ────────────────────────────────────────────────────────────── */

struct cabin_page {
    struct page page;
    struct json_writer *w;
};

static void write_row(const struct cabin_row *row, void *context)
{
    struct cabin_page *list = context;
    struct json_writer *w = list->w;
    if (!page_takes(&list->page, 0, row->cabin_id))
        return;
    json_open_object(w, NULL);
    json_add_text(w, "id", row->cabin_id);
    json_add_text(w, "name", row->name);
    json_add_int(w, "version", row->version);
    json_add_int(w, "seatCount", row->seat_count);
    json_add_int(w, "flights", row->flights);
    json_close_object(w);
}

void cabins_get_list(struct call *call)
{
    char after[CURSOR_SIZE];
    struct cabin_page list = { .w = NULL };
    if (!call_limit(call, &list.page.limit) || !call_id_cursor(call, after))
        return;
    struct json_writer w = response_json(call->response, 200);
    list.w = list.page.w = &w;
    json_open_object(&w, NULL);
    json_open_array(&w, "cabins");
    enum result r = cabins_list(call->db, after, list.page.limit + 1, write_row, &list);
    json_close_array(&w);
    page_write_id_cursor(&list.page);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

/* The plan's members beside the cabin's own. */
static void write_cabin(struct call *call, int status, const struct cabin_version *v, int64_t flights)
{
    struct json_writer w = response_json(call->response, status);
    const char *plan = buf_str(&v->plan);
    json_open_object(&w, NULL);
    json_add_text(&w, "id", call->id);
    json_add_text(&w, "name", v->name);
    json_add_int(&w, "version", v->version);
    json_add_int(&w, "seatCount", v->seat_count);
    json_add_int(&w, "flights", flights);
    if (v->plan.len > 2) {
        buf_add_char(w.out, ',');
        buf_add(w.out, plan + 1, v->plan.len - 2);
    }
    json_close_object(&w);
    response_set_version(call->response, v->version);
}

static void answer(struct call *call, int status, int64_t version)
{
    struct cabin_version found = CABIN_VERSION_INIT;
    int64_t flights = 0;
    enum result r = cabins_find(call->db, call->id, version, &found);
    if (r == RESULT_OK)
        r = cabins_count_flights(call->db, call->id, &flights);
    if (r == RESULT_OK)
        write_cabin(call, status, &found, flights);
    else
        call_refuse(call, r);
    cabin_version_done(&found);
}

static bool begin(struct call *call)
{
    if (cabin_id_is_valid(call->id))
        return true;
    call_refuse(call, RESULT_NOT_FOUND);
    return false;
}

void cabins_get(struct call *call)
{
    const char *text = call_query(call, "version");
    long long version = CABIN_NEWEST;
    if (text != NULL && !text_parse_int(text, 1, INT32_MAX, &version)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "version",
                      "version must be a number from 1 on, or be left out for the newest.");
        return;
    }
    if (!begin(call))
        return;
    answer(call, 200, version);
    if (call->response->status == 200)
        (void)call_not_modified(call);
}

/* ── checking ───────────────────────────────────────────────────────────── */

static void write_seats(struct json_writer *w, const struct cabin *cabin)
{
    json_open_array(w, "seats");
    for (size_t i = 0; i < cabin->seat_count; i++) {
        const struct cabin_seat *s = &cabin->seat[i];
        json_open_object(w, NULL);
        json_add_text(w, "seatNumber", s->number);
        json_add_int(w, "row", s->row);
        json_add_text(w, "column", s->letters);
        json_add_text(w, "class", s->cabin_class);
        flight_write_features(w, s->features);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_section(struct json_writer *w, const struct cabin_section *s)
{
    json_open_object(w, NULL);
    json_add_text(w, "class", s->cabin_class);
    json_open_array(w, "rows");
    for (int row = 1; row <= CABIN_ROW_MAX; row++) {
        if (row_set_has(&s->rows, row))
            json_add_int(w, NULL, row);
    }
    json_close_array(w);
    json_open_array(w, "columns");
    for (size_t i = 0; i < s->column_count; i++) {
        if (s->column[i].over_aisle)
            json_add_null(w, NULL);
        json_add_text(w, NULL, s->column[i].letters);
    }
    json_close_array(w);
    json_close_object(w);
}

static void write_check(struct call *call, const struct cabin *cabin, const struct faults *faults)
{
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_int(&w, "seatCount", (int64_t)cabin->seat_count);
    json_open_array(&w, "sections");
    for (size_t i = 0; i < cabin->section_count; i++)
        write_section(&w, &cabin->section[i]);
    json_close_array(&w);
    write_seats(&w, cabin);
    problem_write_faults(&w, faults);
    json_close_object(&w);
}

/* A plan is a document, so no form can say it. */
static bool parse(struct call *call, struct body *reterr_body)
{
    if (!body_is_json(call->request)) {
        problem_say(call->response, call->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "Send the plan as application/json.");
        return false;
    }
    return body_parse(call->request, call->response, reterr_body);
}

void cabins_post_check(struct call *call)
{
    struct body body;
    struct cabin cabin;
    struct faults faults = { 0 };
    if (!parse(call, &body))
        return;
    (void)cabin_read(body.json, &cabin, &faults);
    write_check(call, &cabin, &faults);
    cabin_done(&cabin);
    body_done(&body);
}

/* ── changing ───────────────────────────────────────────────────────────── */

static void put(struct call *call, const struct cabin *cabin)
{
    struct caller caller;
    struct stored stored;
    if (!call_caller(call, NULL, &caller))
        return;
    caller.before_commit = NULL;
    caller.answer_again = NULL;
    enum result r = booking_put_cabin(call->db, &caller, cabin, &stored);
    if (r == RESULT_OK)
        answer(call, stored.is_new ? 201 : 200, stored.version);
    else
        call_refuse_version(call, r, stored.version);
}

void cabins_put(struct call *call)
{
    struct body body;
    struct cabin cabin;
    struct faults faults = { 0 };
    if (!begin(call) || !parse(call, &body))
        return;
    bool is_good = cabin_read(body.json, &cabin, &faults);
    if (is_good && *cabin.name == '\0')
        faults_add(&faults, "name", "name is missing.");
    if (is_good && *cabin.id != '\0' && strcmp(cabin.id, call->id) != 0)
        faults_add(&faults, "id", "The address says another id.");
    text_copy(cabin.id, sizeof cabin.id, call->id);
    if (faults.count == 0)
        put(call, &cabin);
    else
        call_refuse_faults(call, &faults);
    cabin_done(&cabin);
    body_done(&body);
}

void cabins_delete(struct call *call)
{
    struct caller caller;
    struct stored stored;
    if (!begin(call) || !call_caller(call, NULL, &caller))
        return;
    enum result r = booking_remove_cabin(call->db, &caller, call->id, &stored);
    if (r != RESULT_OK) {
        call_refuse_version(call, r, stored.version);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "id", call->id);
    json_close_object(&w);
}
