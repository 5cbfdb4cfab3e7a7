/* SPDX-License-Identifier: MIT */
/* The sweeper's loop: claims jobs that are due, begins them, and settles those that have ended.
 *
 * One thread does all of it in turns. A turn settles the tasks whose answers have come (task.c), writes the heartbeat,
 * purges old rows, claims a batch of each kind that is due, and rests: until the next job is due, an answer or a
 * datagram comes, or the poll interval is over. A claim is a short transaction that leases up to JOBS_CLAIM_MAX jobs.
 * The file of the kind then does the work: expire.c does a whole batch at once, cancel_flight.c a piece of one job;
 * payment.c, void.c, refund.c, confirmation.c, message.c and reconcile.c begin an HTTP request for each job (http.c),
 * mail.c a mail (smtp.c), and what comes of it lets its task be settled.
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
#include "booking/store/imports.h"
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
    [JOB_EXPIRE_HOLD] = &expire_work,    [JOB_PAYMENT_ATTEMPT] = &payment_work,
    [JOB_VOID_CHARGE] = &void_work,      [JOB_SEND_CONFIRMATION] = &confirmation_work,
    [JOB_REFUND_CHARGE] = &refund_work,  [JOB_SEND_MESSAGE] = &message_work,
    [JOB_SEND_MAIL] = &mail_work,        [JOB_TELL_FLIGHT] = &tell_flight_work,
    [JOB_IMPORT_FLIGHTS] = &import_work, [JOB_CANCEL_FLIGHT] = &cancel_flight_work,
    [JOB_RECONCILE] = &reconcile_work,
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ── claiming ───────────────────────────────────────────────────────────── */

/* The last job of a batch must begin within this fraction of its lease: an eighth. */
#define BEGIN_FRACTION 8

/* How long the jobs of one kind may take to begin, so that the other kinds need not wait for its backlog. */
#define BEGIN_MS 500

/* How long timers may be fired in one go while the other kinds wait. */
#define TIMERS_MS 500

/* And how long mails may be claimed in one go, batch after batch. */
#define MAILS_MS 100

/* How many jobs can be begun while their leases are young and the other kinds wait. */
static size_t begun_in_time(const struct sweeper *s, enum job_kind kind)
{
    int64_t young_ms = booking_lease_ms(s->config, kind) / BEGIN_FRACTION;
    double fit = (double)(young_ms < BEGIN_MS ? young_ms : BEGIN_MS) / s->begin_ms;
    if (fit >= JOBS_CLAIM_MAX)
        return JOBS_CLAIM_MAX;
    return fit < 1 ? 1 : (size_t)fit;
}

/* How many more mails may be on their way: one on each connection, and one that waits for it, as long as their leases
 * allow. A claim takes several. */
static size_t room_for_mails(const struct sweeper *s)
{
    size_t connections = (size_t)s->config->smtp_connections;
    size_t in_flight = smtp_in_flight(s->smtp);
    return in_flight > connections ? 0 : 2 * connections - in_flight;
}

static size_t room_for(const struct sweeper *s, enum job_kind kind)
{
    size_t max = (size_t)s->config->sweeper_max_in_flight;
    if (kind == JOB_SEND_MAIL && s->smtp != NULL)
        return room_for_mails(s);
    return s->in_flight[kind] < max ? max - s->in_flight[kind] : 0;
}

static size_t capacity(const struct sweeper *s, enum job_kind kind)
{
    size_t batch = sweeper_work[kind]->batch;
    if (sweeper_work[kind]->run != NULL)
        return batch > 0 ? batch : JOBS_CLAIM_MAX;
    size_t room = room_for(s, kind);
    size_t fit = begun_in_time(s, kind);
    return room < fit ? room : fit;
}

/* A moving average: a single slow one says little. */
static void note_begun(struct sweeper *s, int64_t since_ms, size_t count)
{
    double took_ms = (double)(monotonic_ms() - since_ms) / (double)count;
    s->begin_ms += ((took_ms < 1 ? 1 : took_ms) - s->begin_ms) / 4;
}

static bool start_one(struct sweeper *s, const struct job *job)
{
    int64_t begun_ms = monotonic_ms();
    bool more = sweeper_work[job->kind]->start(s, job);
    note_begun(s, begun_ms, 1);
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

/* Notes when more of the kind is due. A full claim may have left some. One that was not has left only what others have
 * locked, and says when the next is due; but a job that is begun singly may be due again at any time, so that has to be
 * looked for. If nothing was due, what was known was wrong. */
static void note_claim(struct sweeper *s, enum job_kind kind, const struct job *jobs, size_t count, size_t limit,
                       size_t left)
{
    int64_t now_ms = monotonic_ms();
    if (count == limit) {
        s->due_ms[kind] = now_ms;
        return;
    }
    bool is_known = count > 0 && (left == 0 || kind == JOB_EXPIRE_HOLD);
    bool is_next = is_known && jobs[0].next_due_at_ms != TIME_NONE;
    s->due_ms[kind] = is_next ? now_ms + jobs[0].next_due_at_ms - jobs[0].claimed_at_ms : INT64_MAX;
    s->next_look_ms = is_known ? earlier(s->next_look_ms, now_ms + HELD_MS) : 0;
}

static enum result claim(struct sweeper *s, enum job_kind kind, size_t limit, struct job *jobs, size_t *reterr_count,
                         size_t *reterr_left)
{
    if (sweeper_work[kind]->claim != NULL)
        return sweeper_work[kind]->claim(s, limit, jobs, reterr_count, reterr_left);
    enum result r = booking_claim(s->db, kind, limit, booking_lease_ms(s->config, kind), s->worker, jobs, reterr_count);
    *reterr_left = *reterr_count;
    return r;
}

/* Claims and starts one batch. False when the database is away. */
static bool claim_batch(struct sweeper *s, enum job_kind kind, size_t *reterr_count)
{
    struct job jobs[JOBS_CLAIM_MAX];
    size_t left = 0;
    int64_t claimed_ms = monotonic_ms();
    size_t limit = capacity(s, kind);
    enum result r = claim(s, kind, limit, jobs, reterr_count, &left);
    note_claim(s, kind, jobs, *reterr_count, limit, left);
    if (*reterr_count > left)
        note_begun(s, claimed_ms, *reterr_count - left);
    if (left > 0) {
        CRASH_SCOPE(job_kind_name(kind)); /* beginning the others may have left another */
        CRASH_POINT("claimed");
    }
    metrics_add((enum metric)(METRIC_CLAIMED_EXPIRE_HOLD + (int)kind), *reterr_count);
    if (r != RESULT_OK) {
        sweeper_database_failed(s, "claim", r);
        return false;
    }
    return left == 0 || start(s, jobs, left, claimed_ms);
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

/* A batch of mails is as small as there are connections, so there may be several while these are quick. */
static bool claim_mails(struct sweeper *s, size_t *reterr_count)
{
    int64_t until_ms = monotonic_ms() + MAILS_MS;
    size_t last = 0;
    *reterr_count = 0;
    do {
        if (!claim_batch(s, JOB_SEND_MAIL, &last))
            return false;
        *reterr_count += last;
        (void)smtp_pump(s->smtp);
    } while (last > 0 && capacity(s, JOB_SEND_MAIL) > 0 && *s->stop == 0 && monotonic_ms() < until_ms);
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
    if (kind == JOB_SEND_MAIL ? !claim_mails(s, reterr_count) : !claim_batch(s, kind, reterr_count))
        return false;
    *claimed += *reterr_count;
    return *last_timers < JOBS_CLAIM_MAX || claim_timers(s, claimed, last_timers);
}

/* Sees when work of each kind is due. */
static bool look(struct sweeper *s)
{
    int64_t due_in_ms[JOB_KIND_COUNT];
    enum result r = jobs_next_due(s->db, due_in_ms);
    int64_t now_ms = monotonic_ms();
    if (r != RESULT_OK) {
        sweeper_database_failed(s, "look", r);
        return false;
    }
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++)
        s->due_ms[kind] = due_in_ms[kind] == INT64_MAX ? INT64_MAX : now_ms + due_in_ms[kind];
    s->next_look_ms = now_ms + s->config->sweeper_poll_interval_ms;
    return true;
}

/* Claims one batch of each kind that is due, or only of timers while there is more to be settled. */
static void claim_due(struct sweeper *s, bool busy, size_t *reterr_claimed)
{
    size_t last_timers = 0;
    bool looks = monotonic_ms() >= s->next_look_ms;
    *reterr_claimed = 0;
    if (looks && !look(s))
        return;
    for (int kind = 0; kind < JOB_KIND_COUNT && *s->stop == 0; kind++) {
        size_t count = 0;
        int64_t next_look_ms = s->next_look_ms;
        /* No room: an answer must come first. */
        if (capacity(s, (enum job_kind)kind) == 0 || (busy && kind != JOB_EXPIRE_HOLD) ||
            s->due_ms[kind] > monotonic_ms())
            continue;
        if (!claim_kind(s, (enum job_kind)kind, reterr_claimed, &last_timers, &count))
            return;
        /* What is due but cannot be claimed is locked by others. */
        if (looks && count == 0) {
            s->due_ms[kind] = monotonic_ms() + HELD_MS;
            s->next_look_ms = earlier(next_look_ms, s->due_ms[kind]);
        }
    }
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
    idempotency_purge, order_tokens_purge, lookups_purge, messages_purge, imports_purge,
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
    if (r == RESULT_OK && now_ms >= s->counting.next_ms)
        r = sweeper_count(s);
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
    return http_in_flight(s->http) > 0 || smtp_in_flight(s->smtp) > 0 || !TAILQ_EMPTY(&s->answered);
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
        (void)smtp_pump(s->smtp);
        if (monotonic_ms() >= s->next_try_ms)
            (void)sweeper_settle(s);
    }
}

/* When there will be something to do: jobs that are due, the next look for some, a settlement to be tried again, or a
 * purge. */
static int64_t next_turn_ms(const struct sweeper *s, bool once)
{
    int64_t next_ms = earlier(s->next_look_ms, next_settlement_ms(s));
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++) {
        if (capacity(s, (enum job_kind)kind) > 0)
            next_ms = earlier(next_ms, s->due_ms[kind]);
    }
    int64_t housekeeping_ms = earlier(s->next_purge_ms, s->counting.next_ms);
    if (s->config->retention_ms > 0)
        housekeeping_ms = earlier(housekeeping_ms, s->retention.next_ms);
    return later(s->next_try_ms, once ? next_ms : earlier(next_ms, housekeeping_ms));
}

/* Sleeps until the next turn. An answer ends the sleep, and so does a wake-up, which says what has become due. */
static void rest(struct sweeper *s, bool once)
{
    int64_t wait_ms = next_turn_ms(s, once) - monotonic_ms();
    (void)http_wait(s->http, wait_ms > 0 ? wait_ms : 0, s->wake_fd);
    (void)smtp_pump(s->smtp);
    enum wake what = s->wake_fd >= 0 ? wake_drain(s->wake_fd) : WAKE_NONE;
    if (what == WAKE_PAYMENT)
        s->due_ms[JOB_PAYMENT_ATTEMPT] = 0;
    if (what == WAKE_ANYTHING)
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
        if (once)
            s->next_look_ms = 0;
        if (monotonic_ms() >= s->next_try_ms)
            claim_due(s, busy, &claimed);
        if (once)
            s->next_look_ms = earlier(s->next_look_ms, monotonic_ms() + SWEEPER_TRY_AGAIN_MS);
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
