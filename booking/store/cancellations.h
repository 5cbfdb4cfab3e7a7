/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_CANCELLATIONS_H
#define BOOKING_STORE_CANCELLATIONS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* The orders of a flight, as its cancellation needs them. The flight itself is in flight_rows.h. */

/* The orders of a flight that are open or confirmed, by what is to be done with them; and what is left of what was
 * captured for them, by currency (one row each, the row is valid during the call). */
struct flight_orders {
    const char *currency;
    int64_t holds;    /* that have not lapsed */
    int64_t payments; /* on their way */
    int64_t confirmed;
    int64_t refund_cents;
};
enum result cancellations_count_orders(struct db *db, const char *flight_id,
                                       void (*each)(const struct flight_orders *, void *), void *context) MUST_CHECK;

/* Gives orders that a cancelled flight still has to end, by id, up to limit of them after an id: those that hold its
 * seats and, if there are none of these, those that are open or confirmed without. None if it is not cancelled. */
enum result cancellations_next(struct db *db, const char *flight_id, const char *after_id, size_t limit,
                               char (*reterr_ids)[UUID_SIZE], size_t *reterr_count) MUST_CHECK;

#endif
