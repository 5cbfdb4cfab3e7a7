/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_SWEEPER_H
#define SWEEPER_SWEEPER_H

#include "booking/booking.h"
#include "booking/config.h"
#include "booking/store/flights.h"
#include "sweeper/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* How far the sweeper has got with forgetting persons (retention.c). */
struct retention {
    struct flight_position cursor; /* the flights up to here are done */
    struct flight_position missed; /* up to here without exception */
    bool has_missed;
    int64_t next_ms;       /* the next step */
    int64_t next_whole_ms; /* the next time to begin with the first flight */
};

/* The daemon: claims jobs that are due, does them, settles them. Claims and settlements are short transactions; what
 * takes time happens between them, in flight, with no transaction open.
 *
 * One thread does all of it, so nothing may take long: pieces of work are small, answers are read between them, and a
 * result that the database cannot take now waits for its turn. */
struct sweeper {
    const struct config *config;
    struct db *db;
    struct http *http;
    const volatile int *stop;
    char worker[WORKER_SIZE];
    int wake_fd;
    char wake_path[128];
    size_t in_flight[JOB_KIND_COUNT];
    TAILQ_HEAD(tasks, task) answered; /* ended, and to be settled in this order */
    double begin_ms;                  /* how long it has lately taken to begin a job */
    int64_t next_beat_ms;
    int64_t next_purge_ms;
    struct retention retention;
    int64_t next_try_ms;  /* after a failure of the database */
    int64_t next_look_ms; /* for work that is due */
};

/* A job that is being worked on. Belongs to the sweeper from claim to settlement. */
struct task {
    struct sweeper *sweeper;
    struct job job;
    int64_t lease_ends_ms;  /* by monotonic_ms(), like the next */
    int64_t not_before_ms;  /* not to be settled before */
    int64_t attempt_number; /* PAYMENT_ATTEMPT: the number announced */
    struct attempt_result attempt;
    struct delivery_result delivery;
    struct message message; /* SEND_MESSAGE: the one on its way */
    char reason[ERROR_SIZE];
    TAILQ_ENTRY(task) link;
};

/* Runs until *stop is set, then finishes what is in flight; or, with once, until nothing is due. Returns the process's
 * exit status. */
int sweeper_run(struct sweeper *sweeper, bool once);

/* How one kind of job is done; each kind has a file of its own. */
struct job_work {
    /* Does a whole batch at once. NULL: the kind has start and settle instead. */
    bool (*run)(struct sweeper *sweeper, const struct job *jobs, size_t count);
    /* Begins what a claimed job asks for, or sets it aside. Both return false when the database is away, so that no
     * other job need be tried. */
    bool (*start)(struct sweeper *sweeper, const struct job *job);
    /* Tells the database what came of it; RESULT_UNAVAILABLE is tried again. */
    enum result (*settle)(struct task *task);
};
extern const struct job_work expire_work, payment_work, void_work, confirmation_work, refund_work, message_work;

/* By enum job_kind. */
extern const struct job_work *const sweeper_work[JOB_KIND_COUNT];

/* For those files: makes a task, which counts as in flight and whose lease began at that time (NULL without memory);
 * and ends it, so that it waits to be settled. */
struct task *sweeper_task_new(struct sweeper *sweeper, const struct job *job, int64_t lease_began_ms);
void sweeper_task_end(struct task *task);

/* What became of something that was sent to a receiver outside, into task->delivery: any 2xx says that it was
 * received. */
void sweeper_read_receipt(struct task *task, const struct http_answer *http);

/* Drops a task without a word to the database: its lease runs out. */
void sweeper_task_drop(struct task *task, const char *why);

/* Settles tasks that have ended, for half a second at most or until the database is away. True when more can be settled
 * at once. */
bool sweeper_settle(struct sweeper *sweeper);

/* When the next task is to be settled, by monotonic_ms(); INT64_MAX if there is none. */
int64_t sweeper_next_settlement_ms(const struct sweeper *sweeper);

/* Deals with a claimed job that could not be done: sets it aside if the job itself is at fault. False when the database
 * is away. */
bool sweeper_job_failed(struct sweeper *sweeper, const struct job *job, const char *during, enum result r);

/* Logs that the database failed, and keeps off it for a moment. */
void sweeper_database_failed(struct sweeper *sweeper, const char *what, enum result r);

/* After RESULT_UNAVAILABLE. True if the database is away, after doing as above. False if it is there: only this job's
 * rows were locked, and other jobs may fare better. */
bool sweeper_database_is_away(struct sweeper *sweeper, const char *what);

/* Forgets some persons whose time is over, as RETENTION says. */
enum result sweeper_retain(struct sweeper *sweeper) MUST_CHECK;

/* How long to keep off a database that failed. */
#define SWEEPER_TRY_AGAIN_MS 200

#endif
