/* SPDX-License-Identifier: MIT */
#include "booking/store/places.h"

#include "booking/base/text.h"
#include "booking/base/zone.h"
#include "fcgi/body.h"
#include "fcgi/handlers.h"

#include <string.h>

/* As the table has it. */
#define ZONE_MAX 40

static void write_names(struct json_writer *w, const struct place *place)
{
    json_add_text(w, "code", place->code);
    json_add_text(w, "name", place->name);
    json_add_text(w, "city", place->city);
    json_add_text(w, "timeZone", place->time_zone);
}

static void write_place(struct json_writer *w, const struct place *place)
{
    json_open_object(w, NULL);
    write_names(w, place);
    json_add_int(w, "version", place->version);
    json_close_object(w);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static void write_row(const struct place *place, void *context)
{
    struct page *page = context;
    if (page_takes(page, 0, place->code))
        write_place(page->w, place);
}

/* For customers, who look for one to fly from or to. */
static void write_known(const struct place *place, void *context)
{
    struct page *page = context;
    if (!page_takes(page, 0, place->code))
        return;
    json_open_object(page->w, NULL);
    write_names(page->w, place);
    json_close_object(page->w);
}

/* Reads codes=FRA,BOS of the query, if it is there. */
static bool read_codes(struct call *call, struct place_filter *filter)
{
    const char *text = call_query(call, "codes");
    size_t len = text == NULL ? 0 : strlen(text);
    bool is_list = (len + 1) % PLACE_SIZE == 0 && len / PLACE_SIZE < PLACE_CODES_MAX;
    if (text == NULL)
        return true;
    for (size_t at = 0; is_list && at < len; at += PLACE_SIZE) {
        char *code = filter->codes[filter->code_count++];
        memcpy(code, text + at, PLACE_SIZE - 1);
        code[PLACE_SIZE - 1] = '\0';
        is_list = place_code_is_valid(code) && (text[at + PLACE_SIZE - 1] == ',' || at + PLACE_SIZE > len);
    }
    if (!is_list)
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "codes",
                      "codes must be up to 100 codes of places, such as FRA,BOS.");
    return is_list;
}

static void list(struct call *call, void (*each)(const struct place *, void *))
{
    char after[CURSOR_SIZE];
    struct place_filter filter = { .search = call_query(call, "q"), .after_code = after };
    struct page page = { .w = NULL };
    if (!call_limit(call, &page.limit) || !call_id_cursor(call, after) || !read_codes(call, &filter))
        return;
    struct json_writer w = response_json(call->response, 200);
    page.w = &w;
    json_open_object(&w, NULL);
    json_open_array(&w, "places");
    enum result r = places_list(call->db, &filter, page.limit + 1, each, &page);
    json_close_array(&w);
    page_write_id_cursor(&page);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

void places_get_list(struct call *call)
{
    list(call, write_row);
}

void places_get_known(struct call *call)
{
    list(call, write_known);
    if (call->response->status == 200)
        call->response->cache_control = "public, max-age=300";
}

static void answer(struct call *call, int status, const struct place *place)
{
    struct json_writer w = response_json(call->response, status);
    write_place(&w, place);
    response_set_version(call->response, place->version);
}

static bool begin(struct call *call)
{
    if (place_code_is_valid(call->id))
        return true;
    call_refuse(call, RESULT_NOT_FOUND);
    return false;
}

void places_get(struct call *call)
{
    struct place place;
    if (!begin(call))
        return;
    enum result r = places_find(call->db, call->id, &place);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    answer(call, 200, &place);
    (void)call_not_modified(call);
}

/* ── changing ───────────────────────────────────────────────────────────── */

static void read_name(const struct body *body, const char *field, char ret_name[PLACE_NAME_SIZE], struct faults *faults)
{
    const char *text = NULL;
    if (!body_text(body, field, &text) || text == NULL || !text_trim_copy(ret_name, PLACE_NAME_SIZE, text) ||
        *ret_name == '\0' || text_utf8_length(ret_name) > 100 || !text_is_printable(ret_name))
        faults_add(faults, field, "%s must have 1 to 100 characters, none of them a control character.", field);
}

static void read_place(const struct call *call, const struct body *body, struct place *place, struct faults *faults)
{
    const char *text = NULL;
    *place = (struct place){ .version = 0 };
    text_copy(place->code, sizeof place->code, call->id);
    if (!body_text(body, "code", &text) || (text != NULL && strcmp(text, call->id) != 0))
        faults_add(faults, "code", "The address says another code.");
    read_name(body, "name", place->name, faults);
    read_name(body, "city", place->city, faults);
    if (!body_text(body, "timeZone", &text) || text == NULL || strlen(text) > ZONE_MAX || !zone_is_known(text))
        faults_add(faults, "timeZone", "timeZone must be a zone that this host knows, such as \"Europe/Berlin\".");
    else
        text_copy(place->time_zone, sizeof place->time_zone, text);
}

static void put(struct call *call, struct place *place)
{
    struct caller caller;
    struct stored stored;
    if (!call_caller(call, NULL, &caller))
        return;
    caller.before_commit = NULL;
    caller.answer_again = NULL;
    enum result r = booking_put_place(call->db, &caller, place, &stored);
    if (r != RESULT_OK) {
        call_refuse_version(call, r, stored.version);
        return;
    }
    place->version = stored.version;
    answer(call, stored.is_new ? 201 : 200, place);
}

void places_put(struct call *call)
{
    struct body body;
    struct place place;
    struct faults faults = { 0 };
    if (!begin(call) || !body_parse(call->request, call->response, &body))
        return;
    read_place(call, &body, &place, &faults);
    if (faults.count == 0)
        put(call, &place);
    else
        call_refuse_faults(call, &faults);
    body_done(&body);
}

void places_delete(struct call *call)
{
    struct caller caller;
    struct stored stored;
    if (!begin(call) || !call_caller(call, NULL, &caller))
        return;
    enum result r = booking_remove_place(call->db, &caller, call->id, &stored);
    if (r != RESULT_OK) {
        call_refuse_version(call, r, stored.version);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "code", call->id);
    json_close_object(&w);
}
