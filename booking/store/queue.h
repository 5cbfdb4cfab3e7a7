/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_QUEUE_H
#define BOOKING_STORE_QUEUE_H

#include "booking/store/jobs.h"

/* The state of the queue, for the operator's page, which asks every few
 * seconds: every number comes from an index, and is counted only up to
 * QUEUE_COUNTED_MAX. */
#define QUEUE_COUNTED_MAX 10000

struct queue_state {
    int64_t due; /* including leases that ran out */
    int64_t running;
    int64_t waiting;
    int64_t failed;
    int64_t next_at_ms;   /* when the first job is or was due; TIME_NONE */
    int64_t paused_at_ms; /* TIME_NONE: not paused */
    int64_t per_minute;   /* how many were worked on lately */
    int64_t now_ms;
};

/* Reads all kinds, in the order of enum job_kind. */
enum result queue_read(struct db *db, const int64_t lease_ms[JOB_KIND_COUNT],
                       struct queue_state reterr_states[JOB_KIND_COUNT]) MUST_CHECK;

/* Stops sweepers from claiming a kind, or lets them claim it again. queue_lock() locks the kind for the rest of the
 * transaction. */
enum result queue_lock(struct db *db, enum job_kind kind, bool *ret_paused) MUST_CHECK;
enum result queue_pause(struct db *db, enum job_kind kind) MUST_CHECK;
enum result queue_resume(struct db *db, enum job_kind kind) MUST_CHECK;

#endif
