/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_CABIN_H
#define BOOKING_CORE_CABIN_H

#include "booking/base/buf.h"
#include "booking/core/faults.h"
#include "booking/core/seat.h"
#include "booking/core/tariff.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A seating plan: sections with rows and columns, and the seats that follow from them. docs/carrier.md says how a plan
 * is written. */

#define CABIN_ID_SIZE 51
/* 100 characters of UTF-8, and the NUL. */
#define CABIN_NAME_SIZE 401
#define CABIN_ROW_MAX 999
#define CABIN_SEATS_MAX 2000
#define CABIN_SECTIONS_MAX 50
#define CABIN_COLUMNS_MAX 52
#define CABIN_CLASSES_MAX FARES_MAX
/* The features that one section names. */
#define CABIN_FEATURES_MAX 16

struct row_set {
    uint8_t bits[CABIN_ROW_MAX / 8 + 1];
};
bool row_set_has(const struct row_set *set, int row);

struct cabin_column {
    char letters[3];
    bool over_aisle; /* the column before it is beyond an aisle */
};

struct cabin_section {
    char cabin_class[CLASS_SIZE];
    struct row_set rows;
    size_t column_count;
    struct cabin_column column[CABIN_COLUMNS_MAX];
    size_t feature_count;
    struct cabin_feature {
        char name[FEATURE_SIZE];
        struct row_set rows;
    } feature[CABIN_FEATURES_MAX];
};

struct cabin_seat {
    char number[SEAT_NUMBER_SIZE];
    char letters[3];
    int row;
    char cabin_class[CLASS_SIZE];
    char features[FEATURES_SIZE]; /* sorted: "aisle,exit", as the database keeps them */
};

struct cabin {
    char id[CABIN_ID_SIZE];     /* empty if the plan does not say it; likewise the name */
    char name[CABIN_NAME_SIZE]; /* trimmed */
    bool is_column_first;       /* "A12", not "12A" */
    size_t section_count;
    struct cabin_section *section;
    size_t seat_count;
    struct cabin_seat *seat; /* by section, row and column */
};

#define CABIN_INIT ((struct cabin){ 0 })

/* Reads a plan. Whatever is wrong with it is added to the faults; the seats are then those of what could be read, which
 * a console can draw. False if there was a fault. Without memory there is one, too. After either, cabin_done() must be
 * called. */
struct json_object;
bool cabin_read(struct json_object *plan, struct cabin *reterr_cabin, struct faults *faults);
bool cabin_read_text(const char *json, struct cabin *reterr_cabin, struct faults *faults);
void cabin_done(struct cabin *cabin);

/* Whether a text can be a cabin's id: up to 50 letters, digits, ".", "_" and "-". */
bool cabin_id_is_valid(const char *id);

/* Writes the plan, without id and name, in the one spelling that all equal plans have. */
void cabin_write_plan(struct buf *out, const struct cabin *cabin);

/* How the flights of the first version describe a cabin, for programs and clients that know no plans: the columns of
 * the widest section ("ABC DEF"; those of two letters, and what does not fit, are left out), the number of its last
 * row, and the rows with the feature "exit" ("10,11"; as many as fit). */
#define CABIN_LAYOUT_SIZE 31
#define CABIN_EXIT_ROWS_SIZE 101
void cabin_layout(const struct cabin *cabin, char ret_layout[CABIN_LAYOUT_SIZE]);
int cabin_last_row(const struct cabin *cabin);
void cabin_exit_rows(const struct cabin *cabin, char ret_rows[CABIN_EXIT_ROWS_SIZE]);

/* A seat of a flight of the first version. */
struct cabin_found {
    char number[SEAT_NUMBER_SIZE];
    char letters[3];
    int64_t row;
    char cabin_class[CLASS_SIZE]; /* empty: not known */
    bool knows_features;
    char features[FEATURES_SIZE];
};

/* Finds the plan that these seats, the flight's layout and its exit rows follow: a cabin of one class, economy. Returns
 * NULL, or why they follow none, as a clause ("seat X1 has another number than its row and column make"); *reterr_text
 * is room for it. After NULL, cabin_done() must be called. The cabin's id and name are proposals. */
#define CABIN_WHY_SIZE 120
const char *cabin_derive(const char *layout, const char *exit_rows, const struct cabin_found *found, size_t count,
                         struct cabin *ret_cabin, char reterr_why[CABIN_WHY_SIZE]);

/* For cabin.c and its neighbors: builds the seats of the sections but those that are left out: of each row, a bit for
 * each of its columns. False without memory. */
bool cabin_build_seats(struct cabin *cabin, const uint64_t left_out[CABIN_ROW_MAX + 1]);
void row_set_add(struct row_set *set, int row);
/* "1-4,7"; a text that does not fit ends with "…". */
void row_set_format(const struct row_set *set, char *ret_text, size_t size);
size_t row_set_count(const struct row_set *set);

#endif
