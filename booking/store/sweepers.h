/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SWEEPERS_H
#define BOOKING_STORE_SWEEPERS_H

#include "booking/store/db.h"

/* Who is sweeping. A sweeper says every few seconds that it lives; one that
 * has not for SWEEPER_SILENT_S is counted as gone, and so is one whose word comes
 * from the future, by the database's clock. */
#define SWEEPER_SILENT_S 15

enum result sweepers_beat(struct db *db, const char *worker, int64_t in_flight) MUST_CHECK;
enum result sweepers_leave(struct db *db, const char *worker) MUST_CHECK;

/* RESULT_OK if the database can be written: it is neither read-only nor away. */
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
/* Those heard of lately, the oldest first, at most 200: the dead stay listed until they are forgotten. */
enum result sweepers_list(struct db *db, void (*each)(const struct sweeper_row *, void *), void *context) MUST_CHECK;

/* Forgets sweepers that were last seen a day ago, or in the future. */
enum result sweepers_purge(struct db *db) MUST_CHECK;

#endif
