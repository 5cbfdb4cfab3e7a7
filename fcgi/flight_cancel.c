/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/wake.h"
#include "booking/store/flight_facts.h"
#include "fcgi/body.h"
#include "fcgi/flight_json.h"

#include <string.h>

/* Renders the answer and, if there is a key, writes it beside the change. */
struct cancel_answer {
    struct call *call;
    const struct cancelled_flight *flight;
    bool dry_run;
};

static void write_answer(struct json_writer *w, const struct cancelled_flight *flight, bool dry_run)
{
    json_open_object(w, NULL);
    json_add_text(w, "flightId", flight->flight_id);
    json_add_text(w, "status", flight_status_name(flight->status));
    json_add_int(w, "version", flight->version);
    json_add_bool(w, "dryRun", dry_run);
    json_add_int(w, "orders", flight->holds + flight->payments + flight->confirmed);
    json_add_int(w, "holds", flight->holds);
    json_add_int(w, "payments", flight->payments);
    json_add_int(w, "confirmed", flight->confirmed);
    flight_write_refunds(w, flight->currency, flight->refunds, flight->refund_count);
    json_close_object(w);
}

static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct cancel_answer *answer = context;
    struct json_writer w = response_json(answer->call->response, answer->dry_run ? 200 : 202);
    (void)order;
    write_answer(&w, answer->flight, answer->dry_run);
    response_set_version(answer->call->response, answer->flight->version);
    return call_keep_answer(answer->call, db);
}

static void cancel(struct call *call, const char *reason, bool dry_run)
{
    struct cancelled_flight flight;
    struct cancel_answer answer = { call, &flight, dry_run };
    struct caller caller;
    if (!call_caller(call, NULL, &caller))
        return;
    caller.before_commit = answer_before_commit;
    caller.context = &answer;
    caller.reason = reason;
    enum result r = booking_cancel_flight(call->db, &caller, call->id, dry_run, &flight);
    if (r == RESULT_OK)
        wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
    else
        call_refuse_flight(call, r, flight.version);
}

void flights_post_cancel(struct call *call)
{
    struct body body;
    char reason[REASON_SIZE];
    bool dry_run = false;
    if (!call_flight_id(call)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (call_dry_run(call, &body, &dry_run) && (dry_run || call_reason(call, &body, reason)))
        cancel(call, dry_run ? NULL : reason, dry_run);
    body_done(&body);
}
