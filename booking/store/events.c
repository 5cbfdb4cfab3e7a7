/* SPDX-License-Identifier: MIT */
#include "booking/store/events.h"

#include <string.h>

DB_SQL(EVENT_ADD,
       "INSERT INTO workflow_events (order_id, type, from_status, to_status, attempt, outcome,"
       " duration_ms, worker, detail, request_id, actor_id, change_id, created_at)"
       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))");

DB_SQL(EVENT_ADD_BIRTH,
       "INSERT INTO workflow_events (order_id, type, from_status, to_status, detail, request_id,"
       " actor_id, change_id, created_at)"
       " VALUES (?, 'ORDER_CREATED', NULL, 'CREATED', NULL, ?, ?, ?, ?),"
       " (?, 'SEATS_RESERVED', 'CREATED', 'SEATS_RESERVED', ?, ?, ?, ?, ?)");

DB_SQL(EVENT_OF_CHANGE,
       "SELECT 1 AS found FROM workflow_events WHERE order_id = ? AND change_id = ? LIMIT 1");

DB_SQL(EVENT_OF_ATTEMPT,
       "SELECT 1 AS found FROM workflow_events WHERE order_id = ? AND type = 'PAYMENT_ATTEMPT' AND attempt = ?"
       " AND outcome <> 'PENDING' AND (? = 0 OR outcome = 'LATE_APPROVAL')"
       " AND event_id > (SELECT MAX(s.event_id) FROM workflow_events s WHERE s.order_id = ?"
       "   AND s.type = 'PAYMENT_SUBMITTED') LIMIT 1");

DB_SQL(EVENTS_LIST,
       "SELECT e.event_id, e.type, e.from_status, e.to_status, e.attempt, e.outcome, e.duration_ms, e.worker, e.detail,"
       " e.request_id, e.actor_id, p.name AS actor, e.created_at FROM workflow_events e"
       " LEFT JOIN persons p ON p.person_id = e.actor_id WHERE e.order_id = ? ORDER BY e.event_id");

#define EVENT_VALUES 12

static void fill_event(struct db *db, const struct event *e, struct db_value ret_values[EVENT_VALUES])
{
    const struct db_value none = db_text(NULL);
    const struct db_value values[EVENT_VALUES] = {
        db_text(e->order_id),
        db_text(e->type),
        db_text(e->from_status),
        db_text(e->to_status),
        e->attempt == 0 ? none : db_int(e->attempt),
        db_text(e->outcome),
        e->duration_ms == NULL ? none : db_int(*e->duration_ms),
        db_text(e->by.worker),
        db_text(e->detail),
        db_text(e->by.request_id),
        db_id(e->by.actor_id),
        db_int(db_change_id(db)),
    };
    memcpy(ret_values, values, sizeof values);
}

enum result events_add(struct db *db, const struct event *e)
{
    struct db_value values[EVENT_VALUES];
    fill_event(db, e, values);
    return db_exec(db, &EVENT_ADD, values, EVENT_VALUES, NULL);
}

enum result events_add_all(struct db *db, const struct event *events, size_t count)
{
    struct db_value values[EVENTS_MAX][EVENT_VALUES];
    for (size_t i = 0; i < count; i++)
        fill_event(db, &events[i], values[i]);
    return db_exec_each(db, &EVENT_ADD, values[0], EVENT_VALUES, count, count);
}

enum result events_add_birth(struct db *db, const struct order *o, int64_t actor_id)
{
    char seats[SEATS_TEXT_SIZE];
    seat_list_format(&o->seats, seats);
    struct db_value request = db_text(o->run_id[0] == '\0' ? NULL : o->run_id);
    struct db_value actor = db_id(actor_id);
    struct db_value change = db_int(db_change_id(db));
    struct db_value now = db_time(o->created_at_ms);
    return db_exec(db, &EVENT_ADD_BIRTH,
                   DB_ARGS(db_text(o->order_id), request, actor, change, now, db_text(o->order_id), db_text(seats),
                           request, actor, change, now),
                   NULL);
}

static enum result is_there(enum result r, bool *reterr_have)
{
    *reterr_have = r == RESULT_OK;
    return r == RESULT_NOT_FOUND ? RESULT_OK : r;
}

enum result events_have_change(struct db *db, const char *order_id, int64_t change_id, bool *reterr_have)
{
    struct db_rows *rows = NULL;
    return is_there(db_query_one(db, &EVENT_OF_CHANGE, DB_ARGS(db_text(order_id), db_int(change_id)), RESULT_NOT_FOUND,
                                 &rows),
                    reterr_have);
}

enum result events_have_attempt(struct db *db, const char *order_id, int64_t attempt, bool late, bool *reterr_have)
{
    struct db_rows *rows = NULL;
    return is_there(db_query_one(db, &EVENT_OF_ATTEMPT,
                                 DB_ARGS(db_text(order_id), db_int(attempt), db_int(late ? 1 : 0), db_text(order_id)),
                                 RESULT_NOT_FOUND, &rows),
                    reterr_have);
}

enum result events_list(struct db *db, const char *order_id, void (*each)(const struct event *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &EVENTS_LIST, DB_ARGS(db_text(order_id)), &rows);
    while (db_more(rows, &r)) {
        int64_t duration_ms = db_get_int(rows, "duration_ms");
        struct event row = {
            .event_id = db_get_int(rows, "event_id"),
            .type = db_get_text(rows, "type"),
            .from_status = db_get_text(rows, "from_status"),
            .to_status = db_get_text(rows, "to_status"),
            .attempt = db_get_int(rows, "attempt"),
            .outcome = db_get_text(rows, "outcome"),
            .duration_ms = db_is_null(rows, "duration_ms") ? NULL : &duration_ms,
            .detail = db_get_text(rows, "detail"),
            .by = { .request_id = db_get_text(rows, "request_id"),
                    .actor_id = db_get_int(rows, "actor_id"),
                    .worker = db_get_text(rows, "worker") },
            .actor = db_get_text(rows, "actor"),
            .created_at_ms = db_get_time(rows, "created_at"),
        };
        each(&row, context);
    }
    return r;
}
