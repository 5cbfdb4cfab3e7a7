/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_SWEEPER_H
#define SWEEPER_SWEEPER_H

#include "booking/booking.h"
#include "booking/config.h"
#include "booking/store/flight_counts.h"
#include "booking/flights/import.h"
#include "booking/store/flights.h"
#include "sweeper/gateway_answer.h"
#include "sweeper/http.h"
#include "sweeper/smtp.h"
#include "sweeper/templates.h"

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

/* How far the sweeper has got with the orders of a cancelled flight (cancel_flight.c). */
struct walk {
    int64_t job_id;
    char after[UUID_SIZE]; /* the orders up to here were looked at in this pass */
    int64_t ended;
    bool has_locked;    /* some were locked */
    enum result broken; /* what was wrong with one; RESULT_OK: with none */
};

/* How far the sweeper has got with counting free seats (counts.c). Times are by monotonic_ms() where not said. */
#define COUNTING_SEEN (1 << 20)
struct counting {
    bool is_ours; /* no other sweeper does it */
    bool in_pass;
    bool is_at_rest;               /* nothing has happened since the last pass, nor shortly before it */
    bool is_settled;               /* the last pass began long enough after the newest event */
    bool has_read;                 /* the pass has read all events */
    int64_t event_id;              /* up to here in this pass */
    int64_t last_event_id;         /* the newest when it began */
    int64_t began_ms;              /* by the database */
    int64_t changed_ms;            /* when the first pass began that met the newest event, by the database */
    int64_t from_event_id;         /* where passes begin … */
    int64_t next_from_event_id;    /* … and will, when this one is … */
    int64_t from_ms;               /* … some seconds old, by the database */
    struct flight_position cursor; /* the flights up to here have been counted, in this round */
    int64_t look_ms;               /* what the round has taken */
    int64_t round_took_ms;         /* and the last one */
    int64_t round_ended_ms;        /* 0: none has */
    int64_t work_ms;               /* what the pass has taken, without the pauses between its steps */
    int64_t step_began_ms;
    int64_t next_ms;
    int64_t next_pass_ms;
    uint64_t seen[COUNTING_SEEN / 64]; /* a bit for each event from where passes begin, in the place of its number */
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
    struct smtp *smtp; /* NULL: no mails are sent */
    const volatile int *stop;
    struct templates *templates; /* of mails; NULL: none are sent */
    char worker[WORKER_SIZE];
    int wake_fd;
    char wake_path[128];
    size_t in_flight[JOB_KIND_COUNT];
    TAILQ_HEAD(tasks, task) answered; /* ended, and to be settled in this order */
    double begin_ms;                  /* how long it has lately taken to begin a job */
    int64_t next_beat_ms;
    int64_t next_purge_ms;
    struct retention retention;
    struct counting counting;
    struct walk walk;
    struct import_hint import_hint;
    int64_t next_try_ms;            /* after a failure of the database */
    int64_t next_look_ms;           /* at all kinds, to see when work is due */
    int64_t due_ms[JOB_KIND_COUNT]; /* when work of a kind is due, as far as is known; INT64_MAX: none is */
};

struct charge_page;

/* A job that is being worked on. Belongs to the sweeper from claim to settlement. */
struct task {
    struct sweeper *sweeper;
    struct job job;
    int64_t lease_ends_ms;         /* by monotonic_ms(), like the next */
    int64_t not_before_ms;         /* not to be settled before */
    bool is_alone;                 /* settling it together with others has failed */
    bool leaves_nothing;           /* settling it has left no job that is due now or soon */
    struct attempt_name announced; /* PAYMENT_ATTEMPT */
    struct attempt_result attempt;
    struct delivery_result delivery;
    struct message message;      /* SEND_MESSAGE, SEND_MAIL: the one on its way */
    struct charge_page *charges; /* RECONCILE: its own */
    char reason[ERROR_SIZE];
    TAILQ_ENTRY(task) link;
};

/* Runs until *stop is set, then finishes what is in flight; or, with once, until nothing is due. Returns the process's
 * exit status. */
int sweeper_run(struct sweeper *sweeper, bool once);

/* How tasks that have come to the ordinary end are settled in one transaction, which saves round trips and commits.
 * Kinds may share one. */
#define TOGETHER_MAX 32
struct job_together {
    /* Whether the task has ended so. */
    bool (*joins)(const struct task *task);
    /* All of them, or with any other result than RESULT_OK none: then each is settled by itself. So are those that it
     * leaves alone (is_alone). */
    enum result (*settle)(struct sweeper *sweeper, struct task *const *tasks, size_t count);
};

/* How one kind of job is done; each kind has a file of its own. */
struct job_work {
    /* Claims up to limit jobs, says how many, and begins some of them as it does: *reterr_left others stay in jobs, to
     * be begun by start. NULL: all are claimed in the common way. */
    enum result (*claim)(struct sweeper *sweeper, size_t limit, struct job *jobs, size_t *reterr_count,
                         size_t *reterr_left);
    /* Does a whole batch at once. NULL: the kind has start and settle instead. */
    bool (*run)(struct sweeper *sweeper, const struct job *jobs, size_t count);
    size_t batch; /* the most jobs of a batch; 0: as many as a claim takes */
    /* Begins what a claimed job asks for, or sets it aside. Both return false when the database is away, so that no
     * other job need be tried. */
    bool (*start)(struct sweeper *sweeper, const struct job *job);
    /* Tells the database what came of it; RESULT_UNAVAILABLE is tried again. */
    enum result (*settle)(struct task *task);
    const struct job_together *together; /* NULL: each is settled by itself */
};
extern const struct job_work expire_work, payment_work, void_work, confirmation_work, refund_work, message_work,
    cancel_flight_work, mail_work, tell_flight_work, import_work, reconcile_work;

/* Messages and mails that were delivered. */
extern const struct job_together messages_together;

/* For the claims of messages and of mails: claims some, and finds what each has to tell next. One that is to be begun
 * by itself, be it because that cannot be read, has no message_id. */
enum result sweeper_claim_messages(struct sweeper *sweeper, enum job_kind kind, size_t limit, struct job *reterr_jobs,
                                   struct next_message *reterr_next, size_t *reterr_count) MUST_CHECK;

/* By enum job_kind. */
extern const struct job_work *const sweeper_work[JOB_KIND_COUNT];

/* Reads the templates of mails and gets ready to send some, if mails are sent. False if they are wrong. */
bool sweeper_open_mail(struct sweeper *sweeper, char *reterr_error, size_t size);

/* For those files: makes a task, which counts as in flight and whose lease began at that time (NULL without memory);
 * and ends it, so that it waits to be settled. */
struct task *sweeper_task_new(struct sweeper *sweeper, const struct job *job, int64_t lease_began_ms);
void sweeper_task_end(struct task *task);

/* What became of something that was sent to a receiver outside, into task->delivery: any 2xx says that it was
 * received. */
void sweeper_read_receipt(struct task *task, const struct http_answer *http);

/* The same for what the payment gateway answered, to be read by gateway_answer.h; its time is measured. */
struct gateway_answer sweeper_read_gateway(const struct http_answer *http);

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

/* Counts the free seats of some flights for the lists, if it is time to. */
enum result sweeper_count(struct sweeper *sweeper) MUST_CHECK;

/* How long to keep off a database that failed. */
#define SWEEPER_TRY_AGAIN_MS 200

#endif
