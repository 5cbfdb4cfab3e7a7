/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_IDEMPOTENCY_H
#define BOOKING_STORE_IDEMPOTENCY_H

#include "booking/store/db.h"

#include <stdbool.h>
#include <stddef.h>

/* Answers are kept under the caller's Idempotency-Key for 24 hours.
 *
 * A request first claims its key. The answer is then written in the same
 * transaction as the change it reports, so there is never a change without its
 * answer or an answer without its change. A request that died before it wrote
 * them loses its claim after a while, and a repeat may take it over; the random
 * owner keeps the two apart. */

struct stored_answer {
    int status;
    const char *content_type; /* all four valid until the next call */
    const char *location;     /* NULL: none */
    const char *etag;         /* NULL: none */
    const char *body;
};

/* RESULT_OK: the key is ours, under this owner, a random number: the same one
 * when a claim whose outcome is unknown is made again. RESULT_DUPLICATE:
 * it was answered before, and *reterr_answer is the answer.
 * RESULT_IDEMPOTENCY_MISMATCH: it belongs to another request.
 * RESULT_IDEMPOTENCY_RUNNING: the same request is being worked on. request is
 * what makes two requests the same: method, path and body. */
enum result idempotency_claim(struct db *db, const char *key, const char *request, size_t request_len, int64_t owner,
                              struct stored_answer *reterr_answer) MUST_CHECK;

/* Writes the answer if the claim still stands; otherwise RESULT_STALE. Call it
 * inside the transaction of the change, or alone for a refusal. */
enum result idempotency_answer(struct db *db, const char *key, int64_t owner,
                               const struct stored_answer *answer) MUST_CHECK;

/* Gives the key up without an answer: the request may be sent again. */
enum result idempotency_release(struct db *db, const char *key, int64_t owner) MUST_CHECK;

/* Removes the keys whose answers are about an order; requests that are running keep theirs. It reads the table a page
 * at a time and locks only what it removes. */
enum result idempotency_remove_about(struct db *db, const char *order_id) MUST_CHECK;

/* Forgets keys older than 24 hours, some at a time: *reterr_more says whether there may be more. */
enum result idempotency_purge(struct db *db, bool *reterr_more) MUST_CHECK;

#endif
