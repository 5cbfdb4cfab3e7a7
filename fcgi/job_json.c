/* SPDX-License-Identifier: MIT */
#include "fcgi/job_json.h"

#include "booking/core/order_json.h"

void job_write_json(struct json_writer *w, const struct job_row *job)
{
    json_open_object(w, NULL);
    json_add_int(w, "id", job->job_id);
    json_add_text(w, "kind", job->kind);
    json_add_text(w, "orderId", job->order_id);
    json_add_text(w, "flightId", job->flight_id);
    if (job->has_flight)
        order_flight_write_json(w, &job->flight);
    else
        json_add_null(w, "flight");
    json_add_text(w, "status", job->status);
    json_add_time(w, "runAt", job->run_at_ms);
    json_add_int(w, "attempts", job->attempts);
    json_add_int(w, "maxAttempts", job->max_attempts);
    json_add_text(w, "lockedBy", job->locked_by);
    json_add_text(w, "lastError", job->last_error);
    json_add_time(w, "createdAt", job->created_at_ms);
    json_add_time(w, "updatedAt", job->updated_at_ms);
    json_close_object(w);
}
