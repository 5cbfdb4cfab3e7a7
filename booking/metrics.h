/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_METRICS_H
#define BOOKING_METRICS_H

#include "booking/base/buf.h"
#include "booking/core/order_state.h"

#include <stddef.h>
#include <stdint.h>

/* Counters for Prometheus, in memory that all programs of a host share, including those in containers (a mapped file,
 * METRICS_FILE). So any process can report the counts of all, and the counts of a process outlive it, however it ends.
 * Adding is one atomic instruction. Nothing here fails: without a file each process counts alone. */

enum metric {
    METRIC_TRANSACTION_RETRIES,
    METRIC_UNKNOWN_COMMITS,
    METRIC_ROUND_TRIPS,
    METRIC_IDEMPOTENT_REPLAYS,
    METRIC_CLAIMED_EXPIRE_HOLD, /* in the order of enum job_kind */
    METRIC_CLAIMED_PAYMENT_ATTEMPT,
    METRIC_CLAIMED_VOID_CHARGE,
    METRIC_CLAIMED_SEND_CONFIRMATION,
    METRIC_CLAIMED_REFUND_CHARGE,
    METRIC_CLAIMED_SEND_MESSAGE,
    METRIC_CLAIMED_CANCEL_FLIGHT,
    METRIC_CLAIMED_SEND_MAIL,
    METRIC_CLAIMED_TELL_FLIGHT,
    METRIC_CLAIMED_IMPORT_FLIGHTS,
    METRIC_CLAIMED_RECONCILE,
    METRIC_ATTEMPT_APPROVED,
    METRIC_ATTEMPT_DECLINED,
    METRIC_ATTEMPT_ERROR,
    METRIC_ATTEMPT_TIMEOUT,
    METRIC_ATTEMPT_PENDING,
    METRIC_VOIDED,
    METRIC_VOID_FAILED,
    METRIC_REFUNDED,
    METRIC_REFUND_FAILED,
    METRIC_MESSAGE_SENT,
    METRIC_MESSAGE_FAILED,
    METRIC_MAIL_SENT,
    METRIC_MAIL_REFUSED,
    METRIC_MAIL_FAILED,
    METRIC_LOOKUP_FOUND,
    METRIC_LOOKUP_FAILED,
    METRIC_LOOKUP_LIMITED,
    METRIC_ORDER_TO, /* one for each enum order_status */
    METRIC_COUNT = METRIC_ORDER_TO + ORDER_STATUS_COUNT,
};

enum metric_time {
    METRIC_TIMER_LATENESS,
    METRIC_GATEWAY_LATENCY,  /* charges, voids and refunds */
    METRIC_ATTEMPT_DURATION, /* five, by outcome, in the order of METRIC_ATTEMPT_… */
    METRIC_TIME_COUNT = METRIC_ATTEMPT_DURATION + 5,
};

/* Maps the file, whose name is the path and the number of its layout; without a path, or if the file cannot be mapped,
 * counts in this process's own memory. Enters this process in the table of processes, where it stays until
 * metrics_close() or its end, however it ends (booking/base/presence.h). Call it once; the process must not fork
 * afterwards. */
void metrics_open(const char *path, const char *program);
void metrics_close(void);

/* Records how much memory this process uses, at most once a second; metrics_request_end() does it, too. */
void metrics_measure(void);

void metrics_add(enum metric metric, uint64_t n);
/* Counts orders that have moved to a state; call it after COMMIT. */
void metrics_add_moves(enum order_status to, uint64_t n);

void metrics_observe(enum metric_time what, double seconds);

/* Counts a request by the number of its route (below METRICS_ROUTES_MAX) and
 * its status; between the two calls the process counts as busy. */
#define METRICS_ROUTES_MAX 96
void metrics_request_begin(void);
void metrics_request_end(size_t route, int status, double seconds);

/* How many processes of that name are running on this host; -1 if it is not known. */
int metrics_processes(const char *program);

/* Notes that this process may now have to wait for a lock on something (what is
 * a hash of it, not 0), until metrics_request_end(). */
void metrics_wait_begin(uint64_t what);

/* How many processes of this program wait for the same thing, how many of them for long_ms or longer, and how many wait
 * that long for anything. */
struct metrics_waits {
    size_t same, same_long, all_long;
};
struct metrics_waits metrics_count_waits(uint64_t what, int64_t long_ms);

/* Writes all metrics in the text format of Prometheus, version 0.0.4. The
 * caller gives the labels of the routes, e.g.
 * method="GET",route="/api/flights". */
void metrics_write(struct buf *out, const char *const *route_labels, size_t route_count);

#endif
