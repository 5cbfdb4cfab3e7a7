#ifndef SWEEPER_SWEEPER_H
#define SWEEPER_SWEEPER_H

#include "booking/booking.h"
#include "booking/config.h"
#include "sweeper/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The daemon: claims jobs that are due, does them, settles them. Claims and
 * settlements are short transactions; what takes time happens between them, in
 * flight, with no transaction open. */
struct sweeper {
    const struct config *config;
    struct db *db;
    struct http *http;
    char worker[WORKER_SIZE];
    int wake_fd;
    char wake_path[128];
    size_t in_flight[JOB_KIND_COUNT];
    struct task *unsettled; /* done, but the database could not be told yet */
    int64_t next_beat_ms;
    int64_t next_purge_ms;
    int64_t next_try_ms; /* after a failure of the database */
    int64_t next_look_ms; /* for work that is due */
};

/* A job that is being worked on. Belongs to the sweeper from claim to settlement. */
struct task {
    struct sweeper *sweeper;
    struct job job;
    int64_t deadline_ms; /* by monotonic_ms(): when the lease ends */
    /* Tells the database what came of it; RESULT_UNAVAILABLE is tried again. */
    enum result (*settle)(struct task *task);
    struct attempt_result attempt;
    struct delivery_result delivery;
    char reason[ERROR_SIZE];
    struct task *next;
};

/* Runs until *stop is set, then finishes what is in flight; or, once, until
 * nothing is due. Returns the process's exit status. */
int sweeper_run(struct sweeper *sweeper, bool once, const volatile int *stop);

/* One file a kind. Each begins what a claimed job asks for. */
void sweeper_expire(struct sweeper *sweeper, const struct job *jobs, size_t count);
void sweeper_start_payment(struct sweeper *sweeper, const struct job *job);
void sweeper_start_void(struct sweeper *sweeper, const struct job *job);
void sweeper_start_confirmation(struct sweeper *sweeper, const struct job *job);

/* For those files: a task counted as in flight, or NULL without memory; and its
 * end: settled, and freed, or kept until the database can be told. */
struct task *sweeper_task_new(struct sweeper *sweeper, const struct job *job,
                              enum result (*settle)(struct task *task));
void sweeper_task_end(struct task *task);
/* Drops a task without a word to the database: its lease runs out. */
void sweeper_task_drop(struct task *task, const char *why);

/* Tells the database once more what it could not be told before. */
void sweeper_settle_again(struct sweeper *sweeper);

/* Says in the log that the database failed, and keeps off it for a moment. */
void sweeper_database_failed(struct sweeper *sweeper, const char *what, enum result r);

/* How long to keep off a database that failed. */
#define SWEEPER_TRY_AGAIN_MS 200

int64_t monotonic_ms(void);

#endif
