#!/bin/sh
# SPDX-License-Identifier: MIT
# Lets a hold run out. This takes RESERVATION_TIMEOUT, so start the stack with a short one:
#
#   make restart RESERVATION_TIMEOUT=5s
. "$(dirname "$0")/common.sh"

seat=$(free_seats 1)
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"ada\", \"seats\": [\"$seat\"]}"
expect 201
order=$(field orderId)
seconds=$(field timerRemaining)

say "Wait $seconds seconds and a bit; make restart RESERVATION_TIMEOUT=5s makes it short"
sleep $((seconds + 1))
send GET "/api/orders/$order"
[ "$(field status)" = EXPIRED ]

say "Too late to pay"
send POST "/api/orders/$order/payment" '{"paymentCode": "99999"}'
expect 409

say "Bob can have $seat"
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"bob\", \"seats\": [\"$seat\"]}"
expect 201
send DELETE "/api/orders/$(field orderId)"
