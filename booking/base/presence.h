/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_PRESENCE_H
#define BOOKING_BASE_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Records which places of a shared table are taken. A place is a byte of a file that each process has opened for
 * itself; to take the place is to lock that byte (F_OFD_SETLK in fcntl(2)). The kernel drops the lock when its process
 * ends, however it ends. The lock is seen from every container that has the file, where a process id would mean a
 * different process in each. A process does not see its own lock, and a forked child shares its parent's. */

/* Takes the place, until presence_leave() or the end of this process; returns whether it was free. */
bool presence_take(int fd, size_t place);
void presence_leave(int fd, size_t place);

/* Whether another process has it. */
bool presence_is_taken(int fd, size_t place);

#endif
