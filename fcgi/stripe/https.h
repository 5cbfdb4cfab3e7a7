/* SPDX-License-Identifier: MIT */
#ifndef FCGI_STRIPE_HTTPS_H
#define FCGI_STRIPE_HTTPS_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* One HTTP request at a time, on libcurl's easy interface: the process has nothing else to do while it waits, and its
 * connection, with its TLS session, stays open for the next one. No redirects, no proxies, nothing but http and https,
 * and no answer longer than HTTPS_ANSWER_MAX is read. */

#define HTTPS_ANSWER_MAX (512 * 1024)

struct https;

/* A request. Texts are borrowed until the call returns. */
struct https_request {
    const char *url;
    const char *body;           /* of a POST; NULL: a GET */
    const char *const *headers; /* "Name: value", ended by NULL */
    int64_t timeout_ms;         /* for the whole request, including the name lookup */
};

/* What came of it. */
struct https_answer {
    int status;        /* 0: none came */
    const char *error; /* if 0: why, in libcurl's words */
    int retry_after_s; /* from the header Retry-After; 0: none */
    bool is_replayed;  /* Idempotent-Replayed: the first answer to this key, once more */
    struct buf body;   /* the caller's, who calls buf_done() */
};

/* NULL without memory. */
struct https *https_new(void);
void https_free(struct https *https);

void https_call(struct https *https, const struct https_request *request, struct https_answer *ret_answer);

#endif
