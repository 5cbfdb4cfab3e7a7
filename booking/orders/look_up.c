/* SPDX-License-Identifier: MIT */
#include "booking/base/text.h"
#include "booking/booking.h"
#include "booking/core/name_key.h"
#include "booking/metrics.h"
#include "booking/store/lookups.h"
#include "booking/store/order_tokens.h"

#define TRIES 3

/* Each statement is a transaction of its own: the worst that can be left of a look-up that dies is a failure that was
 * none. */
static enum result look_up(struct db *db, const struct lookup *lookup, const char *token,
                           struct lookup_result *reterr_found)
{
    TRY(lookups_count(db, lookup->locator));
    TRY(lookups_find(db, lookup, reterr_found));
    if (reterr_found->order_id[0] == '\0')
        return RESULT_NOT_FOUND;
    TRY(lookups_uncount(db, lookup->locator));
    return order_tokens_add(db, token, reterr_found->order_id, reterr_found->token_expires_at_ms);
}

static void count_outcome(enum result r, bool is_limited)
{
    if (r == RESULT_OK)
        metrics_add(METRIC_LOOKUP_FOUND, 1);
    else if (r == RESULT_NOT_FOUND)
        metrics_add(is_limited ? METRIC_LOOKUP_LIMITED : METRIC_LOOKUP_FAILED, 1);
}

enum result booking_look_up(struct db *db, const char *locator, const char *family_name, const char *email,
                            struct order_key *ret_key)
{
    char name[NAME_KEY_SIZE];
    char address[EMAIL_KEY_SIZE];
    struct lookup lookup = {
        .name_key = family_name != NULL && name_key(family_name, name) ? name : NULL,
        .email_key = email != NULL && email_key(email, address) ? address : NULL,
    };
    struct lookup_result found = { 0 };
    struct order_key key;
    /* What can be no locator is known to be none without asking the database, and anybody can see that. */
    enum result r = locator_read(locator, lookup.locator) ? RESULT_RETRY : RESULT_NOT_FOUND;

    random_token(ORDER_TOKEN_PREFIX, key.token);
    for (int tries = 0; r == RESULT_RETRY && tries < TRIES; tries++)
        r = look_up(db, &lookup, key.token, &found);
    count_outcome(r, found.is_limited);
    if (r != RESULT_OK)
        return r == RESULT_NOT_FOUND ? RESULT_ORDER_NOT_FOUND : r;
    text_copy(key.order_id, sizeof key.order_id, found.order_id);
    key.expires_at_ms = found.token_expires_at_ms;
    *ret_key = key;
    return RESULT_OK;
}
