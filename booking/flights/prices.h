/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_PRICES_H
#define BOOKING_FLIGHTS_PRICES_H

#include "booking/store/flights.h"

#define PRICE_DAYS_MAX 31
/* Flights of one day may be sold in several currencies, whose amounts cannot be compared. */
#define DAY_PRICES_MAX (4 * PRICE_DAYS_MAX)

/* Whose days are asked for: flights between these places from a local day on, as timestamp_parse_date() reads it. */
struct price_search {
    const struct place_codes *origin;
    const struct place_codes *destination;
    int64_t from_day_ms;
    int64_t days;            /* 1 … PRICE_DAYS_MAX */
    int64_t passengers;      /* at least so many free seats, of the class if one is named */
    const char *cabin_class; /* NULL: any */
};

/* What the cheapest free seat of a day costs, in one currency. */
struct day_price {
    int64_t day_ms;
    char currency[CURRENCY_SIZE];
    int64_t lowest_cents;
    int64_t flights; /* that have a seat */
};
struct day_prices {
    size_t count;
    struct day_price price[DAY_PRICES_MAX]; /* by day, then currency */
};

/* Counts of seats may be two seconds old. A plain read, by the index of routes. */
enum result booking_day_prices(struct db *db, const struct price_search *search,
                               struct day_prices *reterr_prices) MUST_CHECK;

#endif
