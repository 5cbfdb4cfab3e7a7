/* SPDX-License-Identifier: MIT */
#include "booking/store/jobs.h"

#include "booking/base/text.h"
#include "booking/store/flight_facts.h"
#include "booking/store/slots.h"

#include <string.h>

DB_SQL(JOB_ADD,
       "INSERT INTO workflow_jobs (kind, order_id, run_at, max_attempts, request_id, created_at, updated_at)"
       " VALUES (?, ?, COALESCE(?, UTC_TIMESTAMP(3)), ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(JOB_ADD_ABOUT,
       "INSERT INTO workflow_jobs (kind, order_id, subject_id, run_at, max_attempts, request_id, created_at,"
       " updated_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3), ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(JOB_ADD_ABOUT_FLIGHT,
       "INSERT INTO workflow_jobs (kind, order_id, flight_id, subject_id, run_at, max_attempts, request_id,"
       " created_at, updated_at) VALUES (?, '', ?, ?, UTC_TIMESTAMP(3), ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

/* There are few jobs of such a kind. */
DB_SQL(JOBS_OF_FLIGHT,
       "SELECT COUNT(*) AS n FROM workflow_jobs FORCE INDEX (idx_due) WHERE kind = ? AND flight_id = ?");

DB_SQL(JOB_ADD_FAILED,
       "INSERT INTO workflow_jobs (kind, order_id, subject_id, status, run_at, attempts, max_attempts, last_error,"
       " request_id, created_at, updated_at)"
       " VALUES (?, ?, ?, 'FAILED', NULL, 1, 1, ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(JOB_ENSURE,
       "INSERT INTO workflow_jobs (kind, order_id, subject_id, run_at, max_attempts, request_id, created_at,"
       " updated_at) VALUES (?, ?, ?, UTC_TIMESTAMP(3), ?, ?, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))"
       " ON DUPLICATE KEY UPDATE job_id = job_id");

/* The claim's number grows, so that a claim made before the move is void. */
DB_SQL(JOB_MOVE,
       "UPDATE workflow_jobs SET run_at = ?, status = 'PENDING', attempts = attempts + 1,"
       " locked_by = NULL, updated_at = UTC_TIMESTAMP(3) WHERE order_id = ? AND kind = ?");

DB_SQL(JOB_HASTEN,
       "UPDATE workflow_jobs SET run_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)"
       " WHERE order_id = ? AND kind = ? AND status = 'PENDING' AND run_at > UTC_TIMESTAMP(3)");

DB_SQL(JOB_TURN,
       "UPDATE workflow_jobs SET kind = ?, run_at = UTC_TIMESTAMP(3), max_attempts = ?, request_id = ?,"
       " created_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)"
       " WHERE order_id = ? AND kind = ? AND subject_id = '' AND status = 'PENDING' AND attempts = 0");

DB_SQL(JOB_REMOVE, "DELETE FROM workflow_jobs WHERE order_id = ? AND kind = ?");

DB_SQL(JOBS_DUE,
       "SELECT job_id, order_id, subject_id, flight_id, run_at, attempts, max_attempts, failures, locked_by,"
       " request_id, UTC_TIMESTAMP(3) AS read_at, (SELECT MIN(n.run_at) FROM workflow_jobs n FORCE INDEX (idx_due)"
       "  WHERE n.kind = ? AND n.run_at > UTC_TIMESTAMP(3)) AS next_at"
       " FROM workflow_jobs FORCE INDEX (idx_due) WHERE kind = ? AND run_at <= UTC_TIMESTAMP(3)"
       " AND (SELECT k.paused_at FROM job_kinds k WHERE k.kind = ?) IS NULL"
       " ORDER BY run_at LIMIT ? FOR UPDATE SKIP LOCKED");

#define LEASE(slots)                                                                       \
    "UPDATE workflow_jobs SET status = 'RUNNING', attempts = attempts + 1, locked_by = ?," \
    " run_at = TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3)),"                     \
    " updated_at = UTC_TIMESTAMP(3) WHERE job_id IN (" slots ")"
DB_SQL(JOBS_LEASE_FEW, LEASE(SLOTS_4));
DB_SQL(JOBS_LEASE, LEASE(SLOTS_64));

DB_SQL(JOB_FINISH, "DELETE FROM workflow_jobs WHERE job_id = ? AND attempts = ? AND status = 'RUNNING'");

DB_SQL(JOB_POSTPONE,
       "UPDATE workflow_jobs SET status = 'PENDING', locked_by = NULL, last_error = ?, failures = 0,"
       " run_at = TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3)), updated_at = UTC_TIMESTAMP(3)"
       " WHERE job_id = ? AND attempts = ? AND status = 'RUNNING'");

DB_SQL(JOB_FAIL,
       "UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL, locked_by = NULL, last_error = ?,"
       " updated_at = UTC_TIMESTAMP(3) WHERE job_id = ? AND attempts = ? AND status = 'RUNNING'");

/* Without a delay (NULL) there is no next time. */
DB_SQL(JOB_SET_ASIDE,
       "UPDATE workflow_jobs SET status = ?, locked_by = NULL, last_error = ?, failures = failures + 1,"
       " run_at = TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3)), updated_at = UTC_TIMESTAMP(3)"
       " WHERE job_id = ? AND attempts = ? AND status = 'RUNNING' AND run_at > UTC_TIMESTAMP(3)");

DB_SQL(JOB_RENEW,
       "UPDATE workflow_jobs SET run_at = TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3)),"
       " updated_at = UTC_TIMESTAMP(3)"
       " WHERE job_id = ? AND attempts = ? AND status = 'RUNNING' AND run_at > UTC_TIMESTAMP(3)");

/* A worker's name is its own for its lifetime, so no number is needed to tell its claims from those of others. */
DB_SQL(JOBS_RENEW_ALL,
       "UPDATE workflow_jobs SET run_at = TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3)),"
       " updated_at = UTC_TIMESTAMP(3)"
       " WHERE locked_by = ? AND status = 'RUNNING' AND run_at > UTC_TIMESTAMP(3) AND job_id IN (" SLOTS_64 ")");

DB_SQL(JOBS_GIVE_BACK,
       "UPDATE workflow_jobs SET status = 'PENDING', locked_by = NULL, run_at = UTC_TIMESTAMP(3),"
       " updated_at = UTC_TIMESTAMP(3) WHERE locked_by = ? AND status = 'RUNNING' AND job_id IN (" SLOTS_64 ")");

DB_SQL(JOB_CHECK_CLAIM,
       "SELECT job_id FROM workflow_jobs WHERE job_id = ? AND attempts = ? AND status = 'RUNNING' FOR UPDATE");

/* One dive into the index for each kind, however many jobs wait, and the kinds that are paused. A GROUP BY would dive
 * or read every job, depending on what the server believes about the table. */
#define FIRST_OF(kind)                                                                                            \
    "SELECT '" kind "' AS kind, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), MIN(run_at)) DIV 1000 AS due_in_ms," \
    " 0 AS paused FROM workflow_jobs WHERE kind = '" kind "' UNION ALL "
DB_SQL(JOBS_NEXT_DUE,
       FIRST_OF("EXPIRE_HOLD") FIRST_OF("PAYMENT_ATTEMPT") FIRST_OF("VOID_CHARGE") FIRST_OF("SEND_CONFIRMATION")
           FIRST_OF("REFUND_CHARGE") FIRST_OF("SEND_MESSAGE") FIRST_OF("CANCEL_FLIGHT") FIRST_OF("SEND_MAIL")
           FIRST_OF("TELL_FLIGHT") FIRST_OF("IMPORT_FLIGHTS") FIRST_OF("RECONCILE")
       "SELECT kind, NULL, 1 FROM job_kinds WHERE paused_at IS NOT NULL");

#define COUNT_UP_TO(condition)                                                        \
    "(SELECT COUNT(*) FROM (SELECT 1 AS one FROM workflow_jobs FORCE INDEX (idx_due)" \
    " WHERE kind = ? AND " condition " LIMIT 10000) c)"
DB_SQL(JOBS_COUNT,
       "SELECT " COUNT_UP_TO("run_at <= UTC_TIMESTAMP(3)") " AS due,"
       " " COUNT_UP_TO("run_at > UTC_TIMESTAMP(3)") " AS waiting,"
       " " COUNT_UP_TO("run_at IS NULL") " AS failed,"
       " COALESCE((SELECT TIMESTAMPDIFF(MICROSECOND, MIN(run_at), UTC_TIMESTAMP(3)) DIV 1000"
       "   FROM workflow_jobs FORCE INDEX (idx_due) WHERE kind = ? AND run_at <= UTC_TIMESTAMP(3)), 0) AS lag_ms,"
       " (SELECT COUNT(*) FROM job_kinds WHERE kind = ? AND paused_at IS NOT NULL) AS paused");

#define JOB_COLUMNS                                                                              \
    "j.job_id, j.kind, j.order_id, j.flight_id, j.status, j.run_at, j.attempts, j.max_attempts," \
    " j.locked_by, j.last_error, j.created_at, j.updated_at, " FLIGHT_FACTS_OF(                  \
        "COALESCE(j.flight_id, (SELECT o.flight_id FROM orders o WHERE o.order_id = j.order_id))")
DB_SQL(JOBS_LIST,
       "SELECT " JOB_COLUMNS " FROM workflow_jobs j"
       " WHERE (? = 0 OR job_id = ?) AND (? IS NULL OR status = ?) AND (? IS NULL OR kind = ?)"
       " AND (? IS NULL OR order_id = ?) AND (? = 0 OR job_id < ?) AND job_id >= ? ORDER BY job_id DESC LIMIT ?");
DB_SQL(JOBS_HORIZON,
       "SELECT job_id FROM workflow_jobs WHERE (? = 0 OR job_id < ?) ORDER BY job_id DESC LIMIT 1 OFFSET 10000");

/* Failed jobs are together at the front of each kind's part of the index. The newest jobs, with which the list above
 * begins, are all timers. */
DB_SQL(JOBS_FAILED,
       "SELECT " JOB_COLUMNS " FROM workflow_jobs j FORCE INDEX (idx_due)"
       " WHERE kind IN ('EXPIRE_HOLD', 'PAYMENT_ATTEMPT', 'VOID_CHARGE', 'SEND_CONFIRMATION', 'REFUND_CHARGE',"
       " 'SEND_MESSAGE', 'CANCEL_FLIGHT', 'SEND_MAIL', 'TELL_FLIGHT', 'IMPORT_FLIGHTS', 'RECONCILE')"
       " AND run_at IS NULL"
       " AND (? IS NULL OR kind = ?) AND (? = 0 OR job_id < ?) ORDER BY job_id DESC LIMIT ?");

/* A lease ends within its length from now, so the leased jobs are among the few that are due in that time. There may be
 * many timers among them, so only a thousand rows are looked at, from the end: the newest claims end last. */
DB_SQL(JOBS_LEASED,
       "SELECT " JOB_COLUMNS " FROM"
       " (SELECT job_id, kind, order_id, flight_id, status, run_at, attempts, max_attempts, locked_by,"
       "   last_error, created_at, updated_at FROM workflow_jobs FORCE INDEX (idx_due)"
       "   WHERE kind = ? AND run_at > UTC_TIMESTAMP(3)"
       "   AND run_at <= TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3))"
       "   ORDER BY run_at DESC LIMIT 1000) j"
       " WHERE status = 'RUNNING' ORDER BY run_at DESC LIMIT 100");

DB_SQL(JOB_LOCK,
       "SELECT kind, order_id, COALESCE(flight_id, '') AS flight_id, locked_by, status,"
       " CASE WHEN status = 'RUNNING' AND run_at > UTC_TIMESTAMP(3) THEN 1 ELSE 0 END AS leased"
       " FROM workflow_jobs WHERE job_id = ? FOR UPDATE");

/* A failed job gets as many more tries as it has had, except a payment's: its attempts are not the job's to give. */
DB_SQL(JOB_RETRY,
       "UPDATE workflow_jobs SET max_attempts = CASE WHEN status = 'FAILED' AND max_attempts > 0"
       " AND kind <> 'PAYMENT_ATTEMPT' THEN max_attempts + attempts ELSE max_attempts END,"
       " failures = 0, status = 'PENDING', locked_by = NULL, run_at = UTC_TIMESTAMP(3),"
       " updated_at = UTC_TIMESTAMP(3) WHERE job_id = ?");

DB_SQL(JOB_REST,
       "UPDATE workflow_jobs SET status = 'FAILED', run_at = NULL, locked_by = NULL, last_error = 'Set aside by staff',"
       " updated_at = UTC_TIMESTAMP(3) WHERE job_id = ?");

/* The worker's name stays written, as after a lease that ran out, for the attempt's history. */
DB_SQL(JOB_RELEASE,
       "UPDATE workflow_jobs SET status = 'PENDING', run_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3)"
       " WHERE job_id = ?");

const char *job_kind_name(enum job_kind kind)
{
    switch (kind) {
    case JOB_EXPIRE_HOLD: return "EXPIRE_HOLD";
    case JOB_PAYMENT_ATTEMPT: return "PAYMENT_ATTEMPT";
    case JOB_VOID_CHARGE: return "VOID_CHARGE";
    case JOB_SEND_CONFIRMATION: return "SEND_CONFIRMATION";
    case JOB_REFUND_CHARGE: return "REFUND_CHARGE";
    case JOB_SEND_MESSAGE: return "SEND_MESSAGE";
    case JOB_CANCEL_FLIGHT: return "CANCEL_FLIGHT";
    case JOB_SEND_MAIL: return "SEND_MAIL";
    case JOB_TELL_FLIGHT: return "TELL_FLIGHT";
    case JOB_IMPORT_FLIGHTS: return "IMPORT_FLIGHTS";
    case JOB_RECONCILE: return "RECONCILE";
    }
    return "";
}

bool job_kind_parse(const char *name, enum job_kind *ret_kind)
{
    for (int i = 0; i < JOB_KIND_COUNT; i++) {
        if (strcmp(name, job_kind_name((enum job_kind)i)) == 0) {
            *ret_kind = (enum job_kind)i;
            return true;
        }
    }
    return false;
}

enum result jobs_add(struct db *db, enum job_kind kind, const char *order_id, int64_t run_at_ms, int64_t max_attempts,
                     const char *request_id)
{
    return db_exec(db, &JOB_ADD,
                   DB_ARGS(db_text(job_kind_name(kind)), db_text(order_id), db_time(run_at_ms), db_int(max_attempts),
                           db_text(request_id)),
                   NULL);
}

enum result jobs_add_about(struct db *db, enum job_kind kind, const char *order_id, const char *subject_id,
                           int64_t max_attempts, const char *request_id)
{
    return db_exec(db, &JOB_ADD_ABOUT,
                   DB_ARGS(db_text(job_kind_name(kind)), db_text(order_id), db_text(subject_id), db_int(max_attempts),
                           db_text(request_id)),
                   NULL);
}

enum result jobs_add_about_flight(struct db *db, enum job_kind kind, const char *flight_id, const char *subject_id,
                                  int64_t max_attempts, const char *request_id)
{
    return db_exec(db, &JOB_ADD_ABOUT_FLIGHT,
                   DB_ARGS(db_text(job_kind_name(kind)), db_text(flight_id), db_text(subject_id), db_int(max_attempts),
                           db_text(request_id)),
                   NULL);
}

enum result jobs_of_flight(struct db *db, enum job_kind kind, const char *flight_id, bool *reterr_any)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &JOBS_OF_FLIGHT, DB_ARGS(db_text(job_kind_name(kind)), db_text(flight_id)), RESULT_INTERNAL,
                     &rows));
    *reterr_any = db_get_int(rows, "n") > 0;
    return RESULT_OK;
}

enum result jobs_add_failed(struct db *db, enum job_kind kind, const char *order_id, const char *subject_id,
                            const char *why, const char *request_id)
{
    return db_exec(db, &JOB_ADD_FAILED,
                   DB_ARGS(db_text(job_kind_name(kind)), db_text(order_id), db_text(subject_id), db_text(why),
                           db_text(request_id)),
                   NULL);
}

enum result jobs_ensure(struct db *db, enum job_kind kind, const char *order_id, const char *subject_id,
                        int64_t max_attempts, const char *request_id)
{
    return db_exec(db, &JOB_ENSURE,
                   DB_ARGS(db_text(job_kind_name(kind)), db_text(order_id), db_text(subject_id), db_int(max_attempts),
                           db_text(request_id)),
                   NULL);
}

enum result jobs_ensure_all(struct db *db, const struct new_job *list, size_t count)
{
    struct db_value values[JOBS_CLAIM_MAX][5];
    for (size_t i = 0; i < count; i++) {
        values[i][0] = db_text(job_kind_name(list[i].kind));
        values[i][1] = db_text(list[i].order_id);
        values[i][2] = db_text("");
        values[i][3] = db_int(0);
        values[i][4] = db_text(list[i].request_id);
    }
    return db_exec_each(db, &JOB_ENSURE, values[0], 5, count, count);
}

enum result jobs_move(struct db *db, enum job_kind kind, const char *order_id, int64_t run_at_ms)
{
    return db_exec_expect(db, &JOB_MOVE, DB_ARGS(db_time(run_at_ms), db_text(order_id), db_text(job_kind_name(kind))),
                          1);
}

enum result jobs_hasten(struct db *db, enum job_kind kind, const char *order_id)
{
    return db_exec(db, &JOB_HASTEN, DB_ARGS(db_text(order_id), db_text(job_kind_name(kind))), NULL);
}

enum result jobs_remove(struct db *db, enum job_kind kind, const char *order_id)
{
    return db_exec(db, &JOB_REMOVE, DB_ARGS(db_text(order_id), db_text(job_kind_name(kind))), NULL);
}

/* To change one row costs the server half as much as to remove one and to add another. But a claim's number goes with
 * the row, and a worker may still have it; so a job that was ever claimed makes place for a new one. */
enum result jobs_turn(struct db *db, const char *order_id, enum job_kind from, enum job_kind to, int64_t max_attempts,
                      const char *request_id)
{
    uint64_t matched = 0;
    TRY(db_exec(db, &JOB_TURN,
                DB_ARGS(db_text(job_kind_name(to)), db_int(max_attempts), db_text(request_id), db_text(order_id),
                        db_text(job_kind_name(from))),
                &matched));
    if (matched == 1)
        return RESULT_OK;
    TRY(jobs_remove(db, from, order_id));
    return jobs_add(db, to, order_id, TIME_NONE, max_attempts, request_id);
}

static enum result read_claimed(struct db_rows *rows, enum job_kind kind, struct job *jobs, size_t *count)
{
    enum result r = RESULT_OK;
    while (db_more(rows, &r)) {
        const char *worker = db_get_text(rows, "locked_by");
        const char *request_id = db_get_text(rows, "request_id");
        const char *flight_id = db_get_text(rows, "flight_id");
        struct job *job = &jobs[(*count)++];
        *job = (struct job){
            .job_id = db_get_int(rows, "job_id"),
            .kind = kind,
            .claim = db_get_int(rows, "attempts") + 1,
            .max_attempts = db_get_int(rows, "max_attempts"),
            .failures = db_get_int(rows, "failures"),
            .due_at_ms = db_get_time(rows, "run_at"),
            .claimed_at_ms = db_get_time(rows, "read_at"),
            .next_due_at_ms = db_get_time(rows, "next_at"),
        };
        text_copy(job->order_id, sizeof job->order_id, db_get_text(rows, "order_id"));
        text_copy(job->subject_id, sizeof job->subject_id, db_get_text(rows, "subject_id"));
        text_copy(job->flight_id, sizeof job->flight_id, flight_id == NULL ? "" : flight_id);
        text_copy(job->request_id, sizeof job->request_id, request_id == NULL ? "" : request_id);
        /* Settling a claim clears the name, so a name that is still there means an abandoned claim. */
        text_copy(job->abandoned_by, sizeof job->abandoned_by, worker == NULL ? "" : worker);
    }
    return r;
}

enum result jobs_claim(struct db *db, enum job_kind kind, size_t limit, int64_t lease_ms, const char *worker,
                       struct job *reterr_jobs, size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    struct db_value args[2 + 64];
    size_t count = 0;

    *reterr_count = 0;
    if (limit > JOBS_CLAIM_MAX)
        limit = JOBS_CLAIM_MAX;
    const struct db_value name = db_text(job_kind_name(kind));
    TRY(db_query(db, &JOBS_DUE, DB_ARGS(name, name, name, db_int((int64_t)limit)), &rows));
    TRY(read_claimed(rows, kind, reterr_jobs, &count));
    if (count == 0)
        return RESULT_OK;

    args[0] = db_text(worker);
    args[1] = db_int(lease_ms);
    size_t slots = count <= 4 ? 4 : 64;
    for (size_t i = 0; i < slots; i++)
        args[2 + i] = db_int(reterr_jobs[i < count ? i : count - 1].job_id);
    TRY(db_exec_expect(db, slots == 4 ? &JOBS_LEASE_FEW : &JOBS_LEASE, args, 2 + slots, count));
    *reterr_count = count;
    return RESULT_OK;
}

enum result jobs_finish(struct db *db, const struct job *job)
{
    return db_exec_expect(db, &JOB_FINISH, DB_ARGS(db_int(job->job_id), db_int(job->claim)), 1);
}

enum result jobs_finish_all(struct db *db, const struct job *const jobs[], size_t count)
{
    struct db_value args[JOBS_CLAIM_MAX][2];
    for (size_t i = 0; i < count; i++) {
        args[i][0] = db_int(jobs[i]->job_id);
        args[i][1] = db_int(jobs[i]->claim);
    }
    return db_exec_each(db, &JOB_FINISH, args[0], 2, count, count);
}

enum result jobs_postpone(struct db *db, const struct job *job, int64_t delay_ms, const char *last_error)
{
    return db_exec_expect(db, &JOB_POSTPONE,
                          DB_ARGS(db_text(last_error), db_int(delay_ms), db_int(job->job_id), db_int(job->claim)), 1);
}

enum result jobs_fail(struct db *db, const struct job *job, const char *last_error)
{
    return db_exec_expect(db, &JOB_FAIL, DB_ARGS(db_text(last_error), db_int(job->job_id), db_int(job->claim)), 1);
}

enum result jobs_set_aside(struct db *db, const struct job *job, int64_t delay_ms, const char *why)
{
    bool for_good = delay_ms == TIME_NONE;
    return db_exec_expect(db, &JOB_SET_ASIDE,
                          DB_ARGS(db_text(for_good ? "FAILED" : "PENDING"), db_text(why),
                                  for_good ? db_text(NULL) : db_int(delay_ms), db_int(job->job_id), db_int(job->claim)),
                          1);
}

enum result jobs_renew(struct db *db, const struct job *job, int64_t lease_ms)
{
    return db_exec_expect(db, &JOB_RENEW, DB_ARGS(db_int(lease_ms), db_int(job->job_id), db_int(job->claim)), 1);
}

/* Repeats the last id to the end. */
static void fill_ids(struct db_value args[JOBS_CLAIM_MAX], const int64_t *job_ids, size_t count)
{
    for (size_t i = 0; i < JOBS_CLAIM_MAX; i++)
        args[i] = db_int(job_ids[i < count ? i : count - 1]);
}

enum result jobs_renew_all(struct db *db, const int64_t *job_ids, size_t count, const char *worker, int64_t lease_ms,
                           uint64_t *ret_matched)
{
    struct db_value args[2 + JOBS_CLAIM_MAX] = { db_int(lease_ms), db_text(worker) };
    fill_ids(args + 2, job_ids, count);
    return db_exec(db, &JOBS_RENEW_ALL, args, 2 + JOBS_CLAIM_MAX, ret_matched);
}

enum result jobs_give_back(struct db *db, const int64_t *job_ids, size_t count, const char *worker)
{
    struct db_value args[1 + JOBS_CLAIM_MAX] = { db_text(worker) };
    fill_ids(args + 1, job_ids, count);
    return db_exec(db, &JOBS_GIVE_BACK, args, 1 + JOBS_CLAIM_MAX, NULL);
}

enum result jobs_check_claim(struct db *db, const struct job *job)
{
    struct db_rows *rows = NULL;
    return db_query_one(db, &JOB_CHECK_CLAIM, DB_ARGS(db_int(job->job_id), db_int(job->claim)), RESULT_STALE, &rows);
}

enum result jobs_next_due(struct db *db, int64_t reterr_due_in_ms[JOB_KIND_COUNT])
{
    bool paused[JOB_KIND_COUNT] = { false };
    struct db_rows *rows = NULL;
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        reterr_due_in_ms[i] = INT64_MAX;
    enum result r = db_query(db, &JOBS_NEXT_DUE, DB_NO_ARGS, &rows);
    while (db_more(rows, &r)) {
        enum job_kind kind;
        if (!job_kind_parse(db_get_text(rows, "kind"), &kind))
            continue;
        if (db_get_int(rows, "paused") != 0)
            paused[kind] = true;
        else if (!db_is_null(rows, "due_in_ms"))
            reterr_due_in_ms[kind] = db_get_int(rows, "due_in_ms");
    }
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        reterr_due_in_ms[i] = paused[i] ? INT64_MAX : reterr_due_in_ms[i];
    return r;
}

enum result jobs_count(struct db *db, enum job_kind kind, struct job_queue *ret_queue)
{
    struct db_value name = db_text(job_kind_name(kind));
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &JOBS_COUNT, DB_ARGS(name, name, name, name, name), RESULT_INTERNAL, &rows);
    if (r != RESULT_OK)
        return r;
    *ret_queue = (struct job_queue){
        .due = db_get_int(rows, "due"),
        .waiting = db_get_int(rows, "waiting"),
        .failed = db_get_int(rows, "failed"),
        .lag_ms = db_get_int(rows, "lag_ms"),
        .paused = db_get_int(rows, "paused") != 0,
    };
    return RESULT_OK;
}

/* Failed jobs have a place of their own in an index. */
static bool is_for_failed(const struct job_filter *f)
{
    return f->status != NULL && strcmp(f->status, "FAILED") == 0 && f->job_id == 0 && f->order_id == NULL;
}

enum result jobs_horizon(struct db *db, const struct job_filter *f, int64_t *reterr_id)
{
    struct db_rows *rows = NULL;
    *reterr_id = 0;
    if ((f->status == NULL && f->kind == NULL) || f->job_id != 0 || f->order_id != NULL || is_for_failed(f))
        return RESULT_OK;
    enum result r = db_query(db, &JOBS_HORIZON, DB_ARGS(db_int(f->before_id), db_int(f->before_id)), &rows);
    while (db_more(rows, &r))
        *reterr_id = db_get_int(rows, "job_id");
    return r;
}

static enum result query_list(struct db *db, const struct job_filter *f, struct db_rows **ret_rows)
{
    if (is_for_failed(f))
        return db_query(db, &JOBS_FAILED,
                        DB_ARGS(db_text(f->kind), db_text(f->kind), db_int(f->before_id), db_int(f->before_id),
                                db_int(f->limit)),
                        ret_rows);
    return db_query(db, &JOBS_LIST,
                    DB_ARGS(db_int(f->job_id), db_int(f->job_id), db_text(f->status), db_text(f->status),
                            db_text(f->kind), db_text(f->kind), db_text(f->order_id), db_text(f->order_id),
                            db_int(f->before_id), db_int(f->before_id), db_int(f->from_id), db_int(f->limit)),
                    ret_rows);
}

static enum result each_row(enum result r, struct db_rows *rows, void (*each)(const struct job_row *, void *),
                            void *context)
{
    while (db_more(rows, &r)) {
        const char *order_id = db_get_text(rows, "order_id");
        const char *facts_text = db_get_text(rows, "flight_facts");
        struct flight_facts facts;
        struct job_row row = {
            .job_id = db_get_int(rows, "job_id"),
            .kind = db_get_text(rows, "kind"),
            .order_id = *order_id == '\0' ? NULL : order_id,
            .flight_id = db_get_text(rows, "flight_id"),
            .status = db_get_text(rows, "status"),
            .run_at_ms = db_get_time(rows, "run_at"),
            .attempts = db_get_int(rows, "attempts"),
            .max_attempts = db_get_int(rows, "max_attempts"),
            .locked_by = db_get_text(rows, "locked_by"),
            .last_error = db_get_text(rows, "last_error"),
            .created_at_ms = db_get_time(rows, "created_at"),
            .updated_at_ms = db_get_time(rows, "updated_at"),
            .has_flight = flight_facts_read(facts_text, &facts),
        };
        if (row.has_flight)
            row.flight = facts.flight;
        each(&row, context);
    }
    return r;
}

enum result jobs_list(struct db *db, const struct job_filter *filter, void (*each)(const struct job_row *, void *),
                      void *context)
{
    struct db_rows *rows = NULL;
    enum result r = query_list(db, filter, &rows);
    return each_row(r, rows, each, context);
}

enum result jobs_leased(struct db *db, enum job_kind kind, int64_t lease_ms,
                        void (*each)(const struct job_row *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &JOBS_LEASED, DB_ARGS(db_text(job_kind_name(kind)), db_int(lease_ms)), &rows);
    return each_row(r, rows, each, context);
}

enum result jobs_lock(struct db *db, int64_t job_id, struct job_hold *ret_hold)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &JOB_LOCK, DB_ARGS(db_int(job_id)), RESULT_NOT_FOUND, &rows));
    const char *worker = db_get_text(rows, "locked_by");
    *ret_hold = (struct job_hold){ .job_id = job_id, .leased = db_get_int(rows, "leased") != 0 };
    text_copy(ret_hold->kind, sizeof ret_hold->kind, db_get_text(rows, "kind"));
    text_copy(ret_hold->order_id, UUID_SIZE, db_get_text(rows, "order_id"));
    text_copy(ret_hold->flight_id, FLIGHT_ID_SIZE, db_get_text(rows, "flight_id"));
    text_copy(ret_hold->status, sizeof ret_hold->status, db_get_text(rows, "status"));
    text_copy(ret_hold->worker, sizeof ret_hold->worker, worker == NULL ? "" : worker);
    return RESULT_OK;
}

enum result jobs_retry(struct db *db, const struct job_hold *hold)
{
    return db_exec(db, &JOB_RETRY, DB_ARGS(db_int(hold->job_id)), NULL);
}

enum result jobs_release(struct db *db, const struct job_hold *hold)
{
    return db_exec(db, &JOB_RELEASE, DB_ARGS(db_int(hold->job_id)), NULL);
}

enum result jobs_rest(struct db *db, const struct job_hold *hold)
{
    return db_exec(db, &JOB_REST, DB_ARGS(db_int(hold->job_id)), NULL);
}
