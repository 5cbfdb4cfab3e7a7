/* SPDX-License-Identifier: MIT */
#include "fcgi/handlers.h"

#include "booking/core/said_time.h"
#include "booking/flights/schedule.h"
#include "fcgi/body.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(struct json_object *json, const char *name, const char *message, struct faults *faults)
{
    struct json_object *field = NULL;
    if (json_object_object_get_ex(json, name, &field) && json_object_is_type(field, json_type_string) &&
        strlen(json_object_get_string(field)) == (size_t)json_object_get_string_len(field))
        return json_object_get_string(field);
    if (field != NULL || message != NULL)
        faults_add(faults, name, "%s", message == NULL ? "This must be a text." : message);
    return NULL;
}

static int64_t day_of(struct json_object *json, const char *name, struct faults *faults)
{
    static const char message[] = "Say a day, such as 2026-03-29.";
    const char *text = text_of(json, name, message, faults);
    int64_t ms = 0;
    if (text != NULL && !timestamp_parse_date(text, &ms))
        faults_add(faults, name, "%s", message);
    return ms;
}

static const char *clock_of(struct json_object *json, const char *name, const char *message, struct faults *faults)
{
    const char *text = text_of(json, name, message, faults);
    if (text == NULL || said_clock_is_valid(text))
        return text;
    faults_add(faults, name, "Say a time of the day, such as 07:30.");
    return NULL;
}

static bool read_number(struct json_object *field, int64_t least, int64_t most, int64_t *ret_number)
{
    if (!json_object_is_type(field, json_type_int))
        return false;
    *ret_number = json_object_get_int64(field);
    return *ret_number >= least && *ret_number <= most;
}

static void read_weekdays(struct json_object *json, struct schedule *schedule, struct faults *faults)
{
    struct json_object *list = NULL;
    bool ok = json_object_object_get_ex(json, "weekdays", &list) && json_object_is_type(list, json_type_array) &&
              json_object_array_length(list) > 0 && json_object_array_length(list) <= 7;
    for (size_t i = 0; ok && i < (size_t)json_object_array_length(list); i++) {
        int64_t day = 0;
        ok = read_number(json_object_array_get_idx(list, i), 1, 7, &day);
        if (ok)
            schedule->weekday[day] = true;
    }
    if (!ok)
        faults_add(faults, "weekdays", "Say on which days of the week, from 1 (Monday) to 7 (Sunday).");
}

/* The faults of the template say that they are: "template.fares". */
static void read_template(struct json_object *json, struct schedule *schedule, struct faults *faults)
{
    struct json_object *template = NULL;
    size_t first = faults->count;
    if (!json_object_object_get_ex(json, "template", &template)) {
        faults_add(faults, "template", "Say what the flights are, but for their ids and times.");
        return;
    }
    flight_plan_read(template, NULL, &schedule->template, faults);
    for (size_t i = first; i < faults->count; i++) {
        char path[FAULT_PATH_SIZE];
        (void)snprintf(path, sizeof path, "template.%.60s", faults->fault[i].path);
        memcpy(faults->fault[i].path, path, sizeof path);
    }
}

static void read_schedule(struct json_object *json, struct schedule *schedule, struct faults *faults)
{
    struct json_object *day = NULL;
    read_template(json, schedule, faults);
    schedule->id_rule = text_of(json, "id", "Say how the ids are made, such as LH123-{date}.", faults);
    schedule->from_ms = day_of(json, "from", faults);
    schedule->to_ms = day_of(json, "to", faults);
    read_weekdays(json, schedule, faults);
    schedule->departure = clock_of(json, "departure", "Say when they depart, such as 07:30.", faults);
    schedule->arrival = clock_of(json, "arrival", NULL, faults);
    if (json_object_object_get_ex(json, "arrivalDay", &day) && !read_number(day, 0, 3, &schedule->arrival_day))
        faults_add(faults, "arrivalDay", "Say how many days after the departure, from 0 to 3.");
}

struct answer {
    struct json_writer w;
    int64_t count[3];
};

static void write_flight(const struct flight_row *row, enum schedule_outcome outcome, void *context)
{
    static const char *const names[] = { "MADE", "CHANGED", "UNCHANGED" };
    struct answer *answer = context;
    answer->count[outcome]++;
    json_open_object(&answer->w, NULL);
    json_add_text(&answer->w, "id", row->flight_id);
    json_add_text(&answer->w, "flightNumber", row->number);
    json_add_text(&answer->w, "origin", row->origin);
    json_add_text(&answer->w, "destination", row->destination);
    json_add_text(&answer->w, "departure", row->departure_said);
    json_add_time(&answer->w, "departureTime", row->departure_ms);
    json_add_text(&answer->w, "arrival", row->arrival_said[0] == '\0' ? NULL : row->arrival_said);
    json_add_time(&answer->w, "arrivalTime", row->arrival_ms);
    json_add_text(&answer->w, "outcome", names[outcome]);
    json_close_object(&answer->w);
}

static void schedule_flights(struct call *call, const struct body *body, bool dry_run)
{
    static struct faults faults; /* too large for the stack, and there is one request at a time */
    struct schedule schedule = { .arrival_day = 0 };
    struct answer answer = { .count = { 0 } };
    struct caller caller;
    faults.count = 0;
    read_schedule(body->json, &schedule, &faults);
    if (faults.count > 0) {
        call_refuse_faults(call, &faults);
        return;
    }
    if (!call_plain_caller(call, &caller))
        return;
    answer.w = response_json(call->response, 200);
    json_open_object(&answer.w, NULL);
    json_add_bool(&answer.w, "dryRun", dry_run);
    json_open_array(&answer.w, "flights");
    enum result r = booking_schedule(call->db, &caller, &schedule, dry_run, write_flight, &answer, &faults);
    json_close_array(&answer.w);
    json_add_int(&answer.w, "made", answer.count[SCHEDULE_MADE]);
    json_add_int(&answer.w, "changed", answer.count[SCHEDULE_CHANGED]);
    json_add_int(&answer.w, "unchanged", answer.count[SCHEDULE_UNCHANGED]);
    json_close_object(&answer.w);
    if (r == RESULT_INVALID_REQUEST)
        call_refuse_faults(call, &faults);
    else if (r != RESULT_OK)
        call_refuse(call, r);
}

void flight_admin_post_schedule(struct call *call)
{
    struct body body;
    bool dry_run = false;
    if (!body_is_json(call->request)) {
        problem_say(call->response, call->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "Send the season as application/json.");
        return;
    }
    if (!body_parse(call->request, call->response, &body))
        return;
    if (body_flag(&body, "dryRun", false, &dry_run))
        schedule_flights(call, &body, dry_run);
    else
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "dryRun",
                      "dryRun must be true or false.");
    body_done(&body);
}
