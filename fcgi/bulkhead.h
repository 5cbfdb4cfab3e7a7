/* SPDX-License-Identifier: MIT */
#ifndef FCGI_BULKHEAD_H
#define FCGI_BULKHEAD_H

#include "fcgi/call.h"

/* Keeps one flight or order whose row is locked for long from taking every process of the pool, and all that wait
 * from taking those that reads need.
 *
 * Half of the pool may be at one thing. One more waits for its turn, which comes in milliseconds while a crowd is
 * served; where one has been waiting for BULKHEAD_MS already, it is refused: false, and the answer is 503. So it
 * is while three quarters of the pool have been waiting so long, for whatever. Otherwise this process counts as
 * being at it until its request ends. */
#define BULKHEAD_MS 300

bool bulkhead_enter(struct call *call, const char *what);

/* Keeps one of the processes for monitoring free for what needs no database: all the others may wait for it. Where the
 * database answers, one of them is done within a moment. False where none is; nothing is answered yet. */
#define BULKHEAD_CHECK_MS 200

bool bulkhead_enter_check(void);

#endif
