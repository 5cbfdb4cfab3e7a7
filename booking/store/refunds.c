/* SPDX-License-Identifier: MIT */
#include "booking/store/refunds.h"

#include "booking/base/text.h"

DB_SQL(REFUND_ADD,
       "INSERT INTO refunds (refund_id, order_id, payment_id, amount_cents, currency, status, reason, created_at,"
       " updated_at) VALUES (?, ?, ?, ?, ?, 'PENDING', ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

#define SELECT_REFUNDS                                                                            \
    "SELECT refund_id, order_id, payment_id, amount_cents, currency, status, reason, last_error," \
    " created_at, updated_at FROM refunds"
DB_SQL(REFUND_FIND, SELECT_REFUNDS " WHERE refund_id = ?");
DB_SQL(REFUNDS_OF_ORDER, SELECT_REFUNDS " WHERE order_id = ? ORDER BY created_at, refund_id");

DB_SQL(REFUNDS_SUM,
       "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS SIGNED) AS cents FROM refunds"
       " WHERE order_id = ? AND status <> 'FAILED'");

DB_SQL(REFUND_MOVE,
       "UPDATE refunds SET status = ?, last_error = ?, updated_at = UTC_TIMESTAMP(3)"
       " WHERE refund_id = ? AND status = ?");

enum result refunds_add(struct db *db, const struct refund *refund)
{
    return db_exec(db, &REFUND_ADD,
                   DB_ARGS(db_text(refund->refund_id), db_text(refund->order_id), db_text(refund->payment_id),
                           db_int(refund->amount_cents), db_text(refund->currency),
                           db_text(refund->reason[0] == '\0' ? NULL : refund->reason)),
                   NULL);
}

static void copy(char *to, size_t size, const char *from)
{
    text_copy(to, size, from == NULL ? "" : from);
}

static struct refund read_row(struct db_rows *rows)
{
    struct refund refund = {
        .amount_cents = db_get_int(rows, "amount_cents"),
        .created_at_ms = db_get_time(rows, "created_at"),
        .updated_at_ms = db_get_time(rows, "updated_at"),
    };
    copy(refund.refund_id, sizeof refund.refund_id, db_get_text(rows, "refund_id"));
    copy(refund.order_id, sizeof refund.order_id, db_get_text(rows, "order_id"));
    copy(refund.payment_id, sizeof refund.payment_id, db_get_text(rows, "payment_id"));
    copy(refund.currency, sizeof refund.currency, db_get_text(rows, "currency"));
    copy(refund.status, sizeof refund.status, db_get_text(rows, "status"));
    copy(refund.reason, sizeof refund.reason, db_get_text(rows, "reason"));
    copy(refund.last_error, sizeof refund.last_error, db_get_text(rows, "last_error"));
    return refund;
}

enum result refunds_find(struct db *db, const char *refund_id, struct refund *ret_refund)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &REFUND_FIND, DB_ARGS(db_text(refund_id)), RESULT_NOT_FOUND, &rows));
    *ret_refund = read_row(rows);
    return RESULT_OK;
}

enum result refunds_sum(struct db *db, const char *order_id, int64_t *ret_cents)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &REFUNDS_SUM, DB_ARGS(db_text(order_id)), RESULT_INTERNAL, &rows));
    *ret_cents = db_get_int(rows, "cents");
    return RESULT_OK;
}

enum result refunds_move(struct db *db, const char *refund_id, const char *from, const char *to, const char *last_error)
{
    return db_exec_expect(db, &REFUND_MOVE,
                          DB_ARGS(db_text(to), db_text(last_error), db_text(refund_id), db_text(from)), 1);
}

enum result refunds_list(struct db *db, const char *order_id, void (*each)(const struct refund *, void *),
                         void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &REFUNDS_OF_ORDER, DB_ARGS(db_text(order_id)), &rows);
    while (db_more(rows, &r)) {
        struct refund refund = read_row(rows);
        each(&refund, context);
    }
    return r;
}
