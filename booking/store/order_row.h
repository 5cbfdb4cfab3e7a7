/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_ORDER_ROW_H
#define BOOKING_STORE_ORDER_ROW_H

#include "booking/core/order.h"
#include "booking/store/db.h"
#include "booking/store/flight_facts.h"

/* What a statement reads of an order o: everything of its row, the time, what other tables know of its money, and what
 * it needs of its flight: by a subquery, or by a join with flights f. */
#define ORDER_COLUMNS(now, money) ORDER_COLUMNS_AND(FLIGHT_FACTS_OF("o.flight_id"), now, money)
#define ORDER_COLUMNS_JOINED(now, money) ORDER_COLUMNS_AND(FLIGHT_FACTS " AS flight_facts", now, money)
#define ORDER_COLUMNS_AND(facts, now, money)                                                                    \
    "o.order_id, o.flight_id, COALESCE(o.owner, o.user_id) AS user_id,"                                         \
    " o.owner IS NOT NULL AS has_owner, o.status, o.seats, o.seat_prices, o.price_parts, o.reserved_at,"        \
    " o.expires_at, o.hold_ends_at, o.payment_attempts, o.failed_attempts, o.last_error, o.total_price_cents,"  \
    " o.currency, o.tax_basis_points, o.fee_cents, o.version, o.run_id, o.locator, o.created_at, o.updated_at," \
    " o.consent_at, o.consent_terms, " now " AS read_at, " money ", " facts

/* For a statement that does not ask for such money, or for a part of it. */
#define ORDER_NOT_REFUNDED "CAST(NULL AS SIGNED) AS refunded_cents"
#define ORDER_NO_MONEY ORDER_NOT_REFUNDED ", CAST(NULL AS CHAR) AS payment_url"

/* Reads the current row. RESULT_INTERNAL: it is none that we have written. */
enum result order_row_read(struct db_rows *rows, struct order *ret_order) MUST_CHECK;

#endif
