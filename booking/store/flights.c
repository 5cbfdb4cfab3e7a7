/* SPDX-License-Identifier: MIT */
#include "booking/store/flights.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"
#include "booking/store/slots.h"

#include <string.h>

#define FLIGHT_COLUMNS                                                                              \
    "flight_id, flight_number, origin, destination, origin_time_zone, destination_time_zone,"       \
    " departure_time, arrival_time, departure_day, seat_rows, seat_layout, exit_rows, price_cents," \
    " currency, status, fares, surcharges, tax_basis_points"

DB_SQL(FLIGHT_ONE, "SELECT " FLIGHT_COLUMNS " FROM flights WHERE flight_id = ? AND status <> 'DRAFT'");

/* A page begins after the last flight of the page before, whose departure is a condition of its own for the sake of the
 * index. */
#define ON_SALE                                                                                           \
    " AND departure_time > UTC_TIMESTAMP(3) AND departure_time >= ? AND departure_time < ?"               \
    " AND departure_time >= ? AND (departure_time > ? OR flight_id > ?) AND status = 'ON_SALE'"           \
    " AND (sales_opens_s IS NULL OR departure_time <= UTC_TIMESTAMP(3) + INTERVAL sales_opens_s SECOND)"  \
    " AND (sales_closes_s IS NULL OR departure_time > UTC_TIMESTAMP(3) + INTERVAL sales_closes_s SECOND)" \
    " ORDER BY departure_time, flight_id LIMIT ?"

DB_SQL(FLIGHTS_PAGE,
       "SELECT " FLIGHT_COLUMNS " FROM flights WHERE (? IS NULL OR origin IN (" SLOTS_16
       ")) AND (? IS NULL OR destination IN (" SLOTS_16 "))" ON_SALE);

/* The same between two places, by the index that begins with them. */
DB_SQL(FLIGHTS_OF_ROUTE,
       "SELECT " FLIGHT_COLUMNS " FROM flights FORCE INDEX (idx_route) WHERE origin = ? AND destination = ?" ON_SALE);

/* A code's key is the code in lower case. */
DB_SQL(FLIGHT_PLACES, "SELECT code FROM places WHERE code = UPPER(?) UNION SELECT code FROM places WHERE name_key = ?"
       " UNION SELECT code FROM places WHERE city_key = ?");

/* A flight that an operator made is told in full. */
DB_SQL(FLIGHT_SALE,
       "SELECT f.seat_layout, UTC_TIMESTAMP(3) AS read_at,"
       " (f.created_at IS NOT NULL OR f.fares <> '' OR f.surcharges <> '') AS has_kinds, " FLIGHT_FACTS
       " AS flight_facts FROM flights f WHERE f.flight_id = ? AND f.status <> 'DRAFT'");

DB_SQL(FLIGHT_EXISTS, "SELECT 1 AS found FROM flights WHERE flight_id = ?");

/* Before and after every flight there will ever be. */
#define FAR_PAST_MS INT64_C(0)
#define FAR_FUTURE_MS INT64_C(253370764800000)

DB_SQL(FLIGHTS_DEPARTED,
       "SELECT flight_id, departure_time FROM flights WHERE departure_time >= ?"
       " AND departure_time <= TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3))"
       " AND (departure_time > ? OR flight_id > ?) ORDER BY departure_time, flight_id LIMIT ?");

static enum result read_flight(struct db_rows *rows, struct flight *ret_flight)
{
    struct flight f = { .departure_ms = db_get_time(rows, "departure_time") };
    text_copy(f.flight_id, sizeof f.flight_id, db_get_text(rows, "flight_id"));
    text_copy(f.flight_number, sizeof f.flight_number, db_get_text(rows, "flight_number"));
    text_copy(f.origin, sizeof f.origin, db_get_text(rows, "origin"));
    text_copy(f.destination, sizeof f.destination, db_get_text(rows, "destination"));
    text_copy(f.origin_time_zone, sizeof f.origin_time_zone, db_get_text(rows, "origin_time_zone"));
    text_copy(f.destination_time_zone, sizeof f.destination_time_zone, db_get_text(rows, "destination_time_zone"));
    f.arrival_ms = db_is_null(rows, "arrival_time") ? TIME_NONE : db_get_time(rows, "arrival_time");
    f.day_ms = db_is_null(rows, "departure_day") ? TIME_NONE : db_get_time(rows, "departure_day");
    f.seat_rows = db_get_int(rows, "seat_rows");
    text_copy(f.seat_layout, sizeof f.seat_layout, db_get_text(rows, "seat_layout"));
    text_copy(f.exit_rows, sizeof f.exit_rows, db_get_text(rows, "exit_rows"));
    f.price_cents = db_get_int(rows, "price_cents");
    text_copy(f.currency, sizeof f.currency, db_get_text(rows, "currency"));
    if (!flight_status_parse(db_get_text(rows, "status"), &f.status) ||
        !tariff_read(f.price_cents, db_get_text(rows, "fares"), db_get_text(rows, "surcharges"),
                     db_get_int(rows, "tax_basis_points"), &f.tariff))
        return RESULT_INTERNAL;
    *ret_flight = f;
    return RESULT_OK;
}

/* NULL and the codes; a shorter list repeats its last one. */
static size_t add_places(struct db_value *args, const struct place_codes *codes)
{
    args[0] = db_text(codes == NULL ? NULL : codes->code[0]);
    for (size_t i = 0; i < PLACES_MAX; i++)
        args[1 + i] = db_text(codes == NULL ? NULL : codes->code[i < codes->count ? i : codes->count - 1]);
    return 1 + PLACES_MAX;
}

static size_t add_times(struct db_value *args, const struct flight_filter *f, size_t limit)
{
    struct db_value after = db_time(f->after_ms == TIME_NONE ? FAR_PAST_MS : f->after_ms);
    args[0] = db_time(f->from_ms == TIME_NONE ? FAR_PAST_MS : f->from_ms);
    args[1] = db_time(f->to_ms == TIME_NONE ? FAR_FUTURE_MS : f->to_ms);
    args[2] = args[3] = after;
    args[4] = db_text(f->after_id == NULL ? "" : f->after_id);
    args[5] = db_int((int64_t)limit);
    return 6;
}

static enum result query_page(struct db *db, const struct flight_filter *f, size_t limit, struct db_rows **reterr_rows)
{
    struct db_value args[2 * (1 + PLACES_MAX) + 6];
    size_t n = 0;
    bool is_route = f->origin != NULL && f->origin->count == 1 && f->destination != NULL && f->destination->count == 1;
    if (is_route) {
        args[n++] = db_text(f->origin->code[0]);
        args[n++] = db_text(f->destination->code[0]);
    } else {
        n += add_places(args + n, f->origin);
        n += add_places(args + n, f->destination);
    }
    n += add_times(args + n, f, limit);
    return db_query(db, is_route ? &FLIGHTS_OF_ROUTE : &FLIGHTS_PAGE, args, n, reterr_rows);
}

enum result flights_page(struct db *db, const struct flight_filter *filter, size_t limit, struct flight *reterr_flights,
                         size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    size_t count = 0;
    bool is_nowhere = (filter->origin != NULL && filter->origin->count == 0) ||
                      (filter->destination != NULL && filter->destination->count == 0);
    *reterr_count = 0;
    if (is_nowhere)
        return RESULT_OK;
    enum result r = query_page(db, filter, limit, &rows);
    while (db_more(rows, &r))
        r = read_flight(rows, &reterr_flights[count++]);
    *reterr_count = count;
    return r;
}

enum result flights_find(struct db *db, const char *flight_id, struct flight *reterr_flight)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &FLIGHT_ONE, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows));
    return read_flight(rows, reterr_flight);
}

static void add_code(struct place_codes *codes, const char *code)
{
    for (size_t i = 0; i < codes->count; i++) {
        if (strcmp(codes->code[i], code) == 0)
            return;
    }
    if (codes->count < PLACES_MAX)
        text_copy(codes->code[codes->count++], PLACE_SIZE, code);
}

/* The text as an airport's code: three letters, in capitals. */
static bool as_code(const char *text, char ret_code[PLACE_SIZE])
{
    char code[PLACE_SIZE] = "";
    size_t len = strlen(text);
    if (len != 3)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c < 'A' || c > 'Z')
            return false;
        code[i] = c;
    }
    memcpy(ret_code, code, sizeof code);
    return true;
}

enum result flights_places(struct db *db, const char *text, struct place_codes *ret_codes)
{
    struct place_codes codes = { .count = 0 };
    struct db_rows *rows = NULL;
    char code[PLACE_SIZE] = "";
    char key[NAME_KEY_SIZE] = "";
    if (as_code(text, code))
        add_code(&codes, code);
    if (name_key(text, key)) {
        enum result r = db_query(db, &FLIGHT_PLACES, DB_ARGS(db_text(key), db_text(key), db_text(key)), &rows);
        while (db_more(rows, &r))
            add_code(&codes, db_get_text(rows, "code"));
        TRY(r);
    }
    *ret_codes = codes;
    return RESULT_OK;
}

enum result flights_exists(struct db *db, const char *flight_id)
{
    struct db_rows *rows = NULL;
    return db_query_one(db, &FLIGHT_EXISTS, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows);
}

enum result flights_sale(struct db *db, const char *flight_id, struct flight_sale *ret_sale)
{
    struct db_rows *rows = NULL;
    struct flight_sale sale;
    TRY(db_query_one(db, &FLIGHT_SALE, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows));
    if (!flight_facts_read(db_get_text(rows, "flight_facts"), &sale.facts))
        return RESULT_INTERNAL;
    text_copy(sale.seat_layout, sizeof sale.seat_layout, db_get_text(rows, "seat_layout"));
    sale.now_ms = db_get_time(rows, "read_at");
    sale.has_kinds = db_get_int(rows, "has_kinds") != 0;
    *ret_sale = sale;
    return RESULT_OK;
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
