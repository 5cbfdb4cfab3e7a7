/* SPDX-License-Identifier: MIT */
#ifndef FCGI_RESPONSE_H
#define FCGI_RESPONSE_H

#include "booking/base/buf.h"
#include "booking/base/json_writer.h"

/* One answer, collected before it is sent, so that a late failure can still
 * replace it whole. Reused from request to request. */
struct response {
    int status;
    const char *content_type; /* a literal */
    char location[160];       /* empty: none; likewise below */
    char etag[40];
    char allow[64];
    const char *cache_control;
    int retry_after_s;        /* 0: none */
    bool replayed;            /* from a stored answer */
    const char *authenticate; /* WWW-Authenticate */
    struct buf headers;       /* further header lines, each with CRLF */
    struct buf body;
    /* NULL: the body is whole. Else it is the beginning, and this puts the next piece into it, until it returns false,
     * which it also does when it fails. What it needs is *more_context, which is freed after the answer. */
    bool (*more)(struct response *response, bool *reterr_failed);
    void *more_context;
};

#define CONTENT_JSON "application/json"
#define CONTENT_PROBLEM "application/problem+json"

void response_clear(struct response *r);
void response_done(struct response *r);

/* Empties the body and begins JSON with this status. */
struct json_writer response_json(struct response *r, int status);

/* Answers the version of what the body shows, as its ETag. */
void response_set_version(struct response *r, int64_t version);

/* The status line's text: "409 Conflict". */
const char *response_status_line(int status);

/* The complete CGI header of the answer (RFC 3875, section 6.2), for the server. */
void response_write_head(const struct response *r, struct buf *out);

#endif
