/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_HOLD_SLOTS_H
#define BOOKING_STORE_HOLD_SLOTS_H

#include "booking/store/db.h"

/* Makes the new orders of one user wait for each other until the end of the
 * transaction. Users share slots, so now and then another user waits, too. Lock
 * the seats first: then a transaction that has a slot waits for nothing. */
enum result hold_slots_lock(struct db *db, const char *user_id) MUST_CHECK;

#endif
