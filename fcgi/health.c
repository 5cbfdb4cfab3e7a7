/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/metrics.h"
#include "booking/store/jobs.h"
#include "booking/store/sweepers.h"
#include "fcgi/bulkhead.h"

static void write_settings(struct json_writer *w, const struct config *config)
{
    json_open_object(w, "settings");
    json_add_int(w, "reservationTimeoutSeconds", config->reservation_timeout_ms / 1000);
    json_add_int(w, "maxSeatsPerOrder", config->max_seats_per_order);
    json_add_int(w, "maxPaymentAttempts", config->payment_max_attempts);
    json_add_text(w, "paymentCode", config->payment_code);
    json_add_bool(w, "paymentSimulator", config->payment_simulator);
    json_add_number(w, "paymentFailureRate", config->payment_simulator ? config->payment_failure_rate : 0);
    if (config_takes_passengers(config))
        json_add_text(w, "passengers", config->passengers);
    if (config_takes_passengers(config) && config->name_change_until_ms != CONFIG_OFF)
        json_add_int(w, "nameChangeUntilSeconds", config->name_change_until_ms / 1000);
    if (config->seat_change_until_ms != CONFIG_OFF)
        json_add_int(w, "seatChangeUntilSeconds", config->seat_change_until_ms / 1000);
    if (config->terms_url[0] != '\0')
        json_add_text(w, "termsUrl", config->terms_url);
    if (config->privacy_url[0] != '\0')
        json_add_text(w, "privacyUrl", config->privacy_url);
    json_close_object(w);
}

/* How late the first of the jobs is that wait to be done. */
static enum result measure_lateness(struct db *db, int64_t *ret_late_ms)
{
    int64_t due_in_ms[JOB_KIND_COUNT];
    int64_t late_ms = 0;
    enum result r = jobs_next_due(db, due_in_ms);
    if (r != RESULT_OK)
        return r;
    for (int kind = 0; kind < JOB_KIND_COUNT; kind++)
        late_ms = -due_in_ms[kind] > late_ms ? -due_in_ms[kind] : late_ms;
    *ret_late_ms = late_ms;
    return RESULT_OK;
}

/* The system takes bookings while the database answers and accepts writes. Without a sweeper holds still lapse, but
 * payments wait; the answer says so, but that is no reason to turn customers away. */
void health_get(struct call *call)
{
    int64_t sweepers = 0;
    int64_t now_ms = 0;
    int64_t late_ms = 0;
    if (metrics_processes("booking-api") == 0) {
        problem_say(call->response, call->request, PROBLEM_DATABASE_UNAVAILABLE, "No process of the API is running.");
        return;
    }
    enum result r = bulkhead_enter_check() ? sweepers_can_be_written(call->db) : RESULT_UNAVAILABLE;
    if (r == RESULT_OK)
        r = sweepers_count(call->db, &sweepers, &now_ms);
    if (r == RESULT_OK)
        r = measure_lateness(call->db, &late_ms);
    if (r != RESULT_OK) {
        call_refuse(call, r == RESULT_INTERNAL ? RESULT_UNAVAILABLE : r);
        return;
    }
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "ok");
    json_add_text(&w, "database", "ok");
    json_add_text(&w, "sweeper", sweepers > 0 ? "ok" : "down");
    json_add_int(&w, "sweepers", sweepers);
    json_add_int(&w, "jobsLateSeconds", late_ms / 1000);
    json_add_time(&w, "serverTime", now_ms);
    json_add_text(&w, "version", BOOKING_VERSION);
    write_settings(&w, call->config);
    json_close_object(&w);
}

void health_get_live(struct call *call)
{
    struct json_writer w = response_json(call->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "ok");
    json_close_object(&w);
}
