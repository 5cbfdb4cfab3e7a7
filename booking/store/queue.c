/* SPDX-License-Identifier: MIT */
#include "booking/store/queue.h"

#include <string.h>

#define INDEXED " FROM workflow_jobs FORCE INDEX (idx_due) WHERE kind = ?"
#define COUNT_UP_TO(condition) "(SELECT COUNT(*) FROM (SELECT 1 AS one" INDEXED " AND " condition " LIMIT 10000) c)"

/* The index does not say whether a job is leased, so leases are looked for where they end; see JOBS_LEASED. */
DB_SQL(QUEUE_STATE,
       "SELECT " COUNT_UP_TO("run_at <= UTC_TIMESTAMP(3)") " AS due,"
       " " COUNT_UP_TO("run_at > UTC_TIMESTAMP(3)") " AS ahead,"
       " " COUNT_UP_TO("run_at IS NULL") " AS failed,"
       " (SELECT COUNT(*) FROM (SELECT status" INDEXED " AND run_at > UTC_TIMESTAMP(3)"
       "   AND run_at <= TIMESTAMPADD(MICROSECOND, ? * 1000, UTC_TIMESTAMP(3)) ORDER BY run_at DESC LIMIT 1000) l"
       "   WHERE status = 'RUNNING') AS running,"
       " (SELECT MIN(run_at)" INDEXED ") AS next_at,"
       " (SELECT paused_at FROM job_kinds WHERE kind = ?) AS paused_at,"
       " UTC_TIMESTAMP(3) AS read_at");

/* The end of the history tells how fast work is done: in the last minute, or in the latest few thousand rows. */
DB_SQL(QUEUE_RECENT,
       "SELECT type, COUNT(*) AS n, MIN(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), created_at) DIV 1000) AS since_ms"
       " FROM (SELECT type, created_at FROM workflow_events ORDER BY event_id DESC LIMIT 3000) e"
       " WHERE created_at > UTC_TIMESTAMP(3) - INTERVAL 60 SECOND GROUP BY type");
#define RECENT_MAX 3000
#define RECENT_MS 60000

DB_SQL(KIND_LOCK, "SELECT paused_at FROM job_kinds WHERE kind = ? FOR UPDATE");
DB_SQL(KIND_PAUSE, "UPDATE job_kinds SET paused_at = COALESCE(paused_at, UTC_TIMESTAMP(3)) WHERE kind = ?");
DB_SQL(KIND_RESUME, "UPDATE job_kinds SET paused_at = NULL WHERE kind = ?");

/* The event that a job of a kind leaves each time it is worked on. */
static const char *const trace[JOB_KIND_COUNT] = {
    [JOB_EXPIRE_HOLD] = "ORDER_EXPIRED",
    [JOB_PAYMENT_ATTEMPT] = "PAYMENT_ATTEMPT",
    [JOB_VOID_CHARGE] = "VOID_ATTEMPT",
    [JOB_SEND_CONFIRMATION] = "CONFIRMATION_ATTEMPT",
    [JOB_REFUND_CHARGE] = "REFUND_ATTEMPT",
    [JOB_SEND_MESSAGE] = "MESSAGE_ATTEMPT",
    [JOB_SEND_MAIL] = "MAIL_ATTEMPT",
    [JOB_TELL_FLIGHT] = "FLIGHT_CHANGED",
    [JOB_IMPORT_FLIGHTS] = "",
    [JOB_RECONCILE] = "",
    [JOB_CANCEL_FLIGHT] = "", /* its orders leave events, it does not */
};

static enum result read_rates(struct db *db, struct queue_state *states)
{
    struct db_rows *rows = NULL;
    int64_t all = 0;
    int64_t span_ms = 1;
    enum result r = db_query(db, &QUEUE_RECENT, DB_NO_ARGS, &rows);
    while (db_more(rows, &r)) {
        int64_t since_ms = -db_get_int(rows, "since_ms");
        all += db_get_int(rows, "n");
        span_ms = since_ms > span_ms ? since_ms : span_ms;
        for (int i = 0; i < JOB_KIND_COUNT; i++) {
            if (strcmp(db_get_text(rows, "type"), trace[i]) == 0)
                states[i].per_minute = db_get_int(rows, "n");
        }
    }
    /* If the rows do not go back a minute, the rate is extrapolated to one. */
    for (int i = 0; all >= RECENT_MAX && i < JOB_KIND_COUNT; i++)
        states[i].per_minute = states[i].per_minute * RECENT_MS / span_ms;
    return r;
}

static enum result read_state(struct db *db, enum job_kind kind, int64_t lease_ms, struct queue_state *ret)
{
    struct db_value name = db_text(job_kind_name(kind));
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &QUEUE_STATE, DB_ARGS(name, name, name, name, db_int(lease_ms), name, name), RESULT_INTERNAL,
                     &rows));
    int64_t ahead = db_get_int(rows, "ahead");
    int64_t running = db_get_int(rows, "running");
    *ret = (struct queue_state){
        .due = db_get_int(rows, "due"),
        .running = running,
        .waiting = ahead > running ? ahead - running : 0,
        .failed = db_get_int(rows, "failed"),
        .next_at_ms = db_get_time(rows, "next_at"),
        .paused_at_ms = db_get_time(rows, "paused_at"),
        .now_ms = db_get_time(rows, "read_at"),
    };
    return RESULT_OK;
}

enum result queue_read(struct db *db, const int64_t lease_ms[JOB_KIND_COUNT],
                       struct queue_state reterr_states[JOB_KIND_COUNT])
{
    enum result r = RESULT_OK;
    for (int i = 0; r == RESULT_OK && i < JOB_KIND_COUNT; i++)
        r = read_state(db, (enum job_kind)i, lease_ms[i], &reterr_states[i]);
    return r == RESULT_OK ? read_rates(db, reterr_states) : r;
}

enum result queue_lock(struct db *db, enum job_kind kind, bool *ret_paused)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &KIND_LOCK, DB_ARGS(db_text(job_kind_name(kind))), RESULT_INTERNAL, &rows));
    *ret_paused = !db_is_null(rows, "paused_at");
    return RESULT_OK;
}

enum result queue_pause(struct db *db, enum job_kind kind)
{
    return db_exec(db, &KIND_PAUSE, DB_ARGS(db_text(job_kind_name(kind))), NULL);
}

enum result queue_resume(struct db *db, enum job_kind kind)
{
    return db_exec(db, &KIND_RESUME, DB_ARGS(db_text(job_kind_name(kind))), NULL);
}
