#!/bin/sh
# SPDX-License-Identifier: MIT
# A cancellation frees the seats at once, also while a payment is under way.
. "$(dirname "$0")/common.sh"

seat=$(free_seats 1)

say "Hold $seat and cancel"
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"ada\", \"seats\": [\"$seat\"]}"
expect 201
order=$(field orderId)
send DELETE "/api/orders/$order"
expect 200
[ "$(field status)" = CANCELLED ]

say "A second cancellation is refused: the order is final"
send DELETE "/api/orders/$order"
expect 409

say "Hold the same seat again, pay with a code that the gateway never answers, and cancel meanwhile"
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"bob\", \"seats\": [\"$seat\"]}"
expect 201
order=$(field orderId)
send POST "/api/orders/$order/pay" '{"paymentCode": "50400"}'
expect 202
send DELETE "/api/orders/$order"
expect 200

say "Any charge under this payment's key is voided, now or later"
send GET "/api/orders/$order/events"
