/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/wake.h"
#include "booking/payments/reconcile.h"
#include "fcgi/body.h"

#include <string.h>

static void write_finding(const struct reconciliation_finding *finding, void *context)
{
    struct json_writer *w = context;
    json_open_object(w, NULL);
    json_add_text(w, "kind", finding->kind);
    json_add_text(w, "key", finding->key);
    json_add_text(w, "orderId", *finding->order_id == '\0' ? NULL : finding->order_id);
    if (finding->has_ours)
        json_add_int(w, "bookingCents", finding->ours_cents);
    else
        json_add_null(w, "bookingCents");
    if (finding->has_theirs)
        json_add_int(w, "gatewayCents", finding->theirs_cents);
    else
        json_add_null(w, "gatewayCents");
    json_add_text(w, "currency", finding->currency);
    json_close_object(w);
}

static enum result answer(struct call *call, const struct reconciliation *report)
{
    char day[TIMESTAMP_SIZE];
    bool is_pending = strcmp(report->status, "PENDING") == 0;
    struct json_writer w = response_json(call->response, is_pending ? 202 : 200);
    timestamp_format(report->day_ms, day);
    day[10] = '\0';
    json_open_object(&w, NULL);
    json_add_text(&w, "date", day);
    json_add_text(&w, "status", report->status);
    json_add_time(&w, "updatedAt", report->updated_at_ms);
    json_add_text(&w, "lastError", report->last_error[0] == '\0' ? NULL : report->last_error);
    json_add_int(&w, "charges", report->charges);
    json_add_int(&w, "payments", report->payments);
    json_add_int(&w, "findingCount", report->findings);
    json_open_array(&w, "findings");
    enum result r = reconciliations_list(call->db, report->report_id, write_finding, &w);
    json_close_array(&w);
    json_close_object(&w);
    if (is_pending)
        call->response->retry_after_s = 1;
    return r;
}

static void reconcile(struct call *call, const char *date, bool anew)
{
    struct caller caller;
    struct reconciliation report;
    int64_t day_ms = 0;
    bool asked = false;
    if (date == NULL || !timestamp_parse_date(date, &day_ms)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "date",
                      "Say which day, such as 2026-03-15.");
        return;
    }
    if (!call_plain_caller(call, &caller))
        return;
    enum result r = booking_reconcile(call->db, &caller, day_ms, anew, &report, &asked);
    if (r == RESULT_OK)
        r = answer(call, &report);
    if (r != RESULT_OK)
        call_refuse(call, r);
    else if (asked)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
}

void reconciliation_get(struct call *call)
{
    reconcile(call, call_query(call, "date"), false);
}

void reconciliation_post(struct call *call)
{
    struct body body;
    const char *date = NULL;
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_text(&body, "date", &date))
        reconcile(call, date, true);
    else
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "date", "This must be a text.");
    body_done(&body);
}
