/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_HOLD_SLOTS_H
#define BOOKING_STORE_HOLD_SLOTS_H

#include "booking/store/db.h"

/* Makes the new orders of one user wait for each other, until the end of the
 * transaction. Users share slots, so now and then a stranger waits, too. Lock
 * the seats first: then whoever has a slot waits for no one. */
enum result hold_slots_lock(struct db *db, const char *user_id) MUST_CHECK;

#endif
