/* SPDX-License-Identifier: MIT */
/* IMPORT_FLIGHTS: checks, stages and publishes a file of flights.
 *
 * A turn does steps for a moment and gives the job back, due at once, so that no timer and no other kind of work waits
 * for it, and several imports take turns. How far it has come is in the database. */

#include "sweeper/sweeper.h"

#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/flights/import.h"

#include <string.h>

#define TURN_BUDGET_MS 100
#define LOCKED_PAUSE_MS 300

static void log_end(const struct job *job, const struct import *import)
{
    log_info("flights_imported", LOG_TEXT("request_id", job->request_id), LOG_TEXT("import", import->import_id),
             LOG_TEXT("status", import_status_name(import->status)), LOG_NUMBER("made", import->made),
             LOG_NUMBER("changed", import->changed), LOG_NUMBER("unchanged", import->unchanged),
             LOG_NUMBER("faults", import->faults));
}

static bool run(struct sweeper *s, const struct job *jobs, size_t count)
{
    struct import import = { .status = IMPORT_UPLOADING };
    bool is_over = false;
    int64_t until_ms = monotonic_ms() + TURN_BUDGET_MS;
    enum result r = RESULT_OK;
    (void)count; /* .batch is 1 */
    while (r == RESULT_OK && !is_over && *s->stop == 0 && monotonic_ms() < until_ms) {
        enum import_status before = import.status;
        r = booking_step_import(s->db, s->config, &jobs[0], &s->import_hint, &import, &is_over);
        if (r == RESULT_OK && import.status != before && before != IMPORT_UPLOADING && import.status >= IMPORT_CHECKED)
            log_end(&jobs[0], &import);
        (void)http_pump(s->http);
        notify_alive(monotonic_ms());
    }
    if (r == RESULT_UNAVAILABLE && db_was_locked_out(s->db))
        r = booking_pause_walk(s->db, &jobs[0], LOCKED_PAUSE_MS);
    else if (r == RESULT_OK && !is_over)
        r = booking_pause_walk(s->db, &jobs[0], 0);
    return r == RESULT_OK || sweeper_job_failed(s, &jobs[0], "import_flights", r);
}

const struct job_work import_work = { .run = run, .batch = 1 };
