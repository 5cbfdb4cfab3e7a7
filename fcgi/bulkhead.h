/* SPDX-License-Identifier: MIT */
#ifndef FCGI_BULKHEAD_H
#define FCGI_BULKHEAD_H

#include "fcgi/call.h"

/* Keeps the requests that wait for one flight or order, whose row is locked for long, from taking every process of the
 * pool; and keeps all waiting requests together from taking the processes that reads need.
 *
 * Half of the pool may be busy with the same flight or order. One more request waits for its turn, which comes in
 * milliseconds while a crowd is served. But if one of the others has already been waiting for BULKHEAD_MS, the new
 * request is refused: false, and the answer is 503. It is also refused while three quarters of the pool have been
 * waiting that long for anything. Otherwise this process counts as busy with it until its request ends. */
#define BULKHEAD_MS 300

bool bulkhead_enter(struct call *call, const char *what);

/* How many other processes are busy with the same at this moment. */
size_t bulkhead_others(const char *what);

/* Keeps one of the processes for monitoring free for requests that need no database; all the others may wait for the
 * database. While it answers, one of them is done within a moment. False if none is; nothing has been answered yet. */
#define BULKHEAD_CHECK_MS 200

bool bulkhead_enter_check(void);

#endif
