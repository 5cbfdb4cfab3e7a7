#include "sweeper/sweeper.h"

#include "booking/log.h"

#include <stdlib.h>
#include <time.h>

int64_t monotonic_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sweeper_database_failed(struct sweeper *s, const char *what, enum result r)
{
    log_warn("database_failed", LOG_TEXT("during", what), LOG_TEXT("result", result_name(r)),
             LOG_TEXT("database", db_last_error(s->db)));
    s->next_try_ms = monotonic_ms() + SWEEPER_TRY_AGAIN_MS;
}

struct task *sweeper_task_new(struct sweeper *s, const struct job *job, enum result (*settle)(struct task *))
{
    struct task *task = calloc(1, sizeof *task);
    if (task == NULL)
        return NULL;
    *task = (struct task){
        .sweeper = s,
        .job = *job,
        .deadline_ms = monotonic_ms() + booking_lease_ms(s->config, job->kind),
        .settle = settle,
    };
    s->in_flight[job->kind]++;
    return task;
}

static void task_free(struct task *task)
{
    task->sweeper->in_flight[task->job.kind]--;
    free(task);
}

void sweeper_task_drop(struct task *task, const char *why)
{
    log_warn("job_dropped", LOG_TEXT("request_id", task->job.request_id),
             LOG_TEXT("kind", job_kind_name(task->job.kind)), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("job", task->job.job_id), LOG_NUMBER("attempt", task->job.attempt), LOG_TEXT("why", why));
    task_free(task);
}

void sweeper_task_end(struct task *task)
{
    struct sweeper *s = task->sweeper;
    enum result r = task->settle(task);
    if (r == RESULT_OK) {
        task_free(task);
    } else if (r == RESULT_UNAVAILABLE && monotonic_ms() < task->deadline_ms) {
        sweeper_database_failed(s, "settle", r);
        task->next = s->unsettled;
        s->unsettled = task;
    } else {
        /* STALE: another worker has the job. */
        sweeper_task_drop(task, result_name(r));
    }
}

void sweeper_settle_again(struct sweeper *s)
{
    struct task *list = s->unsettled;
    s->unsettled = NULL;
    while (list != NULL) {
        struct task *task = list;
        list = task->next;
        sweeper_task_end(task);
    }
}
