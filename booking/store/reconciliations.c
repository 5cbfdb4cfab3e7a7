/* SPDX-License-Identifier: MIT */
#include "booking/store/reconciliations.h"

#include "booking/base/text.h"
#include "booking/base/timestamp.h"

#define DAY_MS INT64_C(86400000)

#define SELECT_REPORT                                                                                     \
    "SELECT CAST(day AS DATETIME(3)) AS day, report_id, status, next_cursor, tries, last_error, charges," \
    " payments, findings, updated_at FROM reconciliations"
DB_SQL(RECONCILIATION_FIND, SELECT_REPORT " WHERE day = ?");
DB_SQL(RECONCILIATION_LOCK, SELECT_REPORT " WHERE report_id = ? FOR UPDATE");

DB_SQL(RECONCILIATION_BEGIN,
       "INSERT INTO reconciliations (day, report_id, status, created_at, updated_at)"
       " VALUES (?, ?, 'PENDING', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");
DB_SQL(RECONCILIATION_FORGET, "DELETE FROM reconciliations WHERE day = ? AND status <> 'PENDING'");
DB_SQL(RECONCILIATION_FORGET_FINDINGS,
       "DELETE FROM reconciliation_findings WHERE report_id = (SELECT r.report_id FROM reconciliations r"
       " WHERE r.day = ? AND r.status <> 'PENDING')");

DB_SQL(RECONCILIATION_ADD,
       "REPLACE INTO reconciliation_charges (report_id, charge_key, order_id, status, amount_cents, refunded_cents,"
       " currency, captured_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

DB_SQL(RECONCILIATION_SAVE,
       "UPDATE reconciliations SET status = ?, next_cursor = ?, tries = ?, last_error = ?, charges = ?, payments = ?,"
       " findings = ?, updated_at = UTC_TIMESTAMP(3) WHERE report_id = ?");

#define ADD_FINDINGS \
    "INSERT INTO reconciliation_findings (report_id, kind, charge_key, order_id, ours, theirs, currency) SELECT "
/* The list reaches beyond the day, for payments that were captured after midnight. */
DB_SQL(RECONCILE_ONLY_GATEWAY,
       ADD_FINDINGS "c.report_id, 'ONLY_GATEWAY', c.charge_key, c.order_id, NULL, c.amount_cents, c.currency"
                    " FROM reconciliation_charges c LEFT JOIN payments p ON p.payment_id = c.charge_key"
                    " WHERE c.report_id = ? AND c.captured_at >= ? AND c.captured_at < ? AND c.status = 'APPROVED'"
                    " AND c.refunded_cents < c.amount_cents AND p.payment_id IS NULL LIMIT 1000");
#define OF_DAY " FROM payments p FORCE INDEX (idx_created) "
#define LISTED "JOIN reconciliation_charges c ON c.report_id = ? AND c.charge_key = p.payment_id"
#define IN_DAY " WHERE p.created_at >= ? AND p.created_at < ?"
DB_SQL(RECONCILE_ONLY_BOOKING,
       ADD_FINDINGS "?, 'ONLY_BOOKING', p.payment_id, p.order_id, p.amount_cents, NULL, p.currency" OF_DAY
                    "LEFT " LISTED IN_DAY " AND p.status = 'APPROVED' AND p.amount_cents > 0 AND c.charge_key IS NULL"
                    " LIMIT 1000");
DB_SQL(RECONCILE_AMOUNTS,
       ADD_FINDINGS "c.report_id, 'AMOUNT_DIFFERS', p.payment_id, p.order_id, p.amount_cents, c.amount_cents,"
                    " c.currency" OF_DAY LISTED IN_DAY " AND p.status = 'APPROVED'"
                    " AND (p.amount_cents <> c.amount_cents OR p.currency <> c.currency) LIMIT 1000");
/* A void that is on its way makes them alike. */
DB_SQL(RECONCILE_STATES,
       ADD_FINDINGS "c.report_id, 'STATE_DIFFERS', p.payment_id, p.order_id,"
                    " CASE WHEN p.status = 'APPROVED' THEN p.amount_cents ELSE 0 END,"
                    " CASE WHEN c.status = 'APPROVED' THEN c.amount_cents ELSE 0 END, c.currency" OF_DAY LISTED IN_DAY
                    " AND p.status <> 'PENDING' AND (p.status = 'APPROVED') <> (c.status = 'APPROVED')"
                    " AND (c.status <> 'APPROVED' OR c.refunded_cents < c.amount_cents)"
                    " AND NOT EXISTS (SELECT 1 FROM workflow_jobs j WHERE j.order_id = p.order_id"
                    "  AND j.kind = 'VOID_CHARGE' AND j.subject_id = p.former_id) LIMIT 1000");
/* While a refund is PENDING the gateway may have made it, or not yet. */
#define REFUNDS(of) \
    "COALESCE((SELECT SUM(r.amount_cents) FROM refunds r WHERE r.payment_id = p.payment_id AND " of "), 0)"
DB_SQL(RECONCILE_REFUNDS,
       ADD_FINDINGS "c.report_id, 'REFUNDS_DIFFER', p.payment_id, p.order_id, " REFUNDS("r.status = 'REFUNDED'") ","
                    " c.refunded_cents, c.currency" OF_DAY LISTED IN_DAY
                    " AND p.status = 'APPROVED' AND c.refunded_cents NOT BETWEEN " REFUNDS("r.status = 'REFUNDED'")
                    " AND " REFUNDS("r.status <> 'FAILED'") " LIMIT 1000");

DB_SQL(RECONCILE_COUNT,
       "SELECT (SELECT COUNT(*) FROM reconciliation_charges c WHERE c.report_id = ? AND c.captured_at >= ?"
       "   AND c.captured_at < ?) AS charges,"
       " (SELECT COUNT(*) FROM payments p WHERE p.created_at >= ? AND p.created_at < ? AND p.status = 'APPROVED')"
       "   AS payments,"
       " (SELECT COUNT(*) FROM reconciliation_findings f WHERE f.report_id = ?) AS findings");
DB_SQL(RECONCILE_FORGET_CHARGES, "DELETE FROM reconciliation_charges WHERE report_id = ?");

DB_SQL(RECONCILIATION_FINDINGS,
       "SELECT kind, charge_key, order_id, ours, theirs, currency FROM reconciliation_findings WHERE report_id = ?"
       " ORDER BY charge_key, kind LIMIT 1000");

static enum result read_report(struct db_rows *rows, struct reconciliation *ret_report)
{
    struct reconciliation r = {
        .day_ms = db_get_time(rows, "day"),
        .tries = db_get_int(rows, "tries"),
        .charges = db_get_int(rows, "charges"),
        .payments = db_get_int(rows, "payments"),
        .findings = db_get_int(rows, "findings"),
        .updated_at_ms = db_get_time(rows, "updated_at"),
    };
    const char *last_error = db_get_text(rows, "last_error");
    text_copy(r.report_id, sizeof r.report_id, db_get_text(rows, "report_id"));
    text_copy(r.status, sizeof r.status, db_get_text(rows, "status"));
    text_copy(r.next_cursor, sizeof r.next_cursor, db_get_text(rows, "next_cursor"));
    text_copy(r.last_error, sizeof r.last_error, last_error == NULL ? "" : last_error);
    *ret_report = r;
    return RESULT_OK;
}

enum result reconciliations_find(struct db *db, int64_t day_ms, struct reconciliation *ret_report)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &RECONCILIATION_FIND, DB_ARGS(db_time(day_ms)), RESULT_NOT_FOUND, &rows));
    return read_report(rows, ret_report);
}

enum result reconciliations_lock(struct db *db, const char *report_id, struct reconciliation *ret_report)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &RECONCILIATION_LOCK, DB_ARGS(db_text(report_id)), RESULT_NOT_FOUND, &rows));
    return read_report(rows, ret_report);
}

enum result reconciliations_begin(struct db *db, int64_t day_ms, const char *report_id)
{
    TRY(db_exec(db, &RECONCILIATION_FORGET_FINDINGS, DB_ARGS(db_time(day_ms)), NULL));
    TRY(db_exec(db, &RECONCILIATION_FORGET, DB_ARGS(db_time(day_ms)), NULL));
    enum result r = db_exec(db, &RECONCILIATION_BEGIN, DB_ARGS(db_time(day_ms), db_text(report_id)), NULL);
    return r == RESULT_DUPLICATE ? RESULT_STALE : r;
}

enum result reconciliations_add(struct db *db, const char *report_id, const struct listed_charge *c)
{
    return db_exec(db, &RECONCILIATION_ADD,
                   DB_ARGS(db_text(report_id), db_text(c->key), db_text(c->order_id), db_text(c->status),
                           db_int(c->amount_cents), db_int(c->refunded_cents), db_text(c->currency),
                           db_time(c->captured_at_ms)),
                   NULL);
}

enum result reconciliations_compare(struct db *db, struct reconciliation *report)
{
    static const struct db_sql *const of_payments[] = { &RECONCILE_AMOUNTS, &RECONCILE_STATES, &RECONCILE_REFUNDS };
    const struct db_value id = db_text(report->report_id);
    const struct db_value from = db_time(report->day_ms);
    const struct db_value to = db_time(report->day_ms + DAY_MS);
    struct db_rows *rows = NULL;
    TRY(db_exec(db, &RECONCILE_ONLY_GATEWAY, DB_ARGS(id, from, to), NULL));
    TRY(db_exec(db, &RECONCILE_ONLY_BOOKING, DB_ARGS(id, id, from, to), NULL));
    for (size_t i = 0; i < sizeof of_payments / sizeof of_payments[0]; i++)
        TRY(db_exec(db, of_payments[i], DB_ARGS(id, from, to), NULL));
    TRY(db_query_one(db, &RECONCILE_COUNT, DB_ARGS(id, from, to, from, to, id), RESULT_INTERNAL, &rows));
    report->charges = db_get_int(rows, "charges");
    report->payments = db_get_int(rows, "payments");
    report->findings = db_get_int(rows, "findings");
    return db_exec(db, &RECONCILE_FORGET_CHARGES, DB_ARGS(id), NULL);
}

enum result reconciliations_save(struct db *db, const struct reconciliation *r)
{
    return db_exec(db, &RECONCILIATION_SAVE,
                   DB_ARGS(db_text(r->status), db_text(r->next_cursor), db_int(r->tries),
                           db_text(r->last_error[0] == '\0' ? NULL : r->last_error), db_int(r->charges),
                           db_int(r->payments), db_int(r->findings), db_text(r->report_id)),
                   NULL);
}

enum result reconciliations_list(struct db *db, const char *report_id,
                                 void (*each)(const struct reconciliation_finding *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &RECONCILIATION_FINDINGS, DB_ARGS(db_text(report_id)), &rows);
    while (db_more(rows, &r)) {
        struct reconciliation_finding finding = {
            .kind = db_get_text(rows, "kind"),
            .key = db_get_text(rows, "charge_key"),
            .order_id = db_get_text(rows, "order_id"),
            .has_ours = !db_is_null(rows, "ours"),
            .has_theirs = !db_is_null(rows, "theirs"),
            .ours_cents = db_get_int(rows, "ours"),
            .theirs_cents = db_get_int(rows, "theirs"),
            .currency = db_get_text(rows, "currency"),
        };
        each(&finding, context);
    }
    return r;
}
