/* SPDX-License-Identifier: MIT */
#include "booking/core/result.h"

const char *result_name(enum result r)
{
    switch (r) {
    case RESULT_OK: return "ok";
    case RESULT_INVALID_REQUEST: return "invalid_request";
    case RESULT_INVALID_SEATS: return "invalid_seats";
    case RESULT_INVALID_PAYMENT_CODE: return "invalid_payment_code";
    case RESULT_FLIGHT_NOT_FOUND: return "flight_not_found";
    case RESULT_ORDER_NOT_FOUND: return "order_not_found";
    case RESULT_NOT_FOUND: return "not_found";
    case RESULT_SEATS_UNAVAILABLE: return "seats_unavailable";
    case RESULT_ORDER_EXPIRED: return "order_expired";
    case RESULT_ORDER_CLOSED: return "order_closed";
    case RESULT_PAYMENT_IN_PROGRESS: return "payment_in_progress";
    case RESULT_FLIGHT_DEPARTED: return "flight_departed";
    case RESULT_FLIGHT_CLOSED: return "flight_closed";
    case RESULT_FLIGHT_CANCELLED: return "flight_cancelled";
    case RESULT_IN_USE: return "in_use";
    case RESULT_CANNOT_BOARD: return "cannot_board";
    case RESULT_TOO_MANY_HOLDS: return "too_many_holds";
    case RESULT_PRECONDITION_FAILED: return "precondition_failed";
    case RESULT_JOB_RUNNING: return "job_running";
    case RESULT_JOB_NOT_RUNNING: return "job_not_running";
    case RESULT_NAME_TAKEN: return "name_taken";
    case RESULT_ORDER_OPEN: return "order_open";
    case RESULT_NOT_PAID: return "not_paid";
    case RESULT_PASSENGERS_MISSING: return "passengers_missing";
    case RESULT_CONSENT_MISSING: return "consent_missing";
    case RESULT_TOO_MANY_PASSENGERS: return "too_many_passengers";
    case RESULT_NO_SUCH_PASSENGER: return "no_such_passenger";
    case RESULT_REFUND_TOO_LARGE: return "refund_too_large";
    case RESULT_QUOTE_CHANGED: return "quote_changed";
    case RESULT_PASSENGER_BOARDED: return "passenger_boarded";
    case RESULT_PRICE_DIFFERENCE: return "price_difference";
    case RESULT_NOTHING_TO_SEND: return "nothing_to_send";
    case RESULT_FOR_OPERATORS: return "for_operators";
    case RESULT_NOT_PROVED: return "not_proved";
    case RESULT_IDEMPOTENCY_MISMATCH: return "idempotency_mismatch";
    case RESULT_IDEMPOTENCY_RUNNING: return "idempotency_running";
    case RESULT_DUPLICATE: return "duplicate";
    case RESULT_STALE: return "stale";
    case RESULT_RETRY: return "retry";
    case RESULT_COMMIT_UNKNOWN: return "commit_unknown";
    case RESULT_UNAVAILABLE: return "unavailable";
    case RESULT_INTERNAL: return "internal";
    }
    return "unknown";
}
