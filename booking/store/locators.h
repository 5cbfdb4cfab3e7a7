/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_LOCATORS_H
#define BOOKING_STORE_LOCATORS_H

#include "booking/core/locator.h"
#include "booking/store/db.h"

/* Every locator that was ever given to an order. None is given twice, so rows stay for good. */

/* Gives a new locator to an order, inside the transaction that writes it into the order: made of what draw() returns,
 * and drawn again if it was given before. RESULT_INTERNAL if ten in a row were. */
enum result locators_give(struct db *db, const char *order_id, int64_t (*draw)(void),
                          char ret_locator[LOCATOR_SIZE]) MUST_CHECK;

#endif
