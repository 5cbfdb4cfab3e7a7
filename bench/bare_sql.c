/* SPDX-License-Identifier: MIT */
/* bare_sql: measures what the database alone can do, through the product's own library.
 *
 *   bare_sql holds FILE SECONDS WORKERS       the very statements of a hold, without HTTP
 *   bare_sql one-trip FILE SECONDS WORKERS    the same rows by one CALL of a stored procedure: the yardstick
 *   bare_sql nothing RATE SECONDS WORKERS     so many statements a second that do nothing, eight after each other:
 *                                             what a message to the database and back costs by itself
 *   bare_sql claims COUNT                     claims batches of due timers, and says how many rows the server
 *                                             read for each claim
 *
 * FILE has a line for each hold: flight and seats, "bench-7 12A,12B". The databases are set as for the other programs;
 * one-trip runs as the owner (MIGRATION_DSN), which may create procedures. Prints JSON. */

#include "booking/base/text.h"
#include "booking/booking.h"
#include "booking/store/db.h"
#include "booking/store/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SAMPLES_MAX 400000
#define WORKERS_MAX 256

/* ── the hold in one round trip ─────────────────────────────────────────── */

static const char procedure[] =
    "CREATE PROCEDURE bench_hold(IN p_order CHAR(36) CHARACTER SET ascii, IN p_flight VARCHAR(50) CHARACTER SET ascii,"
    " IN p_user VARCHAR(50), IN p_seat1 VARCHAR(10) CHARACTER SET ascii, IN p_seat2 VARCHAR(10) CHARACTER SET ascii,"
    " IN p_run VARCHAR(64) CHARACTER SET ascii, IN p_change BIGINT) "
    "BEGIN "
    " DECLARE v_free INT; DECLARE v_now DATETIME(3); DECLARE v_departure DATETIME(3); DECLARE v_expires DATETIME(3);"
    " DECLARE v_price BIGINT; DECLARE v_currency CHAR(3);"
    " DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;"
    " START TRANSACTION;"
    " SELECT SUM(status = 'AVAILABLE') INTO v_free FROM seats FORCE INDEX (PRIMARY)"
    "  WHERE flight_id = p_flight AND seat_number IN (p_seat1, p_seat2) FOR UPDATE;"
    " IF v_free < 2 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'seats unavailable'; END IF;"
    " SELECT departure_time, price_cents, currency INTO v_departure, v_price, v_currency FROM flights"
    "  WHERE flight_id = p_flight;"
    " SET v_now = UTC_TIMESTAMP(3), v_expires = LEAST(v_now + INTERVAL 15 MINUTE, v_departure);"
    " INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, expires_at, total_price_cents,"
    "  currency, version, workflow_id, run_id, created_at, updated_at)"
    "  VALUES (p_order, p_flight, p_user, 'SEATS_RESERVED', CONCAT(p_seat1, ',', p_seat2), v_now, v_expires,"
    "  v_price * 2, v_currency, 1, CONCAT('booking-', p_order), p_run, v_now, v_now);"
    " UPDATE seats SET status = 'RESERVED', reserved_by = p_order, user_id = p_user, reserved_at = v_now"
    "  WHERE flight_id = p_flight AND seat_number IN (p_seat1, p_seat2) AND status = 'AVAILABLE';"
    " IF ROW_COUNT() <> 2 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stale'; END IF;"
    " INSERT INTO workflow_jobs (kind, order_id, run_at, max_attempts, created_at, updated_at)"
    "  VALUES ('EXPIRE_HOLD', p_order, v_expires, 0, v_now, v_now);"
    " INSERT INTO workflow_events (order_id, type, from_status, to_status, detail, request_id, change_id, created_at)"
    "  VALUES (p_order, 'ORDER_CREATED', NULL, 'CREATED', NULL, p_run, p_change, v_now),"
    "  (p_order, 'SEATS_RESERVED', 'CREATED', 'SEATS_RESERVED', CONCAT(p_seat1, ',', p_seat2), p_run, p_change, v_now);"
    " COMMIT; "
    "END";

DB_SQL(ONE_TRIP_HOLD, "CALL bench_hold(?, ?, ?, ?, ?, ?, ?)");
DB_SQL(NOTHING, "SELECT 1 AS one");
DB_SQL(SESSION_READS, "SHOW SESSION STATUS LIKE 'Handler_read%'");

/* ── what is to be held ─────────────────────────────────────────────────── */

struct wish {
    char user_id[32];
    char flight_id[FLIGHT_ID_SIZE];
    struct seat_list seats;
};

static struct wish *wishes;
static size_t wish_count;

static void read_wishes(const char *path)
{
    char flight_id[FLIGHT_ID_SIZE];
    char seats[SEATS_TEXT_SIZE];
    size_t room = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && fscanf(file, "%50s %352s", flight_id, seats) == 2) {
        if (wish_count == room) {
            room = room == 0 ? 4096 : room * 2;
            wishes = realloc(wishes, room * sizeof *wishes);
        }
        if (wishes == NULL || !seat_list_parse(seats, &wishes[wish_count].seats))
            abort();
        text_copy(wishes[wish_count].flight_id, FLIGHT_ID_SIZE, flight_id);
        (void)snprintf(wishes[wish_count].user_id, sizeof wishes->user_id, "customer-%zu", wish_count);
        wish_count++;
    }
    if (file == NULL || wish_count == 0) {
        (void)fprintf(stderr, "%s: nothing to hold\n", path);
        exit(1);
    }
    (void)fclose(file);
}

/* ── workers ────────────────────────────────────────────────────────────── */

/* The tallies are shared by the processes; each writes its own. */
struct tally {
    uint64_t done;
    uint64_t failed;
    uint64_t round_trips;
    double ended;
    uint32_t us[SAMPLES_MAX];
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static enum result hold(struct db *db, const struct config *config, const struct wish *wish)
{
    struct caller caller = { .config = config, .request_id = "bench-0123456789abcdef0123456789" };
    struct order order;
    struct refusal refusal = { 0 };
    return booking_hold(db, &caller, wish->flight_id, wish->user_id, &wish->seats, NULL, &order, &refusal);
}

static enum result hold_in_one_trip(struct db *db, const struct config *config, const struct wish *wish)
{
    char id[UUID_SIZE];
    (void)config;
    random_uuid(id);
    return db_exec(db, &ONE_TRIP_HOLD,
                   DB_ARGS(db_text(id), db_text(wish->flight_id), db_text(wish->user_id),
                           db_text(wish->seats.number[0]), db_text(wish->seats.number[1]),
                           db_text("bench-0123456789abcdef0123456789"), db_int(random_id())),
                   NULL);
}

/* A run of many workers: what they hold with, or how many statements a second they send. */
struct run {
    const struct config *config;
    const struct dsn *dsn;
    enum result (*hold)(struct db *db, const struct config *config, const struct wish *wish);
    double rate;
    size_t workers;
    double start, end;
};

static void hold_wishes(struct db *db, const struct run *run, size_t first, struct tally *tally)
{
    for (size_t i = first; i < wish_count && now_s() < run->end; i += run->workers) {
        double begun = now_s();
        enum result r = run->hold(db, run->config, &wishes[i]);
        tally->ended = now_s();
        if (r != RESULT_OK) {
            if (tally->failed++ == 0)
                (void)fprintf(stderr, "bare_sql: %s %s\n", result_name(r), db_last_error(db));
            continue;
        }
        if (tally->done < SAMPLES_MAX)
            tally->us[tally->done] = (uint32_t)((tally->ended - begun) * 1e6);
        tally->done++;
    }
    tally->round_trips = db_round_trips(db);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void report(const struct tally *tallies, size_t workers, double start)
{
    uint64_t done = 0, failed = 0, round_trips = 0;
    double ended = start;
    uint32_t *us = calloc(SAMPLES_MAX, sizeof *us);
    size_t samples = 0;
    if (us == NULL)
        abort();
    for (size_t i = 0; i < workers; i++) {
        done += tallies[i].done;
        failed += tallies[i].failed;
        round_trips += tallies[i].round_trips;
        ended = tallies[i].ended > ended ? tallies[i].ended : ended;
        for (size_t k = 0; k < tallies[i].done && samples < SAMPLES_MAX; k++)
            us[samples++] = tallies[i].us[k];
    }
    qsort(us, samples, sizeof *us, by_value);
    (void)printf("{\"holds\": %llu, \"failed\": %llu, \"seconds\": %.4f, \"rate\": %.1f, \"round_trips_each\": %.2f,"
                 " \"latency_ms\": {\"p50\": %.3f, \"p99\": %.3f}}\n",
                 (unsigned long long)done, (unsigned long long)failed, ended - start, (double)done / (ended - start),
                 done == 0 ? 0 : (double)round_trips / (double)done, samples == 0 ? 0 : us[samples / 2] / 1000.0,
                 samples == 0 ? 0 : us[samples * 99 / 100] / 1000.0);
    free(us);
}

#define NOTHINGS 8 /* as many round trips as a transaction of a booking takes */

static void wait_until(double moment)
{
    double left = moment - now_s();
    struct timespec wait = { .tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
    if (left > 0)
        (void)nanosleep(&wait, NULL);
}

static void do_nothing(struct db *db, const struct run *run, size_t first, struct tally *tally)
{
    const double pause = NOTHINGS / run->rate;
    for (size_t i = first; run->start + (double)i * pause < run->end; i += run->workers) {
        wait_until(run->start + (double)i * pause);
        for (int k = 0; k < NOTHINGS; k++) {
            struct db_rows *rows = NULL;
            double begun = now_s();
            enum result r = db_query_one(db, &NOTHING, DB_NO_ARGS, RESULT_INTERNAL, &rows);
            tally->ended = now_s();
            tally->failed += r == RESULT_OK ? 0 : 1;
            if (tally->done < SAMPLES_MAX)
                tally->us[tally->done] = (uint32_t)((tally->ended - begun) * 1e6);
            tally->done++;
        }
    }
    tally->round_trips = db_round_trips(db);
}

/* Each worker is a process of its own, as in the API's pool. */
static int run_workers(struct run *run, double seconds,
                       void (*work)(struct db *db, const struct run *run, size_t first, struct tally *tally))
{
    struct tally *tallies = mmap(NULL, run->workers * sizeof *tallies, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tallies == MAP_FAILED)
        return 1;
    run->start = now_s();
    run->end = run->start + seconds;
    for (size_t i = 0; i < run->workers; i++) {
        if (fork() != 0)
            continue;
        struct db *db = db_new(run->dsn);
        work(db, run, i, &tallies[i]);
        db_free(db);
        _exit(0);
    }
    while (wait(NULL) > 0)
        continue;
    report(tallies, run->workers, run->start);
    return 0;
}

static int make_procedure(const struct dsn *dsn)
{
    struct db *db = db_new(dsn);
    enum result r = db_run_script(db, "DROP PROCEDURE IF EXISTS bench_hold");
    if (r == RESULT_OK)
        r = db_run_script(db, procedure);
    if (r != RESULT_OK)
        (void)fprintf(stderr, "bare_sql: %s\n", db_last_error(db));
    db_free(db);
    return r == RESULT_OK ? 0 : 1;
}

/* ── claims ─────────────────────────────────────────────────────────────── */

/* All rows the server has read for this session, whichever way. */
static int64_t rows_read(struct db *db)
{
    struct db_rows *rows = NULL;
    int64_t sum = 0;
    enum result r = db_query(db, &SESSION_READS, DB_NO_ARGS, &rows);
    while (db_more(rows, &r))
        sum += strtoll(db_get_text(rows, "Value"), NULL, 10);
    return sum;
}

/* Measures the whole claim of a sweeper, lease and all: the claim's SELECT alone would tell less. */
static int run_claims(const struct config *config, long count)
{
    struct db *db = db_new(&config->database);
    struct job jobs[JOBS_CLAIM_MAX];
    int64_t most_read = 0, claimed = 0, read = 0;
    double slowest = 0, total = 0;
    size_t got = 0;

    (void)rows_read(db); /* the next two differ by what SHOW itself reads */
    int64_t before = rows_read(db);
    int64_t own = rows_read(db) - before;
    for (long i = 0; i < count; i++) {
        before = rows_read(db);
        double begun = now_s();
        enum result r = booking_claim(db, JOB_EXPIRE_HOLD, JOBS_CLAIM_MAX, 3600000, "bench", jobs, &got);
        double took = now_s() - begun;
        if (r != RESULT_OK) {
            (void)fprintf(stderr, "bare_sql: %s %s\n", result_name(r), db_last_error(db));
            return 1;
        }
        int64_t now_read = rows_read(db) - before - own;
        if (got == 0)
            break;
        claimed += (int64_t)got;
        read += now_read;
        most_read = now_read > most_read ? now_read : most_read;
        slowest = took > slowest ? took : slowest;
        total += took;
    }
    (void)printf("{\"claimed\": %lld, \"rows_read\": %lld, \"rows_read_most\": %lld, \"batch\": %d,"
                 " \"ms_total\": %.3f, \"ms_slowest\": %.3f}\n",
                 (long long)claimed, (long long)read, (long long)most_read, JOBS_CLAIM_MAX, total * 1000,
                 slowest * 1000);
    db_free(db);
    return 0;
}

int main(int argc, char **argv)
{
    struct config config;
    char error[256];
    if (!config_load(&config, error, sizeof error)) {
        (void)fprintf(stderr, "bare_sql: %s\n", error);
        return 2;
    }
    if (argc == 3 && strcmp(argv[1], "claims") == 0)
        return run_claims(&config, strtol(argv[2], NULL, 10));

    bool nothing = argc == 5 && strcmp(argv[1], "nothing") == 0;
    bool one_trip = argc == 5 && strcmp(argv[1], "one-trip") == 0;
    unsigned long workers = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
    if (workers < 1 || workers > WORKERS_MAX || (!one_trip && !nothing && strcmp(argv[1], "holds") != 0)) {
        (void)fputs("usage: bare_sql holds|one-trip FILE SECONDS WORKERS | bare_sql nothing RATE SECONDS WORKERS |"
                    " bare_sql claims COUNT\n",
                    stderr);
        return 2;
    }
    double seconds = strtod(argv[3], NULL);
    struct run run = { .config = &config, .dsn = &config.database, .hold = hold, .workers = workers };
    if (nothing) {
        run.rate = strtod(argv[2], NULL);
        return run_workers(&run, seconds, do_nothing);
    }
    read_wishes(argv[2]);
    if (one_trip) {
        run.dsn = &config.migration_database;
        run.hold = hold_in_one_trip;
        if (make_procedure(run.dsn) != 0)
            return 1;
    }
    return run_workers(&run, seconds, hold_wishes);
}
