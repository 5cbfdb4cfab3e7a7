/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/store/jobs.h"
#include "booking/store/sweepers.h"
#include "fcgi/bulkhead.h"
#include "fcgi/router.h"

/* What the database knows: how the queues stand, and how many sweepers run. */
struct gauges {
    struct job_queue queue[JOB_KIND_COUNT];
    int64_t sweepers;
    int64_t now_ms;
};

static enum result read_gauges(struct db *db, struct gauges *reterr_gauges)
{
    enum result r = sweepers_count(db, &reterr_gauges->sweepers, &reterr_gauges->now_ms);
    for (int i = 0; r == RESULT_OK && i < JOB_KIND_COUNT; i++)
        r = jobs_count(db, (enum job_kind)i, &reterr_gauges->queue[i]);
    return r;
}

static void write_gauge(struct buf *out, const char *name, const char *help)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void write_queues(struct buf *out, const struct gauges *g)
{
    static const char *const states[] = { "due", "waiting", "failed" };
    write_gauge(out, "booking_jobs", "Jobs by kind and state, counted up to 10000.");
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++) {
        const int64_t counts[] = { g->queue[kind].due, g->queue[kind].waiting, g->queue[kind].failed };
        for (int i = 0; i < 3; i++)
            buf_addf(out, "booking_jobs{kind=\"%s\",state=\"%s\"} %lld\n", job_kind_name((enum job_kind)kind),
                     states[i], (long long)counts[i]);
    }
    write_gauge(out, "booking_jobs_lag_seconds", "How long the oldest job that is due has been waiting.");
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++)
        buf_addf(out, "booking_jobs_lag_seconds{kind=\"%s\"} %.3f\n", job_kind_name((enum job_kind)kind),
                 (double)g->queue[kind].lag_ms / 1000);
    write_gauge(out, "booking_job_kind_paused", "Whether an operator has paused this kind of job.");
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++)
        buf_addf(out, "booking_job_kind_paused{kind=\"%s\"} %d\n", job_kind_name((enum job_kind)kind),
                 g->queue[kind].paused ? 1 : 0);
    write_gauge(out, "booking_holds_active", "Holds whose time runs, counted up to 10000.");
    buf_addf(out, "booking_holds_active %lld\n", (long long)g->queue[JOB_EXPIRE_HOLD].waiting);
    write_gauge(out, "booking_sweepers_alive", "Sweepers that reported in the last 15 seconds.");
    buf_addf(out, "booking_sweepers_alive %lld\n", (long long)g->sweepers);
}

/* The counters are reported even without the database. */
void metrics_get(struct call *call)
{
    struct gauges gauges = { .sweepers = 0 };
    struct buf *out = &call->response->body;
    enum result r = bulkhead_enter_check() ? read_gauges(call->db, &gauges) : RESULT_UNAVAILABLE;

    call->response->status = 200;
    call->response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    buf_clear(out);
    router_write_metrics(out);
    write_gauge(out, "booking_database_up", "Whether the database answered.");
    buf_addf(out, "booking_database_up %d\n", r == RESULT_OK ? 1 : 0);
    if (r == RESULT_OK)
        write_queues(out, &gauges);
}
