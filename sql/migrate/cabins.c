/* SPDX-License-Identifier: MIT */
/* A flight's seats are filled in first, at most SEATS_BATCH rows in a transaction, with a pause after each, so that no
 * hold waits for more than one of them. Only then does the flight's own row name the cabin. A run that was killed in
 * between finds the flight again, and what it had filled in is what the plan says, so it goes on. A price never
 * changes: flights that have fares or surcharges already are left alone. */

#include "sql/migrate/cabins.h"

#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/base/timestamp.h"
#include "booking/base/zone.h"
#include "booking/core/cabin.h"
#include "booking/core/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEATS_BATCH 250
#define FLIGHTS_PAGE 100
#define DAYS_PAGE 250
#define PAUSE_US 4000
#define WAIT_US 300000
#define WAITS_MAX 60
/* How many flights without a plan are named. */
#define NAMED_MAX 10
#define LAYOUT_MAX 32
#define EXIT_ROWS_MAX 104

DB_SQL(MIGRATION_CABIN_FLIGHTS,
       "SELECT flight_id, seat_layout, exit_rows, fares <> '' OR surcharges <> '' AS has_tariff FROM flights"
       " WHERE cabin_id IS NULL AND cabin_version IS NULL AND flight_id > ? AND status <> 'DRAFT'"
       " ORDER BY flight_id LIMIT ?");

DB_SQL(MIGRATION_CABIN_SEATS,
       "SELECT seat_number, seat_row, COALESCE(seat_letters, seat_column) AS letters, cabin_class, features"
       " FROM seats WHERE flight_id = ? LIMIT ?");

DB_SQL(MIGRATION_CABIN_FIND, "SELECT cabin_id, version FROM cabins WHERE plan = ? ORDER BY cabin_id, version LIMIT 1");

DB_SQL(MIGRATION_CABIN_ADD, "INSERT INTO cabins (cabin_id, version, name, plan, seat_count, created_at)"
                            " VALUES (?, 1, ?, ?, ?, UTC_TIMESTAMP(3))");

/* The lists have the features of each column, for rows with an exit and for others: "aisle,window|aisle|window". */
DB_SQL(MIGRATION_CABIN_FILL,
       "UPDATE seats SET cabin_class = 'economy', features = SUBSTRING_INDEX(SUBSTRING_INDEX("
       "IF(FIND_IN_SET(seat_row, ?) > 0, ?, ?), '|', FIND_IN_SET(seat_column, ?)), '|', -1)"
       " WHERE flight_id = ? AND features IS NULL AND seat_letters IS NULL ORDER BY seat_number LIMIT ?");

DB_SQL(MIGRATION_CABIN_HOLD, "SELECT version FROM cabins WHERE cabin_id = ? AND version = ? LOCK IN SHARE MODE");

DB_SQL(MIGRATION_CABIN_GIVE, "UPDATE flights SET cabin_id = ?, cabin_version = ? WHERE flight_id = ?"
                             " AND cabin_id IS NULL AND cabin_version IS NULL");

DB_SQL(MIGRATION_DAYS,
       "SELECT flight_id, departure_time, origin_time_zone FROM flights WHERE departure_day IS NULL"
       " AND departure_time >= ? AND (departure_time > ? OR flight_id > ?)"
       " ORDER BY departure_time, flight_id LIMIT ?");

DB_SQL(MIGRATION_DAY_SET, "UPDATE flights SET departure_day = ? WHERE flight_id = ? AND departure_day IS NULL"
                          " AND departure_time = ?");

static int complain(struct db *db, const char *what)
{
    (void)fprintf(stderr, "migrate: %s: %s\n", what, db_last_error(db));
    return 1;
}

static void rest(void)
{
    (void)usleep(PAUSE_US);
}

/* Waits before a statement is tried again that met a lock. False after that many times. */
static bool may_try_again(enum result r, int *tries)
{
    if (r != RESULT_RETRY || ++*tries >= WAITS_MAX)
        return false;
    (void)usleep(WAIT_US + (useconds_t)(random_fraction() * WAIT_US));
    return true;
}

static enum result exec(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                        uint64_t *reterr_matched)
{
    enum result r;
    int tries = 0;
    do
        r = db_exec(db, sql, args, n, reterr_matched);
    while (may_try_again(r, &tries));
    return r;
}

/* ── a flight's plan ────────────────────────────────────────────────────── */

struct old_flight {
    char id[FLIGHT_ID_SIZE];
    char layout[LAYOUT_MAX];
    char exit_rows[EXIT_ROWS_MAX];
    bool has_tariff;
};

struct work {
    struct db *db;
    struct cabin_found found[CABIN_SEATS_MAX + 1];
    size_t count;
    size_t flights; /* that got a cabin */
    size_t seats;
    size_t without; /* that follow no plan */
    /* The cabin that was given last, since most flights have the same. */
    struct buf plan;
    char cabin_id[CABIN_ID_SIZE];
    int64_t version;
};

static enum result read_seats(struct work *w, const struct old_flight *flight)
{
    struct db_rows *rows = NULL;
    w->count = 0;
    enum result r = db_query(w->db, &MIGRATION_CABIN_SEATS, DB_ARGS(db_text(flight->id), db_int(CABIN_SEATS_MAX + 1)),
                             &rows);
    while (db_more(rows, &r)) {
        struct cabin_found *f = &w->found[w->count++];
        const char *features = db_get_text(rows, "features");
        const char *cabin_class = db_get_text(rows, "cabin_class");
        *f = (struct cabin_found){ .row = db_get_int(rows, "seat_row"), .knows_features = features != NULL };
        text_copy(f->number, sizeof f->number, db_get_text(rows, "seat_number"));
        text_copy(f->letters, sizeof f->letters, db_get_text(rows, "letters"));
        text_copy(f->features, sizeof f->features, features == NULL ? "" : features);
        text_copy(f->cabin_class, sizeof f->cabin_class, cabin_class == NULL ? "" : cabin_class);
    }
    return r;
}

/* Adds a cabin under the proposed id or, if that is taken, with a number behind it. */
static enum result add_cabin(struct work *w, const struct cabin *cabin)
{
    enum result r = RESULT_DUPLICATE;
    for (int number = 1; r == RESULT_DUPLICATE && number < 10000; number++) {
        if (number == 1)
            text_copy(w->cabin_id, sizeof w->cabin_id, cabin->id);
        else
            (void)snprintf(w->cabin_id, sizeof w->cabin_id, "%.42s-%d", cabin->id, number);
        r = exec(w->db, &MIGRATION_CABIN_ADD,
                 DB_ARGS(db_text(w->cabin_id), db_text(cabin->name), db_text(buf_str(&w->plan)),
                         db_int((int64_t)cabin->seat_count)),
                 NULL);
    }
    w->version = 1;
    return r;
}

/* Finds the cabin with this plan, or makes it. */
static enum result use_cabin(struct work *w, const struct cabin *cabin)
{
    struct db_rows *rows = NULL;
    struct buf plan = BUF_INIT;
    cabin_write_plan(&plan, cabin);
    if (!buf_ok(&plan) || (w->version > 0 && strcmp(buf_str(&plan), buf_str(&w->plan)) == 0)) {
        bool ok = buf_ok(&plan);
        buf_done(&plan);
        return ok ? RESULT_OK : RESULT_INTERNAL;
    }
    buf_done(&w->plan);
    w->plan = plan;
    w->version = 0;
    enum result r = db_query(w->db, &MIGRATION_CABIN_FIND, DB_ARGS(db_text(buf_str(&w->plan))), &rows);
    while (db_more(rows, &r)) {
        text_copy(w->cabin_id, sizeof w->cabin_id, db_get_text(rows, "cabin_id"));
        w->version = db_get_int(rows, "version");
    }
    return r == RESULT_OK && w->version == 0 ? add_cabin(w, cabin) : r;
}

/* ── its seats ──────────────────────────────────────────────────────────── */

/* What MIGRATION_CABIN_FILL needs, as the plan's own seats have it. */
struct filling {
    struct buf columns;   /* "A,B,C" */
    struct buf features;  /* of each column, in a row without an exit */
    struct buf with_exit; /* and in a row with one */
    char exit_rows[5 * CABIN_ROW_MAX];
};

static void add_kind(struct buf *out, bool is_exit, bool is_aisle, bool is_window)
{
    const char *names[3];
    size_t count = 0;
    if (is_aisle)
        names[count++] = "aisle";
    if (is_exit)
        names[count++] = "exit";
    if (is_window)
        names[count++] = "window";
    for (size_t i = 0; i < count; i++)
        buf_addf(out, "%s%s", i > 0 ? "," : "", names[i]);
}

static void prepare(const struct cabin *cabin, struct filling *f)
{
    const struct cabin_section *s = &cabin->section[0];
    size_t len = 0;
    for (size_t i = 0; i < s->column_count; i++) {
        bool is_last = i + 1 == s->column_count;
        bool is_aisle = s->column[i].over_aisle || (!is_last && s->column[i + 1].over_aisle);
        buf_addf(&f->columns, "%s%s", i > 0 ? "," : "", s->column[i].letters);
        buf_add_str(&f->features, i > 0 ? "|" : "");
        buf_add_str(&f->with_exit, i > 0 ? "|" : "");
        add_kind(&f->features, false, is_aisle, i == 0 || is_last);
        add_kind(&f->with_exit, true, is_aisle, i == 0 || is_last);
    }
    f->exit_rows[0] = '\0';
    for (int row = 1; s->feature_count > 0 && row <= CABIN_ROW_MAX; row++) {
        if (row_set_has(&s->feature[0].rows, row))
            len += (size_t)snprintf(f->exit_rows + len, sizeof f->exit_rows - len, "%s%d", len > 0 ? "," : "", row);
    }
}

static enum result fill_seats(struct work *w, const struct old_flight *flight, const struct filling *f)
{
    uint64_t matched = 0;
    do {
        TRY(exec(w->db, &MIGRATION_CABIN_FILL,
                 DB_ARGS(db_text(f->exit_rows), db_text(buf_str(&f->with_exit)), db_text(buf_str(&f->features)),
                         db_text(buf_str(&f->columns)), db_text(flight->id), db_int(SEATS_BATCH)),
                 &matched));
        rest();
    } while (matched == SEATS_BATCH);
    return RESULT_OK;
}

static enum result fill(struct work *w, const struct old_flight *flight, const struct cabin *cabin)
{
    struct filling f = { .exit_rows = "" };
    prepare(cabin, &f);
    bool ok = buf_ok(&f.columns) && buf_ok(&f.features) && buf_ok(&f.with_exit);
    enum result r = ok ? fill_seats(w, flight, &f) : RESULT_INTERNAL;
    buf_done(&f.columns);
    buf_done(&f.features);
    buf_done(&f.with_exit);
    return r;
}

/* Names the cabin in the flight's row, if it is still there and the flight has no other meanwhile. */
static enum result give_in_txn(struct work *w, const struct old_flight *flight)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(w->db, &MIGRATION_CABIN_HOLD, DB_ARGS(db_text(w->cabin_id), db_int(w->version)), RESULT_RETRY,
                     &rows));
    return db_exec(w->db, &MIGRATION_CABIN_GIVE, DB_ARGS(db_text(w->cabin_id), db_int(w->version), db_text(flight->id)),
                   NULL);
}

static enum result give(struct work *w, const struct old_flight *flight)
{
    enum result r;
    int tries = 0;
    CRASH_SCOPE("give-cabin");
    do {
        r = db_begin(w->db);
        if (r == RESULT_OK)
            r = give_in_txn(w, flight);
        if (r == RESULT_OK)
            r = db_commit(w->db);
        else
            db_rollback(w->db);
    } while (may_try_again(r, &tries));
    rest();
    return r;
}

/* ── all flights ────────────────────────────────────────────────────────── */

static void name_flight(struct work *w, const struct old_flight *flight, const char *why)
{
    if (++w->without <= NAMED_MAX)
        (void)printf("flight %s has no cabin, and stays on sale as it is: %s\n", flight->id, why);
}

static enum result do_flight(struct work *w, const struct old_flight *flight)
{
    struct cabin cabin;
    char room[CABIN_WHY_SIZE];
    TRY(read_seats(w, flight));
    if (w->count == 0)
        return RESULT_OK; /* its seats are yet to be inserted */
    const char *why = flight->has_tariff ? "it has fares or surcharges" : NULL;
    if (why == NULL)
        why = cabin_derive(flight->layout, flight->exit_rows, w->found, w->count, &cabin, room);
    if (why != NULL) {
        name_flight(w, flight, why);
        return RESULT_OK;
    }
    enum result r = use_cabin(w, &cabin);
    if (r == RESULT_OK)
        r = fill(w, flight, &cabin);
    if (r == RESULT_OK)
        r = give(w, flight);
    cabin_done(&cabin);
    w->flights++;
    w->seats += w->count;
    return r;
}

static enum result read_flights(struct work *w, const char *after, struct old_flight *flights, size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    *reterr_count = 0;
    enum result r = db_query(w->db, &MIGRATION_CABIN_FLIGHTS, DB_ARGS(db_text(after), db_int(FLIGHTS_PAGE)), &rows);
    while (db_more(rows, &r)) {
        struct old_flight *f = &flights[(*reterr_count)++];
        text_copy(f->id, sizeof f->id, db_get_text(rows, "flight_id"));
        text_copy(f->layout, sizeof f->layout, db_get_text(rows, "seat_layout"));
        text_copy(f->exit_rows, sizeof f->exit_rows, db_get_text(rows, "exit_rows"));
        f->has_tariff = db_get_int(rows, "has_tariff") != 0;
    }
    return r;
}

static enum result do_flights(struct work *w)
{
    struct old_flight flights[FLIGHTS_PAGE];
    char after[FLIGHT_ID_SIZE] = "";
    size_t count = 0;
    do {
        TRY(read_flights(w, after, flights, &count));
        for (size_t i = 0; i < count; i++) {
            TRY(do_flight(w, &flights[i]));
            text_copy(after, sizeof after, flights[i].id);
        }
    } while (count == FLIGHTS_PAGE);
    return RESULT_OK;
}

/* ── days of departure ──────────────────────────────────────────────────── */

struct old_departure {
    char id[FLIGHT_ID_SIZE];
    char zone[TIME_ZONE_SIZE];
    int64_t ms;
};

static enum result read_departures(struct db *db, const struct old_departure *after, struct old_departure *list,
                                   size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    struct db_value from = db_time(after->ms);
    *reterr_count = 0;
    enum result r = db_query(db, &MIGRATION_DAYS, DB_ARGS(from, from, db_text(after->id), db_int(DAYS_PAGE)), &rows);
    while (db_more(rows, &r)) {
        struct old_departure *d = &list[(*reterr_count)++];
        text_copy(d->id, sizeof d->id, db_get_text(rows, "flight_id"));
        text_copy(d->zone, sizeof d->zone, db_get_text(rows, "origin_time_zone"));
        d->ms = db_get_time(rows, "departure_time");
    }
    return r;
}

static enum result do_days(struct db *db)
{
    struct old_departure list[DAYS_PAGE];
    struct old_departure after = { .id = "" };
    size_t count = 0;
    do {
        TRY(read_departures(db, &after, list, &count));
        for (size_t i = 0; i < count; i++) {
            int64_t day = TIME_NONE;
            zone_days(list[i].zone, &list[i].ms, 1, &day);
            TRY(exec(db, &MIGRATION_DAY_SET, DB_ARGS(db_time(day), db_text(list[i].id), db_time(list[i].ms)), NULL));
            after = list[i];
        }
        rest();
    } while (count == DAYS_PAGE);
    return RESULT_OK;
}

int migrate_cabins(struct db *db)
{
    struct work *w = calloc(1, sizeof *w);
    if (w == NULL)
        return 1;
    w->db = db;
    enum result r = do_flights(w);
    if (w->without > NAMED_MAX)
        (void)printf("so do %zu more flights\n", w->without - NAMED_MAX);
    if (w->flights > 0)
        (void)printf("gave %zu flight%s with %zu seats %s\n", w->flights, w->flights == 1 ? "" : "s", w->seats,
                     w->flights == 1 ? "its cabin" : "their cabins");
    buf_done(&w->plan);
    free(w);
    if (r != RESULT_OK)
        return complain(db, "cannot give flights their cabins; what is done stays, and the next run goes on");
    return do_days(db) == RESULT_OK ? 0 : complain(db, "cannot give flights their days of departure");
}
