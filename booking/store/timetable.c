/* SPDX-License-Identifier: MIT */
#include "booking/store/timetable.h"

/* The departure after which a page begins is a condition of its own for the sake of the index. */
DB_SQL(TIMETABLE_PAGE,
       "SELECT flight_id, departure_time, departure_said, arrival_time, arrival_said FROM flights"
       " WHERE departure_time > UTC_TIMESTAMP(3) AND departure_time >= ? AND (departure_time > ? OR flight_id > ?)"
       " AND status IN ('ON_SALE', 'CLOSED') AND (departure_said <> '' OR arrival_said <> '')"
       " ORDER BY departure_time, flight_id LIMIT ?");

enum result timetable_page(struct db *db, int64_t after_ms, const char *after_id, int limit,
                           void (*each)(const struct timetable_flight *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &TIMETABLE_PAGE,
                             DB_ARGS(db_time(after_ms), db_time(after_ms), db_text(after_id), db_int(limit)), &rows);
    while (db_more(rows, &r)) {
        const struct timetable_flight flight = {
            .flight_id = db_get_text(rows, "flight_id"),
            .departure_said = db_get_text(rows, "departure_said"),
            .arrival_said = db_get_text(rows, "arrival_said"),
            .departure_ms = db_get_time(rows, "departure_time"),
            .arrival_ms = db_get_time(rows, "arrival_time"),
        };
        each(&flight, context);
    }
    return r;
}
