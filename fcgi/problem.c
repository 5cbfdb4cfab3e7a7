/* SPDX-License-Identifier: MIT */
#include "fcgi/problem.h"

#include "booking/core/order_json.h"

#include <ctype.h>
#include <string.h>

static const struct {
    int status;
    const char *code;
    const char *title;
    const char *detail;
} problems[] = {
    [PROBLEM_INVALID_JSON] = { 400, "INVALID_JSON", "Invalid JSON", "The body is not valid JSON." },
    [PROBLEM_INVALID_REQUEST] = { 400, "INVALID_REQUEST", "Invalid request", "The request cannot be understood." },
    [PROBLEM_INVALID_SEATS] = { 400, "INVALID_SEATS", "Invalid seats", "The seats are not seats of this flight." },
    [PROBLEM_INVALID_PAYMENT_CODE] = { 400, "INVALID_PAYMENT_CODE", "Invalid payment code",
                                       "The payment code must be exactly five digits." },
    [PROBLEM_UNAUTHORIZED] = { 401, "UNAUTHORIZED", "Unauthorized",
                               "Sign in, or send a token as Authorization: Bearer." },
    [PROBLEM_FORBIDDEN] = { 403, "FORBIDDEN", "Forbidden", "You may not do this." },
    [PROBLEM_FLIGHT_NOT_FOUND] = { 404, "FLIGHT_NOT_FOUND", "Flight not found", "There is no such flight." },
    [PROBLEM_ORDER_NOT_FOUND] = { 404, "ORDER_NOT_FOUND", "Order not found", "There is no such order." },
    [PROBLEM_NOT_FOUND] = { 404, "NOT_FOUND", "Not found", "There is nothing here." },
    [PROBLEM_METHOD_NOT_ALLOWED] = { 405, "METHOD_NOT_ALLOWED", "Method not allowed",
                                     "This path does not take that method; see Allow." },
    [PROBLEM_SINGLE_SEAT_LEFT] = { 409, "SINGLE_SEAT_LEFT", "A single seat is left",
                                   "These seats would leave one over alone. Please choose others." },
    [PROBLEM_SEATS_UNAVAILABLE] = { 409, "SEATS_UNAVAILABLE", "Seats unavailable", "Some of the seats are taken." },
    [PROBLEM_ORDER_EXPIRED] = { 409, "ORDER_EXPIRED", "Order expired", "The seat reservation has expired." },
    [PROBLEM_ORDER_CLOSED] = { 409, "ORDER_CLOSED", "Order closed",
                               "The order is final and cannot be changed any more." },
    [PROBLEM_PAYMENT_IN_PROGRESS] = { 409, "PAYMENT_IN_PROGRESS", "Payment in progress",
                                      "A payment for this order is being worked on." },
    [PROBLEM_FLIGHT_DEPARTED] = { 409, "FLIGHT_DEPARTED", "Flight departed", "The flight has departed." },
    [PROBLEM_FLIGHT_CLOSED] = { 409, "FLIGHT_CLOSED", "Flight not on sale",
                                "Seats of this flight are not on sale at the moment." },
    [PROBLEM_FLIGHT_CANCELLED] = { 409, "FLIGHT_CANCELLED", "Flight cancelled", "The flight has been cancelled." },
    [PROBLEM_IN_USE] = { 409, "IN_USE", "In use", "Something else refers to this; it cannot be removed." },
    [PROBLEM_CANNOT_BOARD] = { 409, "CANNOT_BOARD", "Cannot board", "This passenger may not board this flight." },
    [PROBLEM_JOB_RUNNING] = { 409, "JOB_RUNNING", "Job running", "A worker has the job; wait for its lease to end." },
    [PROBLEM_JOB_NOT_RUNNING] = { 409, "JOB_NOT_RUNNING", "Job not running", "No worker has the job." },
    [PROBLEM_NAME_TAKEN] = { 409, "NAME_TAKEN", "Name taken", "Somebody has this name already." },
    [PROBLEM_ORDER_OPEN] = { 409, "ORDER_OPEN", "Order still open",
                             "This order is still open. Its persons can be forgotten once it is final." },
    [PROBLEM_NOT_PAID] = { 409, "NOT_PAID", "Not paid", "Nothing was captured for this order." },
    [PROBLEM_PASSENGERS_MISSING] = { 409, "PASSENGERS_MISSING", "Passengers missing",
                                     "Name a passenger for each seat, and an e-mail address or telephone number." },
    [PROBLEM_CONSENT_MISSING] = { 409, "CONSENT_MISSING", "Consent missing", "Please agree to the terms first." },
    [PROBLEM_TOO_MANY_PASSENGERS] = { 409, "TOO_MANY_PASSENGERS", "Too many passengers",
                                      "There are more passengers than these seats are for. Say in passengers which of "
                                      "them stay; an infant needs an adult." },
    [PROBLEM_REFUND_TOO_LARGE] = { 409, "REFUND_TOO_LARGE", "Refund too large",
                                   "That is more than was captured and is not given back yet." },
    [PROBLEM_QUOTE_CHANGED] = { 409, "QUOTE_CHANGED", "Quote changed",
                                "What is given back is another amount by now; see quote." },
    [PROBLEM_PASSENGER_BOARDED] = { 409, "PASSENGER_BOARDED", "Passenger on board",
                                    "A passenger who is on board keeps the seat and the name." },
    [PROBLEM_PRICE_DIFFERENCE] = { 409, "PRICE_DIFFERENCE", "Another price",
                                   "These seats do not cost what was paid; see differenceCents." },
    [PROBLEM_NOTHING_TO_SEND] = { 409, "NOTHING_TO_SEND", "Nothing to send",
                                  "There is nothing to tell about this order, or nobody to tell it to." },
    [PROBLEM_REQUEST_IN_PROGRESS] = { 409, "REQUEST_IN_PROGRESS", "Request in progress",
                                      "The first request with this Idempotency-Key is still running." },
    [PROBLEM_PRECONDITION_FAILED] = { 412, "PRECONDITION_FAILED", "Precondition failed",
                                      "The order's version is not one that If-Match or If-None-Match allows." },
    [PROBLEM_PAYLOAD_TOO_LARGE] = { 413, "PAYLOAD_TOO_LARGE", "Payload too large", "A body may have at most 64 KiB." },
    [PROBLEM_UNSUPPORTED_MEDIA_TYPE] = { 415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported media type",
                                         "Send application/json or application/x-www-form-urlencoded." },
    [PROBLEM_IDEMPOTENCY_MISMATCH] = { 422, "IDEMPOTENCY_MISMATCH", "Idempotency key reused",
                                       "This Idempotency-Key belongs to another request." },
    [PROBLEM_TOO_MANY_REQUESTS] = { 429, "TOO_MANY_REQUESTS", "Too many requests",
                                    "Too many requests. Please wait a moment." },
    [PROBLEM_INTERNAL] = { 500, "INTERNAL", "Internal error", "Something went wrong on our side." },
    [PROBLEM_DATABASE_UNAVAILABLE] = { 503, "DATABASE_UNAVAILABLE", "Service unavailable",
                                       "The booking database does not answer. Please try again." },
};

enum problem_code problem_of_result(enum result r)
{
    switch (r) {
    case RESULT_INVALID_REQUEST: return PROBLEM_INVALID_REQUEST;
    case RESULT_INVALID_SEATS: return PROBLEM_INVALID_SEATS;
    case RESULT_INVALID_PAYMENT_CODE: return PROBLEM_INVALID_PAYMENT_CODE;
    case RESULT_FLIGHT_NOT_FOUND: return PROBLEM_FLIGHT_NOT_FOUND;
    case RESULT_ORDER_NOT_FOUND: return PROBLEM_ORDER_NOT_FOUND;
    case RESULT_NOT_FOUND: return PROBLEM_NOT_FOUND;
    case RESULT_SEATS_UNAVAILABLE: return PROBLEM_SEATS_UNAVAILABLE;
    case RESULT_ORDER_EXPIRED: return PROBLEM_ORDER_EXPIRED;
    case RESULT_ORDER_CLOSED: return PROBLEM_ORDER_CLOSED;
    case RESULT_PAYMENT_IN_PROGRESS: return PROBLEM_PAYMENT_IN_PROGRESS;
    case RESULT_FLIGHT_DEPARTED: return PROBLEM_FLIGHT_DEPARTED;
    case RESULT_FLIGHT_CLOSED: return PROBLEM_FLIGHT_CLOSED;
    case RESULT_FLIGHT_CANCELLED: return PROBLEM_FLIGHT_CANCELLED;
    case RESULT_IN_USE: return PROBLEM_IN_USE;
    case RESULT_CANNOT_BOARD: return PROBLEM_CANNOT_BOARD;
    case RESULT_TOO_MANY_HOLDS: return PROBLEM_TOO_MANY_REQUESTS;
    case RESULT_PRECONDITION_FAILED: return PROBLEM_PRECONDITION_FAILED;
    case RESULT_JOB_RUNNING: return PROBLEM_JOB_RUNNING;
    case RESULT_JOB_NOT_RUNNING: return PROBLEM_JOB_NOT_RUNNING;
    case RESULT_NAME_TAKEN: return PROBLEM_NAME_TAKEN;
    case RESULT_ORDER_OPEN: return PROBLEM_ORDER_OPEN;
    case RESULT_NOT_PAID: return PROBLEM_NOT_PAID;
    case RESULT_PASSENGERS_MISSING: return PROBLEM_PASSENGERS_MISSING;
    case RESULT_CONSENT_MISSING: return PROBLEM_CONSENT_MISSING;
    case RESULT_TOO_MANY_PASSENGERS: return PROBLEM_TOO_MANY_PASSENGERS;
    case RESULT_NO_SUCH_PASSENGER: return PROBLEM_INVALID_REQUEST;
    case RESULT_REFUND_TOO_LARGE: return PROBLEM_REFUND_TOO_LARGE;
    case RESULT_QUOTE_CHANGED: return PROBLEM_QUOTE_CHANGED;
    case RESULT_PASSENGER_BOARDED: return PROBLEM_PASSENGER_BOARDED;
    case RESULT_PRICE_DIFFERENCE: return PROBLEM_PRICE_DIFFERENCE;
    case RESULT_NOTHING_TO_SEND: return PROBLEM_NOTHING_TO_SEND;
    case RESULT_FOR_OPERATORS: return PROBLEM_FORBIDDEN;
    case RESULT_NOT_PROVED: return PROBLEM_UNAUTHORIZED;
    case RESULT_IDEMPOTENCY_MISMATCH: return PROBLEM_IDEMPOTENCY_MISMATCH;
    case RESULT_IDEMPOTENCY_RUNNING: return PROBLEM_REQUEST_IN_PROGRESS;
    /* Either nothing was changed, or the client finds out by asking again. */
    case RESULT_RETRY:
    case RESULT_COMMIT_UNKNOWN:
    case RESULT_UNAVAILABLE: return PROBLEM_DATABASE_UNAVAILABLE;
    case RESULT_OK:
    case RESULT_DUPLICATE:
    case RESULT_STALE:
    case RESULT_INTERNAL: return PROBLEM_INTERNAL;
    }
    return PROBLEM_INTERNAL;
}

/* "urn:booking:problem:seats-unavailable" */
static void type_of(const char *code, char *ret_type, size_t size)
{
    static const char prefix[] = "urn:booking:problem:";
    size_t len = sizeof prefix - 1;
    memcpy(ret_type, prefix, sizeof prefix);
    for (; *code != '\0' && len + 1 < size; code++)
        ret_type[len++] = *code == '_' ? '-' : (char)tolower((unsigned char)*code);
    ret_type[len] = '\0';
}

void problem_write_faults(struct json_writer *w, const struct faults *faults)
{
    json_open_array(w, "faults");
    for (size_t i = 0; i < faults->count; i++) {
        json_open_object(w, NULL);
        json_add_text(w, "path", faults->fault[i].path);
        json_add_text(w, "message", faults->fault[i].message);
        json_close_object(w);
    }
    json_close_array(w);
}

void problem_write(struct response *response, const struct request *request, const struct problem *p)
{
    char type[80];
    const char *code = problems[p->code].code;
    const char *detail = p->detail != NULL ? p->detail : problems[p->code].detail;
    int status = problems[p->code].status;
    type_of(code, type, sizeof type);

    struct json_writer w = response_json(response, status);
    response->content_type = CONTENT_PROBLEM;
    response->location[0] = '\0';
    response->etag[0] = '\0';
    response->cache_control = "no-store";
    if (p->retry_after_s > 0)
        response->retry_after_s = p->retry_after_s;
    else if (status == 503 || p->code == PROBLEM_REQUEST_IN_PROGRESS)
        response->retry_after_s = 1;

    json_open_object(&w, NULL);
    json_add_text(&w, "type", type);
    json_add_text(&w, "title", problems[p->code].title);
    json_add_int(&w, "status", status);
    json_add_text(&w, "detail", detail);
    json_add_text(&w, "error", code);
    json_add_text(&w, "message", detail);
    json_add_text(&w, "requestId", request->id);
    if (p->field != NULL)
        json_add_text(&w, "field", p->field);
    if (p->role != NULL)
        json_add_text(&w, "role", p->role);
    if (p->seats != NULL) {
        json_open_array(&w, "seats");
        for (size_t i = 0; i < p->seats->count; i++)
            json_add_text(&w, NULL, p->seats->number[i]);
        json_close_array(&w);
    }
    if (p->faults != NULL)
        problem_write_faults(&w, p->faults);
    if (p->order != NULL)
        order_write_json(&w, "order", p->order, p->max_attempts, ORDER_DIALECT_A);
    if (p->write_extra != NULL)
        p->write_extra(&w, p->extra);
    json_close_object(&w);
}

void problem_say(struct response *response, const struct request *request, enum problem_code code, const char *detail)
{
    struct problem p = { .code = code, .detail = detail };
    problem_write(response, request, &p);
}

void problem_field(struct response *response, const struct request *request, enum problem_code code, const char *field,
                   const char *detail)
{
    struct problem p = { .code = code, .detail = detail, .field = field };
    problem_write(response, request, &p);
}
