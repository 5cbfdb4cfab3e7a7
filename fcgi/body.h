/* SPDX-License-Identifier: MIT */
#ifndef FCGI_BODY_H
#define FCGI_BODY_H

#include "booking/core/choose.h"
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

/* Whether the request says that its body is JSON, which a form on another site cannot say. */
bool body_is_json(const struct request *request);

/* Whether it says that its body is of this type, in UTF-8 and not compressed. */
bool body_is_type(const struct request *request, const char *type);

/* Takes the body of a request apart. False, with the problem as the answer (INVALID_JSON, INVALID_REQUEST or
 * UNSUPPORTED_MEDIA_TYPE), if that fails. After true, body_done() must be called. */
bool body_parse(const struct request *request, struct response *response, struct body *reterr_body);
void body_done(struct body *body);

/* Reads a text field: NULL if it is absent (or null). False if it is present but is not text, or has NULs. The text
 * belongs to the body. */
bool body_text(const struct body *body, const char *name, const char **reterr_text);

/* Reads a whole number from 0: the fallback if it is absent (or null). False if it is present but is something else. */
bool body_integer(const struct body *body, const char *name, int64_t fallback, int64_t *ret_number);

/* Reads yes or no: the fallback if it is absent (or null). False if it is present but is something else than true or
 * false. */
bool body_flag(const struct body *body, const char *name, bool fallback, bool *ret_flag);

/* Reads the field "seats": an array of strings; in a form it is repeated, or separated by commas. At most max seats.
 * False, with the problem as the answer, if there can be no such seats (INVALID_SEATS) or the field is no list of
 * strings (INVALID_REQUEST). */
bool body_seats(const struct body *body, const struct request *request, struct response *response, size_t max,
                struct seat_list *reterr_seats);

/* Whether that field is there, and not null. */
bool body_has_seats(const struct body *body);

/* What a new order asks for: seats by their numbers, or (seats.count is 0) so many that the program chooses. */
struct body_wish {
    struct seat_list seats;
    struct choose_wish best;
    char cabin_class[SEAT_MAP_CLASS_SIZE];
};

/* Reads "seats" or, in its place, "count" with "class" and "prefer". False, with the problem as the answer, if they are
 * of another form, or both are there. best.cabin_class points into the wish. */
bool body_wish(const struct body *body, const struct request *request, struct response *response, size_t max,
               struct body_wish *reterr_wish);

#endif
