/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_REPLICA_H
#define BOOKING_STORE_REPLICA_H

#include "booking/store/db.h"

/* A second server that answers what may be a moment old: the list of flights and the maps of seats. It is asked only
 * while it is known to have all that the primary server had a second ago, so a reader never sees a state that is more
 * than REPLICA_STALE_MS old. */
#define REPLICA_STALE_MS 2000

struct replica {
    struct db *primary; /* both belong to the caller */
    struct db *db;      /* NULL: there is no replica */
    int64_t fresh_until_ms;
    int64_t try_again_ms;
    bool is_left_out; /* as was logged */
};

/* The connection for a read that may be so old: the replica's if it has caught up, else the primary's. Asks both
 * servers once a second, and waits for the replica no longer than a fifth of that. */
struct db *replica_choose(struct replica *replica);

/* The replica failed to answer: leaves it out for a second. */
void replica_failed(struct replica *replica, const char *why);

#endif
