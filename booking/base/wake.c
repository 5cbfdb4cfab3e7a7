/* SPDX-License-Identifier: MIT */
#include "booking/base/wake.h"

#include "booking/base/random.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PREFIX "sweeper."
#define PAYMENT 'p' /* what a datagram says; any other byte: there may be anything */

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int set_address(struct sockaddr_un *address, const char *dir, const char *name)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    int len = snprintf(address->sun_path, sizeof address->sun_path, "%s/%s", dir, name);
    return len > 0 && (size_t)len < sizeof address->sun_path ? 0 : -1;
}

void wake_all(const char *dir, enum wake what)
{
    const char byte = what == WAKE_PAYMENT ? PAYMENT : '\0';
    DIR *d = *dir == '\0' ? NULL : opendir(dir);
    if (d == NULL)
        return;
    int fd = open_socket();
    for (const struct dirent *e = readdir(d); fd >= 0 && e != NULL; e = readdir(d)) {
        struct sockaddr_un address;
        if (strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) != 0 || set_address(&address, dir, e->d_name) != 0)
            continue;
        if (sendto(fd, &byte, 1, 0, (const struct sockaddr *)&address, sizeof address) < 0 && errno == ECONNREFUSED)
            (void)unlink(address.sun_path); /* left by a sweeper that was killed */
    }
    if (fd >= 0)
        (void)close(fd);
    (void)closedir(d);
}

int wake_open(const char *dir, char *ret_path, unsigned long path_size)
{
    struct sockaddr_un address;
    char name[64];
    /* Processes in different containers may have the same id. */
    (void)snprintf(name, sizeof name, PREFIX "%ld.%llx", (long)getpid(), (unsigned long long)random_id());
    if (*dir == '\0' || set_address(&address, dir, name) != 0)
        return -1;
    int fd = open_socket();
    if (fd < 0)
        return -1;
    mode_t mask = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
    (void)umask(mask);
    if (bound != 0) {
        (void)close(fd);
        return -1;
    }
    (void)snprintf(ret_path, path_size, "%s", address.sun_path);
    return fd;
}

void wake_close(int fd, const char *path)
{
    if (fd < 0)
        return;
    (void)unlink(path);
    (void)close(fd);
}

enum wake wake_drain(int fd)
{
    char byte = '\0';
    enum wake what = WAKE_NONE;
    while (recv(fd, &byte, sizeof byte, 0) >= 0)
        what = byte == PAYMENT && what != WAKE_ANYTHING ? WAKE_PAYMENT : WAKE_ANYTHING;
    return what;
}
