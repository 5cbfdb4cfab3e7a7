/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_LOOKUPS_H
#define BOOKING_STORE_LOOKUPS_H

#include "booking/core/name_key.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* How a customer finds an order by its locator and the name or the e-mail address of one of its persons.
 *
 * A guess costs the same whether or not there is such an order, so that its time tells nothing: lookups_count() and
 * lookups_find() run once each, with the same statements, and what lookups_find() gives of a failure is the same. */

/* How many failures in an hour a locator may have; after that nothing is found by it for the rest of the hour. */
#define LOOKUP_FAILURES_MAX 10

struct lookup {
    char locator[LOCATOR_SIZE];
    const char *name_key;  /* NULL: not by name */
    const char *email_key; /* NULL: not by e-mail address */
};

/* What was found. If nothing was, or the locator has had its failures, order_id is empty. */
struct lookup_result {
    bool is_limited;
    char order_id[UUID_SIZE];
    int64_t token_expires_at_ms; /* an hour from now */
};

/* Counts a failure before it is known to be one, so that guesses that come at once do not all count as the last one. */
enum result lookups_count(struct db *db, const char *locator) MUST_CHECK;
enum result lookups_find(struct db *db, const struct lookup *lookup, struct lookup_result *reterr_result) MUST_CHECK;

/* Takes back what lookups_count() counted. */
enum result lookups_uncount(struct db *db, const char *locator) MUST_CHECK;

/* Forgets failures older than an hour, some at a time: *reterr_more says whether there may be more. */
enum result lookups_purge(struct db *db, bool *reterr_more) MUST_CHECK;

#endif
