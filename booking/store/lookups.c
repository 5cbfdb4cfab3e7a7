/* SPDX-License-Identifier: MIT */
#include "booking/store/lookups.h"

#include "booking/base/text.h"

#define WINDOW "INTERVAL 1 HOUR"
#define TOKEN_VALID "INTERVAL 1 HOUR"
#define ASKED_FOR "UNHEX(SHA2(?, 256))"

/* The first assignment still sees the old value of since. */
DB_SQL(LOOKUP_COUNT,
       "INSERT INTO lookup_failures (asked_for, failures, since) VALUES (" ASKED_FOR ", 1, UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE"
       " failures = CASE WHEN since <= UTC_TIMESTAMP(3) - " WINDOW " THEN 1 ELSE failures + 1 END,"
       " since = CASE WHEN since <= UTC_TIMESTAMP(3) - " WINDOW " THEN UTC_TIMESTAMP(3) ELSE since END");

/* There is one row, whatever is found. Once it is limited, a right name gives the same row as a wrong one. */
DB_SQL(LOOKUP_FIND,
       "SELECT f.is_limited, UTC_TIMESTAMP(3) + " TOKEN_VALID " AS token_expires_at,"
       " CASE WHEN f.is_limited = 0 THEN (SELECT p.order_id FROM locators l JOIN persons p ON p.order_id = l.order_id"
       " WHERE l.locator = ? AND (p.family_key = ? OR p.email_key = ?) LIMIT 1) END AS order_id"
       " FROM (SELECT COALESCE(MAX(failures), 0) > ? AS is_limited FROM lookup_failures"
       " WHERE asked_for = " ASKED_FOR ") f");

DB_SQL(LOOKUP_UNCOUNT,
       "UPDATE lookup_failures SET failures = failures - 1 WHERE asked_for = " ASKED_FOR " AND failures > 0");

DB_SQL(LOOKUPS_PURGE, "DELETE FROM lookup_failures WHERE since <= UTC_TIMESTAMP(3) - " WINDOW " LIMIT 1000");
#define PURGED_AT_ONCE 1000

enum result lookups_count(struct db *db, const char *locator)
{
    return db_exec(db, &LOOKUP_COUNT, DB_ARGS(db_text(locator)), NULL);
}

enum result lookups_find(struct db *db, const struct lookup *l, struct lookup_result *reterr_result)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &LOOKUP_FIND,
                     DB_ARGS(db_text(l->locator), db_text(l->name_key), db_text(l->email_key),
                             db_int(LOOKUP_FAILURES_MAX), db_text(l->locator)),
                     RESULT_INTERNAL, &rows));
    *reterr_result = (struct lookup_result){
        .is_limited = db_get_int(rows, "is_limited") != 0,
        .token_expires_at_ms = db_get_time(rows, "token_expires_at"),
    };
    if (!db_is_null(rows, "order_id"))
        text_copy(reterr_result->order_id, UUID_SIZE, db_get_text(rows, "order_id"));
    return RESULT_OK;
}

enum result lookups_uncount(struct db *db, const char *locator)
{
    return db_exec(db, &LOOKUP_UNCOUNT, DB_ARGS(db_text(locator)), NULL);
}

enum result lookups_purge(struct db *db, bool *reterr_more)
{
    uint64_t matched = 0;
    enum result r = db_exec(db, &LOOKUPS_PURGE, DB_NO_ARGS, &matched);
    *reterr_more = r == RESULT_OK && matched >= PURGED_AT_ONCE;
    return r;
}
