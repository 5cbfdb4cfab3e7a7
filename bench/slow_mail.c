/* SPDX-License-Identifier: MIT */
/* slow_mail: a mail server that takes every mail, each after the same delay.
 *
 *   slow_mail PORT DELAY_MS
 *
 * On SIGTERM it ends, and prints as JSON how many mails it took, on how many connections, and how long they were. */

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static atomic_ullong mails, connections, bytes;
static int delay_ms;

static void wait_delay(void)
{
    struct timespec wait = { .tv_sec = delay_ms / 1000, .tv_nsec = (long)(delay_ms % 1000) * 1000000 };
    (void)nanosleep(&wait, NULL);
}

/* Reads a mail to its end; false if the connection ends before. */
static bool take(FILE *in)
{
    char line[4096];
    while (fgets(line, sizeof line, in) != NULL) {
        if (strcmp(line, ".\r\n") == 0) {
            wait_delay();
            (void)atomic_fetch_add(&mails, 1);
            return true;
        }
        (void)atomic_fetch_add(&bytes, strlen(line));
    }
    return false;
}

static void say(FILE *out, const char *line)
{
    (void)fputs(line, out);
    (void)fflush(out);
}

static void talk(FILE *in, FILE *out)
{
    char line[4096];
    say(out, "220 slow\r\n");
    while (fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, "DATA", 4) == 0) {
            say(out, "354 go on\r\n");
            if (!take(in))
                return;
        }
        if (strncmp(line, "QUIT", 4) == 0)
            return;
        say(out, "250 ok\r\n");
    }
}

static void *serve(void *context)
{
    int fd = (int)(intptr_t)context;
    FILE *in = fdopen(fd, "r");
    FILE *out = fdopen(dup(fd), "w");
    (void)atomic_fetch_add(&connections, 1);
    if (in != NULL && out != NULL)
        talk(in, out);
    if (in != NULL)
        (void)fclose(in);
    if (out != NULL)
        (void)fclose(out);
    return NULL;
}

static void *accept_all(void *context)
{
    int listener = (int)(intptr_t)context;
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            (void)pthread_detach(thread);
    }
    return NULL;
}

static int listen_on(int port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 512) != 0) {
        perror("slow_mail");
        exit(1);
    }
    return fd;
}

int main(int argc, char **argv)
{
    sigset_t ends;
    pthread_t thread;
    int number = 0;
    if (argc != 3) {
        (void)fputs("usage: slow_mail PORT DELAY_MS\n", stderr);
        return 2;
    }
    delay_ms = (int)strtol(argv[2], NULL, 10);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listen_on((int)strtol(argv[1], NULL, 10))) != 0)
        return 1;
    (void)sigwait(&ends, &number);
    (void)printf("{\"mails\": %llu, \"connections\": %llu, \"bytes\": %llu}\n", atomic_load(&mails),
                 atomic_load(&connections), atomic_load(&bytes));
    return 0;
}
