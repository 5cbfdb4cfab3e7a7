#include "booking/store/flights.h"

/* Seats are counted, not kept as a number in the flight: every customer of the
 * flight would have to wait for that row. The page is cut first, then counted. */
#define COUNTED                                                                                  \
    "SELECT p.*,"                                                                                \
    " (SELECT COUNT(*) FROM seats s WHERE s.flight_id = p.flight_id) AS total_seats,"            \
    " (SELECT COUNT(*) FROM seats s LEFT JOIN orders o ON o.order_id = s.reserved_by"            \
    "   WHERE s.flight_id = p.flight_id AND (s.status = 'AVAILABLE'"                             \
    "    OR (s.status = 'RESERVED' AND o.status = 'SEATS_RESERVED'"                              \
    "        AND LEAST(o.expires_at, p.departure_time) <= UTC_TIMESTAMP(3)))) AS available_seats" \
    " FROM ("

DB_SQL(FLIGHT_ONE, COUNTED "SELECT * FROM flights WHERE flight_id = ?) p");

DB_SQL(FLIGHTS_PAGE,
       COUNTED "SELECT * FROM flights"
       " WHERE (? IS NULL OR origin = ?) AND (? IS NULL OR destination = ?)"
       " AND (? IS NULL OR departure_time >= ?) AND (? IS NULL OR departure_time < ?)"
       " AND (? IS NULL OR departure_time > ? OR (departure_time = ? AND flight_id > ?))"
       " ORDER BY departure_time, flight_id LIMIT ?) p"
       " ORDER BY p.departure_time, p.flight_id");

DB_SQL(FLIGHT_EXISTS, "SELECT 1 AS found FROM flights WHERE flight_id = ?");

static enum result query(struct db *db, const struct flight_filter *f, struct db_rows **ret_rows)
{
    if (f->flight_id != NULL)
        return db_query(db, &FLIGHT_ONE, DB_ARGS(db_text(f->flight_id)), ret_rows);
    return db_query(db, &FLIGHTS_PAGE,
                    DB_ARGS(db_text(f->origin), db_text(f->origin), db_text(f->destination),
                            db_text(f->destination), db_time(f->from_ms), db_time(f->from_ms),
                            db_time(f->to_ms), db_time(f->to_ms), db_time(f->after_ms),
                            db_time(f->after_ms), db_time(f->after_ms),
                            db_text(f->after_id == NULL ? "" : f->after_id), db_int(f->limit)),
                    ret_rows);
}

enum result flights_list(struct db *db, const struct flight_filter *filter,
                         void (*each)(const struct flight *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = query(db, filter, &rows);
    for (bool have = true; r == RESULT_OK && have;) {
        r = db_next(rows, &have);
        if (r != RESULT_OK || !have)
            break;
        struct flight flight = {
            .flight_id = db_get_text(rows, "flight_id"),
            .flight_number = db_get_text(rows, "flight_number"),
            .origin = db_get_text(rows, "origin"),
            .destination = db_get_text(rows, "destination"),
            .origin_time_zone = db_get_text(rows, "origin_time_zone"),
            .destination_time_zone = db_get_text(rows, "destination_time_zone"),
            .departure_ms = db_get_time(rows, "departure_time"),
            .seat_rows = db_get_int(rows, "seat_rows"),
            .seat_layout = db_get_text(rows, "seat_layout"),
            .exit_rows = db_get_text(rows, "exit_rows"),
            .price_cents = db_get_int(rows, "price_cents"),
            .currency = db_get_text(rows, "currency"),
            .total_seats = db_get_int(rows, "total_seats"),
            .available_seats = db_get_int(rows, "available_seats"),
        };
        each(&flight, context);
    }
    return r;
}

enum result flights_exists(struct db *db, const char *flight_id)
{
    struct db_rows *rows = NULL;
    bool have = false;
    enum result r = db_query_one(db, &FLIGHT_EXISTS, DB_ARGS(db_text(flight_id)), &rows, &have);
    return r != RESULT_OK || have ? r : RESULT_FLIGHT_NOT_FOUND;
}
