/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_NOTIFY_H
#define BOOKING_BASE_NOTIFY_H

#include <stdint.h>

/* Tells systemd how we are: the protocol of sd_notify(3), which is stable and
 * one datagram, so no library is needed for it. Without NOTIFY_SOCKET in the
 * environment all of it does nothing. */
void notify_ready(void);
void notify_stopping(void);

/* Says that the loop still turns, when half the time of WATCHDOG_USEC has
 * passed. now_ms is of a monotonic clock. */
void notify_alive(int64_t now_ms);

#endif
