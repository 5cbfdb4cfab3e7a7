/* SPDX-License-Identifier: MIT */
#include "booking/store/expiry.h"

#include "booking/base/text.h"
#include "booking/store/slots.h"

/* A hold ends with its flight's departure, even if that was moved meanwhile. */
#define END "LEAST(expires_at, (SELECT f.departure_time FROM flights f WHERE f.flight_id = orders.flight_id))"

#define LOCK                                                                             \
    "SELECT order_id, status, seats, " END " AS expires_at, UTC_TIMESTAMP(3) AS read_at" \
    " FROM orders FORCE INDEX (PRIMARY) WHERE order_id IN (" SLOTS_64 ")"                \
    " ORDER BY order_id FOR UPDATE"
DB_SQL(EXPIRY_LOCK, LOCK);
DB_SQL(EXPIRY_LOCK_FREE, LOCK " SKIP LOCKED");

DB_SQL(EXPIRY_ORDERS,
       "UPDATE orders SET status = 'EXPIRED', updated_at = " END ", expires_at = NULL,"
       " version = version + 1"
       " WHERE order_id IN (" SLOTS_64 ") AND status = 'SEATS_RESERVED' AND " END " <= UTC_TIMESTAMP(3)");

DB_SQL(EXPIRY_SEATS,
       "UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL"
       " WHERE reserved_by IN (" SLOTS_64 ") AND status = 'RESERVED'");

DB_SQL(EXPIRY_JOBS,
       "DELETE FROM workflow_jobs WHERE kind = 'EXPIRE_HOLD' AND order_id IN (" SLOTS_64 ")");

DB_SQL(EXPIRY_EVENTS,
       "INSERT INTO workflow_events (order_id, type, from_status, to_status, worker, change_id, created_at)"
       " SELECT order_id, 'ORDER_EXPIRED', 'SEATS_RESERVED', 'EXPIRED', ?, ?, UTC_TIMESTAMP(3)"
       " FROM orders WHERE order_id IN (" SLOTS_64 ")");

DB_SQL(HOLDS_CANCEL,
       "UPDATE orders SET status = 'CANCELLED', updated_at = UTC_TIMESTAMP(3), expires_at = NULL, version = version + 1"
       " WHERE order_id IN (" SLOTS_64 ") AND status = 'SEATS_RESERVED'");

DB_SQL(HOLDS_CANCEL_EVENTS,
       "INSERT INTO workflow_events (order_id, type, from_status, to_status, detail, request_id, actor_id, change_id,"
       " created_at)"
       " SELECT order_id, 'ORDER_CANCELLED', 'SEATS_RESERVED', 'CANCELLED', ?, ?, ?, ?, UTC_TIMESTAMP(3)"
       " FROM orders WHERE order_id IN (" SLOTS_64 ")");

static enum result read_orders(struct db_rows *rows, struct expiry_list *list)
{
    enum result r = RESULT_OK;
    while (db_more(rows, &r)) {
        struct seat_list seats;
        size_t i = list->count++;
        text_copy(list->order[i].order_id, UUID_SIZE, db_get_text(rows, "order_id"));
        list->order[i].expires_at_ms = db_get_time(rows, "expires_at");
        list->order[i].read_at_ms = db_get_time(rows, "read_at");
        if (!order_status_parse(db_get_text(rows, "status"), &list->order[i].status) ||
            !seat_list_parse(db_get_text(rows, "seats"), &seats))
            return RESULT_INTERNAL;
        list->order[i].seat_count = seats.count;
    }
    return r;
}

enum result expiry_lock(struct db *db, const char (*order_ids)[UUID_SIZE], size_t count, bool wait,
                        struct expiry_list *reterr_list)
{
    struct db_value args[EXPIRY_MAX];
    struct db_rows *rows = NULL;

    reterr_list->count = 0;
    for (size_t i = 0; i < EXPIRY_MAX; i++)
        args[i] = db_text(order_ids[i < count ? i : count - 1]);
    enum result r = db_query(db, wait ? &EXPIRY_LOCK : &EXPIRY_LOCK_FREE, args, EXPIRY_MAX, &rows);
    return r == RESULT_OK ? read_orders(rows, reterr_list) : r;
}

/* Repeats the list's last id to the end. */
static void fill_ids(struct db_value ids[EXPIRY_MAX], const struct expiry_list *list)
{
    for (size_t i = 0; i < EXPIRY_MAX; i++)
        ids[i] = db_text(list->order[i < list->count ? i : list->count - 1].order_id);
}

enum result expiry_end(struct db *db, const struct expiry_list *lapsed, const char *worker)
{
    struct db_value args[2 + EXPIRY_MAX];
    struct db_value *ids = args + 2;
    size_t count = lapsed->count;
    size_t seat_count = 0;

    args[0] = db_text(worker);
    args[1] = db_int(db_change_id(db));
    fill_ids(ids, lapsed);
    for (size_t i = 0; i < lapsed->count; i++)
        seat_count += lapsed->order[i].seat_count;

    TRY(db_exec_expect(db, &EXPIRY_ORDERS, ids, EXPIRY_MAX, count));
    TRY(worker == NULL ? db_exec(db, &EXPIRY_SEATS, ids, EXPIRY_MAX, NULL)
                       : db_exec_expect(db, &EXPIRY_SEATS, ids, EXPIRY_MAX, seat_count));
    return db_exec_expect(db, &EXPIRY_EVENTS, args, 2 + EXPIRY_MAX, count);
}

enum result expiry_cancel(struct db *db, const struct expiry_list *held, const char *detail, const struct author *by)
{
    struct db_value args[4 + EXPIRY_MAX] = { db_text(detail), db_text(by->request_id), db_id(by->actor_id),
                                             db_int(db_change_id(db)) };
    struct db_value *ids = args + 4;
    fill_ids(ids, held);
    TRY(db_exec_expect(db, &HOLDS_CANCEL, ids, EXPIRY_MAX, held->count));
    TRY(db_exec(db, &EXPIRY_SEATS, ids, EXPIRY_MAX, NULL));
    return db_exec_expect(db, &HOLDS_CANCEL_EVENTS, args, 4 + EXPIRY_MAX, held->count);
}

enum result expiry_drop_timers(struct db *db, const struct expiry_list *over)
{
    struct db_value ids[EXPIRY_MAX];
    fill_ids(ids, over);
    return db_exec(db, &EXPIRY_JOBS, ids, EXPIRY_MAX, NULL);
}
