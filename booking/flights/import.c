/* SPDX-License-Identifier: MIT */
/* How a file of flights becomes flights: in stages, each of which goes over the rows of the file in the order of their
 * lines, a few in each transaction, which also notes how far it has come. So it may be killed anywhere, and goes on
 * where it was.
 *
 * CHECKING: each flight is compared with places, cabins, the calendar, and the flight that there is. Every fault is
 * noted with its line. After one, or in a dry run, this is the last stage.
 * STAGING: new flights are written as drafts, with their seats. What is to become of a flight that changes is a draft
 * of another id, its shadow. No program shows drafts to customers or staff.
 * PUBLISHED: one transaction has turned the drafts into flights and copied the shadows over the flights, if all of
 * these had the versions that they had when they were checked. If not, it begins again with CHECKING.
 *
 * Whatever the end, the drafts that are left and then the rows are removed, and the job with the last of them. */

#include "booking/flights/import.h"

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/base/text.h"
#include "booking/core/flight_cells.h"
#include "booking/flights/put.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/cabins.h"
#include "booking/store/flight_facts.h"
#include "booking/store/txn.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

#define CHECKED_AT_ONCE 16
#define STAGED_AT_ONCE 4
#define TRIES_MAX 3

/* ── the request ────────────────────────────────────────────────────────── */

static enum result begin_in_txn(struct db *db, void *context)
{
    const struct import *import = context;
    CRASH_SCOPE("import-begin");
    return imports_begin(db, import);
}

enum result booking_begin_import(struct db *db, const struct caller *caller, const struct import *import)
{
    struct import new = *import;
    new.actor = caller->staff;
    text_copy(new.request_id, sizeof new.request_id, caller->request_id);
    return txn_run(db, NULL, begin_in_txn, &new);
}

struct adding {
    const char *import_id;
    const struct import_line *lines;
    size_t count;
};

static enum result add_in_txn(struct db *db, void *context)
{
    const struct adding *a = context;
    CRASH_SCOPE("import-rows");
    for (size_t i = 0; i < a->count; i++) {
        const struct import_line *line = &a->lines[i];
        TRY(imports_add_row(db, a->import_id, line->line, line->flight_id, line->flight, line->len));
    }
    return RESULT_OK;
}

enum result booking_add_import(struct db *db, const char *import_id, const struct import_line *lines, size_t count)
{
    struct adding adding = { import_id, lines, count };
    return txn_run(db, NULL, add_in_txn, &adding);
}

struct submitting {
    const struct caller *caller;
    const struct import *import;
    const struct import_faults *faults;
};

static enum result submit_in_txn(struct db *db, void *context)
{
    const struct submitting *s = context;
    const struct import *import = s->import;
    char became[120];

    CRASH_SCOPE("import-submit");
    TRY(imports_ready(db, import));
    for (size_t i = 0; i < s->faults->count; i++) {
        const struct file_fault *fault = &s->faults->fault[i];
        TRY(imports_add_fault(db, import->import_id, (int64_t)i, fault->line, fault->field, fault->message));
    }
    TRY(jobs_add_about_flight(db, JOB_IMPORT_FLIGHTS, NULL, import->import_id, 0, s->caller->request_id));
    (void)snprintf(became, sizeof became, "{\"lines\":%lld,\"flights\":%lld,\"dryRun\":%s}",
                   (long long)import->line_count, (long long)import->flights, import->is_dry_run ? "true" : "false");
    TRY(step_audit(db, s->caller, AUDIT_IMPORT_FLIGHTS, AUDIT_OF_IMPORT, import->import_id, NULL, became));
    return step_before_commit(db, s->caller, NULL);
}

enum result booking_submit_import(struct db *db, const struct caller *caller, const struct import *import,
                                  const struct import_faults *faults)
{
    struct submitting s = { caller, import, faults };
    return txn_run(db, NULL, submit_in_txn, &s);
}

/* ── comparing ──────────────────────────────────────────────────────────── */

/* A row of the file beside the flight as it is. */
struct comparison {
    struct json_object *json;
    struct flight_plan plan;
    bool is_there;
    struct flight_row was; /* if it is there */
    struct flight_row row; /* as it is to be */
    struct cabin cabin;
    struct faults faults;
    const char *action;
};

static void comparison_done(struct comparison *c)
{
    json_object_put(c->json);
    cabin_done(&c->cabin);
}

/* null, {} and [] say the same: nothing. */
static struct json_object *said(struct json_object *json, const char *name)
{
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(json, name, &field) || field == NULL)
        return NULL;
    bool is_empty = (json_object_is_type(field, json_type_object) && json_object_object_length(field) == 0) ||
                    (json_object_is_type(field, json_type_array) && json_object_array_length(field) == 0);
    return is_empty ? NULL : field;
}

/* Whether the file says just what an export of the flight would. Such a row is not looked at any further: it may be of
 * the past, and of a flight that was inserted without a cabin. */
static bool is_as_exported(const struct comparison *c)
{
    struct buf text = BUF_INIT;
    bool is_same = true;
    flight_row_write_file(&text, &c->was, false);
    struct json_object *was = json_tokener_parse(buf_str(&text));
    for (size_t i = 0; i < flight_column_count; i++) {
        struct json_object *a = said(was, flight_columns[i].name);
        struct json_object *b = said(c->json, flight_columns[i].name);
        bool may_lack = strcmp(flight_columns[i].name, "status") == 0;
        is_same = is_same && ((b == NULL && may_lack) || json_object_equal(a, b));
    }
    json_object_put(was);
    buf_done(&text);
    return is_same;
}

static void read_status(struct comparison *c)
{
    struct json_object *field = said(c->json, "status");
    c->row.status = c->is_there ? c->was.status : FLIGHT_ON_SALE;
    if (field == NULL)
        return;
    enum flight_status status = FLIGHT_DRAFT;
    bool is_text = json_object_is_type(field, json_type_string);
    if (!is_text || !flight_status_parse(json_object_get_string(field), &status) || status == FLIGHT_DRAFT)
        faults_add(&c->faults, "status", "A status is ON_SALE, CLOSED or CANCELLED.");
    else if (status == FLIGHT_CANCELLED && c->row.status != FLIGHT_CANCELLED)
        faults_add(&c->faults, "status", "No file cancels a flight; use POST /api/admin/flights/{id}/cancel.");
    else
        c->row.status = status;
}

static void find_action(struct comparison *c, int64_t now_ms)
{
    if (c->is_there && flight_rows_agree(&c->was, &c->row) && c->row.status == c->was.status) {
        c->action = IMPORT_SAME;
        return;
    }
    if (c->is_there && c->was.status == FLIGHT_CANCELLED)
        faults_add(&c->faults, "id", "The flight was cancelled, which is final.");
    else if (c->is_there && c->was.departure_ms <= now_ms)
        faults_add(&c->faults, "id", "The flight has left; it cannot be changed any more.");
    else if (c->is_there &&
             (strcmp(c->was.cabin_id, c->row.cabin_id) != 0 || c->was.cabin_version != c->row.cabin_version))
        faults_add(&c->faults, "cabin", "No file gives a flight another cabin; put it or swap it alone.");
    else if (c->row.departure_ms <= now_ms)
        faults_add(&c->faults, "departure", "This time is over.");
    c->action = c->is_there ? IMPORT_CHANGE : IMPORT_NEW;
}

/* Finds out what the row says; the faults are in c->faults. comparison_done() must be called. */
static enum result compare(struct db *db, const struct import *import, const struct import_row *row,
                           struct comparison *reterr_comparison)
{
    struct comparison *c = reterr_comparison;
    char stager[UUID_SIZE];
    int64_t now_ms = 0;
    *c = (struct comparison){ .json = json_tokener_parse(row->flight) };
    c->cabin = CABIN_INIT;
    flight_plan_read(c->json, row->flight_id, &c->plan, &c->faults);
    TRY(flight_plan_find_old(db, &c->plan, &c->was, &c->is_there));
    if (c->is_there && c->faults.count == 0 && is_as_exported(c)) {
        c->action = IMPORT_SAME;
        return RESULT_OK;
    }
    TRY(flight_plan_check(db, &c->plan, &c->row, &c->cabin, &c->faults));
    TRY(imports_stager(db, row->flight_id, stager));
    if (*stager != '\0' && strcmp(stager, import->import_id) != 0)
        faults_add(&c->faults, "id", "Another import is making a flight of this id; wait for its end.");
    TRY(flight_rows_now(db, &now_ms));
    read_status(c);
    if (c->faults.count == 0)
        find_action(c, now_ms);
    return RESULT_OK;
}

/* ── the job ────────────────────────────────────────────────────────────── */

struct step {
    const struct config *config;
    const struct job *job;
    struct import_hint *hint;
    struct import *import;
    bool is_over;
};

/* The shadow of a flight that changes is called by its import and its line. */
static void name_shadow(const struct import *import, int64_t line, char ret_id[FLIGHT_ID_SIZE])
{
    (void)snprintf(ret_id, FLIGHT_ID_SIZE, "%s.%d", import->import_id, (int)line);
}

static enum result refuse(struct db *db, struct import *import, int64_t line, const char *field, const char *message)
{
    return imports_add_fault(db, import->import_id, import->faults++, line, field, message);
}

/* Texts of the audit log. */
#define AUDIT_TEXT_MAX 2000
static void write_audit_text(struct buf *text, const struct flight_row *row)
{
    struct json_writer w = JSON_WRITER_INIT(text);
    flight_row_write_json(&w, NULL, row, NULL);
    if (text->len > AUDIT_TEXT_MAX) {
        buf_clear(text);
        buf_add_str(text, "{}");
    }
}

static int64_t find_moves(const struct comparison *c)
{
    if (!c->is_there)
        return 0;
    if (c->was.departure_ms != c->row.departure_ms)
        return 2;
    return c->was.arrival_ms != c->row.arrival_ms ? 1 : 0;
}

static enum result note(struct db *db, const struct import *import, int64_t line, struct comparison *c)
{
    struct buf was = BUF_INIT;
    struct buf became = BUF_INIT;
    char shadow_id[FLIGHT_ID_SIZE];
    bool is_same = strcmp(c->action, IMPORT_SAME) == 0;
    name_shadow(import, line, shadow_id);
    if (!is_same) {
        c->row.version = c->is_there ? c->was.version + 1 : 1;
        write_audit_text(&became, &c->row);
    }
    if (!is_same && c->is_there)
        write_audit_text(&was, &c->was);
    const struct import_finding finding = {
        .action = c->action,
        .version = c->is_there ? c->was.version : 0,
        .status = flight_status_name(c->row.status),
        .shadow_id = c->is_there && !is_same ? shadow_id : NULL,
        .moves = is_same ? 0 : find_moves(c),
        .was = was.len == 0 ? NULL : buf_str(&was),
        .became = became.len == 0 ? NULL : buf_str(&became),
    };
    enum result r = imports_note(db, import->import_id, line, &finding);
    buf_done(&was);
    buf_done(&became);
    return r;
}

static enum result write_findings(struct db *db, struct import *import, int64_t line, struct comparison *c)
{
    for (size_t i = 0; i < c->faults.count; i++)
        TRY(refuse(db, import, line, c->faults.fault[i].path, c->faults.fault[i].message));
    if (c->faults.count > 0)
        return RESULT_OK;
    import->made += strcmp(c->action, IMPORT_NEW) == 0 ? 1 : 0;
    import->changed += strcmp(c->action, IMPORT_CHANGE) == 0 ? 1 : 0;
    import->unchanged += strcmp(c->action, IMPORT_SAME) == 0 ? 1 : 0;
    return note(db, import, line, c);
}

static enum result check_row(struct db *db, struct import *import, const struct import_row *row)
{
    struct comparison c;
    int64_t line = row->line;
    enum result r = compare(db, import, row, &c);
    if (r == RESULT_OK)
        r = write_findings(db, import, line, &c);
    comparison_done(&c);
    return r;
}

static void end_check(struct import *import)
{
    import->next_line = 0;
    if (import->faults > 0) {
        import->status = IMPORT_REFUSED;
        import->made = import->changed = import->unchanged = 0;
    } else if (import->is_dry_run) {
        import->status = IMPORT_CHECKED;
    } else {
        import->status = IMPORT_STAGING;
        import->done = 0;
        import->has_drafts = true;
    }
}

/* Makes the seats of a flight of that cabin. A copy costs a quarter of what 200 new ones do. */
static enum result make_seats(struct db *db, const struct step *s, const struct flight_row *row,
                              const struct cabin *cabin)
{
    struct import_hint *hint = s->hint;
    int64_t copied = 0;
    bool is_like = strcmp(hint->cabin_id, row->cabin_id) == 0 && hint->cabin_version == row->cabin_version;
    if (is_like)
        TRY(imports_copy_seats(db, row->flight_id, hint->flight_id, &copied));
    if (copied > 0 && copied != (int64_t)cabin->seat_count)
        TRY(flight_rows_remove_seats(db, row->flight_id));
    if (copied != (int64_t)cabin->seat_count)
        TRY(flight_rows_add_seats(db, row->flight_id, cabin));
    text_copy(hint->cabin_id, sizeof hint->cabin_id, row->cabin_id);
    hint->cabin_version = row->cabin_version;
    text_copy(hint->flight_id, sizeof hint->flight_id, row->flight_id);
    return RESULT_OK;
}

/* RESULT_STALE: the flight, a cabin or a place is not as it was when the row was checked. */
static enum result stage_compared(struct db *db, const struct step *s, int64_t line, const char *action,
                                  int64_t version, struct comparison *c)
{
    struct flight_row *row = &c->row;
    bool is_new = strcmp(action, IMPORT_NEW) == 0;
    if (c->faults.count > 0 || strcmp(action, c->action) != 0 || (!is_new && c->was.version != version))
        return RESULT_STALE;
    row->status = FLIGHT_DRAFT;
    if (!is_new)
        name_shadow(s->import, line, row->flight_id);
    enum result r = flight_rows_insert(db, row, s->import->import_id);
    if (r == RESULT_DUPLICATE)
        return RESULT_STALE;
    TRY(r);
    return is_new ? make_seats(db, s, row, &c->cabin) : RESULT_OK;
}

static enum result stage_row(struct db *db, const struct step *s, const struct import_row *row)
{
    struct comparison c;
    char action[12];
    int64_t line = row->line;
    int64_t version = row->version;
    text_copy(action, sizeof action, row->action == NULL ? "" : row->action);
    if (strcmp(action, IMPORT_SAME) == 0)
        return RESULT_OK;
    enum result r = compare(db, s->import, row, &c);
    if (r == RESULT_OK)
        r = stage_compared(db, s, line, action, version, &c);
    comparison_done(&c);
    return r;
}

/* Goes over the next rows. *reterr_end: there are none. */
static enum result go_on(struct db *db, struct step *s, size_t count, bool *reterr_end)
{
    struct import *import = s->import;
    bool checks = import->status == IMPORT_CHECKING;
    *reterr_end = false;
    for (size_t i = 0; i < count; i++) {
        struct import_row row;
        enum result r = imports_next_row(db, import->import_id, import->next_line, &row);
        *reterr_end = r == RESULT_NOT_FOUND;
        if (*reterr_end)
            return RESULT_OK;
        TRY(r);
        int64_t line = row.line;
        TRY(checks ? check_row(db, import, &row) : stage_row(db, s, &row));
        import->next_line = line + 1;
        import->done++;
    }
    return RESULT_OK;
}

/* Removes some of what is staged. *reterr_any: there was something. */
static enum result remove_drafts(struct db *db, const struct import *import, bool *reterr_any)
{
    char ids[IMPORT_DRAFTS_AT_ONCE][FLIGHT_ID_SIZE];
    size_t count = 0;
    TRY(imports_drafts(db, import->import_id, ids, &count));
    for (size_t i = 0; i < count; i++)
        TRY(flight_rows_delete(db, ids[i]));
    *reterr_any = count > 0;
    return RESULT_OK;
}

struct moved {
    struct db *db;
    size_t count;
    struct import_move move[64];
    int64_t after;
};

static void add_move(const struct import_move *move, void *context)
{
    struct moved *moved = context;
    if (moved->count < 64 && move->line > moved->after)
        moved->move[moved->count++] = *move;
}

/* Adds jobs by which the sweeper tells the customers whose flights leave or arrive at another time. */
static enum result tell(struct db *db, const struct step *s)
{
    struct moved moved = { .db = db, .count = 64 };
    while (moved.count == 64) {
        moved.count = 0;
        TRY(imports_moved(db, s->import->import_id, add_move, &moved));
        for (size_t i = 0; i < moved.count; i++) {
            char subject[UUID_SIZE];
            random_uuid(subject);
            TRY(jobs_add_about_flight(db, JOB_TELL_FLIGHT, moved.move[i].flight_id, subject, 0, s->job->request_id));
            moved.after = moved.move[i].line;
        }
    }
    return RESULT_OK;
}

static enum result publish(struct db *db, struct step *s)
{
    struct import *import = s->import;
    TRY(imports_publish(db, import));
    CRASH_POINT("published");
    TRY(tell(db, s));
    TRY(imports_audit_rows(db, import, AUDIT_PUT_FLIGHT));
    import->status = IMPORT_PUBLISHED;
    return RESULT_OK;
}

static enum result check(struct db *db, struct step *s)
{
    struct import *import = s->import;
    bool is_end = false;
    if (import->has_drafts) /* it has begun again */
        return remove_drafts(db, import, &import->has_drafts);
    TRY(go_on(db, s, CHECKED_AT_ONCE, &is_end));
    if (is_end)
        end_check(import);
    return RESULT_OK;
}

static enum result stage(struct db *db, struct step *s)
{
    bool is_end = false;
    TRY(go_on(db, s, STAGED_AT_ONCE, &is_end));
    return is_end ? publish(db, s) : RESULT_OK;
}

static enum result clean(struct db *db, struct step *s)
{
    struct import *import = s->import;
    bool is_more = false;
    if (import->has_drafts)
        return remove_drafts(db, import, &import->has_drafts);
    TRY(imports_remove_rows(db, import->import_id, &is_more));
    s->is_over = !is_more;
    return RESULT_OK;
}

static enum result step_in_txn(struct db *db, void *context)
{
    struct step *s = context;
    CRASH_SCOPE("import-step");
    s->is_over = false;
    enum result r = imports_lock(db, s->job->subject_id, s->import);
    if (r == RESULT_NOT_FOUND) {
        s->is_over = true;
        return jobs_finish(db, s->job);
    }
    TRY(r);
    if (s->import->status == IMPORT_CHECKING)
        TRY(check(db, s));
    else if (s->import->status == IMPORT_STAGING)
        TRY(stage(db, s));
    else
        TRY(clean(db, s));
    TRY(imports_save(db, s->import));
    return s->is_over ? jobs_finish(db, s->job)
                      : jobs_renew(db, s->job, booking_lease_ms(s->config, JOB_IMPORT_FLIGHTS));
}

/* Something has changed that the check relied on. It begins again; after some times an operator has to. */
static enum result restart_in_txn(struct db *db, void *context)
{
    struct step *s = context;
    struct import *import = s->import;
    CRASH_SCOPE("import-restart");
    TRY(imports_lock(db, s->job->subject_id, import));
    if (import->status != IMPORT_STAGING)
        return RESULT_STALE;
    import->status = IMPORT_CHECKING;
    import->next_line = import->done = import->made = import->changed = import->unchanged = 0;
    if (++import->tries > TRIES_MAX) {
        TRY(refuse(db, import, 1, "", "Its flights went on being changed meanwhile. Import the file again."));
        import->next_line = INT32_MAX;
    }
    TRY(imports_save(db, import));
    return jobs_renew(db, s->job, booking_lease_ms(s->config, JOB_IMPORT_FLIGHTS));
}

enum result booking_step_import(struct db *db, const struct config *config, const struct job *job,
                                struct import_hint *hint, struct import *reterr_import, bool *reterr_over)
{
    struct step s = { .config = config, .job = job, .hint = hint, .import = reterr_import };
    enum result r = txn_run(db, NULL, step_in_txn, &s);
    if (r == RESULT_STALE && reterr_import->status == IMPORT_STAGING) {
        *hint = (struct import_hint){ .cabin_version = 0 };
        r = txn_run(db, NULL, restart_in_txn, &s);
    }
    *reterr_over = r == RESULT_OK && s.is_over;
    return r;
}
