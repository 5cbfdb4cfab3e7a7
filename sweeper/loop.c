/* SPDX-License-Identifier: MIT */
/* The sweeper's loop: claims jobs that are due, begins them, and settles those that have ended.
 *
 * One thread does all of it in turns. A turn settles the tasks whose answers have come (task.c), writes the heartbeat,
 * purges old rows, claims a batch of each kind that is due, and rests: until the next job is due, an answer or a
 * datagram comes, or the poll interval is over. A claim is a short transaction that leases up to JOBS_CLAIM_MAX jobs.
 * The file of the kind then does the work: expire.c does a whole batch at once; payment.c, void.c, refund.c and
 * confirmation.c begin an HTTP request for each job (http.c), and its answer lets its task be settled.
 *
 * Any number of sweepers run at once, and each may die at any moment. So nothing in this process is needed to recover:
 * a lease that runs out makes its job due again, and the number of the claim keeps a late sweeper from writing.
 *
 * Nothing may take long. http_pump() and notify_alive() run between small pieces of work, so that answers are read in
 * time and the watchdog sees that the process lives. No more is claimed than can be begun while the leases are young,
 * and what is not begun is given back. After a failure of the database the loop keeps off it until next_try_ms. */

#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/base/wake.h"
#include "booking/metrics.h"
#include "booking/store/idempotency.h"
#include "booking/store/lookups.h"
#include "booking/store/order_tokens.h"
#include "booking/store/sweepers.h"

#define BEAT_MS 5000
#define PURGE_MS 60000
#define PURGE_BUDGET_MS 200
#define PURGE_PAUSE_MS 100
/* How long beginning a job is assumed to take, until the first has begun. */
#define BEGIN_GUESS_MS 50
/* When to look again for jobs that are due but that other sessions have locked. */
#define HELD_MS 1000

const struct job_work *const sweeper_work[JOB_KIND_COUNT] = {
    [JOB_EXPIRE_HOLD] = &expire_work,   [JOB_PAYMENT_ATTEMPT] = &payment_work,
    [JOB_VOID_CHARGE] = &void_work,     [JOB_SEND_CONFIRMATION] = &confirmation_work,
    [JOB_REFUND_CHARGE] = &refund_work, [JOB_SEND_MESSAGE] = &message_work,
};

/* ── claiming ───────────────────────────────────────────────────────────── */

/* The last job of a batch must begin within this fraction of its lease: an eighth. */
#define BEGIN_FRACTION 8

/* How long the jobs of one kind may take to begin, so that the other kinds need not wait for its backlog. */
#define BEGIN_MS 500

/* How long timers may be fired in one go while the other kinds wait. */
#define TIMERS_MS 500

/* How many jobs can be begun while their leases are young and the other kinds wait. */
static size_t begun_in_time(const struct sweeper *s, enum job_kind kind)
{
    int64_t young_ms = booking_lease_ms(s->config, kind) / BEGIN_FRACTION;
    double fit = (double)(young_ms < BEGIN_MS ? young_ms : BEGIN_MS) / s->begin_ms;
    if (fit >= JOBS_CLAIM_MAX)
        return JOBS_CLAIM_MAX;
    return fit < 1 ? 1 : (size_t)fit;
}

static size_t capacity(const struct sweeper *s, enum job_kind kind)
{
    if (sweeper_work[kind]->run != NULL)
        return JOBS_CLAIM_MAX;
    size_t max = (size_t)s->config->sweeper_max_in_flight;
    size_t room = s->in_flight[kind] < max ? max - s->in_flight[kind] : 0;
    size_t fit = begun_in_time(s, kind);
    return room < fit ? room : fit;
}

static bool start_one(struct sweeper *s, const struct job *job)
{
    int64_t begun_ms = monotonic_ms();
    bool more = sweeper_work[job->kind]->start(s, job);
    /* A moving average: a single slow one says little. */
    double took_ms = (double)(monotonic_ms() - begun_ms);
    s->begin_ms += ((took_ms < 1 ? 1 : took_ms) - s->begin_ms) / 4;
    (void)http_pump(s->http);
    notify_alive(monotonic_ms());
    return more;
}

/* Jobs that were claimed but will not be begun are due again at once, for any sweeper. */
static void give_back(struct sweeper *s, const struct job *jobs, size_t count)
{
    int64_t ids[JOBS_CLAIM_MAX];
    for (size_t i = 0; i < count; i++)
        ids[i] = jobs[i].job_id;
    enum result r = count == 0 ? RESULT_OK : jobs_give_back(s->db, ids, count, s->worker);
    if (r != RESULT_OK)
        sweeper_database_failed(s, "give_back", r);
}

/* False when the database is away. */
static bool start(struct sweeper *s, const struct job *jobs, size_t count, int64_t claimed_ms)
{
    bool more = true;
    size_t i = 0;
    if (sweeper_work[jobs[0].kind]->run != NULL)
        return sweeper_work[jobs[0].kind]->run(s, jobs, count);
    int64_t lease_ends_ms = claimed_ms + booking_lease_ms(s->config, jobs[0].kind);
    while (more && i < count && *s->stop == 0 && monotonic_ms() < lease_ends_ms)
        more = start_one(s, &jobs[i++]);
    if (more)
        give_back(s, jobs + i, count - i);
    return more;
}

/* Claims and starts one batch. False when the database is away. */
static bool claim_batch(struct sweeper *s, enum job_kind kind, size_t *reterr_count)
{
    struct job jobs[JOBS_CLAIM_MAX];
    int64_t claimed_ms = monotonic_ms();
    enum result r = booking_claim(s->db, kind, capacity(s, kind), booking_lease_ms(s->config, kind), s->worker, jobs,
                                  reterr_count);
    if (*reterr_count > 0)
        CRASH_POINT("claimed");
    metrics_add((enum metric)(METRIC_CLAIMED_EXPIRE_HOLD + (int)kind), *reterr_count);
    if (r != RESULT_OK) {
        sweeper_database_failed(s, "claim", r);
        return false;
    }
    return *reterr_count == 0 || start(s, jobs, *reterr_count, claimed_ms);
}

/* Fires timers, batch after batch, until none is due or the others have waited long enough. A batch that is not full
 * was the last. False when the database is away. */
static bool claim_timers(struct sweeper *s, size_t *claimed, size_t *reterr_last)
{
    int64_t until_ms = monotonic_ms() + TIMERS_MS;
    do {
        if (!claim_batch(s, JOB_EXPIRE_HOLD, reterr_last))
            return false;
        *claimed += *reterr_last;
        (void)http_pump(s->http);
        notify_alive(monotonic_ms());
    } while (*reterr_last == JOBS_CLAIM_MAX && *s->stop == 0 && monotonic_ms() < until_ms);
    return true;
}

/* Claims one batch of a kind. While there is a backlog of timers, they have their turn again after each other kind. */
static bool claim_kind(struct sweeper *s, enum job_kind kind, size_t *claimed, size_t *last_timers,
                       size_t *reterr_count)
{
    if (kind == JOB_EXPIRE_HOLD) {
        bool is_there = claim_timers(s, claimed, last_timers);
        *reterr_count = *last_timers;
        return is_there;
    }
    if (!claim_batch(s, kind, reterr_count))
        return false;
    *claimed += *reterr_count;
    return *last_timers < JOBS_CLAIM_MAX || claim_timers(s, claimed, last_timers);
}

/* Claims one batch of each kind that is due, or only of timers while there is more to be settled. Returns how long it
 * is until more may be due: 0 when there may be more at once. */
static int64_t claim_due(struct sweeper *s, bool busy, size_t *reterr_claimed)
{
    int64_t due_in_ms[JOB_KIND_COUNT];
    int64_t wait_ms = busy ? 0 : s->config->sweeper_poll_interval_ms;
    enum result r = jobs_next_due(s->db, due_in_ms);

    size_t last_timers = 0;

    *reterr_claimed = 0;
    if (r != RESULT_OK) {
        sweeper_database_failed(s, "claim", r);
        return SWEEPER_TRY_AGAIN_MS;
    }
    for (int kind = 0; kind < JOB_KIND_COUNT && *s->stop == 0; kind++) {
        size_t count = 0;
        /* No room: an answer must come first, and that wakes us. */
        if (capacity(s, (enum job_kind)kind) == 0 || (busy && kind != JOB_EXPIRE_HOLD))
            continue;
        if (due_in_ms[kind] > 0) {
            wait_ms = due_in_ms[kind] < wait_ms ? due_in_ms[kind] : wait_ms;
            continue;
        }
        if (!claim_kind(s, (enum job_kind)kind, reterr_claimed, &last_timers, &count))
            return SWEEPER_TRY_AGAIN_MS;
        int64_t again_ms = count > 0 ? 0 : HELD_MS;
        wait_ms = again_ms < wait_ms ? again_ms : wait_ms;
    }
    return wait_ms;
}

/* ── housekeeping ───────────────────────────────────────────────────────── */

static enum result beat(struct sweeper *s)
{
    size_t in_flight = 0;
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        in_flight += s->in_flight[i];
    return sweepers_beat(s->db, s->worker, (int64_t)in_flight);
}

/* Each forgets some rows that nobody needs any more, and says whether there may be more. */
static enum result (*const purges[])(struct db *db, bool *reterr_more) = {
    idempotency_purge,
    order_tokens_purge,
    lookups_purge,
    messages_purge,
};

static enum result purge_each(struct sweeper *s, bool *reterr_more)
{
    *reterr_more = false;
    for (size_t i = 0; i < sizeof purges / sizeof purges[0]; i++) {
        bool more = false;
        enum result r = purges[i](s->db, &more);
        (void)http_pump(s->http);
        if (r != RESULT_OK && r != RESULT_RETRY) /* RETRY: another sweeper is purging */
            return r;
        *reterr_more = *reterr_more || more;
    }
    return RESULT_OK;
}

/* Purges some rows at a time, so that no timer waits for it. While there may be more it comes back soon, so that it
 * keeps up with new ones. */
static enum result purge(struct sweeper *s)
{
    int64_t until_ms = monotonic_ms() + PURGE_BUDGET_MS;
    bool more = true;
    enum result r = RESULT_OK;
    while (r == RESULT_OK && more && *s->stop == 0 && monotonic_ms() < until_ms)
        r = purge_each(s, &more);
    if (r == RESULT_OK && !more)
        r = sweepers_purge(s->db);
    s->next_purge_ms = monotonic_ms() + (more ? PURGE_PAUSE_MS : PURGE_MS);
    return r;
}

static void keep_house(struct sweeper *s)
{
    int64_t now_ms = monotonic_ms();
    enum result r = RESULT_OK;
    if (now_ms >= s->next_beat_ms) {
        s->next_beat_ms = now_ms + BEAT_MS;
        r = beat(s);
    }
    if (r == RESULT_OK && now_ms >= s->next_purge_ms)
        r = purge(s);
    if (r == RESULT_OK && s->config->retention_ms > 0 && now_ms >= s->retention.next_ms)
        r = sweeper_retain(s);
    if (r != RESULT_OK) {
        s->next_beat_ms = 0;
        sweeper_database_failed(s, "housekeeping", r);
    }
}

/* ── running ────────────────────────────────────────────────────────────── */

/* Time to settle the requests that end last. */
#define STOP_SPARE_MS 700

static bool has_work(const struct sweeper *s)
{
    return http_in_flight(s->http) > 0 || !TAILQ_EMPTY(&s->answered);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_settlement_ms(const struct sweeper *s)
{
    return later(s->next_try_ms, sweeper_next_settlement_ms(s));
}

static void finish_in_flight(struct sweeper *s)
{
    int64_t deadline_ms = monotonic_ms() + s->config->payment_timeout_ms + STOP_SPARE_MS;
    while (has_work(s) && monotonic_ms() < deadline_ms) {
        int64_t next_ms = next_settlement_ms(s);
        int64_t now_ms = monotonic_ms();
        (void)http_wait(s->http, next_ms > now_ms + SWEEPER_TRY_AGAIN_MS ? SWEEPER_TRY_AGAIN_MS : next_ms - now_ms, -1);
        if (monotonic_ms() >= s->next_try_ms)
            (void)sweeper_settle(s);
    }
}

/* When there will be something to do: the next look for due jobs or, if earlier, a settlement to be tried again or a
 * purge. */
static int64_t next_turn_ms(const struct sweeper *s, bool once)
{
    int64_t next_ms = earlier(s->next_look_ms, next_settlement_ms(s));
    int64_t housekeeping_ms = s->config->retention_ms > 0 ? earlier(s->next_purge_ms, s->retention.next_ms)
                                                          : s->next_purge_ms;
    return later(s->next_try_ms, once ? next_ms : earlier(next_ms, housekeeping_ms));
}

/* Sleeps until the next turn. A wake-up ends the sleep, and so does an answer, which makes room and may have made work;
 * the next turn then looks for due jobs. */
static void rest(struct sweeper *s, bool once)
{
    int64_t wait_ms = next_turn_ms(s, once) - monotonic_ms();
    bool answered = http_wait(s->http, wait_ms > 0 ? wait_ms : 0, s->wake_fd);
    bool woken = s->wake_fd >= 0 && wake_drain(s->wake_fd);
    if (answered || woken)
        s->next_look_ms = 0;
}

/* One turn: settles, keeps house, claims, rests. False when a run of --once has nothing left to do. */
static bool turn(struct sweeper *s, bool once)
{
    size_t claimed = 0;
    if (monotonic_ms() >= s->next_try_ms) {
        bool busy = sweeper_settle(s);
        if (!once && monotonic_ms() >= s->next_try_ms)
            keep_house(s);
        /* With --once no datagram wakes us, and what we wait for is soon over. */
        if (monotonic_ms() >= s->next_try_ms && (once || monotonic_ms() >= s->next_look_ms))
            s->next_look_ms = claim_due(s, busy, &claimed) + monotonic_ms();
        if (once && s->next_look_ms > monotonic_ms() + SWEEPER_TRY_AGAIN_MS)
            s->next_look_ms = monotonic_ms() + SWEEPER_TRY_AGAIN_MS;
    } else if (once && !has_work(s)) {
        return false; /* the database is away: the next run will do it */
    }
    if (once && claimed == 0 && !has_work(s))
        return false;
    rest(s, once);
    return true;
}

int sweeper_run(struct sweeper *s, bool once)
{
    bool more = true;
    TAILQ_INIT(&s->answered);
    s->begin_ms = BEGIN_GUESS_MS;
    notify_ready();
    while (more && *s->stop == 0) {
        uint64_t round_trips = db_round_trips(s->db);
        more = turn(s, once);
        notify_alive(monotonic_ms());
        metrics_add(METRIC_ROUND_TRIPS, db_round_trips(s->db) - round_trips);
        metrics_measure();
    }
    notify_stopping();
    finish_in_flight(s);
    if (!once && sweepers_leave(s->db, s->worker) != RESULT_OK)
        log_debug("leave_failed", LOG_TEXT("database", db_last_error(s->db)));
    while (!TAILQ_EMPTY(&s->answered)) {
        struct task *task = TAILQ_FIRST(&s->answered);
        TAILQ_REMOVE(&s->answered, task, link);
        sweeper_task_drop(task, "stopped");
    }
    /* With --once, a database that is away is an error for cron to report. */
    return once && s->next_try_ms > monotonic_ms() ? 1 : 0;
}
