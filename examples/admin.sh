#!/bin/sh
# SPDX-License-Identifier: MIT
# Shows what the operator can ask and do.
#
#   examples/admin.sh            looks at orders and jobs, and makes a job due now
#   examples/admin.sh reset      ends every open order of $FLIGHT and frees all its seats, even paid ones
. "$(dirname "$0")/common.sh"

say "Make an order to look at"
send POST "/api/flights/$FLIGHT/orders" "{\"userId\": \"ada\", \"seats\": [\"$(free_seats 1)\"]}"
expect 201
order=$(field orderId)

say "List the open orders of this flight"
as_admin GET "/api/admin/orders?flightId=$FLIGHT&status=SEATS_RESERVED&limit=5"
expect 200

say "Find an order by the beginning of its id"
as_admin GET "/api/admin/orders?q=$(printf '%s' "$order" | cut -c 1-18)"
expect 200

say "List its jobs: there is its timer"
as_admin GET "/api/admin/jobs?orderId=$order"
expect 200
job=$(printf '%s\n' "$BODY" | sed -n 's/.*"jobs":\[{"id":\([0-9]*\).*/\1/p')

say "Make the timer due now. A timer that fires early does no harm: the sweeper sets it again"
as_admin POST "/api/admin/jobs/$job/retry"
expect 200
send GET "/api/orders/$order"
[ "$(field status)" = SEATS_RESERVED ]

say "List jobs that have failed for good and wait for the operator"
as_admin GET "/api/admin/jobs?status=FAILED"
expect 200

if [ "${1:-}" = reset ]; then
    say "Free all of $FLIGHT"
    as_admin POST /api/admin/reset "{\"flightId\": \"$FLIGHT\"}"
    expect 200
else
    send DELETE "/api/orders/$order"
fi
