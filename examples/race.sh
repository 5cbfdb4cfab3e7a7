#!/bin/sh
# SPDX-License-Identifier: MIT
# Two customers want the same seat at the same moment: one gets it, the other gets a refusal.
. "$(dirname "$0")/common.sh"

seat=$(free_seats 1)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

say "Ada and Bob both want $seat"
for user in ada bob; do
    curl -sS -o "$results/$user.json" -w '%{http_code}\n' -H 'Content-Type: application/json' \
        -d "{\"userId\": \"$user\", \"seats\": [\"$seat\"]}" "$URL/api/flights/$FLIGHT/orders" > "$results/$user" &
done
wait
for user in ada bob; do printf '%s: %s %s\n' "$user" "$(cat "$results/$user")" "$(cat "$results/$user.json")"; done

[ "$(cat "$results/ada" "$results/bob" | sort | paste -s -d ' ' -)" = "201 409" ]

say "Cancel the order that got it"
BODY=$(cat "$results"/*.json | grep '"orderId"')
send DELETE "/api/orders/$(field orderId)"
expect 200
