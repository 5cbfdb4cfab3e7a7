#!/bin/sh
# SPDX-License-Identifier: MIT
# A request that may have been lost is sent again under the same Idempotency-Key: it is done once.
. "$(dirname "$0")/common.sh"

key=$(date +%s)-$$
body="{\"userId\": \"ada\", \"seats\": [\"$(free_seats 1)\"]}"

say "The first time"
send POST "/api/flights/$FLIGHT/orders" "$body" -H "Idempotency-Key: $key"
expect 201
order=$(field orderId)

say "Again, as if no answer had come: the same order, not a 409 about a seat that is taken"
send POST "/api/flights/$FLIGHT/orders" "$body" -H "Idempotency-Key: $key"
expect 201
[ "$(field orderId)" = "$order" ]
[ "$(header Idempotency-Replayed)" = true ]

say "The same key for something else is a mistake"
send DELETE "/api/orders/$order" '' -H "Idempotency-Key: $key"
expect 422

say "A payment, sent three times: one charge"
for _ in 1 2 3; do
    send POST "/api/orders/$order/payment" '{"paymentCode": "99999"}' -H "Idempotency-Key: $key-pay"
    expect 200
done
wait_for_end "$order"
[ "$(field paymentAttempts)" = 1 ]
field message
