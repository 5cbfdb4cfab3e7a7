/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_PERSONS_H
#define BOOKING_STORE_PERSONS_H

#include "booking/store/db.h"

#include <stdbool.h>
#include <stdint.h>

/* All names are in one table. To forget a person empties the row, which stays, since audit and events have its id. */

/* Wipes the persons of an order. */
enum result persons_forget(struct db *db, const char *order_id) MUST_CHECK;

/* Wipes some of the staff who have done nothing for so long: whose token was revoked before that, or who had none and
 * changed nothing since. *reterr_more says whether there may be more. */
enum result persons_forget_staff(struct db *db, int64_t for_ms, bool *reterr_more) MUST_CHECK;

#endif
