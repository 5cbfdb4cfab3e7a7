/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_ORDER_TOKENS_H
#define BOOKING_STORE_ORDER_TOKENS_H

#include "booking/base/random.h"
#include "booking/store/db.h"

#include <stdbool.h>
#include <stdint.h>

/* The keys to one order each, which a look-up hands out. Only their hashes are kept. */
#define ORDER_TOKEN_PREFIX "bko_"

/* The order that this token opens; RESULT_NOT_FOUND if there is no such token or its time is over. */
enum result order_tokens_find(struct db *db, const char *token, char ret_order_id[UUID_SIZE]) MUST_CHECK;

/* Adds a token for an order, unless its persons were forgotten meanwhile: RESULT_NOT_FOUND. */
enum result order_tokens_add(struct db *db, const char *token, const char *order_id, int64_t expires_at_ms) MUST_CHECK;

/* Ends all tokens of an order. */
enum result order_tokens_revoke(struct db *db, const char *order_id) MUST_CHECK;

/* Forgets tokens whose time is over, some at a time: *reterr_more says whether there may be more. */
enum result order_tokens_purge(struct db *db, bool *reterr_more) MUST_CHECK;

#endif
