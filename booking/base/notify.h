/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_NOTIFY_H
#define BOOKING_BASE_NOTIFY_H

#include <stdint.h>

/* Tells systemd the state of this process by the protocol of sd_notify(3),
 * which is stable and takes one datagram, so no library is needed. Without
 * NOTIFY_SOCKET in the environment these functions do nothing. */
void notify_ready(void);
void notify_stopping(void);

/* Tells systemd that the loop is still running, once half of WATCHDOG_USEC has
 * passed since the last time. now_ms is the time of a monotonic clock. */
void notify_alive(int64_t now_ms);

#endif
