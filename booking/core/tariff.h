/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_TARIFF_H
#define BOOKING_CORE_TARIFF_H

#include "booking/core/price.h"

#include <stdbool.h>

/* What the seats of a flight cost now: the fare of a seat's class, and a surcharge for each of its features that has
 * one. All amounts are minor units of the flight's currency. */

/* "economy", "extra-legroom": lower-case letters, digits and hyphens, and the NUL. */
#define CLASS_SIZE 21
#define FEATURE_SIZE 21
/* "aisle,exit,extra-legroom" and the NUL. */
#define FEATURES_SIZE 201

/* The class of a seat of which none is known. */
#define CLASS_ECONOMY "economy"

#define FARES_MAX 8
#define SURCHARGES_MAX 16
/* The most a fare or a surcharge may be, so that no sum can overflow. */
#define FARE_MAX_CENTS INT64_C(100000000000)

struct amount_of {
    char name[CLASS_SIZE];
    int64_t cents;
};

struct tariff {
    int64_t base_cents; /* the fare of every class that is not in the list */
    size_t fare_count;
    struct amount_of fare[FARES_MAX];
    size_t surcharge_count;
    struct amount_of surcharge[SURCHARGES_MAX];
    int64_t tax_basis_points; /* included in all prices; 1900 is 19 % */
};

/* "business=39900,economy" and the NUL, as the database keeps it: a class without an amount costs base_cents. */
#define TARIFF_TEXT_SIZE 601

/* Reads fares and surcharges as the database keeps them, and tariff_format() writes them; either may be empty. False,
 * and *ret_tariff is untouched, if they are of another form. */
bool tariff_read(int64_t base_cents, const char *fares, const char *surcharges, int64_t tax_basis_points,
                 struct tariff *ret_tariff);
bool tariff_format(const struct amount_of *list, size_t count, size_t base, char ret_text[TARIFF_TEXT_SIZE]);
#define TARIFF_NO_BASE SIZE_MAX /* base is the one in the list that is written without its amount */

/* Whether a name has the form of a class or a feature. */
bool tariff_name_is_valid(const char *name);

/* The fare of a class. */
int64_t tariff_fare(const struct tariff *tariff, const char *cabin_class);

/* What a seat costs: its class, and its features as the database keeps them. */
int64_t tariff_cents(const struct tariff *tariff, const char *cabin_class, const char *features);

/* Prices the seat at this place of a list: its class, and its features as the database keeps them. */
void tariff_price(const struct tariff *tariff, const char *cabin_class, const char *features, size_t at,
                  struct price_list *prices);

#endif
