/* SPDX-License-Identifier: MIT */
#include "booking/store/messages.h"

#include "booking/base/text.h"

DB_SQL(MESSAGE_ADD,
       "INSERT INTO messages (public_id, order_id, type, body, status, created_at, updated_at)"
       " VALUES (?, ?, ?, ?, 'PENDING', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(MESSAGE_NEXT,
       "SELECT message_id, public_id, body, tries,"
       " TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) DIV 1000 AS age_ms"
       " FROM messages WHERE order_id = ? AND status = 'PENDING' ORDER BY message_id LIMIT 1");

DB_SQL(MESSAGE_SETTLE,
       "UPDATE messages SET status = ?, last_error = ?, tries = tries + 1, updated_at = UTC_TIMESTAMP(3)"
       " WHERE message_id = ? AND status = 'PENDING'");

DB_SQL(MESSAGES_REPLACE, "UPDATE messages SET body = REPLACE(body, ?, ?) WHERE order_id = ?");

#define PURGED_AT_ONCE 1000
DB_SQL(MESSAGES_PURGE,
       "DELETE FROM messages WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 7 DAY AND status <> 'PENDING' LIMIT 1000");

enum result messages_add(struct db *db, const char *order_id, const char *type, const char *body)
{
    char public_id[UUID_SIZE];
    random_uuid(public_id);
    return db_exec(db, &MESSAGE_ADD, DB_ARGS(db_text(public_id), db_text(order_id), db_text(type), db_text(body)),
                   NULL);
}

enum result messages_next(struct db *db, const char *order_id, struct message *ret_message, struct buf *reterr_body)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &MESSAGE_NEXT, DB_ARGS(db_text(order_id)), RESULT_NOT_FOUND, &rows));
    ret_message->message_id = db_get_int(rows, "message_id");
    ret_message->tries = db_get_int(rows, "tries");
    ret_message->age_ms = db_get_int(rows, "age_ms");
    text_copy(ret_message->public_id, sizeof ret_message->public_id, db_get_text(rows, "public_id"));
    if (reterr_body != NULL) {
        buf_clear(reterr_body);
        buf_add_str(reterr_body, db_get_text(rows, "body"));
    }
    return RESULT_OK;
}

enum result messages_settle(struct db *db, int64_t message_id, const char *status, const char *last_error)
{
    return db_exec_expect(db, &MESSAGE_SETTLE, DB_ARGS(db_text(status), db_text(last_error), db_int(message_id)), 1);
}

enum result messages_replace(struct db *db, const char *order_id, const char *from, const char *to)
{
    return db_exec(db, &MESSAGES_REPLACE, DB_ARGS(db_text(from), db_text(to), db_text(order_id)), NULL);
}

enum result messages_purge(struct db *db, bool *reterr_more)
{
    uint64_t matched = 0;
    enum result r = db_exec(db, &MESSAGES_PURGE, DB_NO_ARGS, &matched);
    *reterr_more = r == RESULT_OK && matched >= PURGED_AT_ONCE;
    return r;
}
