/* SPDX-License-Identifier: MIT */
#include "booking/payments/reconcile.h"

#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/txn.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)
#define TRIES_MAX 5

/* ── asking for a report ────────────────────────────────────────────────── */

struct wish {
    const struct caller *caller;
    int64_t day_ms;
    bool anew;
    struct reconciliation *report;
    bool *asked;
};

static enum result audit(struct db *db, const struct wish *w)
{
    char day[TIMESTAMP_SIZE];
    timestamp_format(w->day_ms, day);
    day[10] = '\0';
    return step_audit(db, w->caller, AUDIT_RECONCILE, AUDIT_OF_DAY, day, NULL, NULL);
}

static enum result ask_in_txn(struct db *db, void *context)
{
    struct wish *w = context;
    char report_id[UUID_SIZE];
    *w->asked = false;

    CRASH_SCOPE("ask-reconciliation");
    enum result r = reconciliations_find(db, w->day_ms, w->report);
    if (r != RESULT_NOT_FOUND && (r != RESULT_OK || !w->anew))
        return r;
    random_uuid(report_id);
    r = reconciliations_begin(db, w->day_ms, report_id);
    if (r == RESULT_STALE) /* it is being made */
        return reconciliations_find(db, w->day_ms, w->report);
    TRY(r);
    TRY(jobs_add_about_flight(db, JOB_RECONCILE, NULL, report_id, 0, w->caller->request_id));
    if (w->anew)
        TRY(audit(db, w));
    *w->asked = true;
    return reconciliations_find(db, w->day_ms, w->report);
}

enum result booking_reconcile(struct db *db, const struct caller *caller, int64_t day_ms, bool anew,
                              struct reconciliation *reterr_report, bool *reterr_asked)
{
    struct wish w = { caller, day_ms, anew, reterr_report, reterr_asked };
    return txn_run(db, NULL, ask_in_txn, &w);
}

/* ── reading the list ───────────────────────────────────────────────────── */

struct reading {
    const struct config *config;
    const struct job *job;
    const struct charge_page *page;
    struct charge_question *question;
    bool *go;
};

/* A payment of the day is captured that day, or after it: at most after the time that a gateway may take to decide.
 * Clocks may differ by minutes. */
static enum result begin_in_txn(struct db *db, void *context)
{
    struct reading *r = context;
    struct reconciliation report;
    *r->go = false;

    CRASH_SCOPE("begin-reconciliation");
    enum result found = reconciliations_lock(db, r->job->subject_id, &report);
    if (found == RESULT_NOT_FOUND)
        return jobs_finish(db, r->job);
    TRY(found);
    TRY(jobs_check_claim(db, r->job));
    r->question->from_ms = report.day_ms - HOUR_MS;
    r->question->to_ms = report.day_ms + DAY_MS + r->config->payment_pending_timeout_ms + HOUR_MS;
    text_copy(r->question->cursor, sizeof r->question->cursor, report.next_cursor);
    *r->go = true;
    return RESULT_OK;
}

enum result booking_begin_reconciliation(struct db *db, const struct config *config, const struct job *job,
                                         struct charge_question *reterr_question, bool *reterr_go)
{
    struct reading r = { .config = config, .job = job, .question = reterr_question, .go = reterr_go };
    return txn_run(db, NULL, begin_in_txn, &r);
}

/* Ends the report, and the job with it. */
static enum result end(struct db *db, const struct reading *r, struct reconciliation *report, const char *status)
{
    text_copy(report->status, sizeof report->status, status);
    report->next_cursor[0] = '\0';
    TRY(reconciliations_save(db, report));
    return jobs_finish(db, r->job);
}

static enum result settle_failure(struct db *db, const struct reading *r, struct reconciliation *report)
{
    const struct charge_page *page = r->page;
    report->tries++;
    text_copy(report->last_error, sizeof report->last_error, page->reason);
    if (page->has_no_list || page->is_final || report->tries >= TRIES_MAX)
        return end(db, r, report, page->has_no_list ? "NO_LIST" : "FAILED");
    TRY(reconciliations_save(db, report));
    int64_t delay_ms = backoff_delay_ms(&BACKOFF_DELIVERY, (int)report->tries, random_fraction());
    return jobs_postpone(db, r->job, step_wait(delay_ms, page->retry_after_ms), page->reason);
}

static enum result settle_in_txn(struct db *db, void *context)
{
    const struct reading *r = context;
    const struct charge_page *page = r->page;
    struct reconciliation report;

    CRASH_SCOPE("settle-reconciliation");
    TRY(reconciliations_lock(db, r->job->subject_id, &report));
    TRY(jobs_check_claim(db, r->job));
    if (!page->is_read)
        return settle_failure(db, r, &report);
    for (size_t i = 0; i < page->count; i++)
        TRY(reconciliations_add(db, report.report_id, &page->charge[i]));
    report.tries = 0;
    report.last_error[0] = '\0';
    text_copy(report.next_cursor, sizeof report.next_cursor, page->next_cursor);
    if (page->next_cursor[0] == '\0') {
        TRY(reconciliations_compare(db, &report));
        return end(db, r, &report, "DONE");
    }
    TRY(reconciliations_save(db, &report));
    return jobs_postpone(db, r->job, 0, NULL);
}

enum result booking_settle_reconciliation(struct db *db, const struct job *job, const struct charge_page *page)
{
    struct reading r = { .job = job, .page = page };
    return txn_run(db, NULL, settle_in_txn, &r);
}
