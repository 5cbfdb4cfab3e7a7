/* SPDX-License-Identifier: MIT */
#include "booking/base/notify.h"

#include "booking/base/text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void notify(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = '\0'; /* Linux's abstract namespace */
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)sendto(fd, message, strlen(message), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
    (void)close(fd);
}

void notify_ready(void)
{
    notify("READY=1");
}

void notify_stopping(void)
{
    notify("STOPPING=1");
}

void notify_alive(int64_t now_ms)
{
    static int64_t next_ms;
    static long long interval_us = -1;
    if (interval_us < 0) {
        const char *text = getenv("WATCHDOG_USEC");
        if (text == NULL || !text_parse_int(text, 1, INT64_MAX / 2, &interval_us))
            interval_us = 0;
    }
    if (interval_us == 0 || now_ms < next_ms)
        return;
    next_ms = now_ms + interval_us / 2000;
    notify("WATCHDOG=1");
}
