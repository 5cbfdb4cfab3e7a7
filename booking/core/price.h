/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_PRICE_H
#define BOOKING_CORE_PRICE_H

#include "booking/core/seat.h"

#include <stdint.h>

/* The price of each seat of an order, listed like its seats, in minor units of
 * the order's currency. */
struct price_list {
    int64_t cents[SEATS_MAX];
};

/* As the database keeps it: "12900,12900" and the NUL. */
#define PRICES_TEXT_SIZE (SEATS_MAX * 20 + 1)

void price_list_format(const struct price_list *prices, size_t count, char ret_text[PRICES_TEXT_SIZE]);

/* Reads what price_list_format() wrote. If the text is NULL or does not fit the
 * order (another number of prices, another sum), each seat gets an equal part
 * of the total, and the first seats get the remainder, a unit each. */
void price_list_read(const char *text, size_t count, int64_t total_cents, struct price_list *ret_prices);

int64_t price_list_sum(const struct price_list *prices, size_t count);

/* Gives the prices of a new choice of seats: a seat that was chosen before
 * keeps its price, all others have the present one. */
void price_list_choose(const struct seat_list *before, const struct price_list *prices_before,
                       const struct seat_list *now, int64_t price_cents, struct price_list *ret_prices);

#endif
