/* SPDX-License-Identifier: MIT */
#include "booking/store/order_tokens.h"

#include "booking/base/text.h"

/* As for staff: 160 random bits need no slow hash. */
#define TOKEN_HASH "UNHEX(SHA2(?, 256))"

DB_SQL(ORDER_TOKEN_FIND,
       "SELECT order_id FROM order_tokens WHERE token_hash = " TOKEN_HASH " AND expires_at > UTC_TIMESTAMP(3)");

enum result order_tokens_find(struct db *db, const char *token, char ret_order_id[UUID_SIZE])
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &ORDER_TOKEN_FIND, DB_ARGS(db_text(token)), RESULT_NOT_FOUND, &rows));
    text_copy(ret_order_id, UUID_SIZE, db_get_text(rows, "order_id"));
    return RESULT_OK;
}
