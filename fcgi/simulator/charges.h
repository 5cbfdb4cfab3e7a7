/* SPDX-License-Identifier: MIT */
#ifndef FCGI_SIMULATOR_CHARGES_H
#define FCGI_SIMULATOR_CHARGES_H

#include "booking/base/url.h"
#include "booking/store/db.h"

#include <stdbool.h>
#include <stdint.h>

/* The gateway's books. */

#define CHARGE_KEY_SIZE 101

struct charge_record {
    char status[11]; /* APPROVED, DECLINED, VOIDED */
    char reason[101];
    char transaction_id[101];
    char order_id[51];
    int64_t amount_cents;
    char currency[4];
    int64_t captured_at_ms; /* TIME_NONE: never */
    int64_t voided_at_ms;
};

/* RESULT_OK or RESULT_NOT_FOUND. */
enum result charges_find(struct db *db, const char *key, struct charge_record *ret_record) MUST_CHECK;

/* The charges that were captured from a moment on and before another one, oldest first, at most limit: those after
 * (after_ms, after_key), which is the last of the page before, or at first (from_ms, ""). */
struct charge_filter {
    int64_t from_ms, to_ms;
    int64_t after_ms;
    const char *after_key;
    int limit;
};
enum result charges_list(struct db *db, const struct charge_filter *filter,
                         void (*each)(const char *key, const struct charge_record *record, int64_t refunded_cents,
                                      void *context),
                         void *context) MUST_CHECK;

/* Counts a call and says which it is, from 1. */
enum result charges_count_call(struct db *db, const char *key, int64_t *reterr_call) MUST_CHECK;

/* What a request asks to be charged. */
struct charge_request {
    const char *order_id;
    int64_t amount_cents;
    const char *currency;
};

/* Writes the outcome, unless one has been written already: the first stays, even if it is a void. *ret_record has the
 * status and the transaction of the one that stands; after a decline, read the record to learn which one does. */
enum result charges_approve(struct db *db, const char *key, const struct charge_request *request,
                            struct charge_record *ret_record) MUST_CHECK;
enum result charges_decline(struct db *db, const char *key, const struct charge_request *request,
                            const char *reason) MUST_CHECK;

/* A charge about which the customer is to decide on the simulator's page. To open it twice is fine: the first stays. */
struct charge_page {
    char order_id[51];
    int64_t amount_cents;
    char currency[4];
    char return_url[URL_SIZE]; /* empty: none */
};
enum result charges_open_page(struct db *db, const char *key, const struct charge_request *request,
                              const char *return_url) MUST_CHECK;

/* RESULT_OK or RESULT_NOT_FOUND. */
enum result charges_find_page(struct db *db, const char *key, struct charge_page *ret_page) MUST_CHECK;

/* Voids the charge under this key or, if there is none yet, any that may still come. *reterr_refunded says that nothing
 * was done, since some of it was refunded before. */
enum result charges_void(struct db *db, const char *key, bool *reterr_refunded) MUST_CHECK;

/* Gives back a part of a captured charge under a key of the refund's own; a key that is known does it no second time.
 * *ret_refusal is why not, NULL if it is done. */
enum result charges_refund(struct db *db, const char *key, const char *refund_key, int64_t amount_cents,
                           const char **ret_refusal) MUST_CHECK;

#endif
