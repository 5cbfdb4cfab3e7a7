/* SPDX-License-Identifier: MIT */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include "fcgi/request.h"
#include "fcgi/response.h"

#include <stdbool.h>
#include <stdint.h>

/* A FastCGI responder: single-threaded, one request at a time, accepting on file descriptor 0, which its process
 * manager opened. Only server.c includes fcgiapp.h (https://fastcgi-archives.github.io/FastCGI_Specification.html). */

/* The most bytes a body may have; and one that a handler reads piece by piece (request_read_body). */
#define BODY_MAX (64 * 1024)
#define LONG_BODY_MAX (16 * 1024 * 1024)

/* Answers a request. The request has been taken apart; if that failed, the
 * error says how, and the answer must say so. */
enum server_error {
    SERVER_OK,
    SERVER_BAD_TARGET,
    SERVER_HEADER_TWICE,   /* one that may be sent only once */
    SERVER_BODY_LONG,      /* too long to be read at once: body_left bytes */
    SERVER_BODY_TOO_LARGE, /* longer than any body may be */
    SERVER_BODY_CUT_SHORT,
};
typedef void (*server_handler)(const struct request *request, enum server_error error, struct response *response,
                               void *context);

/* Waits, but no longer than the client does: false once the client has hung up or the process is to stop. */
bool server_wait(const struct request *request, int64_t ms);

/* Serves under that name in the log until SIGTERM or SIGINT, and finishes the request at hand; returns the
 * exit status of the process. */
int server_run(const char *program, server_handler handler, void *context);

#endif
