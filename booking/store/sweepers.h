#ifndef BOOKING_STORE_SWEEPERS_H
#define BOOKING_STORE_SWEEPERS_H

#include "booking/store/db.h"

/* Who is sweeping. A sweeper says every few seconds that it lives; one that
 * has not for SWEEPER_SILENT_S is counted as gone. */
#define SWEEPER_SILENT_S 15

enum result sweepers_beat(struct db *db, const char *worker, int64_t in_flight) MUST_CHECK;
enum result sweepers_leave(struct db *db, const char *worker) MUST_CHECK;

/* How many are alive, and the database's time. */
enum result sweepers_count(struct db *db, int64_t *ret_alive, int64_t *ret_now_ms) MUST_CHECK;

/* Forgets sweepers that were last seen a day ago. */
enum result sweepers_purge(struct db *db) MUST_CHECK;

#endif
