/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_SEAT_MAP_H
#define BOOKING_CORE_SEAT_MAP_H

#include "booking/core/seat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The seats of a flight as they stand in its cabin: which are neighbors, and where the aisles are. */

#define SEAT_MAP_CLASSES 16
#define SEAT_MAP_CLASS_SIZE 21

/* A column's letters: one, or two; and the NUL. */
#define COLUMN_SIZE 3

struct map_seat {
    char number[SEAT_NUMBER_SIZE];
    char letters[COLUMN_SIZE];
    uint8_t cabin_class; /* an index into the map's classes */
    bool is_free;
    bool is_window;
    bool is_aisle;
    bool knows_place;   /* window and aisle are known from the seat's features */
    bool joins;         /* the seat before it in the list is its neighbor in the row … */
    bool over_aisle;    /* … beyond an aisle */
    bool begins_row;    /* the seat before it is in another row, or of another class */
    uint16_t column;    /* from left to right, in an order of all columns there can be */
    uint16_t row_count; /* which row of its class it is in, from 0 */
    int32_t row;
    int64_t price_cents;
};

/* Begin with SEAT_MAP_INIT. */
struct seat_map {
    size_t count, room;
    struct map_seat *seat; /* by class, row and column */
    size_t class_count;
    char cabin_class[SEAT_MAP_CLASSES][SEAT_MAP_CLASS_SIZE];
    size_t class_rows[SEAT_MAP_CLASSES];
    bool has_failed; /* no memory */
};

#define SEAT_MAP_INIT \
    {                 \
        .count = 0    \
    }

/* What is known of a seat. */
struct seat_facts {
    const char *number;
    int64_t row;
    const char *column;
    const char *cabin_class;
    const char
        *features; /* "aisle,exit"; NULL: not known, so the layout says what is a window and where the aisles are */
    int64_t price_cents;
    bool is_free;
};

/* Adds seats, in any order; then seat_map_arrange() puts them in their places. The layout, "ABC DEF", is the flight's.
 * False without memory, or if there are more classes than a map can have. */
bool seat_map_add(struct seat_map *map, const struct seat_facts *facts);
bool seat_map_arrange(struct seat_map *map, const char *layout);
void seat_map_done(struct seat_map *map);

/* The class's index, or class_count if no seat is of that class. */
size_t seat_map_class(const struct seat_map *map, const char *name);

/* The columns of a class in an arranged map, from left to right: up to max of them. */
struct map_column {
    char letters[COLUMN_SIZE];
    bool over_aisle; /* the column to the left is beyond an aisle */
    uint16_t column;
};
size_t seat_map_columns(const struct seat_map *map, size_t cabin_class, struct map_column *ret_columns, size_t max);

/* The seat with this number, in an arranged map or before; NULL if there is none. */
struct map_seat *seat_map_find(const struct seat_map *map, const char *number);

#endif
