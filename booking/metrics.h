/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_METRICS_H
#define BOOKING_METRICS_H

#include "booking/base/buf.h"
#include "booking/core/order_state.h"

#include <stddef.h>
#include <stdint.h>

/* Counters for Prometheus, in memory that all programs of a host share, those in containers, too (a
 * mapped file, METRICS_FILE). So any process can tell them for all, and what a
 * process counted outlives it, however it ends. Adding is one atomic
 * instruction; nothing here fails: without a file each process counts alone. */

enum metric {
    METRIC_TRANSACTION_RETRIES,
    METRIC_UNKNOWN_COMMITS,
    METRIC_ROUND_TRIPS,
    METRIC_IDEMPOTENT_REPLAYS,
    METRIC_CLAIMED_EXPIRE_HOLD, /* in the order of enum job_kind */
    METRIC_CLAIMED_PAYMENT_ATTEMPT,
    METRIC_CLAIMED_VOID_CHARGE,
    METRIC_CLAIMED_SEND_CONFIRMATION,
    METRIC_ATTEMPT_APPROVED,
    METRIC_ATTEMPT_DECLINED,
    METRIC_ATTEMPT_ERROR,
    METRIC_ATTEMPT_TIMEOUT,
    METRIC_ATTEMPT_PENDING,
    METRIC_VOIDED,
    METRIC_VOID_FAILED,
    METRIC_ORDER_TO, /* one for each enum order_status */
    METRIC_COUNT = METRIC_ORDER_TO + ORDER_STATUS_COUNT,
};

enum metric_time {
    METRIC_TIMER_LATENESS,
    METRIC_GATEWAY_LATENCY,  /* charges and voids */
    METRIC_ATTEMPT_DURATION, /* five, by outcome, in the order of METRIC_ATTEMPT_… */
    METRIC_TIME_COUNT = METRIC_ATTEMPT_DURATION + 5,
};

/* Maps the file, whose name is the path and the number of its layout (empty path, or no room for it: memory of our
 * own), and enters this process in the table of the living, where it stays until metrics_close() or its end, however it
 * ends (booking/base/presence.h). Called once; the process forks no other afterwards. */
void metrics_open(const char *path, const char *program);
void metrics_close(void);

/* Notes how much memory this process has, at most once a second; metrics_request_end() does it, too. */
void metrics_measure(void);

void metrics_add(enum metric metric, uint64_t n);
/* Orders that have moved to a state; counted after COMMIT. */
void metrics_add_moves(enum order_status to, uint64_t n);

void metrics_observe(enum metric_time what, double seconds);

/* A request, by the number of its route (below METRICS_ROUTES_MAX) and status;
 * between the two calls the process counts as busy. */
#define METRICS_ROUTES_MAX 32
void metrics_request_begin(void);
void metrics_request_end(size_t route, int status, double seconds);

/* How many processes of that name live on this host; -1 where it is not known. */
int metrics_processes(const char *program);

/* This process begins what may have to wait, for a lock on something (a hash of
 * it, not 0), until metrics_request_end(). */
void metrics_wait_begin(uint64_t what);

/* How many processes of this program are at the same thing; at the same, and at any, for long_ms or longer. */
struct metrics_waits {
    size_t same, same_long, all_long;
};
struct metrics_waits metrics_count_waits(uint64_t what, int64_t long_ms);

/* Writes all of it in the text format of Prometheus, version 0.0.4. The labels
 * of the routes, e.g. method="GET",route="/api/flights", are the caller's. */
void metrics_write(struct buf *out, const char *const *route_labels, size_t route_count);

#endif
