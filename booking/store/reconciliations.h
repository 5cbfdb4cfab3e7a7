/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_RECONCILIATIONS_H
#define BOOKING_STORE_RECONCILIATIONS_H

#include "booking/base/random.h"
#include "booking/core/order.h"
#include "booking/store/db.h"

/* Reports that compare the gateway's books with ours: sql/0016_reconciliation.sql says what is kept of them. */

#define CHARGE_KEY_MAX 100
#define CHARGE_CURSOR_SIZE 256

struct reconciliation {
    char report_id[UUID_SIZE];
    char status[11]; /* PENDING, DONE, NO_LIST, FAILED */
    char next_cursor[CHARGE_CURSOR_SIZE];
    char last_error[ERROR_SIZE]; /* empty: none */
    int64_t day_ms;              /* when the day begins */
    int64_t tries;
    int64_t charges, payments, findings;
    int64_t updated_at_ms;
};

/* One of the gateway's charges, as its list has it. */
struct listed_charge {
    char key[CHARGE_KEY_MAX + 1];
    char order_id[51]; /* empty: the list does not say */
    char status[11];   /* APPROVED or VOIDED */
    int64_t amount_cents;
    int64_t refunded_cents;
    char currency[CURRENCY_SIZE];
    int64_t captured_at_ms;
};

/* The report of a day; RESULT_OK or NOT_FOUND. */
enum result reconciliations_find(struct db *db, int64_t day_ms, struct reconciliation *ret_report) MUST_CHECK;
/* The same by its id, locked. */
enum result reconciliations_lock(struct db *db, const char *report_id, struct reconciliation *ret_report) MUST_CHECK;

/* Begins a report of a day in place of the one before. RESULT_STALE if that is PENDING. */
enum result reconciliations_begin(struct db *db, int64_t day_ms, const char *report_id) MUST_CHECK;

/* Adds a charge of the list; one that was added before is fine, and the later one stays. */
enum result reconciliations_add(struct db *db, const char *report_id, const struct listed_charge *charge) MUST_CHECK;

/* Compares what was added with our payments, counts, and removes what was added. */
enum result reconciliations_compare(struct db *db, struct reconciliation *report) MUST_CHECK;

/* Writes how far it has come; the row is locked. */
enum result reconciliations_save(struct db *db, const struct reconciliation *report) MUST_CHECK;

/* What is not alike, by the charge's key. */
struct reconciliation_finding {
    const char *kind; /* ONLY_GATEWAY, ONLY_BOOKING, AMOUNT_DIFFERS, STATE_DIFFERS, REFUNDS_DIFFER */
    const char *key;
    const char *order_id; /* "": not known */
    bool has_ours, has_theirs;
    int64_t ours_cents, theirs_cents;
    const char *currency;
};
enum result reconciliations_list(struct db *db, const char *report_id,
                                 void (*each)(const struct reconciliation_finding *, void *), void *context) MUST_CHECK;

#endif
