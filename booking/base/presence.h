/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_PRESENCE_H
#define BOOKING_BASE_PRESENCE_H

#include <stdbool.h>
#include <stddef.h>

/* Which places of a table that processes share are taken, by locks of the kernel on a file that each has opened for
 * itself (F_OFD_SETLK in fcntl(2), a byte for a place). The lock goes with its process, however that ends, and is seen
 * from every container that has the file, where a process id of one means another process in the next. The one who
 * took a place sees no lock of its own, and a child that is forked shares its parent's. */

/* Whether the place was free and is this process's now, until presence_leave() or its end. */
bool presence_take(int fd, size_t place);
void presence_leave(int fd, size_t place);

/* Whether another process has it. */
bool presence_is_taken(int fd, size_t place);

#endif
