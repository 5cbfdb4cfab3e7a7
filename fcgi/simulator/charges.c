/* SPDX-License-Identifier: MIT */
#include "fcgi/simulator/charges.h"

#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/base/timestamp.h"

DB_SQL(CHARGE_FIND,
       "SELECT status, reason, transaction_id, order_id, amount_cents, currency, captured_at, voided_at"
       " FROM charges WHERE idempotency_key = ?");

DB_SQL(CHARGES_LIST,
       "SELECT c.idempotency_key, c.status, c.reason, c.transaction_id, c.order_id, c.amount_cents, c.currency,"
       " c.captured_at, c.voided_at, (SELECT CAST(COALESCE(SUM(r.amount_cents), 0) AS SIGNED) FROM charge_refunds r"
       "  WHERE r.idempotency_key = c.idempotency_key) AS refunded_cents"
       " FROM charges c FORCE INDEX (idx_captured) WHERE c.captured_at >= ? AND c.captured_at < ?"
       " AND (c.captured_at > ? OR (c.captured_at = ? AND c.idempotency_key > ?))"
       " ORDER BY c.captured_at, c.idempotency_key LIMIT ?");

DB_SQL(CALL_COUNT,
       "INSERT INTO charge_calls (idempotency_key, calls, last_call_at) VALUES (?, 1, UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE calls = calls + 1, last_call_at = UTC_TIMESTAMP(3)");
DB_SQL(CALL_FIND, "SELECT calls FROM charge_calls WHERE idempotency_key = ?");

/* A key that is taken is no error: the row that was written first stays. */
DB_SQL(CHARGE_APPROVE,
       "INSERT INTO charges (idempotency_key, order_id, amount_cents, currency, status, transaction_id,"
       " captured_at, created_at)"
       " VALUES (?, ?, ?, ?, 'APPROVED', ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");
DB_SQL(CHARGE_DECLINE,
       "INSERT INTO charges (idempotency_key, order_id, amount_cents, currency, status, reason, created_at)"
       " VALUES (?, ?, ?, ?, 'DECLINED', ?, UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE idempotency_key = idempotency_key");

DB_SQL(CHARGE_PAGE_OPEN,
       "INSERT INTO charge_pages (idempotency_key, order_id, amount_cents, currency, return_url, created_at)"
       " VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE idempotency_key = idempotency_key");
DB_SQL(CHARGE_PAGE_FIND,
       "SELECT order_id, amount_cents, currency, return_url FROM charge_pages WHERE idempotency_key = ?");

DB_SQL(CHARGE_VOID,
       "INSERT INTO charges (idempotency_key, status, voided_at, created_at)"
       " VALUES (?, 'VOIDED', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE voided_at = COALESCE(voided_at, UTC_TIMESTAMP(3)), status = 'VOIDED'");

/* Refunds and voids of one charge come one after the other. */
DB_SQL(CHARGE_LOCK, "SELECT status, amount_cents FROM charges WHERE idempotency_key = ? FOR UPDATE");
DB_SQL(REFUND_FIND_BY_KEY,
       "SELECT CASE WHEN idempotency_key = ? AND amount_cents = ? THEN 1 ELSE 0 END AS is_same FROM charge_refunds"
       " WHERE refund_key = ?");
DB_SQL(CHARGE_REFUNDS_SUM,
       "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS SIGNED) AS cents FROM charge_refunds WHERE idempotency_key = ?");
DB_SQL(CHARGE_REFUND_ADD,
       "INSERT INTO charge_refunds (refund_key, idempotency_key, amount_cents, created_at)"
       " VALUES (?, ?, ?, UTC_TIMESTAMP(3))");

static void copy(char *to, size_t size, const char *from)
{
    text_copy(to, size, from == NULL ? "" : from);
}

static void read_record(struct db_rows *rows, struct charge_record *ret_record)
{
    copy(ret_record->status, sizeof ret_record->status, db_get_text(rows, "status"));
    copy(ret_record->reason, sizeof ret_record->reason, db_get_text(rows, "reason"));
    copy(ret_record->transaction_id, sizeof ret_record->transaction_id, db_get_text(rows, "transaction_id"));
    copy(ret_record->order_id, sizeof ret_record->order_id, db_get_text(rows, "order_id"));
    copy(ret_record->currency, sizeof ret_record->currency, db_get_text(rows, "currency"));
    ret_record->amount_cents = db_get_int(rows, "amount_cents");
    ret_record->captured_at_ms = db_get_time(rows, "captured_at");
    ret_record->voided_at_ms = db_get_time(rows, "voided_at");
}

enum result charges_find(struct db *db, const char *key, struct charge_record *ret_record)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &CHARGE_FIND, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &rows));
    read_record(rows, ret_record);
    return RESULT_OK;
}

enum result charges_list(struct db *db, const struct charge_filter *f,
                         void (*each)(const char *key, const struct charge_record *record, int64_t refunded_cents,
                                      void *context),
                         void *context)
{
    struct db_rows *rows = NULL;
    const struct db_value after = db_time(f->after_ms);
    enum result r = db_query(db, &CHARGES_LIST,
                             DB_ARGS(db_time(f->from_ms), db_time(f->to_ms), after, after, db_text(f->after_key),
                                     db_int(f->limit)),
                             &rows);
    while (db_more(rows, &r)) {
        struct charge_record record;
        read_record(rows, &record);
        each(db_get_text(rows, "idempotency_key"), &record, db_get_int(rows, "refunded_cents"), context);
    }
    return r;
}

enum result charges_count_call(struct db *db, const char *key, int64_t *reterr_call)
{
    struct db_rows *rows = NULL;
    TRY(db_exec(db, &CALL_COUNT, DB_ARGS(db_text(key)), NULL));
    enum result r = db_query(db, &CALL_FIND, DB_ARGS(db_text(key)), &rows);
    *reterr_call = db_more(rows, &r) ? db_get_int(rows, "calls") : 1;
    return r;
}

enum result charges_approve(struct db *db, const char *key, const struct charge_request *request,
                            struct charge_record *ret_record)
{
    char id[UUID_SIZE];
    struct charge_record record = { .status = "APPROVED", .transaction_id = "txn-" };
    random_uuid(id);
    text_copy(record.transaction_id + 4, sizeof id, id);
    CRASH_SCOPE("charge");
    enum result r = db_exec(db, &CHARGE_APPROVE,
                            DB_ARGS(db_text(key), db_text(request->order_id), db_int(request->amount_cents),
                                    db_text(request->currency), db_text(record.transaction_id)),
                            NULL);
    CRASH_POINT("captured");
    if (r == RESULT_OK)
        *ret_record = record;
    return r == RESULT_DUPLICATE ? charges_find(db, key, ret_record) : r;
}

enum result charges_decline(struct db *db, const char *key, const struct charge_request *request, const char *reason)
{
    return db_exec(db, &CHARGE_DECLINE,
                   DB_ARGS(db_text(key), db_text(request->order_id), db_int(request->amount_cents),
                           db_text(request->currency), db_text(reason)),
                   NULL);
}

enum result charges_open_page(struct db *db, const char *key, const struct charge_request *request,
                              const char *return_url)
{
    return db_exec(db, &CHARGE_PAGE_OPEN,
                   DB_ARGS(db_text(key), db_text(request->order_id), db_int(request->amount_cents),
                           db_text(request->currency), db_text(return_url)),
                   NULL);
}

enum result charges_find_page(struct db *db, const char *key, struct charge_page *ret_page)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &CHARGE_PAGE_FIND, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &rows));
    copy(ret_page->order_id, sizeof ret_page->order_id, db_get_text(rows, "order_id"));
    copy(ret_page->currency, sizeof ret_page->currency, db_get_text(rows, "currency"));
    copy(ret_page->return_url, sizeof ret_page->return_url, db_get_text(rows, "return_url"));
    ret_page->amount_cents = db_get_int(rows, "amount_cents");
    return RESULT_OK;
}

static enum result refunded_cents(struct db *db, const char *key, int64_t *ret_cents)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &CHARGE_REFUNDS_SUM, DB_ARGS(db_text(key)), RESULT_INTERNAL, &rows));
    *ret_cents = db_get_int(rows, "cents");
    return RESULT_OK;
}

static enum result commit(struct db *db, enum result r)
{
    if (r == RESULT_OK)
        return db_commit(db);
    db_rollback(db);
    return r;
}

static enum result void_unless_refunded(struct db *db, const char *key, bool *refunded)
{
    struct db_rows *rows = NULL;
    int64_t cents = 0;
    enum result r = db_query_one(db, &CHARGE_LOCK, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &rows);
    if (r != RESULT_NOT_FOUND)
        TRY(r);
    TRY(refunded_cents(db, key, &cents));
    *refunded = cents > 0;
    if (*refunded)
        return RESULT_OK;
    TRY(db_exec(db, &CHARGE_VOID, DB_ARGS(db_text(key)), NULL));
    CRASH_POINT("voided");
    return RESULT_OK;
}

enum result charges_void(struct db *db, const char *key, bool *reterr_refunded)
{
    CRASH_SCOPE("void");
    *reterr_refunded = false;
    TRY(db_begin(db));
    return commit(db, void_unless_refunded(db, key, reterr_refunded));
}

static enum result refund_locked(struct db *db, const char *key, const char *refund_key, int64_t amount_cents,
                                 const char **ret_refusal)
{
    struct db_rows *charge = NULL;
    struct db_rows *known = NULL;
    int64_t refunded = 0;
    TRY(db_query_one(db, &CHARGE_LOCK, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &charge));
    bool captured = db_get_text(charge, "status")[0] == 'A';
    int64_t captured_cents = db_get_int(charge, "amount_cents");
    enum result r = db_query_one(db, &REFUND_FIND_BY_KEY,
                                 DB_ARGS(db_text(key), db_int(amount_cents), db_text(refund_key)), RESULT_NOT_FOUND,
                                 &known);
    if (r == RESULT_OK)
        *ret_refusal = db_get_int(known, "is_same") != 0 ? NULL : "this key belongs to another refund";
    if (r != RESULT_NOT_FOUND)
        return r;
    TRY(refunded_cents(db, key, &refunded));
    *ret_refusal = !captured                                  ? "nothing was captured"
                   : amount_cents > captured_cents - refunded ? "more than was captured"
                                                              : NULL;
    if (*ret_refusal != NULL)
        return RESULT_OK;
    TRY(db_exec(db, &CHARGE_REFUND_ADD, DB_ARGS(db_text(refund_key), db_text(key), db_int(amount_cents)), NULL));
    CRASH_POINT("refunded");
    return RESULT_OK;
}

enum result charges_refund(struct db *db, const char *key, const char *refund_key, int64_t amount_cents,
                           const char **ret_refusal)
{
    CRASH_SCOPE("give-back");
    TRY(db_begin(db));
    return commit(db, refund_locked(db, key, refund_key, amount_cents, ret_refusal));
}
