/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "booking/core/cabin.h"
#include "booking/flights/plan.h"
#include "fcgi/body.h"
#include "fcgi/flight_json.h"

#include <json-c/json.h>

#include <string.h>

/* An answer that is kept under an Idempotency-Key has at most so many bytes. */
#define KEPT_MAX 12000

struct swap_answer {
    struct call *call;
    const struct swapped_flight *flight;
    const struct swap_wish *wish;
};

static void write_moves(struct json_writer *w, const char *name, const struct swap_move *moves, size_t count)
{
    json_open_array(w, name);
    for (size_t i = 0; i < count; i++) {
        json_open_object(w, NULL);
        json_add_text(w, "orderId", moves[i].order_id);
        json_add_text(w, "from", moves[i].from);
        json_add_text(w, "to", moves[i].to);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_conflicts(struct json_writer *w, const struct swapped_flight *flight, size_t count)
{
    json_open_array(w, "conflicts");
    for (size_t i = 0; i < count; i++) {
        json_open_object(w, NULL);
        json_add_text(w, "orderId", flight->conflicts[i].order_id);
        json_add_text(w, "seat", flight->conflicts[i].from);
        json_add_text(w, "why", flight->conflicts[i].why);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_answer(struct json_writer *w, const struct swap_answer *a, bool with_lists)
{
    const struct swapped_flight *flight = a->flight;
    json_open_object(w, NULL);
    json_add_text(w, "flightId", flight->flight_id);
    json_add_int(w, "version", flight->version);
    json_add_bool(w, "dryRun", a->wish->dry_run);
    json_open_object(w, "cabin");
    json_add_text(w, "id", flight->cabin_id);
    json_add_int(w, "version", flight->cabin_version);
    json_close_object(w);
    json_add_int(w, "stays", (int64_t)flight->stays);
    json_add_int(w, "moved", (int64_t)flight->move_count);
    write_moves(w, "moves", flight->moves, with_lists ? flight->move_count : 0);
    write_conflicts(w, flight, with_lists ? flight->conflict_count : 0);
    flight_write_refunds(w, flight->currency, flight->refunds, flight->refund_count);
    json_close_object(w);
}

static void render(const struct swap_answer *a, bool with_lists)
{
    struct json_writer w = response_json(a->call->response, 200);
    write_answer(&w, a, with_lists);
    response_set_version(a->call->response, a->flight->version);
}

/* What is too long to be kept is kept without its lists; its own request gets them. */
static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct swap_answer *a = context;
    (void)order;
    render(a, true);
    if (a->call->key == NULL || a->call->response->body.len <= KEPT_MAX)
        return call_keep_answer(a->call, db);
    render(a, false);
    enum result r = call_keep_answer(a->call, db);
    render(a, true);
    return r;
}

static void write_extra(struct json_writer *w, const void *context)
{
    const struct swapped_flight *flight = context;
    write_conflicts(w, flight, flight->conflict_count);
}

static void refuse(struct call *call, enum result r, const struct swapped_flight *flight)
{
    if (r == RESULT_NOT_FOUND) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "cabin", "There is no such cabin.");
        return;
    }
    call_refuse_flight(call, r, flight->version);
    if (r != RESULT_SEATS_UNAVAILABLE)
        return;
    const struct problem problem = {
        .code = PROBLEM_SEATS_UNAVAILABLE,
        .detail = "The cabin has no seat for some who have one; see conflicts.",
        .write_extra = write_extra,
        .extra = flight,
    };
    problem_write(call->response, call->request, &problem);
}

static void swap(struct call *call, const char *reason, const struct swap_wish *wish)
{
    struct swapped_flight flight;
    struct swap_answer answer = { call, &flight, wish };
    struct caller caller;
    if (!call_caller(call, NULL, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    caller.reason = reason;
    enum result r = booking_swap_cabin(call->db, &caller, call->id, wish, &flight);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    else
        refuse(call, r, &flight);
    swapped_flight_done(&flight);
}

/* A form can name the cabin only by its id. */
static bool read_cabin(const struct body *body, struct swap_wish *wish)
{
    struct json_object *cabin = NULL;
    if (!body_text(body, "cabin", &wish->cabin_id) &&
        (!json_object_object_get_ex(body->json, "cabin", &cabin) ||
         !flight_plan_cabin(cabin, &wish->cabin_id, &wish->cabin_version)))
        return false;
    return wish->cabin_id != NULL && cabin_id_is_valid(wish->cabin_id);
}

static bool read_on_conflict(const struct body *body, struct swap_wish *wish)
{
    const char *text = NULL;
    if (!body_text(body, "onConflict", &text))
        return false;
    wish->refund_conflicts = text != NULL && strcmp(text, "refund") == 0;
    return text == NULL || wish->refund_conflicts || strcmp(text, "refuse") == 0;
}

static bool read_wish(struct call *call, const struct body *body, struct swap_wish *wish)
{
    const char *field = NULL;
    const char *detail = NULL;
    if (!read_cabin(body, wish)) {
        field = "cabin";
        detail = "cabin must name a cabin, as \"a320\" or {\"id\": \"a320\", \"version\": 3}.";
    } else if (!read_on_conflict(body, wish)) {
        field = "onConflict";
        detail = "onConflict must be \"refuse\" or \"refund\".";
    }
    if (field == NULL)
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, field, detail);
    return false;
}

void flights_post_cabin(struct call *call)
{
    struct body body;
    char reason[REASON_SIZE];
    struct swap_wish wish = { .cabin_version = 0 };
    if (!call_flight_id(call)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (read_wish(call, &body, &wish) && call_dry_run(call, &body, &wish.dry_run) &&
        (wish.dry_run || call_reason(call, &body, reason)))
        swap(call, wish.dry_run ? NULL : reason, &wish);
    body_done(&body);
}
