#!/bin/sh
# SPDX-License-Identifier: MIT
# An operator's own flights, from nothing: places, cabins, a season with three fares, a row that is not for sale, a sale,
# another aircraft, and a flight that is cancelled. docs/operations.md does the same in the console.
. "$(dirname "$0")/common.sh"

id=$(date +%s)
number=Q$((id % 1000))
first=$(date -u -d '+20 days' +%F)
last=$(date -u -d '+33 days' +%F)

say "Two places; a place's time zone says what its local times mean"
as_admin PUT /api/admin/places/XOF '{"name": "Old Field", "city": "Oldtown", "timeZone": "Europe/Berlin"}'
as_admin PUT /api/admin/places/XNF '{"name": "New Field", "city": "Newtown", "timeZone": "America/New_York"}'

say "Look at a plan before it is made: its seats, or its faults, each with its place"
long='{"name": "Long one", "numbering": "row-column", "sections": [
  {"class": "business", "rows": "1-3", "columns": "AC DF"},
  {"class": "premium", "rows": "4-6", "columns": "ABC DEF"},
  {"class": "economy", "rows": "7-20", "columns": "ABC DEF", "features": {"exit": "12"}}]}'
as_admin POST /api/admin/cabins/check "$long" >/dev/null
expect 200
as_admin POST /api/admin/cabins/check '{"name": "Faulty", "numbering": "row-column", "sections": [{"class": "economy", "rows": "9-7", "columns": "ABC"}]}'
expect 200

say "Two cabins: the second is shorter"
as_admin PUT "/api/admin/cabins/long-$id" "$long"
expect 201
as_admin PUT "/api/admin/cabins/short-$id" "$(printf '%s' "$long" | sed 's/Long one/Short one/; s/7-20/7-15/; s/"12"/"10"/')"
expect 201

say "A season with three fares, on the days from Monday to Friday: first what it would make"
season='{"id": "'$number-$id'-{date}", "from": "'$first'", "to": "'$last'", "weekdays": [1, 2, 3, 4, 5],
  "departure": "07:30", "arrival": "10:15", "arrivalDay": 0, "dryRun": DRY,
  "template": {"flightNumber": "'$number'", "cabin": "long-'$id'", "origin": "XOF", "destination": "XNF", "currency": "EUR",
    "fares": {"business": 39900, "premium": 19950, "economy": 12900}, "surcharges": {"exit": 1500}, "taxPercent": 19}}'
as_admin POST /api/admin/flights/schedule "$(printf '%s' "$season" | sed s/DRY/true/)"
expect 200
as_admin POST /api/admin/flights/schedule "$(printf '%s' "$season" | sed s/DRY/false/)"
expect 200
day=$first
while [ "$(date -u -d "$day" +%u)" -gt 5 ]; do day=$(date -u -d "$day +1 day" +%F); done
flight=$number-$id-$day
next=$(date -u -d "$day +1 day" +%F)
while [ "$(date -u -d "$next" +%u)" -gt 5 ]; do next=$(date -u -d "$next +1 day" +%F); done
other=$number-$id-$next

say "A row for the crew"
as_admin POST "/api/admin/flights/$flight/blocks" '{"seats": ["20A", "20B", "20C", "20D", "20E", "20F"], "reason": "Crew rest"}'
expect 200

say "A customer buys two seats; the exit row costs more"
send POST "/api/flights/$flight/orders" '{"userId": "ada", "seats": ["12A", "19A"]}'
expect 201
order=$(field orderId)
send POST "/api/orders/$order/pay" '{"paymentCode": "99999"}'
expect 202
wait_for_end "$order"
[ "$(field status)" = CONFIRMED ]

say "Another aircraft: who stays, who moves, who cannot; then the swap itself"
as_admin POST "/api/admin/flights/$flight/cabin" '{"cabin": "short-'"$id"'", "dryRun": true, "onConflict": "refuse"}'
expect 200
as_admin POST "/api/admin/flights/$flight/cabin" '{"cabin": "short-'"$id"'", "dryRun": false, "onConflict": "refuse", "reason": "The long one is broken"}'
expect 200

say "Who sits where"
as_admin GET "/api/admin/flights/$flight/manifest.csv"
expect 200

say "Another flight is cancelled: first what that would do"
as_admin POST "/api/admin/flights/$other/cancel?dryRun=true" '{"reason": "Strike"}'
expect 200
as_admin POST "/api/admin/flights/$other/cancel" '{"reason": "Strike"}'
expect 202
send POST "/api/flights/$other/orders" '{"userId": "ada", "seats": ["7A"]}'
expect 409
