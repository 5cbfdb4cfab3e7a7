/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_ORDER_TOKENS_H
#define BOOKING_STORE_ORDER_TOKENS_H

#include "booking/base/random.h"
#include "booking/store/db.h"

/* The keys to one order each, which a look-up hands out. Only their hashes are kept. */
#define ORDER_TOKEN_PREFIX "bko_"

/* The order that this token opens; RESULT_NOT_FOUND if there is no such token or its time is over. */
enum result order_tokens_find(struct db *db, const char *token, char ret_order_id[UUID_SIZE]) MUST_CHECK;

#endif
