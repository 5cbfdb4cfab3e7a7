/* SPDX-License-Identifier: MIT */
/* A pool that is as large as it has to be. Its processes share the listening socket. Each says in shared memory whether
 * it has a request; one that takes the last chance to be idle wakes the leader, which starts another. The leader ends
 * what has been superfluous for a while, one process a second, by SIGTERM: a process finishes a request that it has
 * just accepted. */

#include "fcgi/pool.h"

#include "booking/base/log.h"
#include "booking/base/monotonic.h"
#include "booking/base/notify.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 1000
/* A process costs as much to start, with its connection to a database, as many requests. */
#define SPARE_MS 10000
#define NONE_ENDED (-1)
#define IS_MEMBER (-2)

enum state { FREE, IDLE, BUSY, ENDING };

struct pool {
    pid_t leader;
    size_t most;
    _Atomic int64_t needed_ms; /* when all but one were last busy */
    struct member {
        pid_t pid;
        _Atomic(enum state) state;
    } members[];
};

/* What a process of the pool serves. */
struct service {
    struct pool *pool;
    struct member *member;
    server_handler handler;
    void *context;
};

static size_t count(struct pool *pool, enum state state)
{
    size_t n = 0;
    for (size_t i = 0; i < pool->most; i++)
        n += atomic_load(&pool->members[i].state) == state;
    return n;
}

static struct member *first(struct pool *pool, enum state state)
{
    for (size_t i = 0; i < pool->most; i++)
        if (atomic_load(&pool->members[i].state) == state)
            return &pool->members[i];
    return NULL;
}

/* ── a process of the pool ──────────────────────────────────────────────── */

static void change(struct member *member, enum state from, enum state to)
{
    /* One that is to end stays so. */
    (void)atomic_compare_exchange_strong(&member->state, &from, to);
}

static void serve(const struct request *request, enum server_error error, struct response *response, void *context)
{
    const struct service *s = context;
    change(s->member, IDLE, BUSY);
    size_t idle = count(s->pool, IDLE);
    if (idle <= 1)
        atomic_store(&s->pool->needed_ms, monotonic_ms());
    if (idle == 0 && getppid() == s->pool->leader)
        (void)kill(s->pool->leader, SIGUSR1);
    s->handler(request, error, response, s->context);
    change(s->member, BUSY, IDLE);
}

static int run_member(const char *program, struct service *service)
{
    /* Whatever happens to the leader, no process outlives it by more than a request. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != service->pool->leader)
        return 1;
    (void)unsetenv("NOTIFY_SOCKET"); /* the leader speaks for the pool */
    return server_run(program, serve, service);
}

/* ── the leader ─────────────────────────────────────────────────────────── */

/* Starts a process if none is idle and there may be more. Returns IS_MEMBER in that process. */
static int start_member(struct pool *pool, struct member **ret_member)
{
    struct member *member = first(pool, FREE);
    if (member == NULL || count(pool, IDLE) > 0)
        return NONE_ENDED;
    atomic_store(&member->state, IDLE);
    pid_t pid = fork();
    if (pid == 0) {
        *ret_member = member;
        return IS_MEMBER;
    }
    if (pid < 0) {
        log_error("fork_failed", LOG_TEXT("error", strerror(errno)));
        atomic_store(&member->state, FREE);
        return NONE_ENDED;
    }
    member->pid = pid;
    return NONE_ENDED;
}

static void end_superfluous(struct pool *pool)
{
    struct member *member = first(pool, IDLE);
    if (count(pool, IDLE) <= 1 || monotonic_ms() - atomic_load(&pool->needed_ms) < SPARE_MS)
        return;
    atomic_store(&member->state, ENDING);
    (void)kill(member->pid, SIGTERM);
}

/* Whether a process ended as none should that may go on: whoever runs this program decides what to do about it. One
 * that was told to end, or was killed, has a successor as soon as it is needed. */
static bool has_failed(int status)
{
    if (WIFSIGNALED(status))
        return WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGTERM;
    return WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

/* Takes note of processes that have ended. Returns 1 if one has failed. */
static int take_note(struct pool *pool)
{
    int status = 0;
    int failed = NONE_ENDED;
    pid_t pid = 0;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < pool->most; i++)
            if (pool->members[i].pid == pid) {
                pool->members[i].pid = 0;
                atomic_store(&pool->members[i].state, FREE);
            }
        if (has_failed(status))
            failed = 1;
    }
    return failed;
}

static void end_all(struct pool *pool)
{
    for (size_t i = 0; i < pool->most; i++)
        if (pool->members[i].pid > 0)
            (void)kill(pool->members[i].pid, SIGTERM);
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
}

/* Returns the status of the program, or IS_MEMBER in a process of the pool. */
static int lead(struct pool *pool, const sigset_t *signals, struct member **ret_member)
{
    int64_t look_ms = monotonic_ms() + LOOK_MS;
    int status = NONE_ENDED;
    int number = 0;
    while (status == NONE_ENDED && number != SIGTERM && number != SIGINT) {
        const struct timespec wait = { .tv_sec = LOOK_MS / 1000 };
        if (start_member(pool, ret_member) == IS_MEMBER)
            return IS_MEMBER;
        number = sigtimedwait(signals, NULL, &wait);
        status = take_note(pool);
        if (monotonic_ms() < look_ms)
            continue;
        look_ms = monotonic_ms() + LOOK_MS;
        end_superfluous(pool);
    }
    notify_stopping();
    end_all(pool);
    return status == NONE_ENDED ? 0 : status;
}

int pool_run(const char *program, int64_t most, server_handler handler, void *context)
{
    sigset_t signals;
    sigset_t before;
    size_t size = sizeof(struct pool) + (size_t)most * sizeof(struct member);
    struct service service = { .handler = handler, .context = context };
    struct pool *pool = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pool == MAP_FAILED) {
        log_error("out_of_memory", LOG_TEXT("error", strerror(errno)));
        return 1;
    }
    pool->leader = getpid();
    pool->most = (size_t)most;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGCHLD);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    notify_ready();
    int status = lead(pool, &signals, &service.member);
    if (status != IS_MEMBER)
        return status;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    service.pool = pool;
    return run_member(program, &service);
}
