/* SPDX-License-Identifier: MIT */
/* slow_gateway: a payment gateway that approves every charge, each after the same delay; or any other service that
 * answers every call with BODY, where a # stands for a number: the one at the end of a GET's path, else a new one.
 *
 *   slow_gateway PORT DELAY_MS [BODY]
 *
 * It is one process that holds thousands of calls open, which the shipped simulator (one process per call) is not made
 * for. On SIGTERM it ends, and prints as JSON how many calls it had open at most. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 16384
#define CALL_MAX 4096

struct call {
    char text[CALL_MAX];
    size_t len;
};

/* All calls wait equally long, so the first to come is the first to be answered. */
struct waiting {
    int fd;
    double due;
    uint64_t serial; /* of the call's connection: the descriptor may belong to another by now */
    uint64_t number; /* that the call asks about; 0: none */
};

static struct call *calls[FILES_MAX];
static uint64_t serials[FILES_MAX];
static struct waiting queue[FILES_MAX];
static size_t queue_first, queue_count, queue_most;
static uint64_t served;
static const char *fixed_body; /* NULL: each charge gets a transaction of its own */
static int epoll_fd;
static volatile sig_atomic_t stop;

static void on_stop(int number)
{
    (void)number;
    stop = 1;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int listen_on(const char *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
        perror("slow_gateway");
        exit(1);
    }
    return fd;
}

static void watch(int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        perror("epoll_ctl");
        exit(1);
    }
}

static void accept_all(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        if (fd >= FILES_MAX) {
            (void)close(fd);
            continue;
        }
        if (calls[fd] == NULL)
            calls[fd] = malloc(sizeof *calls[fd]);
        if (calls[fd] == NULL)
            abort();
        calls[fd]->len = 0;
        serials[fd]++;
        watch(fd);
    }
}

/* Whether the whole call has arrived: its head, and as much body as it announces. */
static bool is_whole(struct call *c)
{
    c->text[c->len] = '\0';
    const char *end = strstr(c->text, "\r\n\r\n");
    if (end == NULL)
        return false;
    const char *length = strcasestr(c->text, "\r\nContent-Length:");
    size_t body = length == NULL || length > end ? 0 : strtoul(length + 17, NULL, 10);
    return c->len - (size_t)(end + 4 - c->text) >= body;
}

/* "GET /v1/…/cs_17 HTTP/1.1": 17. */
static uint64_t number_asked_for(const char *call)
{
    const char *end = strncmp(call, "GET ", 4) == 0 ? strpbrk(call + 4, " ?\r") : NULL;
    const char *digits = end;
    while (digits != NULL && digits > call && digits[-1] >= '0' && digits[-1] <= '9')
        digits--;
    return digits == NULL ? 0 : strtoull(digits, NULL, 10);
}

static void on_readable(int fd, double due)
{
    struct call *c = calls[fd];
    ssize_t got = recv(fd, c->text + c->len, CALL_MAX - 1 - c->len, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            serials[fd]++;
            (void)close(fd);
        }
        return;
    }
    c->len += (size_t)got;
    if (!is_whole(c))
        return;
    c->len = 0;
    queue[(queue_first + queue_count++) % FILES_MAX] = (struct waiting){ fd, due, serials[fd],
                                                                         number_asked_for(c->text) };
    queue_most = queue_count > queue_most ? queue_count : queue_most;
}

static void answer(const struct waiting *w)
{
    char number[24], text[4096];
    const char *body = fixed_body != NULL ? fixed_body : "{\"transactionId\":\"bench-#\",\"status\":\"APPROVED\"}";
    const char *mark = strchr(body, '#');
    int before = (int)(mark == NULL ? strlen(body) : (size_t)(mark - body));
    if (serials[w->fd] != w->serial)
        return; /* the client has hung up meanwhile */
    served++;
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)(w->number != 0 ? w->number : served));
    int len = snprintf(text, sizeof text,
                       "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s%s%s",
                       mark == NULL ? strlen(body) : strlen(body) - 1 + strlen(number), before, body,
                       mark == NULL ? "" : number, mark == NULL ? "" : mark + 1);
    (void)send(w->fd, text, (size_t)len, MSG_NOSIGNAL);
}

/* Answers what is due; returns the milliseconds until the next answer is. */
static int answer_due(void)
{
    double now = now_s();
    while (queue_count > 0 && queue[queue_first].due <= now) {
        answer(&queue[queue_first]);
        queue_first = (queue_first + 1) % FILES_MAX;
        queue_count--;
    }
    return queue_count == 0 ? 1000 : (int)((queue[queue_first].due - now) * 1000) + 1;
}

int main(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_stop };
    struct rlimit files = { FILES_MAX, FILES_MAX };
    struct epoll_event events[256];
    if (argc < 3 || argc > 4 || (argc == 4 && strlen(argv[3]) > 3500)) {
        (void)fputs("usage: slow_gateway PORT DELAY_MS [BODY]\n", stderr);
        return 2;
    }
    fixed_body = argc == 4 ? argv[3] : NULL;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)setrlimit(RLIMIT_NOFILE, &files);
    int listener = listen_on(argv[1]);
    double delay = strtod(argv[2], NULL) / 1000;
    epoll_fd = epoll_create1(0);
    watch(listener);
    while (!stop) {
        int n = epoll_wait(epoll_fd, events, 256, answer_due());
        for (int i = 0; i < n; i++) {
            if (events[i].data.fd == listener)
                accept_all(listener);
            else
                on_readable(events[i].data.fd, now_s() + delay);
        }
    }
    (void)printf("{\"answered\": %llu, \"open_at_once_most\": %zu}\n", (unsigned long long)served, queue_most);
    return 0;
}
