/* SPDX-License-Identifier: MIT */
#ifndef FCGI_REPLAY_H
#define FCGI_REPLAY_H

#include "fcgi/call.h"

/* Safe retries: the same Idempotency-Key and request get the first answer again
 * (draft-ietf-httpapi-idempotency-key-header). */

/* Claims the request's key, if it carries one. False if the answer is already there: a replay, or a problem. */
bool replay_begin(struct call *call);

/* Keeps a use case's refusal (409, 412) under the key. Otherwise gives the key up, so that a corrected request may use
 * it, or a repeat may succeed. The answer of a change was kept with the change. */
void replay_end(struct call *call);

#endif
