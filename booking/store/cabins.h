/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_CABINS_H
#define BOOKING_STORE_CABINS_H

#include "booking/base/buf.h"
#include "booking/core/cabin.h"
#include "booking/store/db.h"

/* Seating plans with their versions. No row is ever changed: a changed plan is a new version. */

#define CABIN_NEWEST 0

struct cabin_version {
    int64_t version;
    int64_t seat_count;
    char name[CABIN_NAME_SIZE];
    struct buf plan; /* as cabin_write_plan() writes it */
};
#define CABIN_VERSION_INIT ((struct cabin_version){ 0 })
void cabin_version_done(struct cabin_version *version);

/* Finds a version of a cabin, or the newest; RESULT_NOT_FOUND. Within a transaction the row cannot be removed until the
 * end, so that a flight may refer to it. *reterr_version, which must be initialized, is filled. */
enum result cabins_find(struct db *db, const char *cabin_id, int64_t version,
                        struct cabin_version *reterr_version) MUST_CHECK;

/* The same, and reads the plan. After RESULT_OK, cabin_done() must be called. */
enum result cabins_read(struct db *db, const char *cabin_id, int64_t version, struct cabin *ret_cabin,
                        int64_t *ret_version) MUST_CHECK;

/* Finds the newest version and locks all of them against changes, and against new references. */
enum result cabins_lock(struct db *db, const char *cabin_id, struct cabin_version *reterr_version) MUST_CHECK;

/* Adds a version; RESULT_DUPLICATE if another operator just did. */
enum result cabins_add(struct db *db, const char *cabin_id, const struct cabin_version *version) MUST_CHECK;
enum result cabins_remove(struct db *db, const char *cabin_id) MUST_CHECK;

/* How many flights have this cabin, in whatever version. */
enum result cabins_count_flights(struct db *db, const char *cabin_id, int64_t *ret_flights) MUST_CHECK;

/* The newest versions, by id, after that one; the row is valid only during the call. */
struct cabin_row {
    const char *cabin_id;
    const char *name;
    int64_t version;
    int64_t seat_count;
    int64_t flights;
};
enum result cabins_list(struct db *db, const char *after_id, int limit, void (*each)(const struct cabin_row *, void *),
                        void *context) MUST_CHECK;

#endif
