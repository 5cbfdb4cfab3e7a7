/* SPDX-License-Identifier: MIT */
#ifndef FCGI_ROUTER_H
#define FCGI_ROUTER_H

#include "booking/config.h"
#include "booking/store/replica.h"
#include "fcgi/server.h"

/* Answers a request: finds its handler, and does what all handlers need (CORS, the operator's authorization,
 * Idempotency-Key, the log). */
struct router {
    const struct config *config;
    struct db *db;
    struct db *brief_db; /* DB_BRIEF: for what must be answered soon, such as /health */
    struct replica replica;
};

/* A server_handler; the context is a struct router. */
void router_handle(const struct request *request, enum server_error error, struct response *response, void *context);

/* Calls metrics_write() with the labels of the router's routes. */
void router_write_metrics(struct buf *out);

#endif
