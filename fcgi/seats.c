/* SPDX-License-Identifier: MIT */
/* One flight with its cabin, and its seats alone. */

#include "fcgi/flight_json.h"
#include "fcgi/handlers.h"

#include "booking/core/seat_map.h"
#include "booking/store/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ── one flight ─────────────────────────────────────────────────────────── */

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

struct detail {
    struct json_writer *w;
    struct flight_offer offer;
    struct flight_sale sale;
    struct place_names names;
    bool is_known;  /* something is known of its seats */
    bool has_kinds; /* and all of it is to be told */
    struct seat_map map;
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

static void write_detail(const struct detail *d)
{
    const struct flight *f = &d->offer.flight;
    char columns[LAYOUT_SIZE];
    columns_of(f->seat_layout, columns, sizeof columns);
    flight_write_fields(d->w, &d->offer);
    json_add_text(d->w, "originName", d->names.origin[0] == '\0' ? NULL : d->names.origin);
    json_add_text(d->w, "destinationName", d->names.destination[0] == '\0' ? NULL : d->names.destination);
    json_open_object(d->w, "seatMap");
    json_add_int(d->w, "rows", f->seat_rows);
    json_add_int(d->w, "seatsPerRow", (int64_t)strlen(columns));
    json_add_text(d->w, "columns", columns);
    json_add_text(d->w, "layout", f->seat_layout);
    write_exit_rows(d->w, f->exit_rows);
    json_open_array(d->w, "seats");
}

static void add_to_map(struct detail *d, const struct seat *seat)
{
    const struct seat_facts facts = {
        .number = seat->number,
        .row = seat->row,
        .column = seat->column,
        .cabin_class = seat->cabin_class == NULL ? CLASS_ECONOMY : seat->cabin_class,
        .features = seat->features,
    };
    d->is_known = d->is_known || seat->cabin_class != NULL || seat->features != NULL;
    d->has_kinds = d->sale.has_kinds || seat->cabin_has_kinds;
    (void)seat_map_add(&d->map, &facts); /* seat_map_arrange() tells if it failed */
}

/* Contract B writes the status in lower case. */
static void write_map_seat(const struct seat *seat, void *context)
{
    struct detail *d = context;
    static const char *const names[] = { "available", "reserved", "booked", "blocked" };
    add_to_map(d, seat);
    json_open_object(d->w, NULL);
    json_add_text(d->w, "id", seat->number);
    json_add_int(d->w, "row", seat->row);
    json_add_text(d->w, "column", seat->column);
    json_add_text(d->w, "status", names[seat->status]);
    flight_write_seat_kind(d->w, seat, &d->sale);
    json_close_object(d->w);
}

#define COLUMNS_MAX 64

static void write_section(const struct detail *d, size_t cabin_class)
{
    struct map_column columns[COLUMNS_MAX];
    struct json_writer *w = d->w;
    size_t count = seat_map_columns(&d->map, cabin_class, columns, COLUMNS_MAX);
    json_open_object(w, NULL);
    json_add_text(w, "class", d->map.cabin_class[cabin_class]);
    json_add_int(w, "priceCents", tariff_fare(&d->offer.flight.tariff, d->map.cabin_class[cabin_class]));
    json_open_array(w, "rows");
    for (size_t i = 0; i < d->map.count; i++) {
        if (d->map.seat[i].cabin_class == cabin_class && d->map.seat[i].begins_row)
            json_add_int(w, NULL, d->map.seat[i].row);
    }
    json_close_array(w);
    json_open_array(w, "columns");
    for (size_t i = 0; i < count; i++) {
        if (columns[i].over_aisle)
            json_add_null(w, NULL);
        json_add_text(w, NULL, columns[i].letters);
    }
    json_close_array(w);
    json_close_object(w);
}

/* The classes of the cabin, where they are known: each with its rows and columns. */
static enum result write_sections(struct detail *d)
{
    if (!d->is_known || !d->has_kinds)
        return RESULT_OK;
    if (!seat_map_arrange(&d->map, d->offer.flight.seat_layout))
        return RESULT_INTERNAL;
    json_open_array(d->w, "sections");
    for (size_t i = 0; i < d->map.class_count; i++)
        write_section(d, i);
    json_close_array(d->w);
    return RESULT_OK;
}

static enum result write_flight(struct call *call, struct detail *d)
{
    if (!call_flight_id(call))
        return RESULT_FLIGHT_NOT_FOUND;
    TRY(flights_sale(call->db, call->id, &d->sale));
    TRY(booking_find_flight(call->db, call->id, &d->offer));
    TRY(places_names(call->db, d->offer.flight.origin, d->offer.flight.destination, &d->names));
    write_detail(d);
    TRY(seats_of_flight(call->db, call->id, write_map_seat, d));
    json_close_array(d->w);
    return write_sections(d);
}

void flights_get(struct call *call)
{
    struct json_writer w = response_json(call->response, 200);
    struct detail detail = { .w = &w, .map = SEAT_MAP_INIT };
    json_open_object(&w, NULL);
    enum result r = write_flight(call, &detail);
    seat_map_done(&detail.map);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    json_close_object(&w);
    json_close_object(&w);
    call->response->cache_control = "no-cache";
}

/* ── its seats ──────────────────────────────────────────────────────────── */

struct seat_page {
    struct json_writer w;
    struct flight_sale sale;
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
    flight_write_seat_kind(&page->w, seat, &page->sale);
    json_close_object(&page->w);
}

static bool read_seat_status(struct call *call, const char **reterr_status)
{
    const char *text = parameters_get(&call->request->query, "status");
    *reterr_status = text;
    if (text == NULL || strcmp(text, "AVAILABLE") == 0 || strcmp(text, "RESERVED") == 0 ||
        strcmp(text, "BOOKED") == 0 || strcmp(text, "BLOCKED") == 0)
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "status",
                  "status must be AVAILABLE, RESERVED, BOOKED or BLOCKED.");
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
    enum result r = call_flight_id(call) ? flights_sale(call->db, call->id, &page.sale) : RESULT_FLIGHT_NOT_FOUND;
    if (r == RESULT_OK)
        r = seats_of_flight(call->db, call->id, write_seat, &page);
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
