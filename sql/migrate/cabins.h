/* SPDX-License-Identifier: MIT */
#ifndef SQL_MIGRATE_CABINS_H
#define SQL_MIGRATE_CABINS_H

#include "booking/store/db.h"

/* Gives each flight that was inserted without a cabin the one that its seats follow, and every flight its local day of
 * departure. It may be killed anywhere and runs again at each migration, for flights that were inserted since. Bookings
 * go on meanwhile. Flights whose seats follow no plan stay as they are, and are named. The exit status. */
int migrate_cabins(struct db *db);

#endif
