/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_RESULT_H
#define BOOKING_CORE_RESULT_H

/* How a call ended. One closed set for the whole project: the store adds
 * nothing to it, and fcgi/problem.c translates it to HTTP in one place. */
enum result {
    RESULT_OK = 0,

    /* Refusals: nothing was changed, and the caller is told why. */
    RESULT_INVALID_REQUEST,
    RESULT_INVALID_SEATS,
    RESULT_INVALID_PAYMENT_CODE,
    RESULT_FLIGHT_NOT_FOUND,
    RESULT_ORDER_NOT_FOUND,
    RESULT_NOT_FOUND,
    RESULT_SEATS_UNAVAILABLE,
    RESULT_ORDER_EXPIRED,
    RESULT_ORDER_CLOSED,
    RESULT_PAYMENT_IN_PROGRESS,
    RESULT_FLIGHT_DEPARTED,
    RESULT_FLIGHT_CLOSED,
    RESULT_FLIGHT_CANCELLED,
    RESULT_IN_USE, /* something else refers to it */
    RESULT_CANNOT_BOARD,
    RESULT_TOO_MANY_HOLDS,
    RESULT_PRECONDITION_FAILED,
    RESULT_JOB_RUNNING,
    RESULT_JOB_NOT_RUNNING,
    RESULT_NAME_TAKEN,
    RESULT_ORDER_OPEN,
    RESULT_NOT_PAID,
    RESULT_PASSENGERS_MISSING,
    RESULT_CONSENT_MISSING,
    RESULT_TOO_MANY_PASSENGERS,
    RESULT_NO_SUCH_PASSENGER,
    RESULT_REFUND_TOO_LARGE,
    RESULT_QUOTE_CHANGED,
    RESULT_PASSENGER_BOARDED,
    RESULT_PRICE_DIFFERENCE,
    RESULT_NOTHING_TO_SEND,
    RESULT_FOR_OPERATORS, /* an agent may not */
    RESULT_NOT_PROVED,    /* nothing proves that it is the caller's order */
    RESULT_IDEMPOTENCY_MISMATCH,
    RESULT_IDEMPOTENCY_RUNNING,

    /* From the store. */
    RESULT_DUPLICATE,      /* a unique key is taken */
    RESULT_STALE,          /* a guarded UPDATE found another state than was read */
    RESULT_RETRY,          /* deadlock or lock wait: the transaction may be run again */
    RESULT_COMMIT_UNKNOWN, /* the answer to COMMIT was lost */
    RESULT_UNAVAILABLE,    /* no database, or too busy; nothing was changed */
    RESULT_INTERNAL,       /* a defect, ours or the schema's; logged where it is found */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* One step of a transaction's body: makes the function return the step's result unless that is RESULT_OK. Use it only
 * where nothing is to be released; txn_run() rolls back the transaction. */
#define TRY(step)                        \
    do {                                 \
        const enum result try_ = (step); \
        if (try_ != RESULT_OK)           \
            return try_;                 \
    } while (0)

/* The name in the log, e.g. "seats_unavailable". Never NULL. */
const char *result_name(enum result r);

#endif
