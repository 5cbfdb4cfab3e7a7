/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FLIGHT_FACTS_H
#define BOOKING_STORE_FLIGHT_FACTS_H

#include "booking/core/order.h"

/* What other statements read of a flight's row beside their own, as one column.
 * It is a subquery, which takes no lock where its statement does, and only one,
 * since each costs about as much as a row. The id is an SQL expression. */
#define FLIGHT_FACTS_OF(id)                                                                 \
    "(SELECT CONCAT_WS('\n', f.departure_time, f.price_cents, f.currency, f.flight_number," \
    " f.origin, f.destination, f.origin_time_zone, f.destination_time_zone)"                \
    " FROM flights f WHERE f.flight_id = " id ") AS flight_facts"

struct flight_facts {
    struct order_flight flight;
    int64_t price_cents;
    char currency[CURRENCY_SIZE];
};

/* Reads such a column. False if it is NULL or not of this form. */
bool flight_facts_read(const char *text, struct flight_facts *ret_facts);

#endif
