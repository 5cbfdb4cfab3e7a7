#!/bin/sh
# SPDX-License-Identifier: MIT
# Changes seats. A change restarts the hold, it is all or nothing, and it can be made conditional.
. "$(dirname "$0")/common.sh"

seats=$(free_seats 4)
first=$(printf '%s\n' "$seats" | sed -n 1p)
second=$(printf '%s\n' "$seats" | sed -n 2p)
third=$(printf '%s\n' "$seats" | sed -n 3p)
fourth=$(printf '%s\n' "$seats" | sed -n 4p)

say "Ada holds $first, Bob holds $third"
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"bob\", \"seats\": [\"$third\"]}"
expect 201
bob=$(field orderId)
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"ada\", \"seats\": [\"$first\"]}"
expect 201
ada=$(field orderId)
etag=$(header ETag)

say "Ada takes $second instead: the time starts anew"
send PUT "/api/orders/$ada/seats" "{\"seats\": [\"$second\"]}"
expect 200
expires=$(field expiresAt)

say "Ada wants $fourth and Bob's $third: refused as a whole, her seat and her time are as before"
send PUT "/api/orders/$ada/seats" "{\"seats\": [\"$fourth\", \"$third\"]}"
expect 409
send GET "/api/orders/$ada"
[ "$(field expiresAt)" = "$expires" ]

say "A change on condition that the order still has version $etag is refused: it has changed since"
send PUT "/api/orders/$ada/seats" "{\"seats\": [\"$fourth\"]}" -H "If-Match: $etag"
expect 412

say "The same change with the current version is accepted"
send GET "/api/orders/$ada"
etag=$(header ETag)
send PUT "/api/orders/$ada/seats" "{\"seats\": [\"$fourth\"]}" -H "If-Match: $etag"
expect 200

say "A reader that knows the version does not get the order again"
send GET "/api/orders/$ada" '' -H "If-None-Match: $(header ETag)"
expect 304

send DELETE "/api/orders/$ada"
send DELETE "/api/orders/$bob"
