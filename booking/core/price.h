/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_PRICE_H
#define BOOKING_CORE_PRICE_H

#include "booking/core/seat.h"

#include <stdbool.h>
#include <stdint.h>

/* The price of each seat of an order, listed like its seats, in minor units of
 * the order's currency. */
#define PRICE_PART_SIZE 160
struct price_list {
    int64_t cents[SEATS_MAX];
    /* Of what each is made, "economy=12900+exit=1500"; empty: it stands alone. */
    char part[SEATS_MAX][PRICE_PART_SIZE];
};

/* As the database keeps it: "12900,12900" and the NUL; and "economy=12900+exit=1500,economy=12900" and the NUL. */
#define PRICES_TEXT_SIZE (SEATS_MAX * 20 + 1)
#define PRICE_PARTS_TEXT_SIZE (SEATS_MAX * PRICE_PART_SIZE + 1)

void price_list_format(const struct price_list *prices, size_t count, char ret_text[PRICES_TEXT_SIZE]);

/* Reads what price_list_format() wrote. If the text is NULL or does not fit the
 * order (another number of prices, another sum), each seat gets an equal part
 * of the total, and the first seats get the remainder, a unit each. */
void price_list_read(const char *text, size_t count, int64_t total_cents, struct price_list *ret_prices);

/* Writes what the prices are made of, and reads it back; an empty text, or NULL, if all stand alone. */
void price_list_format_parts(const struct price_list *prices, size_t count, char ret_text[PRICE_PARTS_TEXT_SIZE]);
void price_list_read_parts(const char *text, size_t count, struct price_list *prices);

/* A part of a price: the fare of a class, or the surcharge for a feature. */
struct price_part {
    bool is_fare;
    char name[21];
    int64_t cents;
};

/* Gives the next part of "economy=12900+exit=1500" and moves *cursor past it; false at the end. */
bool price_part_next(const char **cursor, struct price_part *ret_part);

/* How much of a price is tax, half a unit rounded up: basis points of what is left without it (1900 is 19 %). */
int64_t price_tax_included(int64_t cents, int64_t tax_basis_points);

int64_t price_list_sum(const struct price_list *prices, size_t count);

/* Gives the prices of a new choice of seats: a seat that was chosen before
 * keeps its price, all others have the present one. */
void price_list_choose(const struct seat_list *before, const struct price_list *prices_before,
                       const struct seat_list *now, const struct price_list *present, struct price_list *ret_prices);

#endif
