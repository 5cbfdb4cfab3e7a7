/* SPDX-License-Identifier: MIT */
#include "booking/store/cancellations.h"

#include "booking/base/text.h"

/* An order has one payment at most that counts, and what was asked back of it comes from its own few rows. */
DB_SQL(FLIGHT_ORDERS,
       "SELECT o.currency,"
       " CAST(SUM(CASE WHEN o.status = 'SEATS_RESERVED' AND LEAST(o.expires_at, f.departure_time) >"
       "   UTC_TIMESTAMP(3) THEN 1 ELSE 0 END) AS SIGNED) AS holds,"
       " CAST(SUM(CASE WHEN o.status = 'PAYMENT_PENDING' THEN 1 ELSE 0 END) AS SIGNED) AS payments,"
       " CAST(SUM(CASE WHEN o.status = 'CONFIRMED' THEN 1 ELSE 0 END) AS SIGNED) AS confirmed,"
       " CAST(COALESCE(SUM(CASE WHEN o.status = 'CONFIRMED' AND p.status = 'APPROVED' THEN p.amount_cents"
       "   - o.fee_cents - COALESCE((SELECT SUM(r.amount_cents) FROM refunds r WHERE r.order_id = o.order_id"
       "               AND r.status <> 'FAILED'), 0) END), 0) AS SIGNED) AS refund_cents"
       " FROM flights f JOIN orders o FORCE INDEX (idx_flight) ON o.flight_id = f.flight_id"
       " LEFT JOIN payments p ON p.order_id = o.order_id AND p.former_id = ''"
       " WHERE f.flight_id = ? AND o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED')"
       " GROUP BY o.currency");

#define OF_CANCELLED "EXISTS (SELECT 1 FROM flights f WHERE f.flight_id = ? AND f.status = 'CANCELLED')"
DB_SQL(CANCELLED_HOLDERS,
       "SELECT DISTINCT reserved_by AS order_id FROM seats FORCE INDEX (PRIMARY) WHERE flight_id = ?"
       " AND reserved_by > ? AND " OF_CANCELLED " ORDER BY reserved_by LIMIT ?");

/* Orders whose seats an operator has freed. */
DB_SQL(CANCELLED_OTHERS,
       "SELECT order_id FROM orders FORCE INDEX (idx_flight) WHERE flight_id = ?"
       " AND status IN ('SEATS_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED') AND order_id > ? AND " OF_CANCELLED
       " ORDER BY order_id LIMIT ?");

enum result cancellations_count_orders(struct db *db, const char *flight_id,
                                       void (*each)(const struct flight_orders *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &FLIGHT_ORDERS, DB_ARGS(db_text(flight_id)), &rows);
    while (db_more(rows, &r)) {
        struct flight_orders orders = {
            .currency = db_get_text(rows, "currency"),
            .holds = db_get_int(rows, "holds"),
            .payments = db_get_int(rows, "payments"),
            .confirmed = db_get_int(rows, "confirmed"),
            .refund_cents = db_get_int(rows, "refund_cents"),
        };
        each(&orders, context);
    }
    return r;
}

enum result cancellations_next(struct db *db, const char *flight_id, const char *after_id, size_t limit,
                               char (*reterr_ids)[UUID_SIZE], size_t *reterr_count)
{
    static const struct db_sql *const queries[] = { &CANCELLED_HOLDERS, &CANCELLED_OTHERS };
    *reterr_count = 0;
    for (size_t i = 0; i < sizeof queries / sizeof queries[0] && *reterr_count == 0; i++) {
        struct db_rows *rows = NULL;
        enum result r = db_query(db, queries[i],
                                 DB_ARGS(db_text(flight_id), db_text(after_id), db_text(flight_id),
                                         db_int((int64_t)limit)),
                                 &rows);
        while (db_more(rows, &r)) {
            if (*reterr_count < limit)
                text_copy(reterr_ids[(*reterr_count)++], UUID_SIZE, db_get_text(rows, "order_id"));
        }
        if (r != RESULT_OK)
            return r;
    }
    return RESULT_OK;
}
