/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/flights/search.h"
#include "booking/store/seats.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The letters of "ABC DEF" without the aisle. */
static void columns_of(const char *layout, char *ret_columns, size_t size)
{
    size_t len = 0;
    for (; *layout != '\0' && len + 1 < size; layout++) {
        if (*layout != ' ')
            ret_columns[len++] = *layout;
    }
    ret_columns[len] = '\0';
}

static void write_flight_fields(struct json_writer *w, const struct flight *f)
{
    json_add_text(w, "id", f->flight_id);
    json_add_text(w, "flightNumber", f->flight_number);
    json_add_text(w, "origin", f->origin);
    json_add_text(w, "destination", f->destination);
    json_add_text(w, "originTimeZone", f->origin_time_zone);
    json_add_text(w, "destinationTimeZone", f->destination_time_zone);
    json_add_time(w, "departureTime", f->departure_ms);
    json_add_int(w, "totalSeats", f->total_seats);
    json_add_int(w, "availableSeats", f->available_seats);
    json_add_int(w, "priceCents", f->price_cents);
    json_add_text(w, "currency", f->currency);
}

/* ── the list ───────────────────────────────────────────────────────────── */

static void add_to_page(const struct flight *f, void *context)
{
    struct page *page = context;
    if (!page_takes(page, f->departure_ms, f->flight_id))
        return;
    json_open_object(page->w, NULL);
    write_flight_fields(page->w, f);
    json_close_object(page->w);
}

/* Reads an airport: three letters, in any case. False, with the problem as the answer, if it is anything else. */
static bool read_airport(struct call *call, const char *name, char reterr_code[4], const char **reterr_airport)
{
    const char *text = parameters_get(&call->request->query, name);
    *reterr_airport = NULL;
    if (text == NULL || *text == '\0')
        return true;
    bool valid = text_trim(&text) == 3;
    for (size_t i = 0; valid && i < 3; i++) {
        valid = isalpha((unsigned char)text[i]) != 0;
        reterr_code[i] = (char)toupper((unsigned char)text[i]);
    }
    if (!valid) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name,
                      "An airport is three letters, such as NYC.");
        return false;
    }
    reterr_code[3] = '\0';
    *reterr_airport = reterr_code;
    return true;
}

static bool read_date(struct call *call, int64_t *reterr_day_ms)
{
    const char *date = parameters_get(&call->request->query, "date");
    *reterr_day_ms = TIME_NONE;
    if (date == NULL || *date == '\0' || timestamp_parse_date(date, reterr_day_ms))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "date",
                  "date must be a day such as 2026-03-15.");
    return false;
}

void flights_get_list(struct call *call)
{
    char origin[4];
    char destination[4];
    char after_id[CURSOR_SIZE];
    int limit = 0;
    int64_t day_ms = TIME_NONE;
    struct flight_filter filter = { .from_ms = TIME_NONE, .to_ms = TIME_NONE, .after_id = after_id };
    if (!read_airport(call, "origin", origin, &filter.origin) ||
        !read_airport(call, "destination", destination, &filter.destination) || !read_date(call, &day_ms) ||
        !call_limit(call, &limit) || !call_cursor(call, &filter.after_ms, after_id))
        return;

    filter.limit = limit + 1;
    struct json_writer w = response_json(call->response, 200);
    struct page page = { .w = &w, .limit = limit };
    json_open_object(&w, NULL);
    json_open_array(&w, "flights");
    enum result r = booking_list_flights(call->db, &filter, day_ms, add_to_page, &page);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    json_close_array(&w);
    page_write_cursor(&page, TIME_NONE);
    json_close_object(&w);
    call->response->cache_control = "no-cache";
}

/* ── one flight ─────────────────────────────────────────────────────────── */

struct detail {
    struct json_writer *w;
    bool found;
};

static void write_exit_rows(struct json_writer *w, const char *text)
{
    json_open_array(w, "exitRows");
    while (*text != '\0') {
        char *end = NULL;
        long row = strtol(text, &end, 10);
        if (end == text)
            break;
        json_add_int(w, NULL, row);
        text = *end == ',' ? end + 1 : end;
    }
    json_close_array(w);
}

static void write_detail(const struct flight *f, void *context)
{
    struct detail *d = context;
    char columns[32];
    columns_of(f->seat_layout, columns, sizeof columns);
    d->found = true;
    write_flight_fields(d->w, f);
    json_open_object(d->w, "seatMap");
    json_add_int(d->w, "rows", f->seat_rows);
    json_add_int(d->w, "seatsPerRow", (int64_t)strlen(columns));
    json_add_text(d->w, "columns", columns);
    json_add_text(d->w, "layout", f->seat_layout);
    write_exit_rows(d->w, f->exit_rows);
    json_open_array(d->w, "seats");
}

/* Contract B writes the status in lower case. */
static void write_map_seat(const struct seat *seat, void *context)
{
    struct json_writer *w = context;
    static const char *const names[] = { "available", "reserved", "booked" };
    json_open_object(w, NULL);
    json_add_text(w, "id", seat->number);
    json_add_int(w, "row", seat->row);
    json_add_text(w, "column", seat->column);
    json_add_text(w, "status", names[seat->status]);
    json_close_object(w);
}

void flights_get(struct call *call)
{
    bool can_be = call_flight_id(call);
    struct flight_filter filter = { .flight_id = call->id };
    struct json_writer w = response_json(call->response, 200);
    struct detail detail = { .w = &w };

    json_open_object(&w, NULL);
    enum result r = can_be ? flights_list(call->db, &filter, write_detail, &detail) : RESULT_FLIGHT_NOT_FOUND;
    if (r == RESULT_OK && !detail.found)
        r = RESULT_FLIGHT_NOT_FOUND;
    if (r == RESULT_OK)
        r = seats_of_flight(call->db, call->id, write_map_seat, &w);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    json_close_array(&w);
    json_close_object(&w);
    json_close_object(&w);
    call->response->cache_control = "no-cache";
}

/* ── its seats ──────────────────────────────────────────────────────────── */

struct seat_page {
    struct json_writer w;
    const char *only; /* a status, or NULL */
    int64_t total;
    int64_t available;
};

static void write_seat(const struct seat *seat, void *context)
{
    struct seat_page *page = context;
    const char *status = seat_status_name(seat->status);
    page->total++;
    page->available += seat->status == SEAT_AVAILABLE ? 1 : 0;
    if (page->only != NULL && strcmp(page->only, status) != 0)
        return;
    json_open_object(&page->w, NULL);
    json_add_text(&page->w, "seatNumber", seat->number);
    json_add_int(&page->w, "row", seat->row);
    json_add_text(&page->w, "column", seat->column);
    json_add_text(&page->w, "status", status);
    json_close_object(&page->w);
}

static bool read_seat_status(struct call *call, const char **reterr_status)
{
    const char *text = parameters_get(&call->request->query, "status");
    *reterr_status = text;
    if (text == NULL || strcmp(text, "AVAILABLE") == 0 || strcmp(text, "RESERVED") == 0 || strcmp(text, "BOOKED") == 0)
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "status",
                  "status must be AVAILABLE, RESERVED or BOOKED.");
    return false;
}

/* FNV-1a (RFC 9923's 64-bit form), for the ETag: the map has no version of its own. */
static uint64_t hash_of(const struct buf *b)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < b->len; i++)
        hash = (hash ^ (unsigned char)b->data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void flights_get_seats(struct call *call)
{
    struct seat_page page = { .only = NULL };
    struct buf seats = BUF_INIT;
    if (!read_seat_status(call, &page.only))
        return;

    page.w = JSON_WRITER_INIT(&seats);
    enum result r = call_flight_id(call) ? seats_of_flight(call->db, call->id, write_seat, &page)
                                         : RESULT_FLIGHT_NOT_FOUND;
    /* A flight without a seat is still a flight. */
    if (r == RESULT_OK && page.total == 0)
        r = flights_exists(call->db, call->id);
    if (r != RESULT_OK || !buf_ok(&seats)) {
        buf_done(&seats);
        call_refuse(call, r == RESULT_OK ? RESULT_INTERNAL : r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "flightId", call->id);
    json_add_int(&w, "total", page.total);
    json_add_int(&w, "available", page.available);
    json_open_array(&w, "seats");
    buf_add(w.out, buf_str(&seats), seats.len);
    json_close_array(&w);
    json_close_object(&w);
    buf_done(&seats);
    (void)snprintf(call->response->etag, sizeof call->response->etag, "W/\"%016llx\"",
                   (unsigned long long)hash_of(&call->response->body));
    call->response->cache_control = "no-cache";
    (void)call_not_modified(call);
}
