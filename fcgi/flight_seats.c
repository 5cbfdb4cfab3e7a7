/* SPDX-License-Identifier: MIT */
/* A flight's seats as staff see them, and the seats that are not for sale. */

#include "fcgi/handlers.h"

#include "booking/store/flights.h"
#include "booking/store/seat_map.h"
#include "fcgi/body.h"
#include "fcgi/flight_json.h"

#include <stdio.h>
#include <string.h>

/* ── the map ────────────────────────────────────────────────────────────── */

struct map_writer {
    struct json_writer w;
    int64_t seats;
    bool has_names; /* a viewer sees who it is only by the first letter */
};

/* Room for the longest account or name, cut to its first letter with an ellipsis. */
#define MASKED_SIZE 16

static const char *masked(const struct map_writer *map, const char *text, char mask[MASKED_SIZE])
{
    size_t len = 1;
    if (map->has_names || text == NULL || *text == '\0')
        return text;
    while (len < 4 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len++;
    (void)snprintf(mask, MASKED_SIZE, "%.*s…", (int)len, text);
    return mask;
}

static void write_passenger(struct map_writer *map, const struct seat_holder *by)
{
    char mask[MASKED_SIZE];
    char name[810];
    bool is_named = by->given_name != NULL || by->family_name != NULL;
    (void)snprintf(name, sizeof name, "%s%s%s", by->given_name == NULL ? "" : by->given_name,
                   by->given_name != NULL && by->family_name != NULL ? " " : "",
                   by->family_name == NULL ? "" : by->family_name);
    json_add_text(&map->w, "passenger", is_named ? masked(map, name, mask) : NULL);
}

static void write_seat(const struct mapped_seat *row, void *context)
{
    struct map_writer *map = context;
    struct json_writer *w = &map->w;
    const struct seat *seat = &row->seat;
    char mask[MASKED_SIZE];
    map->seats++;
    json_open_object(w, NULL);
    json_add_text(w, "seatNumber", seat->number);
    json_add_int(w, "row", seat->row);
    json_add_text(w, "column", seat->column);
    json_add_text(w, "class", seat->cabin_class == NULL ? CLASS_ECONOMY : seat->cabin_class);
    flight_write_features(w, seat->features == NULL ? "" : seat->features);
    json_add_text(w, "status", seat_status_name(seat->status));
    json_add_text(w, "blocked", row->blocked);
    json_add_text(w, "orderId", row->by.order_id);
    json_add_text(w, "orderStatus", row->by.order_status);
    json_add_text(w, "locator", row->by.locator);
    json_add_text(w, "userId", masked(map, row->by.user_id, mask));
    write_passenger(map, &row->by);
    json_add_time(w, "boardedAt", row->by.boarded_at_ms);
    json_add_bool(w, "boarded", row->by.boarded_at_ms != TIME_NONE);
    json_close_object(w);
}

void flights_get_map(struct call *call)
{
    struct map_writer map = { .has_names = call->who.staff.role >= ROLE_AGENT };
    bool can_be = call_flight_id(call);
    map.w = response_json(call->response, 200);
    json_open_object(&map.w, NULL);
    json_add_text(&map.w, "flightId", call->id);
    json_open_array(&map.w, "seats");
    enum result r = can_be ? seat_map_list(call->db, call->id, write_seat, &map) : RESULT_FLIGHT_NOT_FOUND;
    if (r == RESULT_OK && map.seats == 0)
        r = flights_exists(call->db, call->id);
    json_close_array(&map.w);
    json_close_object(&map.w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

/* ── blocks ─────────────────────────────────────────────────────────────── */

/* Renders the answer and, if there is a key, writes it beside the change. */
struct blocks_answer {
    struct call *call;
    const struct blocked_seats *seats;
    bool block;
};

static void write_list(struct json_writer *w, const char *name, const struct seat_list *seats)
{
    json_open_array(w, name);
    for (size_t i = 0; i < seats->count; i++)
        json_add_text(w, NULL, seats->number[i]);
    json_close_array(w);
}

static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct blocks_answer *answer = context;
    struct json_writer w = response_json(answer->call->response, 200);
    (void)order;
    json_open_object(&w, NULL);
    json_add_text(&w, "flightId", answer->call->id);
    write_list(&w, "seats", &answer->seats->seats);
    json_add_bool(&w, "blocked", answer->block);
    write_list(&w, "changed", &answer->seats->changed);
    json_close_object(&w);
    return call_keep_answer(answer->call, db);
}

static void change(struct call *call, const struct seat_list *seats, const char *reason, bool block)
{
    struct blocked_seats done = { .changed = { .count = 0 } };
    struct blocks_answer answer = { call, &done, block };
    struct refusal refusal = { .open_holds = 0 };
    struct caller caller;
    if (!call_plain_caller(call, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    caller.reason = reason;
    enum result r = block ? booking_block_seats(call->db, &caller, call->id, seats, &done, &refusal)
                          : booking_unblock_seats(call->db, &caller, call->id, seats, &done, &refusal);
    if (r == RESULT_SEATS_UNAVAILABLE || r == RESULT_INVALID_SEATS)
        call_refuse_order(call, r, NULL, &refusal);
    else if (r != RESULT_OK)
        call_refuse(call, r);
}

/* Why seats are blocked is shown with them; why they are not any more need not be said. */
static bool read_reason(struct call *call, const struct body *body, bool block, char reason[REASON_SIZE])
{
    const char *text = NULL;
    reason[0] = '\0';
    if (!block && body_text(body, "reason", &text) && text == NULL)
        return true;
    return call_reason(call, body, reason);
}

static void post(struct call *call, bool block)
{
    struct body body;
    struct seat_list seats;
    char reason[REASON_SIZE];
    if (!call_flight_id(call)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_seats(&body, call->request, call->response, SEATS_MAX, &seats) && read_reason(call, &body, block, reason))
        change(call, &seats, *reason == '\0' ? NULL : reason, block);
    body_done(&body);
}

void flights_post_blocks(struct call *call)
{
    post(call, true);
}

void flights_post_unblocks(struct call *call)
{
    post(call, false);
}
