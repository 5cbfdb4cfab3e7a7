/* SPDX-License-Identifier: MIT */
#include "fcgi/stripe/books.h"

#include "booking/base/crash_point.h"
#include "booking/base/text.h"

#include <string.h>

#define CHARGE_COLUMNS                                                                                  \
    "SELECT idempotency_key, status, reason, order_id, amount_cents, currency, return_url, request_no," \
    " page_ends_at, session_id, payment_intent, captured_at, voided_at, closed_at FROM stripe_charges"

DB_SQL(STRIPE_FIND, CHARGE_COLUMNS " WHERE idempotency_key = ?");
DB_SQL(STRIPE_FIND_BY_SESSION, CHARGE_COLUMNS " WHERE session_id = ?");

/* A page lives for 30 minutes at least, by Stripe's clock when the request arrives there: a minute more is for what the
 * clocks and the way make of it. */
#define PAGE_ENDS "UTC_TIMESTAMP(3) + INTERVAL 31 MINUTE"

/* A key that is taken is no error: the row that was written first stays. */
DB_SQL(STRIPE_ASK,
       "INSERT INTO stripe_charges (idempotency_key, order_id, amount_cents, currency, return_url, status,"
       " page_ends_at, captured_at, created_at)"
       " VALUES (?, ?, ?, ?, ?, ?, " PAGE_ENDS ", CASE WHEN ? = 0 THEN UTC_TIMESTAMP(3) END, UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE idempotency_key = idempotency_key");
DB_SQL(STRIPE_RENEW,
       "UPDATE stripe_charges SET request_no = request_no + 1, page_ends_at = " PAGE_ENDS
       " WHERE idempotency_key = ? AND request_no = ? AND session_id IS NULL");
DB_SQL(STRIPE_OPEN,
       "UPDATE stripe_charges SET session_id = ? WHERE idempotency_key = ? AND session_id IS NULL"
       " AND status = 'ASKED'");
DB_SQL(STRIPE_APPROVE,
       "UPDATE stripe_charges SET status = 'APPROVED', payment_intent = ?, captured_at = UTC_TIMESTAMP(3)"
       " WHERE idempotency_key = ? AND status = 'ASKED'");
DB_SQL(STRIPE_DECLINE,
       "UPDATE stripe_charges SET status = 'DECLINED', reason = ? WHERE idempotency_key = ? AND status = 'ASKED'");

DB_SQL(STRIPE_VOID,
       "INSERT INTO stripe_charges (idempotency_key, status, voided_at, created_at)"
       " VALUES (?, 'VOIDED', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE voided_at = COALESCE(voided_at, UTC_TIMESTAMP(3)), status = 'VOIDED'");
DB_SQL(STRIPE_CAPTURE_VOIDED,
       "UPDATE stripe_charges SET payment_intent = ?, captured_at = UTC_TIMESTAMP(3)"
       " WHERE idempotency_key = ? AND payment_intent IS NULL");
DB_SQL(STRIPE_CLOSE,
       "UPDATE stripe_charges SET closed_at = COALESCE(closed_at, UTC_TIMESTAMP(3)) WHERE idempotency_key = ?");

/* Refunds and voids of one charge come one after the other. */
DB_SQL(STRIPE_LOCK, "SELECT status, amount_cents FROM stripe_charges WHERE idempotency_key = ? FOR UPDATE");
DB_SQL(STRIPE_REFUND_FIND,
       "SELECT status, reason, request_no, refund_id,"
       " CASE WHEN idempotency_key = ? AND amount_cents = ? THEN 1 ELSE 0 END AS is_same"
       " FROM stripe_refunds WHERE refund_key = ?");
DB_SQL(STRIPE_REFUNDED_SUM,
       "SELECT CAST(COALESCE(SUM(amount_cents), 0) AS SIGNED) AS cents FROM stripe_refunds"
       " WHERE idempotency_key = ? AND status <> 'FAILED' AND refund_key <> ?");
DB_SQL(STRIPE_REFUND_ADD,
       "INSERT INTO stripe_refunds (refund_key, idempotency_key, amount_cents, status, created_at)"
       " VALUES (?, ?, ?, 'ASKED', UTC_TIMESTAMP(3))");
DB_SQL(STRIPE_REFUND_SETTLE,
       "UPDATE stripe_refunds SET status = ?, reason = ?, refund_id = ? WHERE refund_key = ?"
       " AND (status IN ('ASKED', 'PENDING') OR refund_id = ?)");
DB_SQL(STRIPE_REFUND_HEARD,
       "UPDATE stripe_refunds SET status = ?, reason = ? WHERE refund_id = ?"
       " AND (status <> 'REFUNDED' OR ? = 'FAILED')");
DB_SQL(STRIPE_REFUND_REFUSE,
       "UPDATE stripe_refunds SET status = 'FAILED', reason = ? WHERE refund_key = ? AND status = 'ASKED'");
DB_SQL(STRIPE_REFUND_RENEW,
       "UPDATE stripe_refunds SET request_no = request_no + 1, status = 'ASKED', refund_id = NULL"
       " WHERE refund_key = ? AND request_no = ? AND status IN ('ASKED', 'FAILED')");
DB_SQL(STRIPE_NOW, "SELECT UTC_TIMESTAMP(3) AS clock");

static const char *const charge_statuses[] = { "ASKED", "APPROVED", "DECLINED", "VOIDED" };
static const char *const refund_statuses[] = { "ASKED", "PENDING", "REFUNDED", "FAILED" };

const char *charge_status_name(enum charge_status status)
{
    return charge_statuses[status];
}

/* The number of the name; unknown ones count as the first, which is asked about again. */
static int number_of(const char *const names[4], const char *name)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return 0;
}

static void copy(char *to, size_t size, const char *from)
{
    text_copy(to, size, from == NULL ? "" : from);
}

static void read_charge(struct db_rows *rows, struct stripe_charge *c)
{
    *c = (struct stripe_charge){
        .status = (enum charge_status)number_of(charge_statuses, db_get_text(rows, "status")),
        .amount_cents = db_get_int(rows, "amount_cents"),
        .request_no = db_get_int(rows, "request_no"),
        .page_ends_at_s = db_is_null(rows, "page_ends_at") ? 0 : db_get_time(rows, "page_ends_at") / 1000,
        .captured_at_ms = db_get_time(rows, "captured_at"),
        .voided_at_ms = db_get_time(rows, "voided_at"),
        .closed_at_ms = db_get_time(rows, "closed_at"),
    };
    copy(c->reason, sizeof c->reason, db_get_text(rows, "reason"));
    copy(c->order_id, sizeof c->order_id, db_get_text(rows, "order_id"));
    copy(c->currency, sizeof c->currency, db_get_text(rows, "currency"));
    copy(c->return_url, sizeof c->return_url, db_get_text(rows, "return_url"));
    copy(c->session_id, sizeof c->session_id, db_get_text(rows, "session_id"));
    copy(c->payment_intent, sizeof c->payment_intent, db_get_text(rows, "payment_intent"));
}

enum result books_find(struct db *db, const char *key, struct stripe_charge *ret_charge)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STRIPE_FIND, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &rows));
    read_charge(rows, ret_charge);
    return RESULT_OK;
}

enum result books_find_by_session(struct db *db, const char *session_id, char ret_key[BOOKS_KEY_SIZE],
                                  struct stripe_charge *ret_charge)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STRIPE_FIND_BY_SESSION, DB_ARGS(db_text(session_id)), RESULT_NOT_FOUND, &rows));
    copy(ret_key, BOOKS_KEY_SIZE, db_get_text(rows, "idempotency_key"));
    read_charge(rows, ret_charge);
    return RESULT_OK;
}

enum result books_ask(struct db *db, const char *key, const struct charge_wish *wish)
{
    return db_exec(db, &STRIPE_ASK,
                   DB_ARGS(db_text(key), db_text(wish->order_id), db_int(wish->amount_cents), db_text(wish->currency),
                           db_text(wish->return_url), db_text(wish->amount_cents == 0 ? "APPROVED" : "ASKED"),
                           db_int(wish->amount_cents)),
                   NULL);
}

enum result books_renew(struct db *db, const char *key, int64_t request_no)
{
    return db_exec(db, &STRIPE_RENEW, DB_ARGS(db_text(key), db_int(request_no)), NULL);
}

enum result books_open(struct db *db, const char *key, const char *session_id)
{
    return db_exec(db, &STRIPE_OPEN, DB_ARGS(db_text(session_id), db_text(key)), NULL);
}

enum result books_approve(struct db *db, const char *key, const char *payment_intent)
{
    return db_exec(db, &STRIPE_APPROVE, DB_ARGS(db_text(payment_intent), db_text(key)), NULL);
}

enum result books_decline(struct db *db, const char *key, const char *reason)
{
    return db_exec(db, &STRIPE_DECLINE, DB_ARGS(db_text(reason), db_text(key)), NULL);
}

enum result books_capture_voided(struct db *db, const char *key, const char *payment_intent)
{
    return db_exec(db, &STRIPE_CAPTURE_VOIDED, DB_ARGS(db_text(payment_intent), db_text(key)), NULL);
}

enum result books_close(struct db *db, const char *key)
{
    return db_exec(db, &STRIPE_CLOSE, DB_ARGS(db_text(key)), NULL);
}

static enum result commit(struct db *db, enum result r)
{
    if (r == RESULT_OK)
        return db_commit(db);
    db_rollback(db);
    return r;
}

/* What was or is being given back, but for the refund that a void of the charge is. */
static enum result refunded_cents(struct db *db, const char *key, const char *but_for, int64_t *ret_cents)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STRIPE_REFUNDED_SUM, DB_ARGS(db_text(key), db_text(but_for)), RESULT_INTERNAL, &rows));
    *ret_cents = db_get_int(rows, "cents");
    return RESULT_OK;
}

static enum result void_unless_refunded(struct db *db, const char *key, bool *ret_refunded)
{
    struct db_rows *rows = NULL;
    int64_t cents = 0;
    enum result r = db_query_one(db, &STRIPE_LOCK, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &rows);
    if (r != RESULT_NOT_FOUND)
        TRY(r);
    bool is_voided = r == RESULT_OK && strcmp(db_get_text(rows, "status"), "VOIDED") == 0;
    TRY(refunded_cents(db, key, "", &cents));
    *ret_refunded = !is_voided && cents > 0;
    if (*ret_refunded || is_voided)
        return RESULT_OK;
    return db_exec(db, &STRIPE_VOID, DB_ARGS(db_text(key)), NULL);
}

enum result books_void(struct db *db, const char *key, bool *ret_refunded)
{
    *ret_refunded = false;
    CRASH_SCOPE("stripe-void");
    TRY(db_begin(db));
    return commit(db, void_unless_refunded(db, key, ret_refunded));
}

/* Reads the refund under this key, if it is known. */
static enum result find_refund(struct db *db, const char *key, const char *refund_key, int64_t amount_cents,
                               struct stripe_refund_row *ret_row, const char **ret_refusal)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STRIPE_REFUND_FIND, DB_ARGS(db_text(key), db_int(amount_cents), db_text(refund_key)),
                     RESULT_NOT_FOUND, &rows));
    *ret_row = (struct stripe_refund_row){
        .status = (enum refund_status)number_of(refund_statuses, db_get_text(rows, "status")),
        .request_no = db_get_int(rows, "request_no"),
    };
    copy(ret_row->reason, sizeof ret_row->reason, db_get_text(rows, "reason"));
    copy(ret_row->refund_id, sizeof ret_row->refund_id, db_get_text(rows, "refund_id"));
    *ret_refusal = db_get_int(rows, "is_same") != 0 ? NULL : "this key belongs to another refund";
    return RESULT_OK;
}

static enum result ask_refund_locked(struct db *db, const char *key, const char *refund_key, int64_t amount_cents,
                                     bool is_void, struct stripe_refund_row *ret_row, const char **ret_refusal)
{
    struct db_rows *charge = NULL;
    int64_t refunded = 0;
    TRY(db_query_one(db, &STRIPE_LOCK, DB_ARGS(db_text(key)), RESULT_NOT_FOUND, &charge));
    bool may_be = strcmp(db_get_text(charge, "status"), is_void ? "VOIDED" : "APPROVED") == 0;
    int64_t captured_cents = db_get_int(charge, "amount_cents");
    enum result r = find_refund(db, key, refund_key, amount_cents, ret_row, ret_refusal);
    if (r != RESULT_NOT_FOUND)
        return r;
    TRY(refunded_cents(db, key, refund_key, &refunded));
    *ret_refusal = !may_be                                    ? "nothing was captured"
                   : amount_cents > captured_cents - refunded ? "more than was captured"
                                                              : NULL;
    *ret_row = (struct stripe_refund_row){ .status = REFUND_ASKED, .is_new = true };
    return *ret_refusal != NULL ? RESULT_OK
                                : db_exec(db, &STRIPE_REFUND_ADD,
                                          DB_ARGS(db_text(refund_key), db_text(key), db_int(amount_cents)), NULL);
}

enum result books_ask_refund(struct db *db, const char *key, const char *refund_key, int64_t amount_cents, bool is_void,
                             struct stripe_refund_row *ret_row, const char **ret_refusal)
{
    CRASH_SCOPE("stripe-refund");
    TRY(db_begin(db));
    return commit(db, ask_refund_locked(db, key, refund_key, amount_cents, is_void, ret_row, ret_refusal));
}

static const char *status_of(const struct stripe_refund *refund)
{
    return refund->state == REFUND_SUCCEEDED ? "REFUNDED" : refund->state == REFUND_UNDER_WAY ? "PENDING" : "FAILED";
}

enum result books_settle_refund(struct db *db, const char *refund_key, const struct stripe_refund *refund)
{
    return db_exec(db, &STRIPE_REFUND_SETTLE,
                   DB_ARGS(db_text(status_of(refund)), db_text(refund->reason), db_text(refund->id),
                           db_text(refund_key), db_text(refund->id)),
                   NULL);
}

enum result books_hear_of_refund(struct db *db, const struct stripe_refund *refund)
{
    return db_exec(db, &STRIPE_REFUND_HEARD,
                   DB_ARGS(db_text(status_of(refund)), db_text(refund->reason), db_text(refund->id),
                           db_text(status_of(refund))),
                   NULL);
}

enum result books_refuse_refund(struct db *db, const char *refund_key, const char *reason)
{
    return db_exec(db, &STRIPE_REFUND_REFUSE, DB_ARGS(db_text(reason), db_text(refund_key)), NULL);
}

enum result books_renew_refund(struct db *db, const char *refund_key, int64_t request_no)
{
    return db_exec(db, &STRIPE_REFUND_RENEW, DB_ARGS(db_text(refund_key), db_int(request_no)), NULL);
}

enum result books_now(struct db *db, int64_t *ret_s)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STRIPE_NOW, DB_NO_ARGS, RESULT_INTERNAL, &rows));
    *ret_s = db_get_time(rows, "clock") / 1000;
    return RESULT_OK;
}
