/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SENT_H
#define BOOKING_STORE_SENT_H

#include "booking/store/jobs.h"
#include "booking/store/messages.h"

/* Many messages that were delivered, settled with one statement for up to SENT_MAX of them, because round trips and a
 * commit for each would be most of what a message costs. All functions run in the caller's transaction. */
#define SENT_MAX 32

struct sent_message {
    struct job job;
    struct message message;
    int64_t duration_ms;
    bool has_more; /* the channel has another message of the order to tell */
};

/* Locks the orders, in ascending order of their ids. It waits for none: RESULT_STALE if another session has locked
 * one. */
enum result sent_lock(struct db *db, const struct sent_message *list, size_t count) MUST_CHECK;

/* Counts a try of each, and makes it SENT: RESULT_STALE unless all of them were PENDING. */
enum result sent_settle(struct db *db, const struct sent_message *list, size_t count) MUST_CHECK;

/* Finds out which have_more. */
enum result sent_look_ahead(struct db *db, struct sent_message *list, size_t count) MUST_CHECK;

#endif
