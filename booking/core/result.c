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
    case RESULT_TOO_MANY_HOLDS: return "too_many_holds";
    case RESULT_PRECONDITION_FAILED: return "precondition_failed";
    case RESULT_JOB_RUNNING: return "job_running";
    case RESULT_JOB_NOT_RUNNING: return "job_not_running";
    case RESULT_NAME_TAKEN: return "name_taken";
    case RESULT_ORDER_OPEN: return "order_open";
    case RESULT_NOT_PAID: return "not_paid";
    case RESULT_REFUND_TOO_LARGE: return "refund_too_large";
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
