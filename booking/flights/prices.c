/* SPDX-License-Identifier: MIT */
#include "booking/flights/prices.h"

#include "booking/base/text.h"
#include "booking/base/zone.h"
#include "booking/flights/search.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)
/* No clock is further from UTC. */
#define OFFSET_MAX_MS (DAY_MS * 15 / 24)
/* So many of a route are looked at; in a month that is 30 a day. */
#define FLIGHTS_MAX 1000

struct pricing {
    const struct price_search *search;
    struct day_prices *prices;
};

static int64_t day_of(const struct flight *flight)
{
    int64_t day_ms = flight->day_ms;
    if (day_ms == TIME_NONE)
        zone_days(flight->origin_time_zone, &flight->departure_ms, 1, &day_ms);
    return day_ms;
}

/* -1: none is free. */
static int64_t lowest_of(const struct flight_offer *offer, const char *cabin_class)
{
    if (cabin_class == NULL)
        return offer->lowest_cents;
    for (size_t i = 0; i < offer->class_count; i++) {
        if (strcmp(offer->cabin_class[i].name, cabin_class) == 0)
            return offer->cabin_class[i].lowest_cents;
    }
    return -1;
}

/* The row of a day and a currency, which is made if there is none. NULL if there is no room for it. */
static struct day_price *find_row(struct day_prices *prices, int64_t day_ms, const char *currency)
{
    size_t i = 0;
    while (i < prices->count && (prices->price[i].day_ms < day_ms || (prices->price[i].day_ms == day_ms &&
                                                                      strcmp(prices->price[i].currency, currency) < 0)))
        i++;
    struct day_price *row = &prices->price[i];
    if (i < prices->count && row->day_ms == day_ms && strcmp(row->currency, currency) == 0)
        return row;
    if (prices->count == DAY_PRICES_MAX)
        return NULL;
    memmove(row + 1, row, (prices->count++ - i) * sizeof *row);
    *row = (struct day_price){ .day_ms = day_ms, .lowest_cents = INT64_MAX };
    text_copy(row->currency, sizeof row->currency, currency);
    return row;
}

static void take_offer(const struct flight_offer *offer, void *context)
{
    const struct pricing *p = context;
    const int64_t cents = lowest_of(offer, p->search->cabin_class);
    const int64_t day_ms = day_of(&offer->flight);
    const int64_t end_ms = p->search->from_day_ms + p->search->days * DAY_MS;
    if (cents < 0 || day_ms < p->search->from_day_ms || day_ms >= end_ms)
        return;
    struct day_price *row = find_row(p->prices, day_ms, offer->flight.currency);
    if (row == NULL)
        return;
    row->flights++;
    if (cents < row->lowest_cents)
        row->lowest_cents = cents;
}

/* The codes one by one, so that each pair is found by the index of routes. */
static enum result price_route(struct db *db, struct pricing *p, const char *origin, const char *destination)
{
    struct place_codes from = { .count = 1 };
    struct place_codes to = { .count = 1 };
    struct flight_search_end end;
    const struct flight_search search = {
        .filter = { .origin = &from,
                    .destination = &to,
                    .from_ms = p->search->from_day_ms - OFFSET_MAX_MS,
                    .to_ms = p->search->from_day_ms + p->search->days * DAY_MS + OFFSET_MAX_MS,
                    .after_ms = TIME_NONE },
        .day_ms = TIME_NONE,
        .passengers = p->search->passengers,
        .cabin_class = p->search->cabin_class,
        .limit = FLIGHTS_MAX,
    };
    text_copy(from.code[0], PLACE_SIZE, origin);
    text_copy(to.code[0], PLACE_SIZE, destination);
    return booking_list_flights(db, &search, take_offer, p, &end);
}

enum result booking_day_prices(struct db *db, const struct price_search *search, struct day_prices *reterr_prices)
{
    struct pricing p = { search, reterr_prices };
    reterr_prices->count = 0;
    for (size_t i = 0; i < search->origin->count; i++) {
        for (size_t k = 0; k < search->destination->count; k++)
            TRY(price_route(db, &p, search->origin->code[i], search->destination->code[k]));
    }
    return RESULT_OK;
}
