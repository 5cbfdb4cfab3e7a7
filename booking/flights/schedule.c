/* SPDX-License-Identifier: MIT */
#include "booking/flights/schedule.h"

#include "booking/base/text.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

/* The texts of one day's plan. */
struct day {
    struct flight_plan plan;
    char date[11];
    char id[FLIGHT_ID_SIZE];
    char departure[TIMESTAMP_SIZE];
    char arrival[TIMESTAMP_SIZE];
};

/* 1970-01-01 was a Thursday. */
static size_t weekday_of(int64_t day_ms)
{
    return (size_t)((day_ms / DAY_MS + 3) % 7) + 1;
}

/* "2026-03-29T07:30" */
static void write_time(int64_t day_ms, const char *clock, char ret_text[TIMESTAMP_SIZE])
{
    timestamp_format(day_ms, ret_text);
    memcpy(ret_text + 11, clock, 5);
    ret_text[16] = '\0';
}

/* The id of a day: the rule with the date in the place of "{date}". */
static bool write_id(const char *rule, const char *date, char ret_id[FLIGHT_ID_SIZE])
{
    const char *mark = strstr(rule, "{date}");
    int n = mark == NULL ? -1 : snprintf(ret_id, FLIGHT_ID_SIZE, "%.*s%s%s", (int)(mark - rule), rule, date, mark + 6);
    return n >= 0 && n < FLIGHT_ID_SIZE;
}

static bool make_day(const struct schedule *s, int64_t day_ms, struct day *day)
{
    day->plan = s->template;
    timestamp_format(day_ms, day->departure);
    text_copy(day->date, sizeof day->date, day->departure);
    write_time(day_ms, s->departure, day->departure);
    day->plan.id = day->id;
    day->plan.departure = day->departure;
    if (s->arrival != NULL) {
        write_time(day_ms + s->arrival_day * DAY_MS, s->arrival, day->arrival);
        day->plan.arrival = day->arrival;
    }
    return write_id(s->id_rule, day->date, day->id);
}

/* What is wrong with every day is said once; what only some days have, with the day. */
static void add_faults(struct faults *faults, const struct faults *of_day, const char *date)
{
    for (size_t i = 0; i < of_day->count; i++) {
        const struct fault *f = &of_day->fault[i];
        char path[FAULT_PATH_SIZE];
        (void)snprintf(path, sizeof path, "template.%.60s", f->path);
        bool is_of_day = strcmp(f->path, "departure") == 0 || strcmp(f->path, "arrival") == 0;
        bool is_known = false;
        for (size_t k = 0; k < faults->count && !is_of_day; k++)
            is_known = is_known || strcmp(faults->fault[k].path, path) == 0;
        if (is_of_day)
            faults_add(faults, f->path, "%s: %s", date, f->message);
        else if (!is_known)
            faults_add(faults, path, "%s", f->message);
    }
}

struct season {
    const struct caller *caller;
    const struct schedule *schedule;
    bool dry_run;
    void (*each)(const struct flight_row *row, enum schedule_outcome outcome, void *context);
    void *context;
    struct faults *faults;
};

/* What putting this day's flight would do. */
static enum result foresee(struct db *db, const struct season *s, struct day *day, int64_t now_ms)
{
    static struct faults of_day; /* too large for the stack, and there is one request at a time */
    struct flight_row was;
    struct flight_row row;
    struct cabin cabin;
    bool is_there = false;
    of_day.count = 0;
    TRY(flight_plan_find_old(db, &day->plan, &was, &is_there));
    enum result r = flight_plan_check(db, &day->plan, &row, &cabin, &of_day);
    cabin_done(&cabin);
    bool agrees = is_there && of_day.count == 0 && flight_rows_agree(&was, &row);
    if (r == RESULT_OK && of_day.count == 0 && !agrees && row.departure_ms <= now_ms)
        faults_add(&of_day, "departure", "This time is over.");
    add_faults(s->faults, &of_day, day->date);
    if (r == RESULT_OK && s->dry_run && of_day.count == 0)
        s->each(&row, agrees ? SCHEDULE_UNCHANGED : is_there ? SCHEDULE_CHANGED : SCHEDULE_MADE, s->context);
    return r;
}

static enum result put(struct db *db, const struct season *s, struct day *day)
{
    struct caller caller = *s->caller;
    struct put_flight flight;
    caller.before_commit = NULL;
    caller.only_if = caller.unless = (struct version_set){ .any = false };
    TRY(booking_put_flight(db, &caller, &day->plan, &flight, s->faults));
    s->each(&flight.row,
            flight.is_new       ? SCHEDULE_MADE
            : flight.is_changed ? SCHEDULE_CHANGED
                                : SCHEDULE_UNCHANGED,
            s->context);
    return RESULT_OK;
}

/* Goes over the days: checks them, or puts their flights. */
static enum result go_over(struct db *db, const struct season *s, bool puts, int64_t now_ms, size_t *reterr_count)
{
    const struct schedule *schedule = s->schedule;
    *reterr_count = 0;
    for (int64_t day_ms = schedule->from_ms; day_ms <= schedule->to_ms; day_ms += DAY_MS) {
        struct day day;
        if (!schedule->weekday[weekday_of(day_ms)])
            continue;
        ++*reterr_count;
        if (!make_day(schedule, day_ms, &day)) {
            faults_add(s->faults, "id", "The rule must have {date} in it, and make no more than 50 characters.");
            return RESULT_OK;
        }
        TRY(puts ? put(db, s, &day) : foresee(db, s, &day, now_ms));
        if (s->faults->count == FAULTS_MAX)
            return RESULT_OK;
    }
    return RESULT_OK;
}

enum result booking_schedule(struct db *db, const struct caller *caller, const struct schedule *schedule, bool dry_run,
                             void (*each)(const struct flight_row *row, enum schedule_outcome outcome, void *context),
                             void *context, struct faults *faults)
{
    const struct season s = { caller, schedule, dry_run, each, context, faults };
    int64_t now_ms = 0;
    size_t count = 0;
    if (schedule->to_ms < schedule->from_ms || schedule->to_ms - schedule->from_ms >= SCHEDULE_DAYS_MAX * DAY_MS) {
        faults_add(faults, "to", "The last day must not be before the first, nor more than %d days after it.",
                   SCHEDULE_DAYS_MAX - 1);
        return RESULT_INVALID_REQUEST;
    }
    TRY(flight_rows_now(db, &now_ms));
    TRY(go_over(db, &s, false, now_ms, &count));
    if (count == 0)
        faults_add(faults, "weekdays", "None of these days of the week is between the first and the last day.");
    if (faults->count > 0)
        return RESULT_INVALID_REQUEST;
    return dry_run ? RESULT_OK : go_over(db, &s, true, now_ms, &count);
}
