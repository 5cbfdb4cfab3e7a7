/* SPDX-License-Identifier: MIT */
#include "booking/store/flight_counts.h"

#include "booking/base/text.h"
#include "booking/store/slots.h"

#include <string.h>

#define HEARTBEAT "flight_id = '' AND cabin_class = '' AND features = ''"

/* What is kept is right if all changes until two seconds ago have been counted; or if nothing has changed since, and a
 * sweeper is there, which ends holds that lapse. (At rest it looks every few seconds only.) A pass that began soon
 * after the newest event may have missed one before that, whose transaction committed later. */
#define IS_RIGHT                                                                         \
    "EXISTS (SELECT 1 FROM flight_counts h WHERE " HEARTBEAT                             \
    " AND (h.counted_at > UTC_TIMESTAMP(3) - INTERVAL 2 SECOND"                          \
    " OR (h.counted_at > UTC_TIMESTAMP(3) - INTERVAL 8 SECOND"                           \
    "     AND h.event_id = (SELECT COALESCE(MAX(e.event_id), 0) FROM workflow_events e)" \
    "     AND NOT EXISTS (SELECT 1 FROM workflow_events n WHERE n.event_id = h.event_id" \
    "                     AND n.created_at > h.counted_at - INTERVAL 5 SECOND))))"

DB_SQL(COUNTS_KEPT,
       "SELECT c.flight_id, c.cabin_class, c.features, c.total, c.free FROM flight_counts c"
       " WHERE c.flight_id IN (" SLOTS_64 "," SLOTS_64 ") AND " IS_RIGHT);

#define COUNT_SEATS                                                                                                \
    "SELECT s.flight_id, COALESCE(s.cabin_class, '" CLASS_ECONOMY "') AS seat_class,"                              \
    " COALESCE(s.features, '') AS seat_features, COUNT(*) AS total,"                                               \
    " CAST(SUM(CASE WHEN s.blocked IS NULL AND (s.status = 'AVAILABLE' OR (o.status = 'SEATS_RESERVED'"            \
    "               AND LEAST(o.expires_at, f.departure_time) <= UTC_TIMESTAMP(3))) THEN 1 ELSE 0 END) AS SIGNED)" \
    " AS free"
#define OF_FLIGHTS(slots)                                                             \
    " FROM seats s FORCE INDEX (PRIMARY) JOIN flights f ON f.flight_id = s.flight_id" \
    " LEFT JOIN orders o ON o.order_id = s.reserved_by AND s.status = 'RESERVED'"     \
    " WHERE s.flight_id IN (" slots ") GROUP BY s.flight_id, seat_class, seat_features"

DB_SQL(COUNTS_NOW, COUNT_SEATS OF_FLIGHTS(SLOTS_64 "," SLOTS_64));
DB_SQL(COUNTS_NOW_FEW, COUNT_SEATS OF_FLIGHTS(SLOTS_4));

DB_SQL(COUNTS_KEEP,
       "INSERT INTO flight_counts (flight_id, cabin_class, features, total, free, counted_at) " COUNT_SEATS
       ", UTC_TIMESTAMP(3)" OF_FLIGHTS(SLOTS_16));
DB_SQL(COUNTS_REMOVE, "DELETE FROM flight_counts WHERE flight_id IN (" SLOTS_16 ")");
DB_SQL(COUNTS_FORGET,
       "INSERT INTO flight_counts (flight_id, cabin_class, features, total, free, counted_at)"
       " VALUES (?, '', '', 0, 0, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE counted_at = UTC_TIMESTAMP(3)");

DB_SQL(COUNTS_MAKE_TURN,
       "INSERT IGNORE INTO flight_counts (flight_id, cabin_class, features, total, free, counted_at)"
       " VALUES ('', '', '', 0, 0, TIMESTAMP'2000-01-01 00:00:00')");
DB_SQL(COUNTS_TURN,
       "SELECT COALESCE(event_id, 0) AS event_id, COALESCE(worker, '') AS worker, counted_at,"
       " UTC_TIMESTAMP(3) AS read_at,"
       " (SELECT COALESCE(MAX(e.event_id), 0) FROM workflow_events e) AS last_event_id,"
       " CASE WHEN counted_at > UTC_TIMESTAMP(3) - INTERVAL 10 SECOND"
       " AND counted_at < UTC_TIMESTAMP(3) + INTERVAL 5 SECOND THEN 1 ELSE 0 END AS is_taken"
       " FROM flight_counts WHERE " HEARTBEAT);
DB_SQL(COUNTS_END_PASS, "UPDATE flight_counts SET counted_at = ?, event_id = ?, worker = ? WHERE " HEARTBEAT);

DB_SQL(COUNTS_EVENTS, "SELECT event_id, order_id FROM workflow_events WHERE event_id > ? AND event_id <= ?"
                      " ORDER BY event_id LIMIT ?");
DB_SQL(COUNTS_FLIGHTS, "SELECT flight_id FROM orders WHERE order_id IN (" SLOTS_64 ")");
DB_SQL(COUNTS_EVENT_BEFORE, "SELECT event_id FROM workflow_events WHERE event_id <= ? AND created_at < ?"
                            " ORDER BY event_id DESC LIMIT 1");

DB_SQL(COUNTS_MISSING,
       "SELECT p.flight_id, p.departure_time, (SELECT COUNT(*) FROM flight_counts c WHERE c.flight_id = p.flight_id"
       " AND c.cabin_class <> '') AS kept, (SELECT COUNT(*) FROM flight_counts c WHERE c.flight_id = p.flight_id"
       " AND c.cabin_class = '') AS forgotten FROM (SELECT flight_id, departure_time FROM flights"
       " WHERE departure_time > UTC_TIMESTAMP(3) AND departure_time >= ? AND (departure_time > ? OR flight_id > ?)"
       " ORDER BY departure_time, flight_id LIMIT 500) p ORDER BY p.departure_time, p.flight_id");

static void fill(struct db_value *args, size_t slots, const struct flight_ids *ids)
{
    for (size_t i = 0; i < slots; i++)
        args[i] = db_text(ids->id[i < ids->count ? i : ids->count - 1]);
}

static enum result give(enum result r, struct db_rows *rows, const char *cabin_class, const char *features,
                        void (*each)(const struct seat_count *, void *), void *context)
{
    while (db_more(rows, &r)) {
        struct seat_count count = {
            .flight_id = db_get_text(rows, "flight_id"),
            .cabin_class = db_get_text(rows, cabin_class),
            .features = db_get_text(rows, features),
            .total = db_get_int(rows, "total"),
            .free = db_get_int(rows, "free"),
        };
        each(&count, context);
    }
    return r;
}

enum result flight_counts_kept(struct db *db, const struct flight_ids *ids,
                               void (*each)(const struct seat_count *, void *), void *context)
{
    struct db_value args[FLIGHT_IDS_MAX];
    struct db_rows *rows = NULL;
    fill(args, FLIGHT_IDS_MAX, ids);
    enum result r = db_query(db, &COUNTS_KEPT, args, FLIGHT_IDS_MAX, &rows);
    return give(r, rows, "cabin_class", "features", each, context);
}

enum result flight_counts_now(struct db *db, const struct flight_ids *ids,
                              void (*each)(const struct seat_count *, void *), void *context)
{
    struct db_value args[FLIGHT_IDS_MAX];
    struct db_rows *rows = NULL;
    size_t slots = ids->count <= 4 ? 4 : FLIGHT_IDS_MAX;
    fill(args, slots, ids);
    enum result r = db_query(db, slots == 4 ? &COUNTS_NOW_FEW : &COUNTS_NOW, args, slots, &rows);
    return give(r, rows, "seat_class", "seat_features", each, context);
}

enum result flight_counts_forget(struct db *db, const char *flight_id)
{
    return db_exec(db, &COUNTS_FORGET, DB_ARGS(db_text(flight_id)), NULL);
}

enum result flight_counts_remove(struct db *db, const struct flight_ids *ids)
{
    struct db_value args[FLIGHT_COUNTS_BATCH];
    fill(args, FLIGHT_COUNTS_BATCH, ids);
    return db_exec(db, &COUNTS_REMOVE, args, FLIGHT_COUNTS_BATCH, NULL);
}

enum result flight_counts_keep(struct db *db, const struct flight_ids *ids)
{
    struct db_value args[FLIGHT_COUNTS_BATCH];
    /* Removing waits for whoever is forgetting one of them, so that what is counted then has that change in it. */
    TRY(flight_counts_remove(db, ids));
    fill(args, FLIGHT_COUNTS_BATCH, ids);
    return db_exec(db, &COUNTS_KEEP, args, FLIGHT_COUNTS_BATCH, NULL);
}

static enum result read_turn(struct db *db, const char *worker, struct counts_turn *ret_turn)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &COUNTS_TURN, DB_NO_ARGS, RESULT_NOT_FOUND, &rows));
    *ret_turn = (struct counts_turn){
        .event_id = db_get_int(rows, "event_id"),
        .is_ours = db_get_int(rows, "is_taken") == 0 || strcmp(db_get_text(rows, "worker"), worker) == 0,
        .last_event_id = db_get_int(rows, "last_event_id"),
        .counted_ms = db_get_time(rows, "counted_at"),
        .now_ms = db_get_time(rows, "read_at"),
    };
    return RESULT_OK;
}

enum result flight_counts_turn(struct db *db, const char *worker, struct counts_turn *ret_turn)
{
    enum result r = read_turn(db, worker, ret_turn);
    if (r != RESULT_NOT_FOUND)
        return r;
    TRY(db_exec(db, &COUNTS_MAKE_TURN, DB_NO_ARGS, NULL));
    return read_turn(db, worker, ret_turn);
}

enum result flight_counts_end_pass(struct db *db, const char *worker, int64_t began_ms, int64_t event_id)
{
    return db_exec(db, &COUNTS_END_PASS, DB_ARGS(db_time(began_ms), db_int(event_id), db_text(worker)), NULL);
}

enum result flight_counts_events(struct db *db, int64_t after_event, int64_t last_event, size_t limit,
                                 struct seat_event *reterr_list, size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    size_t count = 0;
    enum result r = db_query(db, &COUNTS_EVENTS,
                             DB_ARGS(db_int(after_event), db_int(last_event), db_int((int64_t)limit)), &rows);
    while (db_more(rows, &r)) {
        reterr_list[count].event_id = db_get_int(rows, "event_id");
        text_copy(reterr_list[count++].order_id, UUID_SIZE, db_get_text(rows, "order_id"));
    }
    *reterr_count = count;
    return r;
}

enum result flight_counts_event_before(struct db *db, int64_t event_id, int64_t before_ms, int64_t *reterr_event_id)
{
    struct db_rows *rows = NULL;
    *reterr_event_id = 0;
    enum result r = db_query(db, &COUNTS_EVENT_BEFORE, DB_ARGS(db_int(event_id), db_time(before_ms)), &rows);
    while (db_more(rows, &r))
        *reterr_event_id = db_get_int(rows, "event_id");
    return r;
}

enum result flight_counts_flights(struct db *db, const struct order_ids *orders,
                                  void (*each)(const char *flight_id, void *), void *context)
{
    struct db_value args[ORDER_IDS_MAX];
    struct db_rows *rows = NULL;
    for (size_t i = 0; i < ORDER_IDS_MAX; i++)
        args[i] = db_text(orders->id[i < orders->count ? i : orders->count - 1]);
    enum result r = db_query(db, &COUNTS_FLIGHTS, args, ORDER_IDS_MAX, &rows);
    while (db_more(rows, &r))
        each(db_get_text(rows, "flight_id"), context);
    return r;
}

enum result flight_counts_missing(struct db *db, const struct flight_position *after, size_t limit,
                                  struct flight_ids *reterr_ids, struct flight_position *reterr_last)
{
    struct db_value from = db_time(after->departure_ms);
    struct db_rows *rows = NULL;
    reterr_ids->count = 0;
    *reterr_last = (struct flight_position){ .departure_ms = 0 };
    enum result r = db_query(db, &COUNTS_MISSING, DB_ARGS(from, from, db_text(after->flight_id)), &rows);
    while (db_more(rows, &r)) {
        if (reterr_ids->count == limit)
            continue;
        const char *id = db_get_text(rows, "flight_id");
        reterr_last->departure_ms = db_get_time(rows, "departure_time");
        text_copy(reterr_last->flight_id, FLIGHT_ID_SIZE, id);
        if (db_get_int(rows, "kept") == 0 || db_get_int(rows, "forgotten") > 0)
            text_copy(reterr_ids->id[reterr_ids->count++], FLIGHT_ID_SIZE, id);
    }
    return r;
}
