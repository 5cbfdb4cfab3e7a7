/* SPDX-License-Identifier: MIT */
#include "booking/store/order_tokens.h"

#include "booking/base/text.h"
#include "booking/store/token_hash.h"

DB_SQL(ORDER_TOKEN_FIND,
       "SELECT order_id FROM order_tokens WHERE token_hash = " TOKEN_HASH " AND expires_at > UTC_TIMESTAMP(3)");

/* Waits for a session that is forgetting the order's persons, and then sees that it has: no token outlives them. */
DB_SQL(ORDER_TOKEN_ADD,
       "INSERT INTO order_tokens (token_hash, order_id, expires_at) SELECT " TOKEN_HASH ", o.order_id, ? FROM orders o"
       " WHERE o.order_id = ? AND o.forgotten_at IS NULL LOCK IN SHARE MODE");

DB_SQL(ORDER_TOKENS_REVOKE, "DELETE FROM order_tokens WHERE order_id = ?");

DB_SQL(ORDER_TOKENS_PURGE, "DELETE FROM order_tokens WHERE expires_at <= UTC_TIMESTAMP(3) LIMIT 1000");
#define PURGED_AT_ONCE 1000

enum result order_tokens_find(struct db *db, const char *token, char ret_order_id[UUID_SIZE])
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &ORDER_TOKEN_FIND, DB_ARGS(db_text(token)), RESULT_NOT_FOUND, &rows));
    text_copy(ret_order_id, UUID_SIZE, db_get_text(rows, "order_id"));
    return RESULT_OK;
}

enum result order_tokens_add(struct db *db, const char *token, const char *order_id, int64_t expires_at_ms)
{
    uint64_t added = 0;
    enum result r = db_exec(db, &ORDER_TOKEN_ADD, DB_ARGS(db_text(token), db_time(expires_at_ms), db_text(order_id)),
                            &added);
    /* The statement was sent again on a new connection, and had been done the first time: no other request draws this
     * token. */
    if (r == RESULT_DUPLICATE)
        return RESULT_OK;
    return r == RESULT_OK && added == 0 ? RESULT_NOT_FOUND : r;
}

enum result order_tokens_revoke(struct db *db, const char *order_id)
{
    return db_exec(db, &ORDER_TOKENS_REVOKE, DB_ARGS(db_text(order_id)), NULL);
}

enum result order_tokens_purge(struct db *db, bool *reterr_more)
{
    uint64_t matched = 0;
    enum result r = db_exec(db, &ORDER_TOKENS_PURGE, DB_NO_ARGS, &matched);
    *reterr_more = r == RESULT_OK && matched >= PURGED_AT_ONCE;
    return r;
}
