/* SPDX-License-Identifier: MIT */
#include "booking/store/orders.h"

#include "booking/base/text.h"
#include "booking/store/flight_facts.h"
#include "booking/store/slots.h"

#include <string.h>

#define COLUMNS(now)                                                                           \
    "o.order_id, o.flight_id, COALESCE(o.owner, o.user_id) AS user_id,"                        \
    " o.owner IS NOT NULL AS has_owner, o.status, o.seats, o.seat_prices, o.reserved_at,"      \
    " o.expires_at, o.payment_attempts, o.failed_attempts, o.last_error, o.total_price_cents," \
    " o.currency, o.version, o.run_id, o.locator, o.created_at, o.updated_at, " now            \
    " AS read_at, " FLIGHT_FACTS_OF("o.flight_id")
#define SELECT_ORDERS "SELECT " COLUMNS("UTC_TIMESTAMP(3)") " FROM orders o"

/* A hold never runs past departure, even if that is moved while the hold is open. */
#define EFFECTIVE_END "LEAST(o.expires_at, (SELECT f.departure_time FROM flights f WHERE f.flight_id = o.flight_id))"

/* A hold that has run out is EXPIRED for every reader. */
#define EFFECTIVE_STATUS                                                              \
    "CASE WHEN o.status = 'SEATS_RESERVED' AND " EFFECTIVE_END " <= UTC_TIMESTAMP(3)" \
    " THEN 'EXPIRED' ELSE o.status END"

/* The statement does not find another owner's order, so that a stranger's request costs the API the same work whether
 * or not there is such an order. */
#define OF_OWNER " AND (? IS NULL OR o.owner = ?)"

DB_SQL(ORDER_FIND, SELECT_ORDERS " WHERE o.order_id = ?" OF_OWNER);

/* Whether a hold is over is decided by the time at which the lock was acquired,
 * not the time at which the statement began to wait for it: meanwhile others
 * may have been told that it is over. (SYSDATE is UTC in our sessions.) */
DB_SQL(ORDER_LOCK, "SELECT " COLUMNS("SYSDATE(3)") " FROM orders o WHERE o.order_id = ?" OF_OWNER " FOR UPDATE");

DB_SQL(ORDER_LOCK_FREE, "SELECT " COLUMNS("SYSDATE(3)") " FROM orders o WHERE o.order_id = ?" OF_OWNER
                        " FOR UPDATE SKIP LOCKED");

DB_SQL(ORDER_FORGET,
       "UPDATE orders SET user_id = '', owner = NULL, forgotten_at = UTC_TIMESTAMP(3), version = version + 1,"
       " updated_at = ? WHERE order_id = ? AND version = ?");

DB_SQL(ORDERS_TO_FORGET,
       "SELECT order_id FROM orders WHERE flight_id = ? AND forgotten_at IS NULL"
       " ORDER BY created_at, order_id LIMIT ?");

DB_SQL(ORDER_INSERT,
       "INSERT INTO orders (order_id, flight_id, user_id, owner, status, seats, reserved_at, expires_at,"
       " total_price_cents, seat_prices, currency, version, workflow_id, run_id, created_at, updated_at)"
       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CONCAT('booking-', ?), ?, ?, ?)");

DB_SQL(ORDER_UPDATE,
       "UPDATE orders SET status = ?, seats = ?, reserved_at = ?, expires_at = ?, payment_attempts = ?,"
       " failed_attempts = ?, last_error = ?, total_price_cents = ?, seat_prices = ?, currency = ?,"
       " locator = ?, version = version + 1, updated_at = ?"
       " WHERE order_id = ? AND version = ? AND status = ?");

DB_SQL(ORDER_LAPSED_HOLDERS,
       "SELECT DISTINCT o.order_id FROM seats s JOIN orders o ON o.order_id = s.reserved_by"
       " WHERE s.flight_id = ? AND s.seat_number IN (" SLOTS_64 ")"
       " AND o.status = 'SEATS_RESERVED' AND " EFFECTIVE_END " <= UTC_TIMESTAMP(3)"
       " ORDER BY o.order_id LIMIT 32");

DB_SQL(ORDERS_COUNT_HOLDS,
       "SELECT COUNT(*) AS holds, MIN(h.ends) AS first_ends, UTC_TIMESTAMP(3) AS read_at FROM"
       " (SELECT " EFFECTIVE_END " AS ends FROM orders o WHERE o.user_id = ? AND o.status = 'SEATS_RESERVED') h"
       " WHERE h.ends > UTC_TIMESTAMP(3)");

/* A page begins after the last order of the page before: (time, id) below. */
#define PAGE                                                           \
    " AND (o.created_at < ? OR (o.created_at = ? AND o.order_id < ?))" \
    " ORDER BY o.created_at DESC, o.order_id DESC LIMIT ?"

DB_SQL(ORDERS_OF_USER, SELECT_ORDERS " WHERE o.user_id = ?" PAGE);

/* user_id has the beginning of each owner's account, and an index. */
DB_SQL(ORDERS_OF_OWNER, SELECT_ORDERS " WHERE o.user_id = ? AND o.owner = ?" PAGE);

DB_SQL(ORDERS_OF_USER_AS_SENT, SELECT_ORDERS " WHERE o.user_id IN (?, ?)" PAGE);

DB_SQL(ORDERS_FILTERED,
       SELECT_ORDERS
       " WHERE (? IS NULL OR o.user_id = ? OR o.user_id = ?) AND (? IS NULL OR o.flight_id = ?)"
       " AND (? IS NULL OR " EFFECTIVE_STATUS " = ?)"
       /* Ids are ASCII, but the text that is searched for may not be. */
       " AND (? IS NULL OR CONVERT(o.order_id USING utf8mb4) LIKE ? OR o.user_id LIKE ?"
       " OR CONVERT(o.flight_id USING utf8mb4) LIKE ?)"
       " AND (? IS NULL OR o.created_at >= ?)" PAGE);

/* Each of these reads one index, and nothing else. */
#define HORIZON " AND created_at <= ? ORDER BY created_at DESC, order_id DESC LIMIT 1 OFFSET 10000"
DB_SQL(HORIZON_OF_ALL, "SELECT created_at FROM orders FORCE INDEX (idx_created) WHERE TRUE" HORIZON);
DB_SQL(HORIZON_OF_USER, "SELECT created_at FROM orders FORCE INDEX (idx_user) WHERE user_id = ?" HORIZON);
DB_SQL(HORIZON_OF_FLIGHT, "SELECT created_at FROM orders FORCE INDEX (idx_flight) WHERE flight_id = ?" HORIZON);

static enum result read_order(struct db_rows *rows, struct order *ret_order)
{
    struct order o = { 0 };
    struct flight_facts facts;
    const char *last_error = db_get_text(rows, "last_error");
    const char *run_id = db_get_text(rows, "run_id");
    const char *locator = db_get_text(rows, "locator");

    if (!order_status_parse(db_get_text(rows, "status"), &o.status) ||
        !seat_list_parse(db_get_text(rows, "seats"), &o.seats) ||
        !flight_facts_read(db_get_text(rows, "flight_facts"), &facts))
        return RESULT_INTERNAL;
    text_copy(o.order_id, sizeof o.order_id, db_get_text(rows, "order_id"));
    text_copy(o.flight_id, sizeof o.flight_id, db_get_text(rows, "flight_id"));
    text_copy(o.user_id, sizeof o.user_id, db_get_text(rows, "user_id"));
    o.has_owner = db_get_int(rows, "has_owner") != 0;
    text_copy(o.currency, sizeof o.currency, db_get_text(rows, "currency"));
    text_copy(o.last_error, sizeof o.last_error, last_error == NULL ? "" : last_error);
    text_copy(o.run_id, sizeof o.run_id, run_id == NULL ? "" : run_id);
    text_copy(o.locator, sizeof o.locator, locator == NULL ? "" : locator);
    o.flight = facts.flight;
    o.reserved_at_ms = db_get_time(rows, "reserved_at");
    o.expires_at_ms = db_get_time(rows, "expires_at");
    if (o.expires_at_ms > o.flight.departure_ms) /* TIME_NONE never is */
        o.expires_at_ms = o.flight.departure_ms;
    o.payment_attempts = db_get_int(rows, "payment_attempts");
    o.failed_attempts = db_get_int(rows, "failed_attempts");
    o.total_price_cents = db_get_int(rows, "total_price_cents");
    price_list_read(db_get_text(rows, "seat_prices"), o.seats.count, o.total_price_cents, &o.prices);
    o.version = db_get_int(rows, "version");
    o.created_at_ms = db_get_time(rows, "created_at");
    o.updated_at_ms = db_get_time(rows, "updated_at");
    o.read_at_ms = db_get_time(rows, "read_at");
    *ret_order = o;
    return RESULT_OK;
}

static enum result find_one(struct db *db, const struct db_sql *sql, const char *order_id, const char *owner,
                            struct order *ret_order)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, sql, DB_ARGS(db_text(order_id), db_text(owner), db_text(owner)),
                                 RESULT_ORDER_NOT_FOUND, &rows);
    return r == RESULT_OK ? read_order(rows, ret_order) : r;
}

enum result orders_find(struct db *db, const char *order_id, const char *owner, struct order *ret_order)
{
    return find_one(db, &ORDER_FIND, order_id, owner, ret_order);
}

enum result orders_lock(struct db *db, const char *order_id, const char *owner, struct order *ret_order)
{
    return find_one(db, &ORDER_LOCK, order_id, owner, ret_order);
}

enum result orders_lock_free(struct db *db, const char *order_id, struct order *ret_order)
{
    return find_one(db, &ORDER_LOCK_FREE, order_id, NULL, ret_order);
}

enum result orders_forget(struct db *db, struct order *o)
{
    TRY(db_exec_expect(db, &ORDER_FORGET, DB_ARGS(db_time(o->read_at_ms), db_text(o->order_id), db_int(o->version)),
                       1));
    o->user_id[0] = '\0';
    o->has_owner = false;
    o->version++;
    o->updated_at_ms = o->read_at_ms;
    return RESULT_OK;
}

enum result orders_to_forget(struct db *db, const char *flight_id, size_t limit, char (*reterr_ids)[UUID_SIZE],
                             size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    size_t count = 0;
    enum result r = db_query(db, &ORDERS_TO_FORGET, DB_ARGS(db_text(flight_id), db_int((int64_t)limit)), &rows);
    while (db_more(rows, &r))
        text_copy(reterr_ids[count++], UUID_SIZE, db_get_text(rows, "order_id"));
    *reterr_count = count;
    return r;
}

enum result orders_insert(struct db *db, const struct order *o)
{
    char seats[SEATS_TEXT_SIZE];
    char prices[PRICES_TEXT_SIZE];
    char user_id[USER_ID_SIZE];
    seat_list_format(&o->seats, seats);
    price_list_format(&o->prices, o->seats.count, prices);
    account_to_user_id(o->user_id, user_id);
    return db_exec(db, &ORDER_INSERT,
                   DB_ARGS(db_text(o->order_id), db_text(o->flight_id), db_text(user_id),
                           db_text(o->has_owner ? o->user_id : NULL), db_text(order_status_name(o->status)),
                           db_text(seats), db_time(o->reserved_at_ms), db_time(o->expires_at_ms),
                           db_int(o->total_price_cents), db_text(prices), db_text(o->currency), db_int(o->version),
                           db_text(o->order_id), db_text(o->run_id), db_time(o->created_at_ms),
                           db_time(o->updated_at_ms)),
                   NULL);
}

enum result orders_update(struct db *db, struct order *o, enum order_status from)
{
    char seats[SEATS_TEXT_SIZE];
    char prices[PRICES_TEXT_SIZE];
    seat_list_format(&o->seats, seats);
    price_list_format(&o->prices, o->seats.count, prices);
    TRY(db_exec_expect(db, &ORDER_UPDATE,
                       DB_ARGS(db_text(order_status_name(o->status)), db_text(seats), db_time(o->reserved_at_ms),
                               db_time(o->expires_at_ms), db_int(o->payment_attempts), db_int(o->failed_attempts),
                               db_text(o->last_error[0] == '\0' ? NULL : o->last_error), db_int(o->total_price_cents),
                               db_text(prices), db_text(o->currency),
                               db_text(o->locator[0] == '\0' ? NULL : o->locator), db_time(o->read_at_ms),
                               db_text(o->order_id), db_int(o->version), db_text(order_status_name(from))),
                       1));
    o->version++;
    o->updated_at_ms = o->read_at_ms;
    return RESULT_OK;
}

enum result orders_find_lapsed_holders(struct db *db, const char *flight_id, const struct seat_list *seats,
                                       char reterr_ids[SEATS_MAX][UUID_SIZE], size_t *reterr_count)
{
    struct db_value args[1 + 64];
    struct db_rows *rows = NULL;
    size_t count = 0;

    args[0] = db_text(flight_id);
    for (size_t i = 0; i < 64; i++)
        args[1 + i] = db_text(seats->number[i < seats->count ? i : seats->count - 1]);
    enum result r = db_query(db, &ORDER_LAPSED_HOLDERS, args, 65, &rows);
    while (db_more(rows, &r)) {
        if (count < SEATS_MAX)
            text_copy(reterr_ids[count++], UUID_SIZE, db_get_text(rows, "order_id"));
    }
    *reterr_count = count;
    return r;
}

enum result orders_count_holds(struct db *db, const char *user_id, int64_t *ret_count, int64_t *ret_ends_in_ms)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &ORDERS_COUNT_HOLDS, DB_ARGS(db_text(user_id)), RESULT_INTERNAL, &rows);
    if (r != RESULT_OK)
        return r;
    *ret_count = db_get_int(rows, "holds");
    *ret_ends_in_ms = *ret_count == 0 ? 0 : db_get_time(rows, "first_ends") - db_get_time(rows, "read_at");
    return RESULT_OK;
}

/* After every order there will ever be. */
#define FAR_FUTURE_MS INT64_C(253370764800000)

static enum result query_page(struct db *db, const struct order_filter *f, struct db_rows **ret_rows)
{
    int64_t before_ms = f->before_ms == TIME_NONE ? FAR_FUTURE_MS : f->before_ms;
    const char *before_id = f->before_id == NULL ? "" : f->before_id;
    const char *sent = f->user_id_sent != NULL ? f->user_id_sent : f->user_id;
    if (f->owner != NULL)
        return db_query(db, &ORDERS_OF_OWNER,
                        DB_ARGS(db_text(f->user_id), db_text(f->owner), db_time(before_ms), db_time(before_ms),
                                db_text(before_id), db_int(f->limit)),
                        ret_rows);
    if (f->user_id != NULL && f->flight_id == NULL && f->status == NULL && f->search == NULL && f->from_ms == TIME_NONE)
        return strcmp(f->user_id, sent) == 0
                   ? db_query(db, &ORDERS_OF_USER,
                              DB_ARGS(db_text(f->user_id), db_time(before_ms), db_time(before_ms), db_text(before_id),
                                      db_int(f->limit)),
                              ret_rows)
                   : db_query(db, &ORDERS_OF_USER_AS_SENT,
                              DB_ARGS(db_text(f->user_id), db_text(sent), db_time(before_ms), db_time(before_ms),
                                      db_text(before_id), db_int(f->limit)),
                              ret_rows);
    return db_query(db, &ORDERS_FILTERED,
                    DB_ARGS(db_text(f->user_id), db_text(f->user_id), db_text(sent), db_text(f->flight_id),
                            db_text(f->flight_id), db_text(f->status), db_text(f->status), db_text(f->search),
                            db_text(f->search), db_text(f->search), db_text(f->search), db_time(f->from_ms),
                            db_time(f->from_ms), db_time(before_ms), db_time(before_ms), db_text(before_id),
                            db_int(f->limit)),
                    ret_rows);
}

enum result orders_horizon(struct db *db, const struct order_filter *f, int64_t *reterr_ms)
{
    int64_t before_ms = f->before_ms == TIME_NONE ? FAR_FUTURE_MS : f->before_ms;
    struct db_rows *rows = NULL;
    enum result r;
    if (f->flight_id != NULL)
        r = db_query(db, &HORIZON_OF_FLIGHT, DB_ARGS(db_text(f->flight_id), db_time(before_ms)), &rows);
    else if (f->user_id != NULL)
        r = db_query(db, &HORIZON_OF_USER, DB_ARGS(db_text(f->user_id), db_time(before_ms)), &rows);
    else
        r = db_query(db, &HORIZON_OF_ALL, DB_ARGS(db_time(before_ms)), &rows);
    *reterr_ms = db_more(rows, &r) ? db_get_time(rows, "created_at") : TIME_NONE;
    return r;
}

enum result orders_list(struct db *db, const struct order_filter *filter, void (*each)(const struct order *, void *),
                        void *context)
{
    struct db_rows *rows = NULL;
    enum result r = query_page(db, filter, &rows);
    while (db_more(rows, &r)) {
        struct order order;
        r = read_order(rows, &order);
        if (r == RESULT_OK)
            each(&order, context);
    }
    return r;
}
