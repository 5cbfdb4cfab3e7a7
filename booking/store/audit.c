/* SPDX-License-Identifier: MIT */
#include "booking/store/audit.h"

#include "booking/base/timestamp.h"
#include "booking/store/flight_facts.h"

#include <string.h>

DB_SQL(AUDIT_ADD,
       "INSERT INTO audit_log (actor_id, role, action, object_kind, object_id, was, became, reason, request_id,"
       " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))");

DB_SQL(AUDIT_LIST,
       "SELECT a.audit_id, a.actor_id, p.name AS actor, a.role, a.action, a.object_kind, a.object_id, a.was, a.became,"
       " a.reason, a.request_id, a.created_at, "
       FLIGHT_FACTS_OF("CASE a.object_kind WHEN 'FLIGHT' THEN a.object_id"
                       " WHEN 'ORDER' THEN (SELECT o.flight_id FROM orders o WHERE o.order_id = a.object_id) END")
       " FROM audit_log a LEFT JOIN persons p ON p.person_id = a.actor_id"
       " WHERE (? IS NULL OR a.actor_id = ?) AND (? IS NULL OR a.action = ?) AND (? IS NULL OR a.object_id = ?)"
       " AND (? IS NULL OR a.created_at >= ?) AND (a.created_at < ? OR (a.created_at = ? AND a.audit_id < ?))"
       " ORDER BY a.created_at DESC, a.audit_id DESC LIMIT ?");

/* In the year 9999. */
#define FAR_FUTURE_MS INT64_C(253370764800000)

static const char *const actions[] = {
    AUDIT_NAME_PASSENGERS, AUDIT_IMPORT_FLIGHTS, AUDIT_HOLD_SEATS,     AUDIT_CHANGE_SEATS,  AUDIT_SUBMIT_PAYMENT,
    AUDIT_CANCEL_ORDER,    AUDIT_FREE_SEATS,     AUDIT_FORGET_PERSONS, AUDIT_RETRY_JOB,     AUDIT_RELEASE_JOB,
    AUDIT_PAUSE_KIND,      AUDIT_RESUME_KIND,    AUDIT_ADD_STAFF,      AUDIT_ROTATE_TOKEN,  AUDIT_SET_ROLE,
    AUDIT_REVOKE_TOKEN,    AUDIT_REFUND,         AUDIT_CANCEL_FLIGHT,  AUDIT_BLOCK_SEATS,   AUDIT_UNBLOCK_SEATS,
    AUDIT_BOARD,           AUDIT_PUT_CABIN,      AUDIT_REMOVE_CABIN,   AUDIT_PUT_PLACE,     AUDIT_REMOVE_PLACE,
    AUDIT_SWAP_CABIN,      AUDIT_PUT_FLIGHT,     AUDIT_REMOVE_FLIGHT,  AUDIT_CLOSE_FLIGHT,  AUDIT_OPEN_FLIGHT,
    AUDIT_EXTEND_HOLD,     AUDIT_RESEND,         AUDIT_RECONCILE,      AUDIT_SET_ASIDE_JOB,
};

bool audit_is_action(const char *text)
{
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (strcmp(actions[i], text) == 0)
            return true;
    }
    return false;
}

enum result audit_add(struct db *db, const struct audit_row *row)
{
    return db_exec(db, &AUDIT_ADD,
                   DB_ARGS(db_int(row->actor_id), db_text(row->role), db_text(row->action), db_text(row->object_kind),
                           db_text(row->object_id), db_text(row->was), db_text(row->became), db_text(row->reason),
                           db_text(row->request_id)),
                   NULL);
}

enum result audit_list(struct db *db, const struct audit_filter *f, void (*each)(const struct audit_row *, void *),
                       void *context)
{
    struct db_rows *rows = NULL;
    struct db_value actor = db_id(f->actor_id);
    struct db_value before = db_time(f->before_ms == TIME_NONE ? FAR_FUTURE_MS : f->before_ms);
    enum result r = db_query(db, &AUDIT_LIST,
                             DB_ARGS(actor, actor, db_text(f->action), db_text(f->action), db_text(f->object_id),
                                     db_text(f->object_id), db_time(f->from_ms), db_time(f->from_ms), before, before,
                                     db_int(f->before_id), db_int(f->limit)),
                             &rows);
    while (db_more(rows, &r)) {
        const char *facts_text = db_get_text(rows, "flight_facts");
        struct flight_facts facts;
        struct audit_row row = {
            .audit_id = db_get_int(rows, "audit_id"),
            .actor_id = db_get_int(rows, "actor_id"),
            .actor = db_get_text(rows, "actor"),
            .role = db_get_text(rows, "role"),
            .action = db_get_text(rows, "action"),
            .object_kind = db_get_text(rows, "object_kind"),
            .object_id = db_get_text(rows, "object_id"),
            .was = db_get_text(rows, "was"),
            .became = db_get_text(rows, "became"),
            .reason = db_get_text(rows, "reason"),
            .request_id = db_get_text(rows, "request_id"),
            .created_at_ms = db_get_time(rows, "created_at"),
            .has_flight = flight_facts_read(facts_text, &facts),
        };
        if (row.has_flight)
            row.flight = facts.flight;
        each(&row, context);
    }
    return r;
}
