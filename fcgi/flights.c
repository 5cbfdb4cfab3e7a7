/* SPDX-License-Identifier: MIT */
#include "fcgi/flight_json.h"
#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"
#include "booking/flights/prices.h"
#include "booking/flights/search.h"

#include <stdio.h>
#include <string.h>

static void add_to_list(const struct flight_offer *offer, void *context)
{
    struct json_writer *w = context;
    json_open_object(w, NULL);
    flight_write_fields(w, offer);
    json_close_object(w);
}

/* Reads where a flight begins or ends: a code, or the name of a place or a city. *reterr_codes is NULL if that is not
 * said. False, with the problem as the answer, if the database does not say what it means. */
static bool read_place(struct call *call, const char *name, struct place_codes *codes,
                       const struct place_codes **reterr_codes)
{
    char trimmed[NAME_KEY_SIZE];
    const char *text = parameters_get(&call->request->query, name);
    *reterr_codes = NULL;
    if (text == NULL || *text == '\0')
        return true;
    codes->count = 0;
    bool is_said = text_trim_copy(trimmed, sizeof trimmed, text) && trimmed[0] != '\0';
    enum result r = is_said ? flights_places(call->db, trimmed, codes) : RESULT_OK;
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return false;
    }
    if (codes->count == 0) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name,
                      "An airport is three letters, such as NYC. Or name a place or a city that we go to.");
        return false;
    }
    *reterr_codes = codes;
    return true;
}

static bool read_day(struct call *call, const char *name, int64_t *reterr_day_ms)
{
    const char *date = call_query(call, name);
    char detail[80];
    *reterr_day_ms = TIME_NONE;
    if (date == NULL || timestamp_parse_date(date, reterr_day_ms))
        return true;
    (void)snprintf(detail, sizeof detail, "%s must be a day such as 2026-03-15.", name);
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name, detail);
    return false;
}

/* A number from 1 to so many; *ret_number is untouched if it is absent. */
static bool read_number(struct call *call, const char *name, long long most, int64_t *ret_number)
{
    const char *text = call_query(call, name);
    char detail[80];
    long long number = 0;
    if (text == NULL)
        return true;
    if (text_parse_int(text, 1, most, &number)) {
        *ret_number = number;
        return true;
    }
    (void)snprintf(detail, sizeof detail, "%s must be a number from 1 to %lld.", name, most);
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name, detail);
    return false;
}

static bool read_class(struct call *call, const char **reterr_class)
{
    const char *text = parameters_get(&call->request->query, "class");
    *reterr_class = text != NULL && *text != '\0' ? text : NULL;
    if (*reterr_class == NULL || tariff_name_is_valid(text))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "class",
                  "class must be the name of a class, such as economy.");
    return false;
}

/* What a search asks for. It refers to the places and the id. */
struct wanted {
    struct flight_search search;
    struct place_codes origin;
    struct place_codes destination;
    char after_id[CURSOR_SIZE];
};

static bool read_search(struct call *call, struct wanted *w)
{
    struct flight_filter *filter = &w->search.filter;
    int limit = 0;
    *w = (struct wanted){ .search = { .filter = { .from_ms = TIME_NONE, .to_ms = TIME_NONE } } };
    filter->after_id = w->after_id;
    if (!read_day(call, "date", &w->search.day_ms) ||
        !read_number(call, "passengers", SEATS_MAX, &w->search.passengers) ||
        !read_class(call, &w->search.cabin_class) || !call_limit(call, &limit) ||
        !call_cursor(call, &filter->after_ms, w->after_id) ||
        !read_place(call, "origin", &w->origin, &filter->origin) ||
        !read_place(call, "destination", &w->destination, &filter->destination))
        return false;
    w->search.limit = (size_t)limit;
    return true;
}

void flights_get_list(struct call *call)
{
    struct wanted wanted;
    struct flight_search_end end;
    if (!read_search(call, &wanted))
        return;
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_open_array(&w, "flights");
    enum result r = booking_list_flights(call->db, &wanted.search, add_to_list, &w, &end);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    json_close_array(&w);
    call_write_cursor(&w, end.more, end.at.departure_ms, end.at.flight_id);
    json_close_object(&w);
    call->response->cache_control = "no-cache";
}

/* ── the cheapest of each day ───────────────────────────────────────────── */

#define DAYS_BY_DEFAULT 7

static bool refuse_absent(struct call *call, const char *name)
{
    char detail[80];
    (void)snprintf(detail, sizeof detail, "Say %s, too: prices are those of one route.", name);
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name, detail);
    return false;
}

static bool read_price_search(struct call *call, struct place_codes places[2], struct price_search *reterr_search)
{
    *reterr_search = (struct price_search){ .days = DAYS_BY_DEFAULT };
    if (!read_day(call, "from", &reterr_search->from_day_ms) ||
        !read_number(call, "days", PRICE_DAYS_MAX, &reterr_search->days) ||
        !read_number(call, "passengers", SEATS_MAX, &reterr_search->passengers) ||
        !read_class(call, &reterr_search->cabin_class) ||
        !read_place(call, "origin", &places[0], &reterr_search->origin) ||
        !read_place(call, "destination", &places[1], &reterr_search->destination))
        return false;
    if (reterr_search->from_day_ms == TIME_NONE)
        return refuse_absent(call, "from");
    if (reterr_search->origin == NULL)
        return refuse_absent(call, "origin");
    return reterr_search->destination != NULL || refuse_absent(call, "destination");
}

static void write_day_price(struct json_writer *w, const struct day_price *price)
{
    char date[TIMESTAMP_SIZE];
    timestamp_format(price->day_ms, date);
    date[sizeof "2026-03-15" - 1] = '\0';
    json_open_object(w, NULL);
    json_add_text(w, "date", date);
    json_add_int(w, "lowestPriceCents", price->lowest_cents);
    json_add_text(w, "currency", price->currency);
    json_add_int(w, "flights", price->flights);
    json_close_object(w);
}

void flights_get_prices(struct call *call)
{
    struct place_codes places[2];
    struct price_search search;
    struct day_prices prices;
    if (!read_price_search(call, places, &search))
        return;
    enum result r = booking_day_prices(call->db, &search, &prices);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_open_array(&w, "days");
    for (size_t i = 0; i < prices.count; i++)
        write_day_price(&w, &prices.price[i]);
    json_close_array(&w);
    json_close_object(&w);
    call->response->cache_control = "no-cache";
}
