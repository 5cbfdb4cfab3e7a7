/* SPDX-License-Identifier: MIT */
#ifndef FCGI_POOL_H
#define FCGI_POOL_H

#include "fcgi/server.h"

#include <stdint.h>

/* Serves like server_run, by as many processes as are needed: one that has nothing to do, and those that work, at
 * most so many. It is for programs that are mostly idle, and whose requests may each take seconds. This process
 * leads: it ends when it is told to, and when a process of the pool fails.
 *
 * The function returns in each of the processes. The context is copied to each of them, so it may have no connection
 * yet, and no random number may have been drawn. */
int pool_run(const char *program, int64_t most, server_handler handler, void *context);

#endif
