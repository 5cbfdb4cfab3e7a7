/* SPDX-License-Identifier: MIT */
#include "booking/store/idempotency.h"

#include "booking/base/text.h"

#include <string.h>

#define LEASE "INTERVAL 30 SECOND"
#define KEPT "INTERVAL 24 HOUR"

/* Only hashes are kept, and the request's is salted with the key: a body with a
 * five-digit code could be guessed from a bare hash. */
#define KEY_HASH "UNHEX(SHA2(?, 256))"
#define REQUEST_HASH "UNHEX(SHA2(CONCAT(?, '\n', ?), 256))"

DB_SQL(KEY_CLAIM,
       "INSERT INTO idempotency_keys (key_hash, request_hash, owner, locked_until, created_at)"
       " VALUES (" KEY_HASH ", " REQUEST_HASH ", ?, UTC_TIMESTAMP(3) + " LEASE ", UTC_TIMESTAMP(3))");

/* Takes over a key that is more than a day old, or whose first request never
 * answered it and has lost its claim. */
DB_SQL(KEY_TAKE_OVER,
       "UPDATE idempotency_keys SET request_hash = " REQUEST_HASH ", owner = ?, status = NULL,"
       " body = NULL, location = NULL, etag = NULL, content_type = NULL,"
       " locked_until = UTC_TIMESTAMP(3) + " LEASE ", created_at = UTC_TIMESTAMP(3)"
       " WHERE key_hash = " KEY_HASH " AND (created_at < UTC_TIMESTAMP(3) - " KEPT
       " OR (status IS NULL AND locked_until <= UTC_TIMESTAMP(3) AND request_hash = " REQUEST_HASH "))");

DB_SQL(KEY_FIND,
       "SELECT status, content_type, location, etag, body, owner,"
       " CASE WHEN request_hash = " REQUEST_HASH " THEN 1 ELSE 0 END AS is_same"
       " FROM idempotency_keys WHERE key_hash = " KEY_HASH);

DB_SQL(KEY_ANSWER,
       "UPDATE idempotency_keys SET status = ?, content_type = ?, location = ?, etag = ?, body = ?,"
       " locked_until = NULL WHERE key_hash = " KEY_HASH " AND owner = ? AND status IS NULL");

DB_SQL(KEY_RELEASE,
       "DELETE FROM idempotency_keys WHERE key_hash = " KEY_HASH " AND owner = ? AND status IS NULL");

DB_SQL(KEYS_PURGE,
       "DELETE FROM idempotency_keys WHERE created_at < UTC_TIMESTAMP(3) - " KEPT " LIMIT 1000");
#define PURGED_AT_ONCE 1000

DB_SQL(KEYS_PAGE,
       "SELECT HEX(key_hash) AS hex, COALESCE(body LIKE CONCAT('%', ?, '%'), 0) AS is_about FROM idempotency_keys"
       " WHERE key_hash > UNHEX(?) ORDER BY key_hash LIMIT 1000");
#define PAGE 1000

DB_SQL(KEY_REMOVE, "DELETE FROM idempotency_keys WHERE key_hash = UNHEX(?) AND status IS NOT NULL");

static enum result read_answer(struct db *db, const char *key, struct db_value request, int64_t owner,
                               struct stored_answer *reterr_answer)
{
    struct db_rows *rows = NULL;
    /* A key that is gone between two statements was given up by its first request. */
    TRY(db_query_one(db, &KEY_FIND, DB_ARGS(db_text(key), request, db_text(key)), RESULT_IDEMPOTENCY_RUNNING, &rows));
    if (db_get_int(rows, "is_same") == 0)
        return RESULT_IDEMPOTENCY_MISMATCH;
    if (db_is_null(rows, "status"))
        return db_get_int(rows, "owner") == owner ? RESULT_OK : RESULT_IDEMPOTENCY_RUNNING;
    *reterr_answer = (struct stored_answer){
        .status = (int)db_get_int(rows, "status"),
        .content_type = db_get_text(rows, "content_type"),
        .location = db_get_text(rows, "location"),
        .etag = db_get_text(rows, "etag"),
        .body = db_get_text(rows, "body"),
    };
    return RESULT_DUPLICATE;
}

enum result idempotency_claim(struct db *db, const char *key, const char *request, size_t request_len, int64_t owner,
                              struct stored_answer *reterr_answer)
{
    struct db_value body = db_bytes(request, request_len);
    uint64_t matched = 0;

    enum result r = db_exec(db, &KEY_CLAIM, DB_ARGS(db_text(key), db_text(key), body, db_int(owner)), NULL);
    if (r != RESULT_DUPLICATE)
        return r;
    r = db_exec(db, &KEY_TAKE_OVER, DB_ARGS(db_text(key), body, db_int(owner), db_text(key), db_text(key), body),
                &matched);
    if (r != RESULT_OK || matched == 1)
        return r;
    return read_answer(db, key, body, owner, reterr_answer);
}

enum result idempotency_answer(struct db *db, const char *key, int64_t owner, const struct stored_answer *a)
{
    return db_exec_expect(db, &KEY_ANSWER,
                          DB_ARGS(db_int(a->status), db_text(a->content_type), db_text(a->location), db_text(a->etag),
                                  db_text(a->body), db_text(key), db_int(owner)),
                          1);
}

enum result idempotency_release(struct db *db, const char *key, int64_t owner)
{
    return db_exec(db, &KEY_RELEASE, DB_ARGS(db_text(key), db_int(owner)), NULL);
}

enum result idempotency_purge(struct db *db, bool *reterr_more)
{
    uint64_t matched = 0;
    enum result r = db_exec(db, &KEYS_PURGE, DB_NO_ARGS, &matched);
    *reterr_more = r == RESULT_OK && matched >= PURGED_AT_ONCE;
    return r;
}

enum result idempotency_remove_about(struct db *db, const char *order_id)
{
    char last[65] = "";
    enum result r = RESULT_OK;
    size_t count = PAGE;
    while (r == RESULT_OK && count == PAGE) {
        struct db_rows *rows = NULL;
        count = 0;
        r = db_query(db, &KEYS_PAGE, DB_ARGS(db_text(order_id), db_text(last)), &rows);
        for (; db_more(rows, &r); count++) {
            text_copy(last, sizeof last, db_get_text(rows, "hex"));
            if (db_get_int(rows, "is_about") != 0)
                r = db_exec(db, &KEY_REMOVE, DB_ARGS(db_text(last)), NULL);
        }
    }
    return r;
}
