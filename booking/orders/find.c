/* SPDX-License-Identifier: MIT */
#include "booking/booking.h"
#include "booking/store/orders.h"

enum result booking_read_order(struct db *db, const char *order_id, const char *owner, struct order *ret_order)
{
    enum result r = orders_find(db, order_id, owner, ret_order);
    if (r == RESULT_OK)
        order_settle_lapse(ret_order);
    return r;
}
