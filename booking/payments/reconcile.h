/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_PAYMENTS_RECONCILE_H
#define BOOKING_PAYMENTS_RECONCILE_H

#include "booking/booking.h"
#include "booking/store/reconciliations.h"

/* Comparing a day of the gateway's books with ours. The API only asks for a report and shows it: the sweeper, which has
 * the gateway's token, reads the gateway's list page by page, a job's claim for each, and compares in the end. */

/* The report of a day, which is asked for if there is none yet, or if the caller wants it anew; one that is being made
 * is left alone. *reterr_asked says whether there is something to do for a sweeper. */
enum result booking_reconcile(struct db *db, const struct caller *caller, int64_t day_ms, bool anew,
                              struct reconciliation *reterr_report, bool *reterr_asked) MUST_CHECK;

/* What a RECONCILE job asks the gateway for: its charges that were captured in this time, from the cursor on ("": the
 * first page). *reterr_go is false, and the job is done, if the report was replaced. */
struct charge_question {
    int64_t from_ms, to_ms;
    char cursor[CHARGE_CURSOR_SIZE];
};
enum result booking_begin_reconciliation(struct db *db, const struct config *config, const struct job *job,
                                         struct charge_question *reterr_question, bool *reterr_go) MUST_CHECK;

/* A page of the list, or why there is none. */
#define CHARGE_PAGE_MAX 500
struct charge_page {
    bool is_read;
    bool has_no_list; /* the gateway does not know of it */
    bool is_final;    /* repeating cannot mend it */
    char reason[ERROR_SIZE];
    int64_t retry_after_ms;
    char next_cursor[CHARGE_CURSOR_SIZE]; /* empty: it was the last page */
    size_t count;
    struct listed_charge charge[CHARGE_PAGE_MAX];
};
enum result booking_settle_reconciliation(struct db *db, const struct job *job,
                                          const struct charge_page *page) MUST_CHECK;

#endif
