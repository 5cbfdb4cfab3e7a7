/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_ORDER_JSON_H
#define BOOKING_CORE_ORDER_JSON_H

#include "booking/base/json_writer.h"
#include "booking/core/order.h"

/* The only representation of an order, in answers and in confirmations. */
enum order_dialect {
    ORDER_DIALECT_A, /* as it is */
    ORDER_DIALECT_B, /* PAYMENT_PENDING is written as PAYMENT_PROCESSING */
};

void order_write_json(struct json_writer *w, const char *name, const struct order *order, int64_t max_attempts,
                      enum order_dialect dialect);

/* The field "flight", by which a list of orders, or of what happens to them, can be shown without further requests. */
void order_flight_write_json(struct json_writer *w, const struct order_flight *flight);

#endif
