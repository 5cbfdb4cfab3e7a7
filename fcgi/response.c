/* SPDX-License-Identifier: MIT */
#include "fcgi/response.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

void response_clear(struct response *r)
{
    struct buf headers = r->headers;
    struct buf body = r->body;
    free(r->more_context);
    buf_clear(&headers);
    buf_clear(&body);
    *r = (struct response){
        .status = 500,
        .content_type = CONTENT_JSON,
        .cache_control = "no-store",
        .headers = headers,
        .body = body,
    };
}

void response_done(struct response *r)
{
    free(r->more_context);
    r->more_context = NULL;
    buf_done(&r->headers);
    buf_done(&r->body);
}

struct json_writer response_json(struct response *r, int status)
{
    r->status = status;
    r->content_type = CONTENT_JSON;
    buf_clear(&r->body);
    return JSON_WRITER_INIT(&r->body);
}

void response_set_version(struct response *r, int64_t version)
{
    (void)snprintf(r->etag, sizeof r->etag, "\"%lld\"", (long long)version);
}

const char *response_status_line(int status)
{
    switch (status) {
    case 200: return "200 OK";
    case 201: return "201 Created";
    case 202: return "202 Accepted";
    case 204: return "204 No Content";
    case 304: return "304 Not Modified";
    case 400: return "400 Bad Request";
    case 401: return "401 Unauthorized";
    case 402: return "402 Payment Required";
    case 403: return "403 Forbidden";
    case 404: return "404 Not Found";
    case 405: return "405 Method Not Allowed";
    case 408: return "408 Request Timeout";
    case 409: return "409 Conflict";
    case 410: return "410 Gone";
    case 412: return "412 Precondition Failed";
    case 413: return "413 Content Too Large";
    case 415: return "415 Unsupported Media Type";
    case 422: return "422 Unprocessable Content";
    case 425: return "425 Too Early";
    case 429: return "429 Too Many Requests";
    case 503: return "503 Service Unavailable";
    default: return "500 Internal Server Error";
    }
}

static void add_header(struct buf *out, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    buf_add_str(out, name);
    buf_add_str(out, ": ");
    buf_add_str(out, value);
    buf_add_str(out, "\r\n");
}

void response_write_head(const struct response *r, struct buf *out)
{
    add_header(out, "Status", response_status_line(r->status));
    if (r->status != 204 && r->status != 304)
        add_header(out, "Content-Type", r->content_type);
    add_header(out, "Cache-Control", r->cache_control);
    add_header(out, "Location", r->location);
    add_header(out, "ETag", r->etag);
    add_header(out, "Allow", r->allow);
    add_header(out, "WWW-Authenticate", r->authenticate);
    if (r->retry_after_s > 0)
        buf_addf(out, "Retry-After: %d\r\n", r->retry_after_s);
    if (r->replayed)
        add_header(out, "Idempotency-Replayed", "true");
    buf_add(out, buf_str(&r->headers), r->headers.len);
    if (r->status != 204 && r->status != 304 && r->more == NULL)
        buf_addf(out, "Content-Length: %zu\r\n", r->body.len);
    buf_add_str(out, "\r\n");
}
