/* SPDX-License-Identifier: MIT */
/* Who flies: the passengers of a flight by seat, and boarding. */

#include "fcgi/handlers.h"

#include "booking/base/csv_writer.h"
#include "booking/base/text.h"
#include "booking/store/flights.h"
#include "booking/store/seat_map.h"
#include "fcgi/body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define CONTENT_CSV "text/csv; charset=utf-8"

/* ── the manifest ───────────────────────────────────────────────────────── */

/* The id by which the passenger is boarded. */
static void passenger_of(const struct mapped_seat *row, char ret_id[PASSENGER_SIZE])
{
    if (row->by.person_id != 0)
        (void)snprintf(ret_id, PASSENGER_SIZE, "%lld", (long long)row->by.person_id);
    else
        text_copy(ret_id, PASSENGER_SIZE, row->seat.number == NULL ? "" : row->seat.number);
}

static void write_json_row(const struct mapped_seat *row, void *context)
{
    struct json_writer *w = context;
    char passenger[PASSENGER_SIZE];
    passenger_of(row, passenger);
    json_open_object(w, NULL);
    json_add_text(w, "seat", row->seat.number);
    json_add_text(w, "class", row->seat.cabin_class == NULL ? CLASS_ECONOMY : row->seat.cabin_class);
    json_add_text(w, "passenger", passenger);
    json_add_text(w, "givenName", row->by.given_name);
    json_add_text(w, "familyName", row->by.family_name);
    json_add_text(w, "kind", row->by.passenger_kind);
    json_add_text(w, "assistance", row->by.assistance);
    json_add_text(w, "orderId", row->by.order_id);
    json_add_text(w, "locator", row->by.locator);
    json_add_text(w, "userId", row->by.user_id);
    json_add_bool(w, "boarded", row->by.boarded_at_ms != TIME_NONE);
    json_add_time(w, "boardedAt", row->by.boarded_at_ms);
    json_close_object(w);
}

static void write_csv_row(const struct mapped_seat *row, void *context)
{
    struct csv_writer *w = context;
    char passenger[PASSENGER_SIZE];
    char boarded_at[TIMESTAMP_SIZE] = "";
    passenger_of(row, passenger);
    if (row->by.boarded_at_ms != TIME_NONE)
        timestamp_format(row->by.boarded_at_ms, boarded_at);
    const char *const cells[] = { row->seat.number,
                                  row->seat.cabin_class == NULL ? CLASS_ECONOMY : row->seat.cabin_class,
                                  row->by.locator,
                                  passenger,
                                  row->by.given_name,
                                  row->by.family_name,
                                  row->by.passenger_kind,
                                  row->by.assistance,
                                  row->by.user_id,
                                  row->by.order_id,
                                  boarded_at };
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        csv_add_cell(w, cells[i]);
    csv_end_row(w);
}

static void write_csv_head(struct csv_writer *w)
{
    static const char *const names[] = { "seat", "class",      "locator", "passenger", "givenName", "familyName",
                                         "kind", "assistance", "userId",  "orderId",   "boardedAt" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        csv_add_cell(w, names[i]);
    csv_end_row(w);
}

/* Whether the client asks for CSV and not for JSON. (Which it would rather have of both is not weighed.) */
static bool wants_csv(const struct request *request)
{
    const char *accept = request_header(request, "HTTP_ACCEPT");
    return accept != NULL && strcasestr(accept, "text/csv") != NULL && strcasestr(accept, "application/json") == NULL;
}

static enum result give_csv(struct call *call)
{
    struct response *response = call->response;
    struct csv_writer w = CSV_WRITER_INIT(&response->body);
    response->status = 200;
    response->content_type = CONTENT_CSV;
    buf_clear(&response->body);
    write_csv_head(&w);
    enum result r = seat_map_passengers(call->db, call->id, write_csv_row, &w);
    if (r == RESULT_OK)
        buf_addf(&response->headers, "Content-Disposition: attachment; filename=\"manifest-%s.csv\"\r\n", call->id);
    return r;
}

static enum result give_json(struct call *call)
{
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "flightId", call->id);
    json_open_array(&w, "passengers");
    enum result r = seat_map_passengers(call->db, call->id, write_json_row, &w);
    json_close_array(&w);
    json_close_object(&w);
    return r;
}

static void give(struct call *call, bool as_csv)
{
    enum result r = call_flight_id(call) ? flights_exists(call->db, call->id) : RESULT_FLIGHT_NOT_FOUND;
    if (r == RESULT_OK)
        r = as_csv ? give_csv(call) : give_json(call);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

void flights_get_manifest(struct call *call)
{
    buf_add_str(&call->response->headers, "Vary: Accept\r\n");
    give(call, wants_csv(call->request));
}

void flights_get_manifest_csv(struct call *call)
{
    give(call, true);
}

/* ── boarding ───────────────────────────────────────────────────────────── */

/* Renders the answer and, if there is a key, writes it beside the change. */
struct board_answer {
    struct call *call;
    const struct boarding *boarding;
};

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct board_answer *answer = context;
    const struct boarding *boarding = answer->boarding;
    struct json_writer w = response_json(answer->call->response, 200);
    (void)order;
    json_open_object(&w, NULL);
    json_add_text(&w, "flightId", answer->call->id);
    json_add_text(&w, "orderId", boarding->order_id);
    json_add_text(&w, "locator", boarding->locator);
    json_add_text(&w, "passenger", boarding->passenger);
    json_add_text(&w, "seat", or_null(boarding->seat));
    json_add_text(&w, "givenName", or_null(boarding->given_name));
    json_add_text(&w, "familyName", or_null(boarding->family_name));
    json_add_time(&w, "boardedAt", boarding->boarded_at_ms);
    json_close_object(&w);
    return call_keep_answer(answer->call, db);
}

static void refuse(struct call *call, const struct boarding *boarding)
{
    static const char *const sentences[] = {
        [BOARDING_ALLOWED] = NULL,
        [BOARDING_OTHER_FLIGHT] = "This booking is for another flight.",
        [BOARDING_ORDER_CANCELLED] = "This booking has been cancelled.",
        [BOARDING_FLIGHT_CANCELLED] = "This flight has been cancelled.",
        [BOARDING_NOT_PAID] = "This booking has not been paid.",
        [BOARDING_REFUNDED] = "This booking has been refunded.",
        [BOARDING_NO_SEAT] = "This booking has no seat any more.",
        [BOARDING_NO_PASSENGER] = "This booking has no such passenger.",
        [BOARDING_WHICH] = "This booking has several passengers; say which of them boards.",
        [BOARDING_DONE] = NULL,
    };
    char at[TIMESTAMP_SIZE];
    char detail[120];
    bool is_field = boarding->why == BOARDING_NO_PASSENGER || boarding->why == BOARDING_WHICH;
    struct problem p = { .code = PROBLEM_CANNOT_BOARD,
                         .detail = sentences[boarding->why],
                         .field = is_field ? "passenger" : NULL };
    if (boarding->why == BOARDING_DONE) {
        timestamp_format(boarding->boarded_at_ms, at);
        (void)snprintf(detail, sizeof detail, "This passenger is on board already, since %s.", at);
        p.detail = detail;
    }
    call->key_answered = false;
    problem_write(call->response, call->request, &p);
}

static void board(struct call *call, const char *locator, const char *passenger)
{
    struct boarding boarding;
    struct board_answer answer = { call, &boarding };
    struct caller caller;
    if (!call_plain_caller(call, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    enum result r = booking_board(call->db, &caller, call->id, locator, passenger, &boarding);
    if (r == RESULT_CANNOT_BOARD)
        refuse(call, &boarding);
    else if (r != RESULT_OK)
        call_refuse(call, r);
}

void flights_post_board(struct call *call)
{
    struct body body;
    const char *locator = NULL;
    const char *passenger = NULL;
    if (!call_flight_id(call)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (!body_text(&body, "locator", &locator) || locator == NULL)
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "locator",
                      "locator must be the six characters of a booking.");
    else if (!body_text(&body, "passenger", &passenger))
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "passenger",
                      "passenger must be a passenger's id or seat, or be left out if there is only one.");
    else
        board(call, locator, passenger);
    body_done(&body);
}
