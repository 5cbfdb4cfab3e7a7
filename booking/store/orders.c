/* SPDX-License-Identifier: MIT */
#include "booking/store/orders.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"
#include "booking/store/flight_facts.h"
#include "booking/store/order_row.h"
#include "booking/store/refunds.h"
#include "booking/store/slots.h"

#include <stdio.h>
#include <string.h>

/* What other tables know of its money. Each subquery costs the server about as much as a row, so a statement that locks
 * orders does without: a hold has no such money, and for any other order it is read by a statement of its own. So does
 * ORDER_FIND: only sold orders have refunds. */
#define REFUNDED                                                 \
    "(SELECT CAST(SUM(r.amount_cents) AS SIGNED) FROM refunds r" \
    "  WHERE r.order_id = o.order_id AND r.status <> 'FAILED') AS refunded_cents"
#define PAYMENT_URL                                                                    \
    "CASE WHEN o.status = 'PAYMENT_PENDING' THEN (SELECT y.redirect_url FROM payments" \
    "  y WHERE y.order_id = o.order_id AND y.former_id = '') END AS payment_url"
#define MONEY REFUNDED ", " PAYMENT_URL
#define SELECT_ORDERS "SELECT " ORDER_COLUMNS("UTC_TIMESTAMP(3)", MONEY) " FROM orders o"

/* A hold never runs past departure, even if that is moved while the hold is open. */
#define EFFECTIVE_END "LEAST(o.expires_at, (SELECT f.departure_time FROM flights f WHERE f.flight_id = o.flight_id))"

/* A hold that has run out is EXPIRED for every reader. */
#define EFFECTIVE_STATUS                                                              \
    "CASE WHEN o.status = 'SEATS_RESERVED' AND " EFFECTIVE_END " <= UTC_TIMESTAMP(3)" \
    " THEN 'EXPIRED' ELSE o.status END"

/* The statement does not find another owner's order, so that a stranger's request costs the API the same work whether
 * or not there is such an order. */
#define OF_OWNER " AND (? IS NULL OR o.owner = ?)"

#define IS_ONE " WHERE o.order_id = ?" OF_OWNER

/* What customers ask most, while they wait for their payment. Joins cost the server less than subqueries; in a
 * statement that locks they would lock, too. */
DB_SQL(ORDER_FIND,
       "SELECT " ORDER_COLUMNS_JOINED("UTC_TIMESTAMP(3)", ORDER_NOT_REFUNDED ", y.redirect_url AS payment_url")
       " FROM orders o JOIN flights f ON f.flight_id = o.flight_id"
       " LEFT JOIN payments y ON y.order_id = o.order_id AND y.former_id = '' AND o.status = 'PAYMENT_PENDING'" IS_ONE);

/* Whether a hold is over is decided by the time at which the lock was acquired,
 * not the time at which the statement began to wait for it: meanwhile others
 * may have been told that it is over. (SYSDATE is UTC in our sessions.) */
#define LOCKED "SELECT " ORDER_COLUMNS("SYSDATE(3)", ORDER_NO_MONEY) " FROM orders o" IS_ONE " FOR UPDATE"
DB_SQL(ORDER_LOCK, LOCKED);
DB_SQL(ORDER_LOCK_FREE, LOCKED " SKIP LOCKED");
DB_SQL(ORDER_MONEY, "SELECT " MONEY " FROM orders o WHERE o.order_id = ?");

/* Several orders, ascending by id, which is the order in which they are locked. */
#define OF_MANY(slots) " FROM orders o FORCE INDEX (PRIMARY) WHERE o.order_id IN (" slots ") ORDER BY o.order_id"
DB_SQL(ORDERS_FIND_MANY, "SELECT " ORDER_COLUMNS("UTC_TIMESTAMP(3)", MONEY) OF_MANY(SLOTS_64));
DB_SQL(ORDERS_LOCK_MANY, "SELECT " ORDER_COLUMNS("SYSDATE(3)", MONEY) OF_MANY(SLOTS_64) " FOR UPDATE");

DB_SQL(ORDER_FORGET,
       "UPDATE orders SET user_id = '', owner = NULL, forgotten_at = UTC_TIMESTAMP(3), version = version + 1,"
       " updated_at = ? WHERE order_id = ? AND version = ?");

DB_SQL(ORDERS_TO_FORGET,
       "SELECT order_id FROM orders WHERE flight_id = ? AND forgotten_at IS NULL"
       " ORDER BY created_at, order_id LIMIT ?");

DB_SQL(ORDER_INSERT,
       "INSERT INTO orders (order_id, flight_id, user_id, owner, status, seats, reserved_at, expires_at,"
       " total_price_cents, seat_prices, price_parts, currency, tax_basis_points, version, workflow_id, run_id,"
       " created_at, updated_at, consent_at, consent_terms)"
       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CONCAT('booking-', ?), ?, ?, ?, ?, ?)");

DB_SQL(ORDER_UPDATE,
       "UPDATE orders SET status = ?, seats = ?, reserved_at = ?, expires_at = ?, hold_ends_at = ?,"
       " payment_attempts = ?, failed_attempts = ?, last_error = ?, total_price_cents = ?, seat_prices = ?,"
       " price_parts = ?, currency = ?, tax_basis_points = ?, fee_cents = ?, locator = ?, consent_at = ?,"
       " consent_terms = ?, version = version + 1, updated_at = ? WHERE order_id = ? AND version = ? AND status = ?");

/* The same for what its payment changes. */
DB_SQL(ORDER_MOVE,
       "UPDATE orders SET status = ?, payment_attempts = ?, failed_attempts = ?, last_error = ?, locator = ?,"
       " version = version + 1, updated_at = ? WHERE order_id = ? AND version = ? AND status = ?");

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

/* The same with the oldest first. */
#define PAGE_OLDEST                                                                         \
    " AND o.created_at < ? AND (o.created_at > ? OR (o.created_at = ? AND o.order_id > ?))" \
    " ORDER BY o.created_at, o.order_id LIMIT ?"

/* Ids and codes are ASCII, but a word that is searched for may not be. Names are those of the order's persons. */
#define FLIGHT_WORDS                                                           \
    "(SELECT CONCAT_WS(' ', f.flight_number, CONVERT(f.origin USING utf8mb4)," \
    " CONVERT(f.destination USING utf8mb4)) FROM flights f WHERE f.flight_id = o.flight_id)"
/* By the collation that utf8mb4 has by default, to which neither case nor accents count. */
#define CONTAINS(text) "CONVERT(CONCAT_WS(' ', " text ") USING utf8mb4) LIKE ?"
#define ORDER_WORDS "o.user_id, CONVERT(o.locator USING utf8mb4), CONVERT(o.flight_id USING utf8mb4), " FLIGHT_WORDS
#define HAS_WORD                                                                                   \
    " AND (? IS NULL OR " CONTAINS(                                                                \
        ORDER_WORDS) " OR CONVERT(o.order_id USING utf8mb4) LIKE ? OR FIND_IN_SET(?, o.seats) > 0" \
                     " OR EXISTS (SELECT 1 FROM persons p WHERE p.order_id = o.order_id"           \
                     " AND " CONTAINS("p.given_name, p.family_name, p.email") "))"
#define HAS_WORDS HAS_WORD HAS_WORD HAS_WORD HAS_WORD

#define FILTERED                                                                              \
    SELECT_ORDERS                                                                             \
    " WHERE (? IS NULL OR o.user_id = ? OR o.user_id = ?) AND (? IS NULL OR o.flight_id = ?)" \
    " AND (? IS NULL OR " EFFECTIVE_STATUS " = ?) AND (? IS NULL OR o.created_at >= ?)"
DB_SQL(ORDERS_FILTERED, FILTERED PAGE);
DB_SQL(ORDERS_FILTERED_OLDEST, FILTERED PAGE_OLDEST);
DB_SQL(ORDERS_WITH_WORDS, FILTERED HAS_WORDS PAGE);
DB_SQL(ORDERS_WITH_WORDS_OLDEST, FILTERED HAS_WORDS PAGE_OLDEST);

/* By a person's name or address, by the locator, or by the seat that an order has: one of them, each by its own index.
 * A key has no wildcard in it. Without a name the pattern is empty and not NULL, with which all rows would be read. */
#define SOUGHT                                                                             \
    "(SELECT named.order_id AS sought_id FROM persons named WHERE named.family_key LIKE ?" \
    " UNION SELECT mailed.order_id FROM persons mailed WHERE mailed.email_key = ?"         \
    " UNION SELECT l.order_id FROM locators l WHERE l.locator = ?"                         \
    " UNION SELECT s.reserved_by FROM seats s WHERE s.flight_id = ? AND s.seat_number IN (?, ?)) sought"
#define ARE_SOUGHT                                                                                    \
    SELECT_ORDERS " JOIN " SOUGHT " ON sought.sought_id = o.order_id"                                 \
                  " WHERE (? IS NULL OR o.flight_id = ?) AND (? IS NULL OR " EFFECTIVE_STATUS " = ?)" \
                  " AND (? IS NULL OR o.created_at >= ?)"
DB_SQL(ORDERS_SOUGHT, ARE_SOUGHT PAGE);
DB_SQL(ORDERS_SOUGHT_OLDEST, ARE_SOUGHT PAGE_OLDEST);

/* Each of these reads one index, and nothing else: back from a moment, or on from it. */
#define OF_ALL "SELECT created_at FROM orders FORCE INDEX (idx_created) WHERE TRUE"
#define OF_USER "SELECT created_at FROM orders FORCE INDEX (idx_user) WHERE user_id = ?"
#define OF_FLIGHT "SELECT created_at FROM orders FORCE INDEX (idx_flight) WHERE flight_id = ?"
#define HORIZON " AND created_at <= ? ORDER BY created_at DESC, order_id DESC LIMIT 1 OFFSET 10000"
#define HORIZON_AHEAD " AND created_at >= ? ORDER BY created_at, order_id LIMIT 1 OFFSET 10000"
DB_SQL(HORIZON_OF_ALL, OF_ALL HORIZON);
DB_SQL(HORIZON_OF_USER, OF_USER HORIZON);
DB_SQL(HORIZON_OF_FLIGHT, OF_FLIGHT HORIZON);
DB_SQL(HORIZON_AHEAD_OF_ALL, OF_ALL HORIZON_AHEAD);
DB_SQL(HORIZON_AHEAD_OF_USER, OF_USER HORIZON_AHEAD);
DB_SQL(HORIZON_AHEAD_OF_FLIGHT, OF_FLIGHT HORIZON_AHEAD);

static void read_money(struct db_rows *rows, struct order *order)
{
    const char *payment_url = db_get_text(rows, "payment_url");
    order->refunded_cents = db_get_int(rows, "refunded_cents");
    text_copy(order->payment_url, sizeof order->payment_url, payment_url == NULL ? "" : payment_url);
}

enum result order_row_read(struct db_rows *rows, struct order *ret_order)
{
    struct order o = { 0 };
    struct flight_facts facts;
    const char *last_error = db_get_text(rows, "last_error");
    const char *run_id = db_get_text(rows, "run_id");
    const char *locator = db_get_text(rows, "locator");
    const char *terms = db_get_text(rows, "consent_terms");

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
    o.consent_at_ms = db_get_time(rows, "consent_at");
    text_copy(o.consent_terms, sizeof o.consent_terms, terms == NULL ? "" : terms);
    o.flight = facts.flight;
    o.reserved_at_ms = db_get_time(rows, "reserved_at");
    o.expires_at_ms = db_get_time(rows, "expires_at");
    o.hold_ends_at_ms = db_get_time(rows, "hold_ends_at");
    if (o.expires_at_ms > o.flight.departure_ms) /* TIME_NONE never is */
        o.expires_at_ms = o.flight.departure_ms;
    o.payment_attempts = db_get_int(rows, "payment_attempts");
    o.failed_attempts = db_get_int(rows, "failed_attempts");
    o.total_price_cents = db_get_int(rows, "total_price_cents");
    price_list_read(db_get_text(rows, "seat_prices"), o.seats.count, o.total_price_cents, &o.prices);
    price_list_read_parts(db_get_text(rows, "price_parts"), o.seats.count, &o.prices);
    o.tax_basis_points = db_get_int(rows, "tax_basis_points");
    o.fee_cents = db_get_int(rows, "fee_cents");
    read_money(rows, &o);
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
    return r == RESULT_OK ? order_row_read(rows, ret_order) : r;
}

enum result orders_find(struct db *db, const char *order_id, const char *owner, struct order *ret_order)
{
    TRY(find_one(db, &ORDER_FIND, order_id, owner, ret_order));
    bool is_open = ret_order->status == ORDER_SEATS_RESERVED || ret_order->status == ORDER_PAYMENT_PENDING;
    return is_open ? RESULT_OK : refunds_sum(db, order_id, &ret_order->refunded_cents);
}

static enum result lock_one(struct db *db, const struct db_sql *sql, const char *order_id, const char *owner,
                            struct order *ret_order)
{
    struct db_rows *rows = NULL;
    TRY(find_one(db, sql, order_id, owner, ret_order));
    if (ret_order->status == ORDER_SEATS_RESERVED)
        return RESULT_OK;
    TRY(db_query_one(db, &ORDER_MONEY, DB_ARGS(db_text(order_id)), RESULT_INTERNAL, &rows));
    read_money(rows, ret_order);
    return RESULT_OK;
}

enum result orders_lock(struct db *db, const char *order_id, const char *owner, struct order *ret_order)
{
    return lock_one(db, &ORDER_LOCK, order_id, owner, ret_order);
}

enum result orders_lock_free(struct db *db, const char *order_id, struct order *ret_order)
{
    return lock_one(db, &ORDER_LOCK_FREE, order_id, NULL, ret_order);
}

enum result orders_read_many(struct db *db, const char (*ids)[UUID_SIZE], size_t count, bool locks,
                             struct order *reterr_orders, size_t *reterr_count)
{
    *reterr_count = 0;
    for (size_t done = 0; done < count; done += 64) {
        struct db_value args[64];
        struct db_rows *rows = NULL;
        for (size_t i = 0; i < 64; i++)
            args[i] = db_text(ids[done + i < count ? done + i : count - 1]);
        enum result r = db_query(db, locks ? &ORDERS_LOCK_MANY : &ORDERS_FIND_MANY, args, 64, &rows);
        while (db_more(rows, &r)) {
            if (*reterr_count < count)
                r = order_row_read(rows, &reterr_orders[(*reterr_count)++]);
        }
        if (r != RESULT_OK)
            return r;
    }
    return RESULT_OK;
}

enum result orders_move_all(struct db *db, struct order *const orders[], size_t count, enum order_status from)
{
    struct db_value args[64][9] = { { { 0 } } };
    for (size_t i = 0; i < count; i++) {
        const struct order *o = orders[i];
        const struct db_value values[] = {
            db_text(order_status_name(o->status)),
            db_int(o->payment_attempts),
            db_int(o->failed_attempts),
            db_text(o->last_error[0] == '\0' ? NULL : o->last_error),
            db_text(o->locator[0] == '\0' ? NULL : o->locator),
            db_time(o->read_at_ms),
            db_text(o->order_id),
            db_int(o->version),
            db_text(order_status_name(from)),
        };
        memcpy(args[i], values, sizeof values);
    }
    TRY(db_exec_each(db, &ORDER_MOVE, args[0], 9, count, count));
    for (size_t i = 0; i < count; i++) {
        orders[i]->version++;
        orders[i]->updated_at_ms = orders[i]->read_at_ms;
    }
    return RESULT_OK;
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
    char parts[PRICE_PARTS_TEXT_SIZE];
    char user_id[USER_ID_SIZE];
    seat_list_format(&o->seats, seats);
    price_list_format(&o->prices, o->seats.count, prices);
    price_list_format_parts(&o->prices, o->seats.count, parts);
    account_to_user_id(o->user_id, user_id);
    return db_exec(db, &ORDER_INSERT,
                   DB_ARGS(db_text(o->order_id), db_text(o->flight_id), db_text(user_id),
                           db_text(o->has_owner ? o->user_id : NULL), db_text(order_status_name(o->status)),
                           db_text(seats), db_time(o->reserved_at_ms), db_time(o->expires_at_ms),
                           db_int(o->total_price_cents), db_text(prices), db_text(*parts == '\0' ? NULL : parts),
                           db_text(o->currency), db_int(o->tax_basis_points), db_int(o->version), db_text(o->order_id),
                           db_text(o->run_id), db_time(o->created_at_ms), db_time(o->updated_at_ms),
                           db_time(o->consent_at_ms), db_text(o->consent_terms[0] == '\0' ? NULL : o->consent_terms)),
                   NULL);
}

enum result orders_update(struct db *db, struct order *o, enum order_status from)
{
    char seats[SEATS_TEXT_SIZE];
    char prices[PRICES_TEXT_SIZE];
    char parts[PRICE_PARTS_TEXT_SIZE];
    seat_list_format(&o->seats, seats);
    price_list_format(&o->prices, o->seats.count, prices);
    price_list_format_parts(&o->prices, o->seats.count, parts);
    TRY(db_exec_expect(db, &ORDER_UPDATE,
                       DB_ARGS(db_text(order_status_name(o->status)), db_text(seats), db_time(o->reserved_at_ms),
                               db_time(o->expires_at_ms), db_time(o->hold_ends_at_ms), db_int(o->payment_attempts),
                               db_int(o->failed_attempts), db_text(o->last_error[0] == '\0' ? NULL : o->last_error),
                               db_int(o->total_price_cents), db_text(prices), db_text(*parts == '\0' ? NULL : parts),
                               db_text(o->currency), db_int(o->tax_basis_points), db_int(o->fee_cents),
                               db_text(o->locator[0] == '\0' ? NULL : o->locator), db_time(o->consent_at_ms),
                               db_text(o->consent_terms[0] == '\0' ? NULL : o->consent_terms), db_time(o->read_at_ms),
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

bool order_filter_is_sought(const struct order_filter *f)
{
    return f->family_key != NULL || f->email_key != NULL || f->locator != NULL || f->seat != NULL;
}

/* Before and after every order there will ever be. */
#define FAR_PAST_MS INT64_C(0)
#define FAR_FUTURE_MS INT64_C(253370764800000)

static int64_t or_else(int64_t ms, int64_t otherwise)
{
    return ms == TIME_NONE ? otherwise : ms;
}

static const char *or_none(const char *id)
{
    return id == NULL ? "" : id;
}

/* The values of a statement, in the order of its question marks. */
struct values {
    struct db_value value[64];
    size_t count;
};

static void add(struct values *values, struct db_value value)
{
    values->value[values->count++] = value;
}

/* For "(? IS NULL OR … ?)". */
static void add_twice(struct values *values, struct db_value value)
{
    add(values, value);
    add(values, value);
}

static void add_words(struct values *values, const struct order_filter *f)
{
    for (size_t i = 0; i < ORDER_WORDS_MAX; i++) {
        const struct order_word *word = i < f->word_count ? &f->words[i] : NULL;
        struct db_value part = db_text(word == NULL ? NULL : word->part);
        add_twice(values, part);
        add(values, db_text(word == NULL ? NULL : word->part + 1));
        add(values, db_text(word == NULL || word->seat[0] == '\0' ? NULL : word->seat));
        add(values, part);
    }
}

/* For PAGE or PAGE_OLDEST. */
static void add_page(struct values *values, const struct order_filter *f)
{
    struct db_value before = db_time(or_else(f->before_ms, FAR_FUTURE_MS));
    add(values, before);
    if (f->oldest_first) {
        add_twice(values, db_time(or_else(f->after_ms, FAR_PAST_MS)));
        add(values, db_text(or_none(f->after_id)));
    } else {
        add(values, before);
        add(values, db_text(or_none(f->before_id)));
    }
    add(values, db_int(f->limit));
}

static enum result query_sought(struct db *db, const struct order_filter *f, struct db_rows **ret_rows)
{
    struct values v = { .count = 0 };
    char name[NAME_KEY_SIZE + 1] = "";
    if (f->family_key != NULL)
        (void)snprintf(name, sizeof name, "%s%%", f->family_key);
    add(&v, db_text(name));
    add(&v, db_text(f->email_key));
    add(&v, db_text(f->locator));
    add(&v, db_text(f->seat == NULL ? NULL : f->flight_id));
    add(&v, db_text(f->seat));
    add(&v, db_text(f->seat_plain));
    add_twice(&v, db_text(f->flight_id));
    add_twice(&v, db_text(f->status));
    add_twice(&v, db_time(f->from_ms));
    add_page(&v, f);
    return db_query(db, f->oldest_first ? &ORDERS_SOUGHT_OLDEST : &ORDERS_SOUGHT, v.value, v.count, ret_rows);
}

static const char *as_sent(const struct order_filter *f)
{
    return f->user_id_sent != NULL ? f->user_id_sent : f->user_id;
}

static enum result query_filtered(struct db *db, const struct order_filter *f, struct db_rows **ret_rows)
{
    struct values v = { .count = 0 };
    add_twice(&v, db_text(f->user_id));
    add(&v, db_text(as_sent(f)));
    add_twice(&v, db_text(f->flight_id));
    add_twice(&v, db_text(f->status));
    add_twice(&v, db_time(f->from_ms));
    if (f->word_count > 0)
        add_words(&v, f);
    add_page(&v, f);
    const struct db_sql *sql = f->word_count > 0 ? (f->oldest_first ? &ORDERS_WITH_WORDS_OLDEST : &ORDERS_WITH_WORDS)
                                                 : (f->oldest_first ? &ORDERS_FILTERED_OLDEST : &ORDERS_FILTERED);
    return db_query(db, sql, v.value, v.count, ret_rows);
}

static bool is_of_user_alone(const struct order_filter *f)
{
    return f->user_id != NULL && f->flight_id == NULL && f->status == NULL && f->word_count == 0 &&
           f->from_ms == TIME_NONE && !f->oldest_first;
}

static enum result query_page(struct db *db, const struct order_filter *f, struct db_rows **ret_rows)
{
    struct values v = { .count = 0 };
    const struct db_sql *sql = &ORDERS_OF_USER;
    if (order_filter_is_sought(f))
        return query_sought(db, f, ret_rows);
    if (f->owner == NULL && !is_of_user_alone(f))
        return query_filtered(db, f, ret_rows);
    add(&v, db_text(f->user_id));
    if (f->owner != NULL) {
        add(&v, db_text(f->owner));
        sql = &ORDERS_OF_OWNER;
    } else if (strcmp(f->user_id, as_sent(f)) != 0) {
        add(&v, db_text(as_sent(f)));
        sql = &ORDERS_OF_USER_AS_SENT;
    }
    add_page(&v, f);
    return db_query(db, sql, v.value, v.count, ret_rows);
}

enum result orders_horizon(struct db *db, const struct order_filter *f, int64_t *reterr_ms)
{
    bool ahead = f->oldest_first;
    struct db_value from = db_time(ahead ? or_else(f->after_ms, or_else(f->from_ms, FAR_PAST_MS))
                                         : or_else(f->before_ms, FAR_FUTURE_MS));
    struct db_rows *rows = NULL;
    enum result r;
    if (f->flight_id != NULL)
        r = db_query(db, ahead ? &HORIZON_AHEAD_OF_FLIGHT : &HORIZON_OF_FLIGHT, DB_ARGS(db_text(f->flight_id), from),
                     &rows);
    else if (f->user_id != NULL)
        r = db_query(db, ahead ? &HORIZON_AHEAD_OF_USER : &HORIZON_OF_USER, DB_ARGS(db_text(f->user_id), from), &rows);
    else
        r = db_query(db, ahead ? &HORIZON_AHEAD_OF_ALL : &HORIZON_OF_ALL, DB_ARGS(from), &rows);
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
        r = order_row_read(rows, &order);
        if (r == RESULT_OK)
            each(&order, context);
    }
    return r;
}
