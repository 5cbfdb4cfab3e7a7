/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_QUEUE_H
#define BOOKING_STORE_QUEUE_H

#include "booking/store/jobs.h"

/* How the queue stands, for the operator, who looks every few seconds: every
 * number is of an index, and counted only so far. */
#define QUEUE_COUNTED_MAX 10000

struct queue_state {
    int64_t due; /* leases that ran out included */
    int64_t running;
    int64_t waiting;
    int64_t failed;
    int64_t next_at_ms;   /* when the first job is or was due; TIME_NONE */
    int64_t paused_at_ms; /* TIME_NONE: not paused */
    int64_t per_minute;   /* how many were worked on lately */
    int64_t now_ms;
};

/* All kinds, in the order of enum job_kind. */
enum result queue_read(struct db *db, const int64_t lease_ms[JOB_KIND_COUNT],
                       struct queue_state reterr_states[JOB_KIND_COUNT]) MUST_CHECK;

/* Stops sweepers claiming a kind, or lets them again; doing so twice is fine.
 * What they have claimed they finish. */
enum result queue_pause(struct db *db, enum job_kind kind) MUST_CHECK;
enum result queue_resume(struct db *db, enum job_kind kind) MUST_CHECK;

#endif
