/* SPDX-License-Identifier: MIT */
/* Flights are made and changed under the lock of their row alone, which every hold shares: so a hold has the price, the
 * departure and the sale state of before the change or of after it, and nothing between. Only where all seats change,
 * before anything was ordered, they are locked as well, and before the row, as holds do. */

#include "booking/flights/put.h"

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/cabins.h"
#include "booking/store/cancellations.h"
#include "booking/store/txn.h"

#include <string.h>

struct putting {
    const struct caller *caller;
    const struct flight_plan *plan;
    const char *flight_id;
    enum flight_status to; /* close and open */
    struct put_flight *flight;
    struct faults *faults;
};

/* Under the names of the API; what does not fit is left out. */
#define AUDIT_TEXT_MAX 2000

static enum result audit(struct db *db, const struct putting *p, const char *action, const struct flight_row *was,
                         const struct flight_row *became)
{
    const struct flight_row *const rows[2] = { was, became };
    struct buf text[2] = { BUF_INIT, BUF_INIT };
    const char *shown[2] = { NULL, NULL };
    for (size_t i = 0; i < 2; i++) {
        struct json_writer w = JSON_WRITER_INIT(&text[i]);
        if (rows[i] == NULL)
            continue;
        flight_row_write_json(&w, NULL, rows[i], NULL);
        shown[i] = buf_str(&text[i]);
        if (text[i].len > AUDIT_TEXT_MAX)
            shown[i] = "{}";
    }
    enum result r = step_audit(db, p->caller, action, AUDIT_OF_FLIGHT, (became != NULL ? became : was)->flight_id,
                               shown[0], shown[1]);
    buf_done(&text[0]);
    buf_done(&text[1]);
    return r;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool flight_rows_agree(const struct flight_row *a, const struct flight_row *b)
{
    return same_text(a->number, b->number) && same_text(a->cabin_id, b->cabin_id) &&
           a->cabin_version == b->cabin_version && same_text(a->origin, b->origin) &&
           same_text(a->destination, b->destination) && same_text(a->origin_time_zone, b->origin_time_zone) &&
           same_text(a->destination_time_zone, b->destination_time_zone) &&
           same_text(a->departure_said, b->departure_said) && a->departure_ms == b->departure_ms &&
           same_text(a->arrival_said, b->arrival_said) && a->arrival_ms == b->arrival_ms &&
           a->price_cents == b->price_cents && same_text(a->currency, b->currency) && same_text(a->fares, b->fares) &&
           same_text(a->surcharges, b->surcharges) && a->tax_basis_points == b->tax_basis_points &&
           a->sales_opens_s == b->sales_opens_s && a->sales_closes_s == b->sales_closes_s &&
           same_text(a->refund_rule, b->refund_rule);
}

/* ── making one ─────────────────────────────────────────────────────────── */

static enum result make(struct db *db, const struct putting *p, struct flight_row *row, const struct cabin *cabin)
{
    if (p->caller->only_if.any || p->caller->only_if.count > 0)
        return RESULT_PRECONDITION_FAILED; /* there is no version yet */
    TRY(flight_rows_now(db, &row->read_at_ms));
    if (row->departure_ms <= row->read_at_ms) {
        faults_add(p->faults, "departure", "This time is over.");
        return RESULT_INVALID_REQUEST;
    }
    row->status = FLIGHT_ON_SALE;
    row->version = 1;
    enum result r = flight_rows_insert(db, row, NULL);
    if (r == RESULT_DUPLICATE)
        return RESULT_RETRY; /* another operator was faster; the next try finds that flight */
    TRY(r);
    CRASH_POINT("inserted");
    TRY(flight_rows_add_seats(db, row->flight_id, cabin));
    TRY(audit(db, p, AUDIT_PUT_FLIGHT, NULL, row));
    p->flight->is_new = p->flight->is_changed = true;
    return RESULT_OK;
}

/* ── changing one ───────────────────────────────────────────────────────── */

static bool other_cabin(const struct flight_row *was, const struct flight_row *row)
{
    return !same_text(was->cabin_id, row->cabin_id) || was->cabin_version != row->cabin_version;
}

static void count_orders(const struct flight_orders *orders, void *context)
{
    struct put_flight *flight = context;
    flight->holds_moved += orders->holds;
    flight->orders_told += orders->holds + orders->payments + orders->confirmed;
}

/* What the change of a timetable is to those who have ordered: a job moves their holds' ends, and tells them. */
static enum result tell(struct db *db, const struct putting *p, const struct flight_row *was,
                        const struct flight_row *row)
{
    bool departs_anew = was->departure_ms != row->departure_ms;
    if (!departs_anew && was->arrival_ms == row->arrival_ms)
        return RESULT_OK;
    struct put_flight *flight = p->flight;
    char subject[UUID_SIZE];
    TRY(cancellations_count_orders(db, row->flight_id, count_orders, flight));
    if (!departs_anew)
        flight->holds_moved = 0;
    if (flight->orders_told == 0)
        return RESULT_OK;
    random_uuid(subject);
    return jobs_add_about_flight(db, JOB_TELL_FLIGHT, row->flight_id, subject, 0, p->caller->request_id);
}

static enum result replace_seats(struct db *db, const char *flight_id, const struct cabin *cabin)
{
    bool was_ordered = false;
    TRY(flight_rows_was_ordered(db, flight_id, &was_ordered));
    if (was_ordered)
        return RESULT_IN_USE;
    TRY(flight_rows_remove_seats(db, flight_id));
    return flight_rows_add_seats(db, flight_id, cabin);
}

static enum result change(struct db *db, const struct putting *p, struct flight_row *was, struct flight_row *row,
                          const struct cabin *cabin)
{
    if (other_cabin(was, row))
        TRY(flight_rows_lock_seats(db, row->flight_id));
    TRY(flight_rows_lock(db, row->flight_id, was));
    row->version = was->version;
    row->status = was->status;
    row->read_at_ms = was->read_at_ms;
    memcpy(row->cancel_reason, was->cancel_reason, sizeof row->cancel_reason);
    p->flight->row = *was;
    TRY(step_check_version(p->caller, was->version));
    if (flight_rows_agree(was, row))
        return RESULT_OK;
    if (was->status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    if (was->departure_ms <= was->read_at_ms)
        return RESULT_FLIGHT_DEPARTED;
    if (row->departure_ms <= was->read_at_ms) {
        faults_add(p->faults, "departure", "This time is over.");
        return RESULT_INVALID_REQUEST;
    }
    if (other_cabin(was, row))
        TRY(replace_seats(db, row->flight_id, cabin));
    TRY(flight_rows_update(db, row));
    CRASH_POINT("changed");
    TRY(tell(db, p, was, row));
    TRY(audit(db, p, AUDIT_PUT_FLIGHT, was, row));
    p->flight->row = *row;
    p->flight->is_changed = true;
    return RESULT_OK;
}

static enum result put_checked(struct db *db, const struct putting *p, bool is_there, struct flight_row *was,
                               struct flight_row *row, const struct cabin *cabin)
{
    if (p->faults->count > 0)
        return RESULT_INVALID_REQUEST;
    if (is_there)
        return change(db, p, was, row, cabin);
    TRY(make(db, p, row, cabin));
    p->flight->row = *row;
    return RESULT_OK;
}

static enum result put_in_txn(struct db *db, void *context)
{
    struct putting *p = context;
    struct flight_plan plan = *p->plan;
    struct flight_row was;
    struct flight_row row;
    struct cabin cabin = CABIN_INIT;
    bool is_there = false;

    CRASH_SCOPE("put-flight");
    *p->flight = (struct put_flight){ .is_new = false };
    p->faults->count = 0;
    TRY(flight_plan_find_old(db, &plan, &was, &is_there));
    enum result r = flight_plan_check(db, &plan, &row, &cabin, p->faults);
    if (r == RESULT_OK)
        r = put_checked(db, p, is_there, &was, &row, &cabin);
    cabin_done(&cabin);
    return r == RESULT_OK ? step_before_commit(db, p->caller, NULL) : r;
}

enum result booking_put_flight(struct db *db, const struct caller *caller, const struct flight_plan *plan,
                               struct put_flight *reterr_flight, struct faults *faults)
{
    struct putting p = { .caller = caller, .plan = plan, .flight = reterr_flight, .faults = faults };
    return txn_run(db, NULL, put_in_txn, &p);
}

/* ── its sale ───────────────────────────────────────────────────────────── */

static enum result move_in_txn(struct db *db, void *context)
{
    struct putting *p = context;
    struct flight_row was;

    CRASH_SCOPE("move-flight");
    *p->flight = (struct put_flight){ .is_new = false };
    TRY(flight_rows_lock(db, p->flight_id, &was));
    p->flight->row = was;
    TRY(step_check_version(p->caller, was.version));
    if (was.status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    if (was.status != p->to) {
        TRY(flight_rows_move(db, &p->flight->row, p->to));
        TRY(audit(db, p, p->to == FLIGHT_CLOSED ? AUDIT_CLOSE_FLIGHT : AUDIT_OPEN_FLIGHT, &was, &p->flight->row));
        p->flight->is_changed = true;
    }
    return step_before_commit(db, p->caller, NULL);
}

static enum result move(struct db *db, const struct caller *caller, const char *flight_id, enum flight_status to,
                        struct put_flight *reterr_flight)
{
    struct putting p = { .caller = caller, .flight_id = flight_id, .to = to, .flight = reterr_flight };
    return txn_run(db, NULL, move_in_txn, &p);
}

enum result booking_close_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                 struct put_flight *reterr_flight)
{
    return move(db, caller, flight_id, FLIGHT_CLOSED, reterr_flight);
}

enum result booking_open_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                struct put_flight *reterr_flight)
{
    return move(db, caller, flight_id, FLIGHT_ON_SALE, reterr_flight);
}

/* ── its end ────────────────────────────────────────────────────────────── */

static enum result delete_in_txn(struct db *db, void *context)
{
    struct putting *p = context;
    struct flight_row was;
    bool was_ordered = false;

    CRASH_SCOPE("delete-flight");
    *p->flight = (struct put_flight){ .is_new = false };
    TRY(flight_rows_lock_seats(db, p->flight_id));
    TRY(flight_rows_lock(db, p->flight_id, &was));
    p->flight->row = was;
    TRY(step_check_version(p->caller, was.version));
    TRY(flight_rows_was_ordered(db, p->flight_id, &was_ordered));
    if (was_ordered)
        return RESULT_IN_USE;
    TRY(flight_rows_delete(db, p->flight_id));
    TRY(audit(db, p, AUDIT_REMOVE_FLIGHT, &was, NULL));
    return step_before_commit(db, p->caller, NULL);
}

enum result booking_delete_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                  struct put_flight *reterr_flight)
{
    struct putting p = { .caller = caller, .flight_id = flight_id, .flight = reterr_flight };
    return txn_run(db, NULL, delete_in_txn, &p);
}
