/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_WAKE_H
#define BOOKING_BASE_WAKE_H

#include <stdbool.h>

/* A wake-up is a datagram (unix(7)) to every sweeper of this host; their
 * sockets are in one directory. It only saves a sweeper the wait for its next
 * poll, so it may get lost, and sending it never fails. */

/* What has become due. */
enum wake { WAKE_NONE, WAKE_PAYMENT, WAKE_ANYTHING };

/* Wakes all sweepers; does nothing if the directory's name is empty. */
void wake_all(const char *dir, enum wake what);

/* Opens this process's socket in the directory; -1 if it cannot. wake_close() removes it. */
int wake_open(const char *dir, char *ret_path, unsigned long path_size);
void wake_close(int fd, const char *path);

/* Reads all wake-ups that have arrived. */
enum wake wake_drain(int fd);

#endif
