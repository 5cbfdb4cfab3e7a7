/* SPDX-License-Identifier: MIT */
#ifndef FCGI_PROBLEM_H
#define FCGI_PROBLEM_H

#include "booking/core/faults.h"
#include "booking/core/order.h"
#include "booking/core/result.h"
#include "fcgi/request.h"
#include "fcgi/response.h"

/* Errors as RFC 9457 (application/problem+json), with a stable code in "error".
 * Here, and only here, results become HTTP. */
enum problem_code {
    PROBLEM_INVALID_JSON,
    PROBLEM_INVALID_REQUEST,
    PROBLEM_INVALID_SEATS,
    PROBLEM_INVALID_PAYMENT_CODE,
    PROBLEM_UNAUTHORIZED,
    PROBLEM_FORBIDDEN,
    PROBLEM_FLIGHT_NOT_FOUND,
    PROBLEM_ORDER_NOT_FOUND,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD_NOT_ALLOWED,
    PROBLEM_SEATS_UNAVAILABLE,
    PROBLEM_SINGLE_SEAT_LEFT,
    PROBLEM_ORDER_EXPIRED,
    PROBLEM_ORDER_CLOSED,
    PROBLEM_PAYMENT_IN_PROGRESS,
    PROBLEM_FLIGHT_DEPARTED,
    PROBLEM_FLIGHT_CLOSED,
    PROBLEM_FLIGHT_CANCELLED,
    PROBLEM_IN_USE,
    PROBLEM_CANNOT_BOARD,
    PROBLEM_JOB_RUNNING,
    PROBLEM_JOB_NOT_RUNNING,
    PROBLEM_NAME_TAKEN,
    PROBLEM_ORDER_OPEN,
    PROBLEM_NOT_PAID,
    PROBLEM_PASSENGERS_MISSING,
    PROBLEM_CONSENT_MISSING,
    PROBLEM_TOO_MANY_PASSENGERS,
    PROBLEM_REFUND_TOO_LARGE,
    PROBLEM_QUOTE_CHANGED,
    PROBLEM_PASSENGER_BOARDED,
    PROBLEM_PRICE_DIFFERENCE,
    PROBLEM_NOTHING_TO_SEND,
    PROBLEM_REQUEST_IN_PROGRESS,
    PROBLEM_PRECONDITION_FAILED,
    PROBLEM_PAYLOAD_TOO_LARGE,
    PROBLEM_UNSUPPORTED_MEDIA_TYPE,
    PROBLEM_IDEMPOTENCY_MISMATCH,
    PROBLEM_TOO_MANY_REQUESTS,
    PROBLEM_INTERNAL,
    PROBLEM_DATABASE_UNAVAILABLE,
};

/* What helps the client besides the code. NULL: left out. */
struct problem {
    enum problem_code code;
    const char *detail; /* NULL: the code's own sentence */
    const char *field;
    const char *role; /* the role that may */
    const struct seat_list *seats;
    const struct faults *faults;
    const struct order *order; /* the order as it is now */
    int64_t max_attempts;      /* for the order */
    int retry_after_s;         /* 0: the code's default */
    /* Adds more members. */
    void (*write_extra)(struct json_writer *w, const void *extra);
    const void *extra;
};

/* Replaces the answer with the problem. */
void problem_write(struct response *response, const struct request *request, const struct problem *problem);

/* Answers with this code and this sentence (NULL: the code's own). */
void problem_say(struct response *response, const struct request *request, enum problem_code code, const char *detail);

/* Answers with a problem that names the field at fault. */
void problem_field(struct response *response, const struct request *request, enum problem_code code, const char *field,
                   const char *detail);

/* Writes the list "faults". */
void problem_write_faults(struct json_writer *w, const struct faults *faults);

/* The code for a result that is not RESULT_OK. */
enum problem_code problem_of_result(enum result r);

#endif
