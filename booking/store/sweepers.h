/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SWEEPERS_H
#define BOOKING_STORE_SWEEPERS_H

#include "booking/store/db.h"

/* The sweepers. Each says every few seconds that it is alive. One that has not
 * said so for SWEEPER_SILENT_S counts as gone, and so does one whose last word
 * is in the future by the database's clock. */
#define SWEEPER_SILENT_S 15

enum result sweepers_beat(struct db *db, const char *worker, int64_t in_flight) MUST_CHECK;
enum result sweepers_leave(struct db *db, const char *worker) MUST_CHECK;

/* RESULT_OK if the database can be written: it is neither read-only nor unavailable. */
enum result sweepers_can_be_written(struct db *db) MUST_CHECK;

/* How many are alive, and the database's time. */
enum result sweepers_count(struct db *db, int64_t *ret_alive, int64_t *ret_now_ms) MUST_CHECK;

struct sweeper_row {
    const char *worker;
    bool alive;
    int64_t started_at_ms;
    int64_t last_seen_ms;
    int64_t in_flight;
};
/* Lists the sweepers heard of lately, the oldest first, at most 200: dead ones stay listed until they are purged. */
enum result sweepers_list(struct db *db, void (*each)(const struct sweeper_row *, void *), void *context) MUST_CHECK;

/* Forgets sweepers that were last seen more than a day ago, or in the future. */
enum result sweepers_purge(struct db *db) MUST_CHECK;

#endif
