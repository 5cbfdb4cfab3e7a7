/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_WAKE_H
#define BOOKING_BASE_WAKE_H

#include <stdbool.h>

/* A wake-up: an empty datagram (unix(7)) to every sweeper of this host, whose
 * sockets lie in one directory. It only saves waiting for the next poll, so it
 * may get lost; nothing here fails. */

/* Wakes all. An empty directory name does nothing. */
void wake_all(const char *dir);

/* Opens this process's socket in the directory; -1 if it cannot. wake_close()
 * removes it. */
int wake_open(const char *dir, char *ret_path, unsigned long path_size);
void wake_close(int fd, const char *path);

/* Takes all that has arrived; whether that was anything. */
bool wake_drain(int fd);

#endif
