/* SPDX-License-Identifier: MIT */
#include "booking/store/flights.h"

#include "booking/base/text.h"
#include "booking/store/slots.h"

/* Seats are counted, not kept as a number in the flight's row: every customer
 * of the flight would have to wait for that row. The page is cut first, then
 * its seats are counted. */
#define COUNTED                                                                                   \
    "SELECT p.flight_id, p.flight_number, p.origin, p.destination, p.origin_time_zone,"           \
    " p.destination_time_zone, p.departure_time, p.seat_rows, p.seat_layout, p.exit_rows,"        \
    " p.price_cents, p.currency,"                                                                 \
    " (SELECT COUNT(*) FROM seats s WHERE s.flight_id = p.flight_id) AS total_seats,"             \
    " (SELECT COUNT(*) FROM seats s LEFT JOIN orders o ON o.order_id = s.reserved_by"             \
    "   WHERE s.flight_id = p.flight_id AND (s.status = 'AVAILABLE'"                              \
    "    OR (s.status = 'RESERVED' AND o.status = 'SEATS_RESERVED'"                               \
    "        AND LEAST(o.expires_at, p.departure_time) <= UTC_TIMESTAMP(3)))) AS available_seats" \
    " FROM ("

DB_SQL(FLIGHT_ONE, COUNTED "SELECT * FROM flights WHERE flight_id = ?) p");

/* Flights are on sale if they depart from now on. A page begins after the last
 * flight of the page before, whose departure is a condition of its own for the
 * sake of the index. */
#define ON_SALE                                                                             \
    " FROM flights WHERE (? IS NULL OR origin = ?) AND (? IS NULL OR destination = ?)"      \
    " AND departure_time > UTC_TIMESTAMP(3) AND departure_time >= ? AND departure_time < ?" \
    " AND departure_time >= ? AND (departure_time > ? OR flight_id > ?)"                    \
    " ORDER BY departure_time, flight_id LIMIT ?"

DB_SQL(FLIGHTS_PAGE, COUNTED "SELECT *" ON_SALE ") p ORDER BY p.departure_time, p.flight_id");

DB_SQL(FLIGHTS_DEPARTURES, "SELECT flight_id, departure_time, origin_time_zone" ON_SALE);

DB_SQL(FLIGHTS_NAMED,
       COUNTED "SELECT * FROM flights WHERE flight_id IN (" SLOTS_64 "," SLOTS_64 ")"
               " AND departure_time > UTC_TIMESTAMP(3)) p ORDER BY p.departure_time, p.flight_id");

DB_SQL(FLIGHT_EXISTS, "SELECT 1 AS found FROM flights WHERE flight_id = ?");

/* Before and after every flight there will ever be. */
#define FAR_PAST_MS INT64_C(0)
#define FAR_FUTURE_MS INT64_C(253370764800000)

DB_SQL(FLIGHTS_DEPARTED,
       "SELECT flight_id, departure_time FROM flights WHERE departure_time >= ?"
       " AND departure_time <= TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3))"
       " AND (departure_time > ? OR flight_id > ?) ORDER BY departure_time, flight_id LIMIT ?");

static enum result query_on_sale(struct db *db, const struct db_sql *sql, const struct flight_filter *f,
                                 struct db_rows **ret_rows)
{
    struct db_value from = db_time(f->from_ms == TIME_NONE ? FAR_PAST_MS : f->from_ms);
    struct db_value to = db_time(f->to_ms == TIME_NONE ? FAR_FUTURE_MS : f->to_ms);
    struct db_value after = db_time(f->after_ms == TIME_NONE ? FAR_PAST_MS : f->after_ms);
    return db_query(db, sql,
                    DB_ARGS(db_text(f->origin), db_text(f->origin), db_text(f->destination), db_text(f->destination),
                            from, to, after, after, db_text(f->after_id == NULL ? "" : f->after_id), db_int(f->limit)),
                    ret_rows);
}

static enum result give_flights(enum result r, struct db_rows *rows, void (*each)(const struct flight *, void *),
                                void *context)
{
    while (db_more(rows, &r)) {
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

enum result flights_list(struct db *db, const struct flight_filter *filter, void (*each)(const struct flight *, void *),
                         void *context)
{
    struct db_rows *rows = NULL;
    enum result r = filter->flight_id != NULL ? db_query(db, &FLIGHT_ONE, DB_ARGS(db_text(filter->flight_id)), &rows)
                                              : query_on_sale(db, &FLIGHTS_PAGE, filter, &rows);
    return give_flights(r, rows, each, context);
}

enum result flights_departures(struct db *db, const struct flight_filter *filter,
                               void (*each)(const struct flight_departure *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = query_on_sale(db, &FLIGHTS_DEPARTURES, filter, &rows);
    while (db_more(rows, &r)) {
        struct flight_departure flight;
        text_copy(flight.flight_id, sizeof flight.flight_id, db_get_text(rows, "flight_id"));
        text_copy(flight.origin_time_zone, sizeof flight.origin_time_zone, db_get_text(rows, "origin_time_zone"));
        flight.departure_ms = db_get_time(rows, "departure_time");
        each(&flight, context);
    }
    return r;
}

enum result flights_named(struct db *db, const struct flight_ids *ids, void (*each)(const struct flight *, void *),
                          void *context)
{
    struct db_value args[FLIGHT_IDS_MAX];
    struct db_rows *rows = NULL;
    for (size_t i = 0; i < FLIGHT_IDS_MAX; i++)
        args[i] = db_text(ids->id[i < ids->count ? i : ids->count - 1]);
    enum result r = db_query(db, &FLIGHTS_NAMED, args, FLIGHT_IDS_MAX, &rows);
    return give_flights(r, rows, each, context);
}

enum result flights_exists(struct db *db, const char *flight_id)
{
    struct db_rows *rows = NULL;
    return db_query_one(db, &FLIGHT_EXISTS, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows);
}

enum result flights_departed(struct db *db, int64_t ago_ms, const struct flight_position *after, size_t limit,
                             struct flight_position *reterr_flights, size_t *reterr_count)
{
    struct db_value from = db_time(after->departure_ms);
    struct db_rows *rows = NULL;
    size_t count = 0;
    enum result r = db_query(db, &FLIGHTS_DEPARTED,
                             DB_ARGS(from, db_int(ago_ms), from, db_text(after->flight_id), db_int((int64_t)limit)),
                             &rows);
    while (db_more(rows, &r)) {
        reterr_flights[count].departure_ms = db_get_time(rows, "departure_time");
        text_copy(reterr_flights[count++].flight_id, FLIGHT_ID_SIZE, db_get_text(rows, "flight_id"));
    }
    *reterr_count = count;
    return r;
}
