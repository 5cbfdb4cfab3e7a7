#!/bin/sh
# SPDX-License-Identifier: MIT
# The whole flow: find a flight, hold two seats, pay, be confirmed, read what happened.
. "$(dirname "$0")/common.sh"

say "Which flights are there?"
send GET "/api/flights?limit=3"
expect 200

say "Hold two free seats of $FLIGHT"
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"ada\", \"seats\": $(free_seats 2 | json_list)}"
expect 201
order=$(field orderId)
printf 'held until %s, %s seconds\n' "$(field expiresAt)" "$(field timerRemaining)"

say "Pay with a code that is always approved"
send POST "/api/orders/$order/payment" '{"paymentCode": "99999"}'
expect 200

say "Wait for the outcome"
wait_for_end "$order"
field message
[ "$(field status)" = CONFIRMED ]

say "What happened, step by step"
send GET "/api/orders/$order/events"
expect 200
