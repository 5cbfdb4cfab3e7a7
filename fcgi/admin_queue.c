/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/base/wake.h"
#include "booking/store/queue.h"
#include "booking/store/sweepers.h"
#include "fcgi/job_json.h"

static void read_leases(const struct config *config, int64_t ret_lease_ms[JOB_KIND_COUNT])
{
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        ret_lease_ms[i] = booking_lease_ms(config, (enum job_kind)i);
}

/* ── the queue ──────────────────────────────────────────────────────────── */

static void write_kind(struct json_writer *w, enum job_kind kind, const struct queue_state *q)
{
    bool is_late = q->next_at_ms != TIME_NONE && q->next_at_ms < q->now_ms;
    json_open_object(w, NULL);
    json_add_text(w, "kind", job_kind_name(kind));
    json_add_int(w, "due", q->due);
    json_add_int(w, "running", q->running);
    json_add_int(w, "waiting", q->waiting);
    json_add_int(w, "failed", q->failed);
    json_add_int(w, "lagMs", is_late ? q->now_ms - q->next_at_ms : 0);
    json_add_time(w, "nextAt", q->next_at_ms);
    json_add_int(w, "perMinute", q->per_minute);
    json_add_time(w, "pausedAt", q->paused_at_ms);
    json_close_object(w);
}

void admin_get_queue(struct call *call)
{
    int64_t lease_ms[JOB_KIND_COUNT];
    struct queue_state states[JOB_KIND_COUNT];
    int64_t sweepers = 0;
    int64_t now_ms = 0;

    read_leases(call->config, lease_ms);
    enum result r = sweepers_count(call->db, &sweepers, &now_ms);
    if (r == RESULT_OK)
        r = queue_read(call->db, lease_ms, states);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_time(&w, "serverTime", now_ms);
    json_add_int(&w, "sweepers", sweepers);
    json_add_int(&w, "countedUpTo", QUEUE_COUNTED_MAX);
    json_open_array(&w, "kinds");
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        write_kind(&w, (enum job_kind)i, &states[i]);
    json_close_array(&w);
    json_close_object(&w);
}

/* ── sweepers ───────────────────────────────────────────────────────────── */

static void write_sweeper(const struct sweeper_row *sweeper, void *context)
{
    struct json_writer *w = context;
    json_open_object(w, NULL);
    json_add_text(w, "worker", sweeper->worker);
    json_add_bool(w, "alive", sweeper->alive);
    json_add_time(w, "startedAt", sweeper->started_at_ms);
    json_add_time(w, "lastSeen", sweeper->last_seen_ms);
    json_add_int(w, "inFlight", sweeper->in_flight);
    json_close_object(w);
}

static void write_lease(const struct job_row *job, void *context)
{
    job_write_json(context, job);
}

void admin_get_sweepers(struct call *call)
{
    int64_t alive = 0;
    int64_t now_ms = 0;
    enum result r = sweepers_count(call->db, &alive, &now_ms);
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_time(&w, "serverTime", now_ms);
    json_open_array(&w, "sweepers");
    if (r == RESULT_OK)
        r = sweepers_list(call->db, write_sweeper, &w);
    json_close_array(&w);
    json_open_array(&w, "leases");
    for (int i = 0; r == RESULT_OK && i < JOB_KIND_COUNT; i++) {
        enum job_kind kind = (enum job_kind)i;
        r = jobs_leased(call->db, kind, booking_lease_ms(call->config, kind), write_lease, &w);
    }
    json_close_array(&w);
    json_close_object(&w);
    if (r != RESULT_OK)
        call_refuse(call, r);
}

/* ── kinds ──────────────────────────────────────────────────────────────── */

static void set_paused(struct call *call,
                       enum result (*set)(struct db *db, const struct caller *caller, enum job_kind kind))
{
    struct caller caller;
    enum job_kind kind = JOB_EXPIRE_HOLD;
    int64_t lease_ms[JOB_KIND_COUNT];
    struct queue_state states[JOB_KIND_COUNT];

    if (!call_plain_caller(call, &caller))
        return;
    read_leases(call->config, lease_ms);
    enum result r = job_kind_parse(call->id, &kind) ? set(call->db, &caller, kind) : RESULT_NOT_FOUND;
    if (r == RESULT_OK)
        r = queue_read(call->db, lease_ms, states);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    write_kind(&w, kind, &states[kind]);
}

void admin_post_kind_pause(struct call *call)
{
    set_paused(call, booking_pause_kind);
}

void admin_post_kind_resume(struct call *call)
{
    set_paused(call, booking_resume_kind);
    wake_all(call->config->sweeper_wake_dir, WAKE_ANYTHING);
}
