#!/bin/sh
# SPDX-License-Identifier: MIT
# Pays one order with each code of the payment simulator, all at once, and shows the outcomes.
#
#   examples/payments.sh                 most codes; those without an answer take 3 × PAYMENT_TIMEOUT
#   examples/payments.sh 99999 00000     only these
. "$(dirname "$0")/common.sh"

if [ $# = 0 ]; then set -- 99999 00000 50300 50301 50302 50400 50401 50402; fi

pending=
for code in "$@"; do
    seat=$(free_seats 1)
    send POST /api/orders "{\"flightId\": \"$FLIGHT\", \"userId\": \"pays-$code\", \"seats\": [\"$seat\"]}"
    expect 201
    order=$(field orderId)
    send POST "/api/orders/$order/pay" "{\"paymentCode\": \"$code\"}"
    expect 202
    pending="$pending $code:$order"
done

say "The outcomes"
for each in $pending; do
    wait_for_end "${each#*:}"
    printf '%s  %-9s  attempts %s  %s\n' "${each%%:*}" "$(field status)" "$(field paymentAttempts)" "$(field message)"
done

say "A code of the wrong form is refused, and the order stays as it was"
send POST /api/orders "{\"flightId\": \"$FLIGHT\", \"seats\": [\"$(free_seats 1)\"]}"
expect 201
order=$(field orderId)
send POST "/api/orders/$order/pay" '{"paymentCode": "12x45"}'
expect 400
send DELETE "/api/orders/$order"
