/* SPDX-License-Identifier: MIT */
/* slow_disk.so: preloaded into a database server, it lets each flush of a file take SLOW_DISK_MS longer, as on a disk
 * that is slow to say that data are safe. Only the thread that flushes waits, as it would there. */

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void take_longer(void)
{
    const char *ms = getenv("SLOW_DISK_MS");
    long wait_ms = ms == NULL ? 0 : strtol(ms, NULL, 10);
    struct timespec wait = { .tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000 };
    (void)nanosleep(&wait, NULL);
}

int fsync(int fd)
{
    take_longer();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    take_longer();
    return (int)syscall(SYS_fdatasync, fd);
}
