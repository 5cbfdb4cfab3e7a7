/* SPDX-License-Identifier: MIT */
#include "booking/store/figures.h"

#include "booking/base/text.h"

/* The day is cut first; each of its payments then leads to one order and to its refunds, by their keys. */
DB_SQL(FIGURES_MONEY,
       "SELECT HOUR(d.created_at) AS hour, d.currency, COUNT(*) AS payments,"
       " CAST(SUM(d.status = 'APPROVED') AS SIGNED) AS sales,"
       " CAST(COALESCE(SUM(1 + CHAR_LENGTH(o.seats) - CHAR_LENGTH(REPLACE(o.seats, ',', ''))), 0) AS SIGNED) AS seats,"
       " CAST(SUM(CASE WHEN d.status = 'APPROVED' THEN d.amount_cents ELSE 0 END) AS SIGNED) AS captured,"
       " CAST(COALESCE(SUM(CASE WHEN d.status = 'APPROVED' THEN (SELECT SUM(r.amount_cents) FROM refunds r"
       "   WHERE r.order_id = d.order_id AND r.payment_id = d.payment_id AND r.status <> 'FAILED') END), 0) AS SIGNED)"
       " AS refunded,"
       " CAST(SUM(d.status IN ('DECLINED', 'FAILED')) AS SIGNED) AS failed"
       " FROM (SELECT payment_id, order_id, status, amount_cents, currency, created_at"
       "   FROM payments FORCE INDEX (idx_created) WHERE created_at >= ? AND created_at < ?"
       "   ORDER BY created_at LIMIT ?) d"
       " LEFT JOIN orders o ON o.order_id = d.order_id AND d.status = 'APPROVED'"
       " GROUP BY hour, d.currency ORDER BY hour, d.currency");

DB_SQL(FIGURES_FLIGHTS,
       "SELECT HOUR(f.departure_time) AS hour, COUNT(DISTINCT f.flight_id) AS flights, COUNT(s.seat_number) AS seats,"
       " CAST(COALESCE(SUM(s.status = 'BOOKED'), 0) AS SIGNED) AS sold"
       " FROM (SELECT flight_id, departure_time FROM flights FORCE INDEX (idx_departure)"
       "   WHERE departure_time >= ? AND departure_time < ? AND status IN ('ON_SALE', 'CLOSED')"
       "   ORDER BY departure_time, flight_id LIMIT ?) f"
       " LEFT JOIN seats s ON s.flight_id = f.flight_id GROUP BY hour ORDER BY hour");

DB_SQL(FIGURES_NOW, "SELECT UTC_TIMESTAMP(3) AS read_at");

enum result figures_money(struct db *db, int64_t from_ms, int64_t to_ms,
                          void (*each)(const struct figures_money *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &FIGURES_MONEY,
                             DB_ARGS(db_time(from_ms), db_time(to_ms), db_int(FIGURES_PAYMENTS_MAX)), &rows);
    while (db_more(rows, &r)) {
        struct figures_money money = {
            .hour = db_get_int(rows, "hour"),
            .payments = db_get_int(rows, "payments"),
            .sales = db_get_int(rows, "sales"),
            .seats = db_get_int(rows, "seats"),
            .captured_cents = db_get_int(rows, "captured"),
            .refunded_cents = db_get_int(rows, "refunded"),
            .failed = db_get_int(rows, "failed"),
        };
        text_copy(money.currency, sizeof money.currency, db_get_text(rows, "currency"));
        each(&money, context);
    }
    return r;
}

enum result figures_flights(struct db *db, int64_t from_ms, int64_t to_ms,
                            void (*each)(const struct figures_flights *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &FIGURES_FLIGHTS,
                             DB_ARGS(db_time(from_ms), db_time(to_ms), db_int(FIGURES_FLIGHTS_MAX)), &rows);
    while (db_more(rows, &r)) {
        const struct figures_flights flights = {
            .hour = db_get_int(rows, "hour"),
            .flights = db_get_int(rows, "flights"),
            .seats = db_get_int(rows, "seats"),
            .sold = db_get_int(rows, "sold"),
        };
        each(&flights, context);
    }
    return r;
}

enum result figures_now(struct db *db, int64_t *ret_ms)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &FIGURES_NOW, DB_NO_ARGS, RESULT_INTERNAL, &rows));
    *ret_ms = db_get_time(rows, "read_at");
    return RESULT_OK;
}
