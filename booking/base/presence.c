/* SPDX-License-Identifier: MIT */
#include "booking/base/presence.h"

#include <fcntl.h>

static struct flock at(size_t place, short type)
{
    return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)place, .l_len = 1 };
}

bool presence_take(int fd, size_t place)
{
    struct flock lock = at(place, F_WRLCK);
    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

void presence_leave(int fd, size_t place)
{
    struct flock lock = at(place, F_UNLCK);
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

bool presence_is_taken(int fd, size_t place)
{
    struct flock lock = at(place, F_WRLCK);
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
