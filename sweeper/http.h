#ifndef SWEEPER_HTTP_H
#define SWEEPER_HTTP_H

#include "booking/core/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Many HTTP requests at a time, on libcurl's multi interface; only http.c
 * includes curl/curl.h. No redirects, no proxies, nothing but http and https,
 * and no answer longer than HTTP_ANSWER_MAX is read. */

#define HTTP_ANSWER_MAX (64 * 1024)

struct http;

/* What came of a request. */
struct http_answer {
    int status;        /* 0: none came */
    bool timed_out;    /* then: because the time was over */
    const char *error; /* then: why, in libcurl's words */
    const char *body;  /* NUL-terminated; may hold NULs too */
    size_t body_len;
    int64_t duration_ms;
};

/* Called once for each request, from http_wait(). */
typedef void (*http_done)(const struct http_answer *answer, void *context);

/* NULL without memory. */
struct http *http_new(void);
/* Drops what is in flight without calling back. */
void http_free(struct http *http);

/* Begins POST with a JSON body. The key is sent as Idempotency-Key (NULL:
 * none), the request id as X-Request-Id ("": none). False if it cannot even begin; done is
 * then not called. Texts are copied. */
bool http_post(struct http *http, const char *url, const char *key, const char *request_id,
               const char *body, int64_t timeout_ms, http_done done, void *context);

size_t http_in_flight(const struct http *http);

/* Works on the requests, calling back for each that has ended, and returns
 * after at most wait_ms, or earlier when something happened: an answer, a byte
 * on the descriptor (-1: none), or a signal. Also after a second at the latest:
 * a signal that came just before may have gone unseen. True when a request has
 * ended. */
bool http_wait(struct http *http, int64_t wait_ms, int wake_fd);

#endif
