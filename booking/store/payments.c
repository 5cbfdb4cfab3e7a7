/* SPDX-License-Identifier: MIT */
#include "booking/store/payments.h"

#include "booking/base/text.h"

DB_SQL(PAYMENT_INSERT,
       "INSERT INTO payments (payment_id, order_id, payment_code, status, amount_cents, currency,"
       " created_at, updated_at)"
       " VALUES (?, ?, ?, 'PENDING', ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(PAYMENT_FIND,
       "SELECT payment_id, order_id, payment_code, status, attempts, announced_claim, amount_cents, currency,"
       " TIMESTAMPDIFF(MICROSECOND, pending_since, UTC_TIMESTAMP(3)) DIV 1000 AS pending_ms"
       " FROM payments WHERE order_id = ?");

DB_SQL(PAYMENT_BEGIN_ATTEMPT,
       "UPDATE payments SET attempts = ?, announced_claim = ?, updated_at = UTC_TIMESTAMP(3)"
       " WHERE payment_id = ? AND attempts < ? AND status = 'PENDING'");

DB_SQL(PAYMENT_WAIT,
       "UPDATE payments SET pending_since = COALESCE(pending_since, UTC_TIMESTAMP(3)),"
       " updated_at = UTC_TIMESTAMP(3) WHERE payment_id = ? AND status = 'PENDING'");

DB_SQL(PAYMENT_SETTLE,
       "UPDATE payments SET status = ?, transaction_id = ?, last_error = ?,"
       " payment_code = RIGHT(payment_code, 2), updated_at = UTC_TIMESTAMP(3)"
       " WHERE payment_id = ? AND status = 'PENDING'");

DB_SQL(PAYMENT_MARK_VOIDED,
       "UPDATE payments SET voided_at = COALESCE(voided_at, UTC_TIMESTAMP(3)),"
       " updated_at = UTC_TIMESTAMP(3) WHERE payment_id = ?");

enum result payments_insert(struct db *db, const struct payment *p)
{
    return db_exec(db, &PAYMENT_INSERT,
                   DB_ARGS(db_text(p->payment_id), db_text(p->order_id), db_text(p->code), db_int(p->amount_cents),
                           db_text(p->currency)),
                   NULL);
}

enum result payments_find(struct db *db, const char *order_id, struct payment *ret_payment)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &PAYMENT_FIND, DB_ARGS(db_text(order_id)), RESULT_NOT_FOUND, &rows);
    if (r != RESULT_OK)
        return r;

    struct payment p = {
        .attempts = db_get_int(rows, "attempts"),
        .announced_claim = db_get_int(rows, "announced_claim"),
        .pending_ms = db_is_null(rows, "pending_ms") ? PAYMENT_DECIDED : db_get_int(rows, "pending_ms"),
        .amount_cents = db_get_int(rows, "amount_cents"),
    };
    text_copy(p.payment_id, sizeof p.payment_id, db_get_text(rows, "payment_id"));
    text_copy(p.order_id, sizeof p.order_id, db_get_text(rows, "order_id"));
    text_copy(p.code, sizeof p.code, db_get_text(rows, "payment_code"));
    text_copy(p.status, sizeof p.status, db_get_text(rows, "status"));
    text_copy(p.currency, sizeof p.currency, db_get_text(rows, "currency"));
    *ret_payment = p;
    return RESULT_OK;
}

enum result payments_begin_attempt(struct db *db, const char *payment_id, int64_t attempt, int64_t claim)
{
    return db_exec_expect(db, &PAYMENT_BEGIN_ATTEMPT,
                          DB_ARGS(db_int(attempt), db_int(claim), db_text(payment_id), db_int(attempt)), 1);
}

enum result payments_wait(struct db *db, const char *payment_id)
{
    return db_exec_expect(db, &PAYMENT_WAIT, DB_ARGS(db_text(payment_id)), 1);
}

enum result payments_settle(struct db *db, const char *payment_id, const char *status, const char *transaction_id,
                            const char *last_error)
{
    return db_exec_expect(db, &PAYMENT_SETTLE,
                          DB_ARGS(db_text(status), db_text(transaction_id), db_text(last_error), db_text(payment_id)),
                          1);
}

enum result payments_mark_voided(struct db *db, const char *payment_id)
{
    return db_exec_expect(db, &PAYMENT_MARK_VOIDED, DB_ARGS(db_text(payment_id)), 1);
}
