/* SPDX-License-Identifier: MIT */
#ifndef FCGI_AFTER_SALE_H
#define FCGI_AFTER_SALE_H

#include "fcgi/call.h"

/* Changes the seats of a paid order, as booking_change_sold() does, and refuses what it refuses; the answer to the
 * change is the caller's. */
void after_sale_change_seats(struct call *call, const struct caller *caller, const struct seat_list *seats,
                             bool any_time);

#endif
