/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_PLACES_H
#define BOOKING_STORE_PLACES_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* Where flights go. */

/* 100 characters of UTF-8, and the NUL. */
#define PLACE_NAME_SIZE 401

struct place {
    char code[PLACE_SIZE];
    char name[PLACE_NAME_SIZE];
    char city[PLACE_NAME_SIZE];
    char time_zone[TIME_ZONE_SIZE]; /* IANA, and known to the host that took it */
    int64_t version;
};

/* Whether a text can be a place's code: three capital letters or digits. */
bool place_code_is_valid(const char *code);

/* RESULT_OK or NOT_FOUND. Within a transaction the row cannot be changed or removed until the end, so that a flight may
 * refer to it; places_lock() waits for that. */
enum result places_find(struct db *db, const char *code, struct place *ret_place) MUST_CHECK;
enum result places_lock(struct db *db, const char *code, struct place *ret_place) MUST_CHECK;

/* Adds a place (RESULT_DUPLICATE if somebody else just did), or changes the one with this code and the version before
 * this one. */
enum result places_add(struct db *db, const struct place *place) MUST_CHECK;
enum result places_change(struct db *db, const struct place *place) MUST_CHECK;
enum result places_remove(struct db *db, const char *code) MUST_CHECK;

/* How people call the two ends of a route, without a lock; "" where the table does not know them. */
struct place_names {
    char origin[PLACE_NAME_SIZE];
    char destination[PLACE_NAME_SIZE];
};
enum result places_names(struct db *db, const char *origin, const char *destination,
                         struct place_names *ret_names) MUST_CHECK;

/* Whether a flight begins or ends there. */
enum result places_is_used(struct db *db, const char *code, bool *ret_used) MUST_CHECK;

/* Which places: all after that code, or those of them that have one of these codes, and whose code is the searched text
 * or whose name or city begins with it, without regard to case and accents. */
#define PLACE_CODES_MAX 100
struct place_filter {
    const char *search; /* NULL: any */
    size_t code_count;  /* 0: any */
    char codes[PLACE_CODES_MAX][PLACE_SIZE];
    const char *after_code; /* "": from the first */
};

/* Places by code. The row is valid only during the call. */
enum result places_list(struct db *db, const struct place_filter *filter, int limit,
                        void (*each)(const struct place *, void *), void *context) MUST_CHECK;

#endif
