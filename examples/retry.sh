#!/bin/sh
# SPDX-License-Identifier: MIT
# Sends a request again under the same Idempotency-Key, as if it had been lost: it is done once.
. "$(dirname "$0")/common.sh"

key=$(date +%s)-$$
body="{\"userId\": \"ada\", \"seats\": [\"$(free_seats 1)\"]}"

say "Send a request for the first time"
send POST "/api/flights/$FLIGHT/orders" "$body" -H "Idempotency-Key: $key"
expect 201
order=$(field orderId)

say "Send it again, as if no answer had come: the answer is the same order, not a 409 about a taken seat"
send POST "/api/flights/$FLIGHT/orders" "$body" -H "Idempotency-Key: $key"
expect 201
[ "$(field orderId)" = "$order" ]
[ "$(header Idempotency-Replayed)" = true ]

say "Using the same key for another request is a mistake"
send DELETE "/api/orders/$order" '' -H "Idempotency-Key: $key"
expect 422

say "Send a payment three times: there is one charge"
for _ in 1 2 3; do
    send POST "/api/orders/$order/payment" '{"paymentCode": "99999"}' -H "Idempotency-Key: $key-pay"
    expect 200
done
wait_for_end "$order"
[ "$(field paymentAttempts)" = 1 ]
field message
