# SPDX-License-Identifier: MIT
# Functions that the examples share; each example begins with:  . "$(dirname "$0")/common.sh"
#
#   URL           what `make start` printed       (http://127.0.0.1:8080); BOOKING_URL does as well
#   FLIGHT        a flight with free seats        (fl-101)
#   ADMIN_TOKEN   the operator's token; conf/stack token shows the one that make start created
# shellcheck shell=sh disable=SC2034  # the examples use these variables
set -eu

URL=${BOOKING_URL:-${URL:-http://127.0.0.1:8080}}
FLIGHT=${FLIGHT:-fl-101}

say() { printf '\n# %s\n' "$*"; }

# send METHOD PATH [JSON [CURL-OPTION...]]: prints the answer, and sets $STATUS, $HEADERS and $BODY.
# (Do not call it inside $(...), since the variables would be lost.)
send() {
    send_method=$1 send_path=$2 send_json=${3:-}
    shift "$(($# < 3 ? $# : 3))"
    if [ -n "$send_json" ]; then set -- -H 'Content-Type: application/json' -d "$send_json" "$@"; fi
    answer=$(curl -sS -i -X "$send_method" "$@" "$URL$send_path" | tr -d '\r')
    STATUS=$(printf '%s\n' "$answer" | sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p')
    HEADERS=$(printf '%s\n' "$answer" | sed '/^$/q')
    BODY=$(printf '%s\n' "$answer" | sed '1,/^$/d')
    printf '%s %s -> %s\n%s\n' "$send_method" "$send_path" "$STATUS" "$BODY"
}

# as_admin METHOD PATH [JSON]: the same with the operator's token.
as_admin() {
    send "$1" "$2" "${3:-}" ${ADMIN_TOKEN:+-H "Authorization: Bearer $ADMIN_TOKEN"}
}

# expect STATUS: stops the example when the last answer had another one.
expect() {
    if [ "$STATUS" != "$1" ]; then
        printf 'expected %s\n' "$1" >&2
        exit 1
    fi
}

# field NAME: prints a text or a number of the last answer. (jq does this better, but is not always installed.)
field() { printf '%s\n' "$BODY" | sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p'; }

# header NAME: prints a header of the last answer.
header() { printf '%s\n' "$HEADERS" | sed -n 's/^'"$1"': //p'; }

# free_seats N: prints the numbers of N free seats, one per line.
free_seats() {
    curl -sS "$URL/api/flights/$FLIGHT/seats?status=AVAILABLE" |
        grep -o '"seatNumber":"[^"]*"' | cut -d '"' -f 4 | head -n "$1"
}

# json_list: turns the lines of its input into ["A1","A2"].
json_list() { sed 's/.*/"&"/' | paste -s -d , - | sed 's/.*/[&]/'; }

# wait_for_end ORDER: polls until the order is in a final state, and leaves it in $BODY.
wait_for_end() {
    for _ in $(seq 120); do
        BODY=$(curl -sS "$URL/live/orders/$1")
        case $(field status) in
            CONFIRMED | FAILED | EXPIRED | CANCELLED) return ;;
        esac
        sleep 0.5
    done
    printf 'order %s does not come to an end\n' "$1" >&2
    exit 1
}
