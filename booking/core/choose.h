/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_CHOOSE_H
#define BOOKING_CORE_CHOOSE_H

#include "booking/core/seat_map.h"

/* Chooses the best of the free seats for those who say only how many they are. */

enum choose_prefer { CHOOSE_ANY, CHOOSE_WINDOW, CHOOSE_AISLE, CHOOSE_FRONT, CHOOSE_BACK };

struct choose_wish {
    size_t count;            /* 1 to SEATS_MAX */
    const char *cabin_class; /* NULL: the class with the lowest price in which there are enough */
    enum choose_prefer prefer;
    /* Whether it matters more than a preference or a price that no seat is left over between taken ones. */
    bool avoid_singles;
    /* 0: the best. Others give other seats that are as good, as far as there are any, so that customers who ask at the
     * same moment need not get the same. */
    size_t rank;
};

/* Chooses so many free seats of an arranged map. What counts, in this order: that they are in one row and side by side,
 * without an aisle between them; side by side; in one row; close together in neighboring rows. Among equals: that no
 * seat is left over alone; the preference (window, aisle: that one of them is; front, back: the row); the lowest price;
 * the foremost row. All are of one class if any has enough, and the same arguments always give the same seats. False if
 * fewer are free, or without memory. */
bool choose_seats(const struct seat_map *map, const struct choose_wish *wish, struct seat_list *ret_seats);

/* "window", "aisle", "front", "back"; false if the text is anything else. */
bool choose_prefer_parse(const char *text, enum choose_prefer *ret_prefer);

/* Whether taking these free seats of the map leaves a free seat over alone, which had a free neighbor, though as many
 * seats of the class could be had that are at least as close together, cost no more, and leave none. *ret_single is
 * that seat. False for seats that are not in the map, not free, or of several classes. */
bool choose_leaves_single(const struct seat_map *map, const struct seat_list *seats, char ret_single[SEAT_NUMBER_SIZE]);

#endif
