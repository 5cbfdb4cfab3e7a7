/* SPDX-License-Identifier: MIT */
#include "booking/store/seat_map.h"

#include <string.h>

/* The order of a held or sold seat, the passenger who has the seat, and whether that passenger is on board. */
#define HOLDER                                                                                                \
    " o.order_id, o.status AS order_status, o.locator, COALESCE(o.owner, o.user_id) AS user_id, p.person_id," \
    " p.given_name, p.family_name, p.passenger_kind, p.assistance, b.boarded_at"
#define SEAT                                                                                                           \
    "SELECT s.seat_number, s.seat_row, COALESCE(s.seat_letters, s.seat_column) AS letters, s.cabin_class, s.features," \
    " s.blocked,"
#define OF_SEAT                                                                \
    " LEFT JOIN persons p ON p.order_id = o.order_id AND p.kind = 'PASSENGER'" \
    "   AND p.position = FIND_IN_SET(s.seat_number, o.seats)"                  \
    " LEFT JOIN boardings b ON b.order_id = o.order_id"                        \
    "   AND b.passenger = COALESCE(CONVERT(p.person_id USING ascii), s.seat_number)"
#define BY_SEAT " ORDER BY s.seat_row, CHAR_LENGTH(s.seat_letters), letters"

DB_SQL(MAP_OF_FLIGHT,
       SEAT " CASE WHEN s.blocked IS NOT NULL THEN 'BLOCKED' WHEN o.order_id IS NULL THEN 'AVAILABLE'"
            "      ELSE s.status END AS status," HOLDER
            " FROM seats s JOIN flights f ON f.flight_id = s.flight_id"
            " LEFT JOIN orders o ON o.order_id = s.reserved_by AND NOT (o.status = 'SEATS_RESERVED'"
            "   AND LEAST(o.expires_at, f.departure_time) <= UTC_TIMESTAMP(3))" OF_SEAT
            " WHERE s.flight_id = ?" BY_SEAT);

DB_SQL(MAP_PASSENGERS,
       SEAT " s.status," HOLDER " FROM seats s"
            " JOIN orders o ON o.order_id = s.reserved_by AND o.status = 'CONFIRMED'" OF_SEAT
            " WHERE s.flight_id = ?" BY_SEAT);

DB_SQL(MAP_PASSENGERS_OF,
       SEAT " s.status," HOLDER " FROM orders o JOIN seats s ON s.reserved_by = o.order_id" OF_SEAT
            " WHERE o.order_id = ?" BY_SEAT);

/* An order with four seats and five passengers has one, who is held by another. */
#define SEATLESS                                                                                                     \
    "SELECT NULL AS seat_number, 0 AS seat_row, NULL AS letters, NULL AS cabin_class, NULL AS features,"             \
    " NULL AS blocked, 'BOOKED' AS status," HOLDER " FROM orders o JOIN persons p ON p.order_id = o.order_id"        \
    "   AND p.kind = 'PASSENGER' AND p.position > CHAR_LENGTH(o.seats) - CHAR_LENGTH(REPLACE(o.seats, ',', '')) + 1" \
    " LEFT JOIN boardings b ON b.order_id = o.order_id AND b.passenger = CONVERT(p.person_id USING ascii)"
DB_SQL(MAP_SEATLESS, SEATLESS " WHERE o.flight_id = ? AND o.status = 'CONFIRMED' ORDER BY o.order_id, p.position");
DB_SQL(MAP_SEATLESS_OF, SEATLESS " WHERE o.order_id = ? ORDER BY p.position");

static enum seat_status status_of(const char *text)
{
    static const enum seat_status all[] = { SEAT_AVAILABLE, SEAT_RESERVED, SEAT_BOOKED, SEAT_BLOCKED };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(text, seat_status_name(all[i])) == 0)
            return all[i];
    }
    return SEAT_BOOKED;
}

static enum result give(struct db *db, const struct db_sql *sql, const char *id,
                        void (*each)(const struct mapped_seat *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, sql, DB_ARGS(db_text(id)), &rows);
    while (db_more(rows, &r)) {
        struct mapped_seat seat = {
            .seat = { .number = db_get_text(rows, "seat_number"),
                      .row = db_get_int(rows, "seat_row"),
                      .column = db_get_text(rows, "letters"),
                      .cabin_class = db_get_text(rows, "cabin_class"),
                      .features = db_get_text(rows, "features"),
                      .status = status_of(db_get_text(rows, "status")) },
            .blocked = db_get_text(rows, "blocked"),
            .by = { .order_id = db_get_text(rows, "order_id"),
                    .order_status = db_get_text(rows, "order_status"),
                    .locator = db_get_text(rows, "locator"),
                    .user_id = db_get_text(rows, "user_id"),
                    .person_id = db_get_int(rows, "person_id"),
                    .given_name = db_get_text(rows, "given_name"),
                    .family_name = db_get_text(rows, "family_name"),
                    .passenger_kind = db_get_text(rows, "passenger_kind"),
                    .assistance = db_get_text(rows, "assistance"),
                    .boarded_at_ms = db_get_time(rows, "boarded_at") },
        };
        each(&seat, context);
    }
    return r;
}

enum result seat_map_list(struct db *db, const char *flight_id, void (*each)(const struct mapped_seat *, void *),
                          void *context)
{
    return give(db, &MAP_OF_FLIGHT, flight_id, each, context);
}

enum result seat_map_passengers(struct db *db, const char *flight_id, void (*each)(const struct mapped_seat *, void *),
                                void *context)
{
    TRY(give(db, &MAP_PASSENGERS, flight_id, each, context));
    return give(db, &MAP_SEATLESS, flight_id, each, context);
}

enum result seat_map_passengers_of(struct db *db, const char *order_id,
                                   void (*each)(const struct mapped_seat *, void *), void *context)
{
    TRY(give(db, &MAP_PASSENGERS_OF, order_id, each, context));
    return give(db, &MAP_SEATLESS_OF, order_id, each, context);
}
