#include "sweeper/sweeper.h"

#include "booking/crash_point.h"
#include "booking/log.h"
#include "booking/metrics.h"
#include "booking/store/idempotency.h"
#include "booking/store/sweepers.h"
#include "booking/wake.h"
#include "booking/notify.h"

#define BEAT_MS 5000
#define PURGE_MS 60000
/* When to look again for what is due but in somebody's hands. */
#define HELD_MS 1000

/* ── claiming ───────────────────────────────────────────────────────────── */

static size_t capacity(const struct sweeper *s, enum job_kind kind)
{
    if (kind == JOB_EXPIRE_HOLD)
        return JOBS_CLAIM_MAX;
    size_t max = (size_t)s->config->sweeper_max_in_flight;
    return s->in_flight[kind] < max ? max - s->in_flight[kind] : 0;
}

static void start(struct sweeper *s, enum job_kind kind, const struct job *jobs, size_t count)
{
    if (kind == JOB_EXPIRE_HOLD) {
        sweeper_expire(s, jobs, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (kind == JOB_PAYMENT_ATTEMPT)
            sweeper_start_payment(s, &jobs[i]);
        else if (kind == JOB_VOID_CHARGE)
            sweeper_start_void(s, &jobs[i]);
        else
            sweeper_start_confirmation(s, &jobs[i]);
    }
}

/* Claims one batch of each kind that is due. Returns how long nothing more will
 * be: 0 when there may be more at once. */
static int64_t claim_due(struct sweeper *s, size_t *ret_claimed)
{
    int64_t due_in_ms[JOB_KIND_COUNT];
    int64_t wait_ms = s->config->sweeper_poll_interval_ms;
    enum result r = jobs_next_due(s->db, due_in_ms);

    *ret_claimed = 0;
    for (int kind = 0; r == RESULT_OK && kind < JOB_KIND_COUNT; kind++) {
        struct job jobs[JOBS_CLAIM_MAX];
        size_t limit = capacity(s, (enum job_kind)kind);
        size_t count = 0;
        if (limit == 0)
            continue; /* an answer must come first, and wakes us */
        if (due_in_ms[kind] > 0) {
            wait_ms = due_in_ms[kind] < wait_ms ? due_in_ms[kind] : wait_ms;
            continue;
        }
        r = booking_claim(s->db, (enum job_kind)kind, limit, booking_lease_ms(s->config, (enum job_kind)kind),
                          s->worker, jobs, &count);
        if (count > 0)
            CRASH_POINT("claimed");
        if (r == RESULT_OK && count > 0)
            start(s, (enum job_kind)kind, jobs, count);
        *ret_claimed += count;
        metrics_add((enum metric)(METRIC_CLAIMED_EXPIRE_HOLD + kind), count);
        int64_t again_ms = count > 0 ? 0 : HELD_MS;
        wait_ms = again_ms < wait_ms ? again_ms : wait_ms;
    }
    if (r != RESULT_OK) {
        sweeper_database_failed(s, "claim", r);
        return SWEEPER_TRY_AGAIN_MS;
    }
    return wait_ms;
}

/* ── housekeeping ───────────────────────────────────────────────────────── */

static void keep_house(struct sweeper *s)
{
    int64_t now_ms = monotonic_ms();
    enum result r = RESULT_OK;
    if (now_ms >= s->next_beat_ms) {
        size_t in_flight = 0;
        for (int i = 0; i < JOB_KIND_COUNT; i++)
            in_flight += s->in_flight[i];
        s->next_beat_ms = now_ms + BEAT_MS;
        r = sweepers_beat(s->db, s->worker, (int64_t)in_flight);
    }
    if (r == RESULT_OK && now_ms >= s->next_purge_ms) {
        s->next_purge_ms = now_ms + PURGE_MS;
        r = idempotency_purge(s->db);
        if (r == RESULT_OK)
            r = sweepers_purge(s->db);
    }
    if (r != RESULT_OK) {
        s->next_beat_ms = 0;
        sweeper_database_failed(s, "housekeeping", r);
    }
}

/* ── running ────────────────────────────────────────────────────────────── */

/* Room for the settlements of what ended last. */
#define STOP_SPARE_MS 700

static bool has_work(const struct sweeper *s)
{
    return http_in_flight(s->http) > 0 || s->unsettled != NULL;
}

static void finish_in_flight(struct sweeper *s)
{
    int64_t deadline_ms = monotonic_ms() + s->config->payment_timeout_ms + STOP_SPARE_MS;
    while (has_work(s) && monotonic_ms() < deadline_ms) {
        (void)http_wait(s->http, SWEEPER_TRY_AGAIN_MS, -1);
        if (monotonic_ms() >= s->next_try_ms)
            sweeper_settle_again(s);
    }
}

/* Sleeps until the next look for work, or until it is worth looking before: after a wake-up, and after an answer, which
 * makes room and may have made work. */
static void rest(struct sweeper *s)
{
    int64_t now_ms = monotonic_ms();
    int64_t until_ms = now_ms < s->next_try_ms ? s->next_try_ms : s->next_look_ms;
    bool answered = http_wait(s->http, until_ms > now_ms ? until_ms - now_ms : 0, s->wake_fd);
    bool woken = s->wake_fd >= 0 && wake_drain(s->wake_fd);
    if (answered || woken)
        s->next_look_ms = 0;
}

/* One turn: settles, claims, waits. False when, once, there is nothing left. */
static bool turn(struct sweeper *s, bool once)
{
    size_t claimed = 0;
    if (monotonic_ms() >= s->next_try_ms) {
        if (s->unsettled != NULL)
            s->next_look_ms = 0;
        sweeper_settle_again(s);
        if (!once)
            keep_house(s);
        /* Once: nobody wakes us, and what we wait for is soon over. */
        if (once || monotonic_ms() >= s->next_look_ms)
            s->next_look_ms = claim_due(s, &claimed) + monotonic_ms();
        if (once && s->next_look_ms > monotonic_ms() + SWEEPER_TRY_AGAIN_MS)
            s->next_look_ms = monotonic_ms() + SWEEPER_TRY_AGAIN_MS;
    } else if (once && !has_work(s)) {
        return false; /* the database is away: the next run will do it */
    }
    if (once && claimed == 0 && !has_work(s))
        return false;
    rest(s);
    return true;
}

int sweeper_run(struct sweeper *s, bool once, const volatile int *stop)
{
    bool more = true;
    notify_ready();
    while (more && *stop == 0) {
        uint64_t round_trips = db_round_trips(s->db);
        more = turn(s, once);
        notify_alive(monotonic_ms());
        metrics_add(METRIC_ROUND_TRIPS, db_round_trips(s->db) - round_trips);
    }
    notify_stopping();
    finish_in_flight(s);
    if (!once && sweepers_leave(s->db, s->worker) != RESULT_OK)
        log_debug("leave_failed", LOG_TEXT("database", db_last_error(s->db)));
    while (s->unsettled != NULL) {
        struct task *task = s->unsettled;
        s->unsettled = task->next;
        sweeper_task_drop(task, "stopped");
    }
    /* Once, a database that is away is an error for cron to report. */
    return once && s->next_try_ms > monotonic_ms() ? 1 : 0;
}
