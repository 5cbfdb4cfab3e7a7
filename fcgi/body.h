/* SPDX-License-Identifier: MIT */
#ifndef FCGI_BODY_H
#define FCGI_BODY_H

#include "booking/core/seat.h"
#include "fcgi/request.h"
#include "fcgi/response.h"

#include <stdbool.h>
#include <stdint.h>

/* The fields of a body, whether it came as JSON or as a form. */
struct body {
    struct json_object *json; /* NULL: a form */
    struct parameters form;
    struct buf decoded;
};

/* Whether the request says that its body is JSON, which another site's form cannot. */
bool body_is_json(const struct request *request);

/* Takes the body of a request apart. False, and the answer is the problem
 * (INVALID_JSON, INVALID_REQUEST or UNSUPPORTED_MEDIA_TYPE), if it cannot.
 * After true, body_done() must be called. */
bool body_parse(const struct request *request, struct response *response, struct body *reterr_body);
void body_done(struct body *body);

/* A text field: NULL if it is absent (or null). False if it is there but not
 * text without NULs. The text belongs to the body. */
bool body_text(const struct body *body, const char *name, const char **reterr_text);

/* A JSON whole number, or the fallback if it is absent or something else. */
int64_t body_integer(const struct body *body, const char *name, int64_t fallback);

/* The field "seats": an array of texts, or in a form repeated or separated by
 * commas. At most max. False, and the answer is the problem (INVALID_SEATS, or
 * INVALID_REQUEST for a field that is no list of texts), if they cannot be. */
bool body_seats(const struct body *body, const struct request *request, struct response *response, size_t max,
                struct seat_list *reterr_seats);

#endif
