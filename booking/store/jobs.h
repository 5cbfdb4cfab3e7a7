/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_JOBS_H
#define BOOKING_STORE_JOBS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* Jobs are timers and activities: work that takes time, or may fail outside the
 * database.
 *
 * A job is due when its run_at has passed. A claim moves run_at to the end of
 * its lease and is counted; that number is the token which a worker must still
 * hold when it settles the job. Claims are not attempts: a payment counts its
 * attempts itself, when it announces them. Lock the order before its jobs. */

enum job_kind {
    JOB_EXPIRE_HOLD,
    JOB_PAYMENT_ATTEMPT,
    JOB_VOID_CHARGE,
    JOB_SEND_CONFIRMATION,
    JOB_REFUND_CHARGE,
    JOB_SEND_MESSAGE,
    JOB_CANCEL_FLIGHT,
    JOB_SEND_MAIL,
    JOB_TELL_FLIGHT,
    JOB_IMPORT_FLIGHTS,
    JOB_RECONCILE
};
#define JOB_KIND_COUNT 11

const char *job_kind_name(enum job_kind kind);
bool job_kind_parse(const char *name, enum job_kind *ret_kind);

#define WORKER_SIZE 101

struct job {
    int64_t job_id;
    enum job_kind kind;
    char order_id[UUID_SIZE];
    char subject_id[UUID_SIZE];     /* what it is about besides the order: a refund, a former payment, … */
    char flight_id[FLIGHT_ID_SIZE]; /* of a job about a flight, which has no order; else empty */
    int64_t claim;                  /* this claim's number, from 1: the fencing token */
    int64_t max_attempts;           /* 0: until it succeeds */
    int64_t failures;               /* how often in a row it could be neither begun nor settled */
    /* The worker of the claim before, if its lease ran out; empty if that claim was settled or there was none. */
    char abandoned_by[WORKER_SIZE];
    char request_id[65]; /* of the request that asked for it; may be empty */
    int64_t due_at_ms;
    int64_t claimed_at_ms;
    int64_t next_due_at_ms; /* when the first job of its kind is due that was not when it was claimed; TIME_NONE */
};

/* The most jobs one claim takes. */
#define JOBS_CLAIM_MAX 64

/* Adds a job that is due at a time (TIME_NONE: now), on behalf of a request (may be NULL). RESULT_DUPLICATE if the
 * order has one of the kind already. */
enum result jobs_add(struct db *db, enum job_kind kind, const char *order_id, int64_t run_at_ms, int64_t max_attempts,
                     const char *request_id) MUST_CHECK;

/* The same, due now, about something that an order may have several of. */
enum result jobs_add_about(struct db *db, enum job_kind kind, const char *order_id, const char *subject_id,
                           int64_t max_attempts, const char *request_id) MUST_CHECK;

/* Adds a job about a flight, or with NULL about something else that is no order; due now. The caller sees to it that
 * there is no second one. */
enum result jobs_add_about_flight(struct db *db, enum job_kind kind, const char *flight_id, const char *subject_id,
                                  int64_t max_attempts, const char *request_id) MUST_CHECK;

/* Whether a flight has a job of this kind. */
enum result jobs_of_flight(struct db *db, enum job_kind kind, const char *flight_id, bool *reterr_any) MUST_CHECK;

/* A job that has failed already, so that the operator sees it and may have it tried again. */
enum result jobs_add_failed(struct db *db, enum job_kind kind, const char *order_id, const char *subject_id,
                            const char *why, const char *request_id) MUST_CHECK;

/* As jobs_add_about(), and RESULT_OK also if the order has one of the kind about this subject ("": none) already. */
enum result jobs_ensure(struct db *db, enum job_kind kind, const char *order_id, const char *subject_id,
                        int64_t max_attempts, const char *request_id) MUST_CHECK;

/* The same for up to JOBS_CLAIM_MAX jobs that are about nothing besides their orders, and last until they succeed. */
struct new_job {
    enum job_kind kind;
    const char *order_id;
    const char *request_id; /* may be NULL */
};
enum result jobs_ensure_all(struct db *db, const struct new_job *list, size_t count) MUST_CHECK;

/* Moves the timer of an order and voids the claim on it, if there is one. */
enum result jobs_move(struct db *db, enum job_kind kind, const char *order_id, int64_t run_at_ms) MUST_CHECK;

/* Makes an order's job due now, if it waits. */
enum result jobs_hasten(struct db *db, enum job_kind kind, const char *order_id) MUST_CHECK;

/* Removes an order's job, if it has one. */
enum result jobs_remove(struct db *db, enum job_kind kind, const char *order_id) MUST_CHECK;

/* An order's job becomes one of another kind, which is due now; if it has none, the other one is added.
 * RESULT_DUPLICATE if the order has one of that kind already. */
enum result jobs_turn(struct db *db, const char *order_id, enum job_kind from, enum job_kind to, int64_t max_attempts,
                      const char *request_id) MUST_CHECK;

/* Locks due jobs of a kind that no other session has locked, oldest first, and leases them; none while an operator has
 * paused the kind. Call it inside a transaction, and commit it before any work. */
enum result jobs_claim(struct db *db, enum job_kind kind, size_t limit, int64_t lease_ms, const char *worker,
                       struct job *reterr_jobs, size_t *reterr_count) MUST_CHECK;

/* Ends a claim: the job is gone, waits for delay_ms, or has failed for good.
 * RESULT_STALE if the claim no longer stands. */
enum result jobs_finish(struct db *db, const struct job *job) MUST_CHECK;
enum result jobs_finish_all(struct db *db, const struct job *const jobs[],
                            size_t count) MUST_CHECK; /* JOBS_CLAIM_MAX */
enum result jobs_postpone(struct db *db, const struct job *job, int64_t delay_ms, const char *last_error) MUST_CHECK;
enum result jobs_fail(struct db *db, const struct job *job, const char *last_error) MUST_CHECK;

/* Counts a failure of the job itself, not of a service outside: it waits for
 * delay_ms, or (TIME_NONE) has failed for good. RESULT_STALE if the claim no
 * longer stands or its lease is over. */
enum result jobs_set_aside(struct db *db, const struct job *job, int64_t delay_ms, const char *why) MUST_CHECK;

/* Locks the claim if it still stands: RESULT_OK or RESULT_STALE. */
enum result jobs_check_claim(struct db *db, const struct job *job) MUST_CHECK;

/* The same, and renews its lease. RESULT_STALE also if the lease is over, even
 * if no other worker has claimed the job yet. */
enum result jobs_renew(struct db *db, const struct job *job, int64_t lease_ms) MUST_CHECK;

/* For up to JOBS_CLAIM_MAX jobs that the worker has leased: renews their leases, or gives the jobs back, due at once.
 * *ret_matched is how many it still had. */
enum result jobs_renew_all(struct db *db, const int64_t *job_ids, size_t count, const char *worker, int64_t lease_ms,
                           uint64_t *ret_matched) MUST_CHECK;
enum result jobs_give_back(struct db *db, const int64_t *job_ids, size_t count, const char *worker) MUST_CHECK;

/* Milliseconds until the first job of each kind is due: negative when overdue,
 * INT64_MAX when there is none or the operator has paused the kind. One
 * statement, by the database's clock. */
enum result jobs_next_due(struct db *db, int64_t reterr_due_in_ms[JOB_KIND_COUNT]) MUST_CHECK;

/* The state of a kind's queue. Jobs are counted only up to JOBS_COUNTED_MAX,
 * never through a whole table. */
#define JOBS_COUNTED_MAX 10000
struct job_queue {
    int64_t due;     /* including leases that ran out */
    int64_t waiting; /* including leased jobs */
    int64_t failed;
    int64_t lag_ms; /* of the oldest job that is due; 0 if none is */
    bool paused;    /* by an operator: due jobs stay due */
};
enum result jobs_count(struct db *db, enum job_kind kind, struct job_queue *ret_queue) MUST_CHECK;

/* A job as the operator sees it. */
struct job_row {
    int64_t job_id;
    const char *kind;
    const char *order_id;  /* NULL: it is about no order */
    const char *flight_id; /* NULL: it is about no flight */
    bool has_flight;       /* the flight that it is about, or its order is */
    struct order_flight flight;
    const char *status;
    int64_t run_at_ms;
    int64_t attempts;
    int64_t max_attempts;
    const char *locked_by;
    const char *last_error;
    int64_t created_at_ms;
    int64_t updated_at_ms;
};
struct job_filter {
    int64_t job_id;     /* 0: any */
    const char *status; /* NULL: any; likewise below */
    const char *kind;
    const char *order_id;
    int64_t before_id; /* 0: from the newest */
    int64_t from_id;   /* 0: down to the first */
    int limit;
};
/* How far a page may look that is for a kind or a state, which are no index's order: the id of the last of the next ten
 * thousand jobs, 0 if there are fewer or the filter is for something that has an index. */
enum result jobs_horizon(struct db *db, const struct job_filter *filter, int64_t *reterr_id) MUST_CHECK;

enum result jobs_list(struct db *db, const struct job_filter *filter, void (*each)(const struct job_row *, void *),
                      void *context) MUST_CHECK;

/* Lists the jobs that sweepers have leased, the newest claims first, at most 100. */
enum result jobs_leased(struct db *db, enum job_kind kind, int64_t lease_ms,
                        void (*each)(const struct job_row *, void *), void *context) MUST_CHECK;

/* A job that an operator acts on, locked inside a transaction. */
struct job_hold {
    int64_t job_id;
    char kind[21];
    char order_id[UUID_SIZE]; /* empty: it is about none */
    char flight_id[FLIGHT_ID_SIZE];
    char worker[WORKER_SIZE]; /* that has or had it; may be empty */
    char status[8];           /* PENDING, RUNNING, FAILED */
    bool leased;
};

/* RESULT_NOT_FOUND if there is no such job. */
enum result jobs_lock(struct db *db, int64_t job_id, struct job_hold *ret_hold) MUST_CHECK;

/* Makes a job that is not leased due now; one that had failed gets more tries. */
enum result jobs_retry(struct db *db, const struct job_hold *hold) MUST_CHECK;

/* Ends a lease now: the job is due, and its worker's answer is refused as if
 * the lease had run out and another worker had taken over. */
enum result jobs_release(struct db *db, const struct job_hold *hold) MUST_CHECK;

/* Has a job rest, as one that has used up its tries does, until an operator has it run. */
enum result jobs_rest(struct db *db, const struct job_hold *hold) MUST_CHECK;

#endif
