/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FLIGHT_FACTS_H
#define BOOKING_STORE_FLIGHT_FACTS_H

#include "booking/core/order.h"
#include "booking/core/result.h"
#include "booking/core/tariff.h"

/* What other statements read of a flight's row beside their own, as one column: of a flight f that they join, or by a
 * subquery, and only one, since each costs about as much as a row. The id is an SQL expression. FLIGHT_FACTS_OF takes
 * no lock, wherever it stands. A statement that holds seats uses the locked form: it waits for a change of the flight,
 * and keeps others from changing it, so that the order has the price, the departure and the sale state of one moment.
 * (Holds do not wait for each other: the lock is shared, and the order's foreign key takes it anyway.) */
#define FLIGHT_FACTS                                                                   \
    "CONCAT_WS('\n', f.departure_time, f.price_cents, f.currency, f.flight_number,"    \
    " f.origin, f.destination, f.origin_time_zone, f.destination_time_zone, f.status," \
    " COALESCE(f.arrival_time, ''), f.fares, f.surcharges, f.tax_basis_points,"        \
    " COALESCE(f.sales_opens_s, ''), COALESCE(f.sales_closes_s, ''), f.refund_rule)"
#define SELECT_FLIGHT_FACTS(id) "SELECT " FLIGHT_FACTS " FROM flights f WHERE f.flight_id = " id
#define FLIGHT_FACTS_OF(id) "(" SELECT_FLIGHT_FACTS(id) ") AS flight_facts"
#define LOCKED_FLIGHT_FACTS_OF(id) "(" SELECT_FLIGHT_FACTS(id) " LOCK IN SHARE MODE) AS flight_facts"

struct flight_facts {
    struct order_flight flight;
    char currency[CURRENCY_SIZE];
    struct tariff tariff;
    int64_t sales_open_ms; /* TIME_NONE: always, until sales close */
    int64_t sales_close_ms;
};

/* Reads such a column. False if it is NULL or not of this form. */
bool flight_facts_read(const char *text, struct flight_facts *ret_facts);

/* Whether seats of the flight may be sold at this moment: RESULT_OK, FLIGHT_DEPARTED, FLIGHT_CANCELLED, FLIGHT_CLOSED
 * (also before its sale opens), or FLIGHT_NOT_FOUND for a draft. */
enum result flight_facts_sale(const struct flight_facts *facts, int64_t now_ms) MUST_CHECK;

/* "ON_SALE" and back; false if the text names no status. */
const char *flight_status_name(enum flight_status status);
bool flight_status_parse(const char *text, enum flight_status *ret_status);

#endif
