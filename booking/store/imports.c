/* SPDX-License-Identifier: MIT */
#include "booking/store/imports.h"

#include "booking/base/text.h"

#include <string.h>

DB_SQL(IMPORT_BEGIN,
       "INSERT INTO imports (import_id, dry_run, actor_id, actor_role, request_id, created_at, updated_at)"
       " VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(IMPORT_ADD_ROW, "INSERT INTO import_rows (import_id, line, flight_id, flight) VALUES (?, ?, ?, ?)");

DB_SQL(IMPORT_READY,
       "UPDATE imports SET status = 'CHECKING', line_count = ?, flights = ?, faults = ?, updated_at = UTC_TIMESTAMP(3)"
       " WHERE import_id = ? AND status = 'UPLOADING'");

#define READ_IMPORT                                                                                                 \
    "SELECT import_id, status, dry_run, line_count, flights, done, made, changed, unchanged, faults, next_line,"    \
    " has_drafts, tries, actor_id, actor_role, request_id, created_at, updated_at FROM imports WHERE import_id = ?" \
    " AND status <> 'UPLOADING'"
DB_SQL(IMPORT_FIND, READ_IMPORT);
DB_SQL(IMPORT_LOCK, READ_IMPORT " FOR UPDATE");

DB_SQL(IMPORT_SAVE,
       "UPDATE imports SET status = ?, done = ?, made = ?, changed = ?, unchanged = ?, faults = ?, next_line = ?,"
       " has_drafts = ?, tries = ?, updated_at = UTC_TIMESTAMP(3) WHERE import_id = ?");

/* The statement may be sent again on a new connection. */
DB_SQL(IMPORT_ADD_FAULT,
       "INSERT INTO import_faults (import_id, fault_no, line, field, message) VALUES (?, ?, ?, ?, ?)"
       " ON DUPLICATE KEY UPDATE fault_no = fault_no");

DB_SQL(IMPORT_FAULTS,
       "SELECT line, field, message FROM import_faults WHERE import_id = ? ORDER BY line, fault_no");

DB_SQL(IMPORT_NEXT_ROW,
       "SELECT line, flight_id, flight, action, version FROM import_rows WHERE import_id = ? AND line >= ?"
       " ORDER BY line LIMIT 1");

DB_SQL(IMPORT_NOTE,
       "UPDATE import_rows SET action = ?, version = ?, status = ?, shadow_id = ?, moves = ?, was = ?, became = ?"
       " WHERE import_id = ? AND line = ?");

/* A draft becomes version 1 of its flight. (A trigger counts a change that leaves the version as it is.) */
DB_SQL(IMPORT_UNCOUNT, "UPDATE flights SET version = 0 WHERE import_id = ? AND status = 'DRAFT'");

DB_SQL(IMPORT_PUBLISH_NEW,
       "UPDATE import_rows r JOIN flights f ON f.flight_id = r.flight_id"
       " SET f.status = r.status, f.version = 1, f.updated_at = UTC_TIMESTAMP(3)"
       " WHERE r.import_id = ? AND r.action = 'NEW' AND f.import_id = r.import_id AND f.status = 'DRAFT'");

DB_SQL(IMPORT_PUBLISH_CHANGED,
       "UPDATE import_rows r JOIN flights f ON f.flight_id = r.flight_id JOIN flights s ON s.flight_id = r.shadow_id"
       " SET f.status = r.status, f.flight_number = s.flight_number, f.origin = s.origin,"
       " f.destination = s.destination, f.origin_time_zone = s.origin_time_zone,"
       " f.destination_time_zone = s.destination_time_zone, f.departure_said = s.departure_said,"
       " f.departure_time = s.departure_time, f.departure_day = s.departure_day, f.arrival_said = s.arrival_said,"
       " f.arrival_time = s.arrival_time, f.price_cents = s.price_cents, f.currency = s.currency, f.fares = s.fares,"
       " f.surcharges = s.surcharges, f.tax_basis_points = s.tax_basis_points, f.sales_opens_s = s.sales_opens_s,"
       " f.sales_closes_s = s.sales_closes_s, f.refund_rule = s.refund_rule, f.version = f.version + 1,"
       " f.updated_at = UTC_TIMESTAMP(3)"
       " WHERE r.import_id = ? AND r.action = 'CHANGE' AND f.version = r.version AND f.status <> 'DRAFT'");

DB_SQL(IMPORT_AUDIT_ROWS,
       "INSERT INTO audit_log (actor_id, role, action, object_kind, object_id, was, became, request_id, created_at)"
       " SELECT ?, ?, ?, 'FLIGHT', flight_id, was, became, ?, UTC_TIMESTAMP(3) FROM import_rows"
       " WHERE import_id = ? AND action <> 'SAME'");

DB_SQL(IMPORT_MOVED,
       "SELECT line, flight_id, moves FROM import_rows WHERE import_id = ? AND action = 'CHANGE' AND moves > 0"
       " ORDER BY line");

DB_SQL(IMPORT_STAGER,
       "SELECT COALESCE(import_id, '') AS import_id FROM flights WHERE flight_id = ? AND status = 'DRAFT'");

DB_SQL(IMPORT_COPY_SEATS,
       "INSERT INTO seats (flight_id, seat_number, seat_row, seat_column, seat_letters, cabin_class, features)"
       " SELECT ?, seat_number, seat_row, seat_column, seat_letters, cabin_class, features FROM seats"
       " WHERE flight_id = ?");

DB_SQL(IMPORT_DRAFTS, "SELECT flight_id FROM flights WHERE import_id = ? AND status = 'DRAFT' LIMIT 4");

DB_SQL(IMPORT_REMOVE_ROWS, "DELETE FROM import_rows WHERE import_id = ? LIMIT 500");
#define REMOVED_AT_ONCE 500

/* A job that is set aside for good keeps its import until an operator has looked at it. */
DB_SQL(IMPORT_OLD,
       "SELECT import_id FROM imports WHERE (status IN ('CHECKED', 'REFUSED', 'PUBLISHED')"
       " AND updated_at < TIMESTAMPADD(DAY, -7, UTC_TIMESTAMP(3)))"
       " OR (status = 'UPLOADING' AND updated_at < TIMESTAMPADD(HOUR, -1, UTC_TIMESTAMP(3))) LIMIT 1");
DB_SQL(IMPORT_FORGET_FAULTS, "DELETE FROM import_faults WHERE import_id = ?");
DB_SQL(IMPORT_FORGET, "DELETE FROM imports WHERE import_id = ?");

static const char *const names[] = {
    [IMPORT_UPLOADING] = "UPLOADING", [IMPORT_CHECKING] = "CHECKING", [IMPORT_STAGING] = "STAGING",
    [IMPORT_CHECKED] = "CHECKED",     [IMPORT_REFUSED] = "REFUSED",   [IMPORT_PUBLISHED] = "PUBLISHED",
};

const char *import_status_name(enum import_status status)
{
    return names[status];
}

enum result imports_begin(struct db *db, const struct import *import)
{
    return db_exec(db, &IMPORT_BEGIN,
                   DB_ARGS(db_text(import->import_id), db_int(import->is_dry_run), db_int(import->actor.person_id),
                           db_text(role_name(import->actor.role)), db_text(import->request_id)),
                   NULL);
}

enum result imports_add_row(struct db *db, const char *import_id, int64_t line, const char *flight_id,
                            const char *flight, size_t len)
{
    return db_exec(db, &IMPORT_ADD_ROW,
                   DB_ARGS(db_text(import_id), db_int(line), db_text(flight_id), db_bytes(flight, len)), NULL);
}

enum result imports_ready(struct db *db, const struct import *import)
{
    return db_exec_expect(db, &IMPORT_READY,
                          DB_ARGS(db_int(import->line_count), db_int(import->flights), db_int(import->faults),
                                  db_text(import->import_id)),
                          1);
}

static enum result read_import(struct db *db, const struct db_sql *sql, const char *import_id,
                               struct import *ret_import)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, sql, DB_ARGS(db_text(import_id)), RESULT_NOT_FOUND, &rows));
    struct import import = {
        .is_dry_run = db_get_int(rows, "dry_run") != 0,
        .line_count = db_get_int(rows, "line_count"),
        .flights = db_get_int(rows, "flights"),
        .done = db_get_int(rows, "done"),
        .made = db_get_int(rows, "made"),
        .changed = db_get_int(rows, "changed"),
        .unchanged = db_get_int(rows, "unchanged"),
        .faults = db_get_int(rows, "faults"),
        .next_line = db_get_int(rows, "next_line"),
        .has_drafts = db_get_int(rows, "has_drafts") != 0,
        .tries = db_get_int(rows, "tries"),
        .actor = { .person_id = db_get_int(rows, "actor_id") },
        .created_ms = db_get_time(rows, "created_at"),
        .updated_ms = db_get_time(rows, "updated_at"),
    };
    text_copy(import.import_id, sizeof import.import_id, db_get_text(rows, "import_id"));
    text_copy(import.request_id, sizeof import.request_id, db_get_text(rows, "request_id"));
    if (!role_parse(db_get_text(rows, "actor_role"), &import.actor.role))
        return RESULT_INTERNAL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], db_get_text(rows, "status")) == 0)
            import.status = (enum import_status)i;
    }
    *ret_import = import;
    return RESULT_OK;
}

enum result imports_find(struct db *db, const char *import_id, struct import *ret_import)
{
    return read_import(db, &IMPORT_FIND, import_id, ret_import);
}

enum result imports_lock(struct db *db, const char *import_id, struct import *ret_import)
{
    return read_import(db, &IMPORT_LOCK, import_id, ret_import);
}

enum result imports_save(struct db *db, const struct import *import)
{
    return db_exec_expect(db, &IMPORT_SAVE,
                          DB_ARGS(db_text(import_status_name(import->status)), db_int(import->done),
                                  db_int(import->made), db_int(import->changed), db_int(import->unchanged),
                                  db_int(import->faults), db_int(import->next_line), db_int(import->has_drafts),
                                  db_int(import->tries), db_text(import->import_id)),
                          1);
}

enum result imports_add_fault(struct db *db, const char *import_id, int64_t number, int64_t line, const char *field,
                              const char *message)
{
    if (number >= IMPORT_FAULTS_MAX)
        return RESULT_OK;
    return db_exec(db, &IMPORT_ADD_FAULT,
                   DB_ARGS(db_text(import_id), db_int(number), db_int(line), db_text(field), db_text(message)), NULL);
}

enum result imports_faults(struct db *db, const char *import_id, void (*each)(const struct import_fault *, void *),
                           void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &IMPORT_FAULTS, DB_ARGS(db_text(import_id)), &rows);
    while (db_more(rows, &r)) {
        struct import_fault fault = {
            .line = db_get_int(rows, "line"),
            .field = db_get_text(rows, "field"),
            .message = db_get_text(rows, "message"),
        };
        each(&fault, context);
    }
    return r;
}

enum result imports_next_row(struct db *db, const char *import_id, int64_t from_line, struct import_row *ret_row)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &IMPORT_NEXT_ROW, DB_ARGS(db_text(import_id), db_int(from_line)), RESULT_NOT_FOUND, &rows));
    *ret_row = (struct import_row){
        .line = db_get_int(rows, "line"),
        .flight_id = db_get_text(rows, "flight_id"),
        .flight = db_get_text(rows, "flight"),
        .action = db_get_text(rows, "action"),
        .version = db_get_int(rows, "version"),
    };
    return RESULT_OK;
}

enum result imports_note(struct db *db, const char *import_id, int64_t line, const struct import_finding *f)
{
    return db_exec_expect(db, &IMPORT_NOTE,
                          DB_ARGS(db_text(f->action), db_id(f->version), db_text(f->status), db_text(f->shadow_id),
                                  db_int(f->moves), db_text(f->was), db_text(f->became), db_text(import_id),
                                  db_int(line)),
                          1);
}

enum result imports_publish(struct db *db, const struct import *import)
{
    struct db_value id = db_text(import->import_id);
    TRY(db_exec_expect(db, &IMPORT_PUBLISH_CHANGED, DB_ARGS(id), (uint64_t)import->changed));
    TRY(db_exec(db, &IMPORT_UNCOUNT, DB_ARGS(id), NULL));
    return db_exec_expect(db, &IMPORT_PUBLISH_NEW, DB_ARGS(id), (uint64_t)import->made);
}

enum result imports_audit_rows(struct db *db, const struct import *import, const char *action)
{
    return db_exec(db, &IMPORT_AUDIT_ROWS,
                   DB_ARGS(db_int(import->actor.person_id), db_text(role_name(import->actor.role)), db_text(action),
                           db_text(import->request_id), db_text(import->import_id)),
                   NULL);
}

enum result imports_moved(struct db *db, const char *import_id, void (*each)(const struct import_move *, void *),
                          void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &IMPORT_MOVED, DB_ARGS(db_text(import_id)), &rows);
    while (db_more(rows, &r)) {
        struct import_move move = { .line = db_get_int(rows, "line"), .departs_anew = db_get_int(rows, "moves") > 1 };
        text_copy(move.flight_id, sizeof move.flight_id, db_get_text(rows, "flight_id"));
        each(&move, context);
    }
    return r;
}

enum result imports_stager(struct db *db, const char *flight_id, char reterr_import_id[UUID_SIZE])
{
    struct db_rows *rows = NULL;
    reterr_import_id[0] = '\0';
    enum result r = db_query(db, &IMPORT_STAGER, DB_ARGS(db_text(flight_id)), &rows);
    while (db_more(rows, &r))
        text_copy(reterr_import_id, UUID_SIZE, db_get_text(rows, "import_id"));
    return r;
}

enum result imports_copy_seats(struct db *db, const char *to_id, const char *from_id, int64_t *reterr_count)
{
    uint64_t added = 0;
    enum result r = db_exec(db, &IMPORT_COPY_SEATS, DB_ARGS(db_text(to_id), db_text(from_id)), &added);
    *reterr_count = (int64_t)added;
    return r;
}

enum result imports_drafts(struct db *db, const char *import_id, char (*reterr_ids)[FLIGHT_ID_SIZE],
                           size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    *reterr_count = 0;
    enum result r = db_query(db, &IMPORT_DRAFTS, DB_ARGS(db_text(import_id)), &rows);
    while (db_more(rows, &r)) {
        if (*reterr_count < IMPORT_DRAFTS_AT_ONCE)
            text_copy(reterr_ids[(*reterr_count)++], FLIGHT_ID_SIZE, db_get_text(rows, "flight_id"));
    }
    return r;
}

enum result imports_remove_rows(struct db *db, const char *import_id, bool *reterr_more)
{
    uint64_t removed = 0;
    enum result r = db_exec(db, &IMPORT_REMOVE_ROWS, DB_ARGS(db_text(import_id)), &removed);
    *reterr_more = r == RESULT_OK && removed >= REMOVED_AT_ONCE;
    return r;
}

/* The import itself goes last, so that nothing is left behind. */
enum result imports_purge(struct db *db, bool *reterr_more)
{
    char import_id[UUID_SIZE] = "";
    struct db_rows *rows = NULL;
    *reterr_more = false;
    enum result r = db_query(db, &IMPORT_OLD, DB_NO_ARGS, &rows);
    while (db_more(rows, &r))
        text_copy(import_id, sizeof import_id, db_get_text(rows, "import_id"));
    if (r != RESULT_OK || import_id[0] == '\0')
        return r;
    TRY(imports_remove_rows(db, import_id, reterr_more));
    if (*reterr_more)
        return RESULT_OK;
    TRY(db_exec(db, &IMPORT_FORGET_FAULTS, DB_ARGS(db_text(import_id)), NULL));
    TRY(db_exec(db, &IMPORT_FORGET, DB_ARGS(db_text(import_id)), NULL));
    *reterr_more = true;
    return RESULT_OK;
}
