/* SPDX-License-Identifier: MIT */
#include "fcgi/simulator/page.h"

#include "booking/base/log.h"
#include "fcgi/body.h"
#include "fcgi/problem.h"

#include <string.h>

#define CONTENT_HTML "text/html; charset=utf-8"

static void fail(struct db *db, const struct request *request, struct response *response, enum result r)
{
    if (r == RESULT_NOT_FOUND) {
        problem_say(response, request, PROBLEM_NOT_FOUND, "There is no page about such a charge.");
        return;
    }
    log_error("gateway_failed", LOG_TEXT("request_id", request->id), LOG_TEXT("result", result_name(r)),
              LOG_TEXT("database", db_last_error(db)));
    problem_say(response, request, problem_of_result(r), NULL);
}

/* The text may stand in an attribute, too. */
static void add_escaped(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&': buf_add_str(out, "&amp;"); break;
        case '<': buf_add_str(out, "&lt;"); break;
        case '"': buf_add_str(out, "&quot;"); break;
        default: buf_add(out, text, 1); break;
        }
    }
}

static void begin(struct response *response, const char *title)
{
    response->status = 200;
    response->content_type = CONTENT_HTML;
    buf_clear(&response->body);
    buf_addf(&response->body,
             "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
             "<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n<h1>%s</h1>\n",
             title, title);
}

static void ask(struct response *response, const struct charge_page *page)
{
    begin(response, "Payment simulator");
    buf_add_str(&response->body, "<p>Order ");
    add_escaped(&response->body, page->order_id);
    buf_addf(&response->body, ": %lld.%02lld ", (long long)page->amount_cents / 100,
             (long long)page->amount_cents % 100);
    add_escaped(&response->body, page->currency);
    buf_add_str(&response->body, "</p>\n<form method=\"post\">\n"
                                 "<button name=\"decision\" value=\"approve\">Approve</button>\n"
                                 "<button name=\"decision\" value=\"decline\">Decline</button>\n</form>\n");
}

/* The customer goes back at once, or by the link if the browser does not. */
static void say_decided(struct response *response, const struct charge_page *page, const char *status)
{
    begin(response, strcmp(status, "APPROVED") == 0   ? "Approved"
                    : strcmp(status, "DECLINED") == 0 ? "Declined"
                                                      : "This payment is not wanted any more");
    if (page->return_url[0] == '\0') {
        buf_add_str(&response->body, "<p>You can close this page.</p>\n");
        return;
    }
    buf_addf(&response->headers, "Refresh: 0;url=%s\r\n", page->return_url);
    buf_add_str(&response->body, "<p><a href=\"");
    add_escaped(&response->body, page->return_url);
    buf_add_str(&response->body, "\">Back to your booking</a></p>\n");
}

/* With the charge, if it is decided; *reterr_status is empty if it is not. */
static enum result find(struct db *db, const char *key, struct charge_page *ret_page, struct charge_record *ret_record)
{
    ret_record->status[0] = '\0';
    TRY(charges_find_page(db, key, ret_page));
    enum result r = charges_find(db, key, ret_record);
    return r == RESULT_NOT_FOUND ? RESULT_OK : r;
}

void page_show(struct db *db, const struct request *request, struct response *response, const char *key)
{
    struct charge_page page;
    struct charge_record record;
    enum result r = find(db, key, &page, &record);
    if (r != RESULT_OK)
        fail(db, request, response, r);
    else if (record.status[0] == '\0')
        ask(response, &page);
    else
        say_decided(response, &page, record.status);
}

static enum result decide(struct db *db, const char *key, const struct charge_page *page, bool approves)
{
    const struct charge_request request = { .order_id = page->order_id,
                                            .amount_cents = page->amount_cents,
                                            .currency = page->currency };
    struct charge_record stands;
    return approves ? charges_approve(db, key, &request, &stands)
                    : charges_decline(db, key, &request, "declined by the customer");
}

static void decide_and_say(struct db *db, const struct request *request, struct response *response, const char *key,
                           bool approves)
{
    struct charge_page page;
    struct charge_record record;
    enum result r = find(db, key, &page, &record);
    if (r == RESULT_OK && record.status[0] == '\0')
        r = decide(db, key, &page, approves);
    /* A void may have been faster. */
    if (r == RESULT_OK)
        r = charges_find(db, key, &record);
    if (r == RESULT_OK)
        say_decided(response, &page, record.status);
    else
        fail(db, request, response, r);
}

void page_decide(struct db *db, const struct request *request, struct response *response, const char *key)
{
    struct body body;
    const char *decision = NULL;
    if (!body_parse(request, response, &body))
        return;
    bool is_read = body_text(&body, "decision", &decision) && decision != NULL;
    if (is_read && (strcmp(decision, "approve") == 0 || strcmp(decision, "decline") == 0))
        decide_and_say(db, request, response, key, *decision == 'a');
    else
        problem_field(response, request, PROBLEM_INVALID_REQUEST, "decision", "decision is approve or decline.");
    body_done(&body);
}
