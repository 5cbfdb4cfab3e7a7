/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_LOCATORS_H
#define BOOKING_STORE_LOCATORS_H

#include "booking/base/random.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* Every locator that was ever given to an order. None is given twice, so rows stay for good. */

/* Gives a new locator to an order, inside the transaction that writes it into the order: made of what draw() returns,
 * and drawn again if it was given before. RESULT_INTERNAL if ten in a row were. */
enum result locators_give(struct db *db, const char *order_id, int64_t (*draw)(void),
                          char ret_locator[LOCATOR_SIZE]) MUST_CHECK;

/* The same for up to LOCATORS_MAX orders that have none; also RESULT_DUPLICATE, if another transaction was faster. */
#define LOCATORS_MAX 32
enum result locators_give_many(struct db *db, struct order *const orders[], size_t count,
                               int64_t (*draw)(void)) MUST_CHECK;

/* The order that has it; RESULT_ORDER_NOT_FOUND if it was never given. */
enum result locators_find(struct db *db, const char *locator, char ret_order_id[UUID_SIZE]) MUST_CHECK;

#endif
