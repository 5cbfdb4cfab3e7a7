/* SPDX-License-Identifier: MIT */
#ifndef FCGI_REQUEST_H
#define FCGI_REQUEST_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define PATH_SEGMENTS_MAX 8
#define PARAMETERS_MAX 64

/* A name and a value, decoded; from a query or a form. */
struct parameter {
    const char *name;
    const char *value;
};

struct parameters {
    size_t count;
    struct parameter item[PARAMETERS_MAX];
};

/* One request, as it came, taken apart but not judged. All text belongs to the
 * server and is valid until the request is answered. */
struct request {
    const char *method;
    const char *path; /* raw, with the query, which the log leaves out */
    size_t segment_count;
    const char *segment[PATH_SEGMENTS_MAX]; /* decoded */
    struct parameters query;
    const char *content_type; /* "" if none */
    const char *body;         /* NUL-terminated, but may hold NULs too */
    size_t body_len;
    size_t *body_left; /* how much of a body that is too long to be read at once has not been read; NULL: none */
    const char *remote_address;
    const char *id; /* a sane X-Request-Id, the client's or ours */

    const char *(*header_of)(const struct request *request, const char *cgi_name);
    long (*read_more)(const struct request *request, char *to, size_t size);
    void *server;
    struct buf decoded; /* where segments and parameters live */
};

/* The value of a header by its CGI name (RFC 3875: "HTTP_IF_MATCH"), or NULL. */
const char *request_header(const struct request *request, const char *cgi_name);

/* Reads the next piece of a body that was not read at once, of at most BODY_PIECE_SIZE bytes. 0: there is no more; -1:
 * the client has not sent as much as it had announced. */
#define BODY_PIECE_SIZE (64 * 1024)
long request_read_body(const struct request *request, char to[BODY_PIECE_SIZE]);

/* Why a request cannot be taken apart. */
enum request_error {
    REQUEST_OK,
    REQUEST_BAD_ENCODING,   /* broken or forbidden percent-encoding, or not UTF-8; a fragment */
    REQUEST_TOO_MANY_PARTS, /* segments or parameters */
};

/* Takes a raw target ("/api/orders/x?y=z") apart into path, segments and query. */
enum request_error request_parse_target(struct request *request, const char *target);

/* Takes "a=1&b=2" apart (the URL standard's application/x-www-form-urlencoded).
 * The text is kept in the buffer, which must outlive the parameters. */
enum request_error request_parse_parameters(struct buf *buffer, const char *text, size_t len,
                                            struct parameters *reterr_parameters);

/* The first value of that name, or NULL. */
const char *parameters_get(const struct parameters *parameters, const char *name);

void request_done(struct request *request);

#endif
