/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_HTTP_H
#define SWEEPER_HTTP_H

#include "booking/base/buf.h"
#include "booking/base/monotonic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Many HTTP requests at a time, on libcurl's multi interface; http.c and
 * smtp.c include curl/curl.h. No redirects, no proxies, nothing but http and https,
 * and no answer longer than HTTP_ANSWER_MAX is read. */

#define HTTP_ANSWER_MAX (64 * 1024)

struct http;

struct http_header {
    const char *name;
    const char *value;
};

/* A request: POST with a JSON body, or GET without one. Texts are copied. */
struct http_request {
    const char *url;
    const char *key;                   /* sent as Idempotency-Key; NULL: none */
    const char *request_id;            /* sent as X-Request-Id; "": none */
    const char *bearer;                /* sent as Authorization: Bearer; "": none */
    const struct http_header *headers; /* more of them */
    size_t header_count;
    const char *body;   /* NULL: GET */
    int64_t timeout_ms; /* for the whole request, including the name lookup */
};

/* What came of a request. */
struct http_answer {
    int status;        /* 0: none came */
    bool timed_out;    /* if 0: because of the timeout */
    const char *error; /* if 0: why, in libcurl's words */
    const char *body;  /* NUL-terminated; may hold NULs too */
    size_t body_len;
    int64_t retry_after_ms; /* from the header Retry-After; 0: none */
    int64_t duration_ms;
};

/* Called once for each request, from http_wait() or http_pump(). */
typedef void (*http_done)(const struct http_answer *answer, void *context);

/* NULL without memory. */
struct http *http_new(void);
/* Drops what is in flight without calling back. */
void http_free(struct http *http);

/* Begins a request. False if it cannot even begin; done is then not called. */
bool http_send(struct http *http, const struct http_request *request, http_done done, void *context);

size_t http_in_flight(const struct http *http);

/* Works on the requests, calling back for each that has ended, and returns after at most wait_ms, or earlier when
 * something happened: an answer, a byte on the descriptor (-1: none), or a signal. It also returns after a second at
 * the latest, since a signal that came just before may have gone unseen. True when a request has ended. */
bool http_wait(struct http *http, int64_t wait_ms, int wake_fd);

/* Ends http_wait(), from any thread. */
void http_wake(struct http *http);

/* The same without waiting. To be called between one piece of work and the next: an answer that arrived in time counts
 * whenever it is read, but its sender may give up if it is not read for long. */
bool http_pump(struct http *http);

#endif
