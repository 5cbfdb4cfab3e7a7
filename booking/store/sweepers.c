/* SPDX-License-Identifier: MIT */
#include "booking/store/sweepers.h"

DB_SQL(SWEEPER_BEAT,
       "INSERT INTO sweepers (worker, started_at, last_seen, in_flight)"
       " VALUES (?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), ?)"
       " ON DUPLICATE KEY UPDATE last_seen = UTC_TIMESTAMP(3), in_flight = ?");
/* Changes no row, but is refused where nothing may be written. */
DB_SQL(SWEEPERS_TRY, "UPDATE sweepers SET in_flight = 0 WHERE worker = ''");
DB_SQL(SWEEPER_LEAVE, "DELETE FROM sweepers WHERE worker = ?");
/* A time in the future was written by another clock, before the database moved or its clock was set. */
#define IS_ALIVE \
    "last_seen > UTC_TIMESTAMP(3) - INTERVAL 15 SECOND AND last_seen < UTC_TIMESTAMP(3) + INTERVAL 5 SECOND"
DB_SQL(SWEEPERS_COUNT,
       "SELECT COUNT(*) AS alive, UTC_TIMESTAMP(3) AS read_at FROM sweepers"
       " WHERE " IS_ALIVE);
DB_SQL(SWEEPERS_LIST,
       "SELECT worker, started_at, last_seen, in_flight,"
       " CASE WHEN " IS_ALIVE " THEN 1 ELSE 0 END AS alive"
       " FROM sweepers ORDER BY started_at, worker LIMIT 200");
DB_SQL(SWEEPERS_PURGE, "DELETE FROM sweepers WHERE last_seen < UTC_TIMESTAMP(3) - INTERVAL 1 DAY"
       " OR last_seen > UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE");

enum result sweepers_can_be_written(struct db *db)
{
    return db_exec(db, &SWEEPERS_TRY, DB_NO_ARGS, NULL);
}

enum result sweepers_beat(struct db *db, const char *worker, int64_t in_flight)
{
    return db_exec(db, &SWEEPER_BEAT, DB_ARGS(db_text(worker), db_int(in_flight), db_int(in_flight)), NULL);
}

enum result sweepers_leave(struct db *db, const char *worker)
{
    return db_exec(db, &SWEEPER_LEAVE, DB_ARGS(db_text(worker)), NULL);
}

enum result sweepers_count(struct db *db, int64_t *ret_alive, int64_t *ret_now_ms)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &SWEEPERS_COUNT, DB_NO_ARGS, RESULT_INTERNAL, &rows);
    if (r != RESULT_OK)
        return r;
    *ret_alive = db_get_int(rows, "alive");
    *ret_now_ms = db_get_time(rows, "read_at");
    return RESULT_OK;
}

enum result sweepers_list(struct db *db, void (*each)(const struct sweeper_row *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &SWEEPERS_LIST, DB_NO_ARGS, &rows);
    while (db_more(rows, &r)) {
        struct sweeper_row row = {
            .worker = db_get_text(rows, "worker"),
            .alive = db_get_int(rows, "alive") != 0,
            .started_at_ms = db_get_time(rows, "started_at"),
            .last_seen_ms = db_get_time(rows, "last_seen"),
            .in_flight = db_get_int(rows, "in_flight"),
        };
        each(&row, context);
    }
    return r;
}

enum result sweepers_purge(struct db *db)
{
    return db_exec(db, &SWEEPERS_PURGE, DB_NO_ARGS, NULL);
}
