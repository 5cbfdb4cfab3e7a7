/* SPDX-License-Identifier: MIT */
/* migrate: brings a database's schema up to date.
 *
 * Applies the numbered files of a directory in the order of their names, each once. schema_migrations remembers which
 * were applied, and migration_progress how far a file came that failed halfway (DDL cannot be rolled back), so that the
 * next run goes on there. After the files, flights without a cabin get one (cabins.c). Of two runs at the same time one
 * waits for the other. The database is created if it is missing and the account may create it. */

#include "booking/base/buf.h"
#include "booking/base/log.h"
#include "booking/base/random.h"
#include "booking/base/sql_script.h"
#include "booking/base/text.h"
#include "booking/config.h"
#include "booking/store/db.h"
#include "sql/migrate/cabins.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 1000

/* The status of a file that the account may not run and the programs can do without. */
#define LEFT_OUT (-1)

#define TRIES_MAX 60
#define PAUSE_US 300000

DB_SQL(MIGRATION_LOCK, "SELECT GET_LOCK('booking_migrations', 10) AS locked");
DB_SQL(MIGRATION_UNLOCK, "SELECT RELEASE_LOCK('booking_migrations') AS released");
DB_SQL(MIGRATION_FIND, "SELECT 1 AS found FROM schema_migrations WHERE name = ?");
DB_SQL(MIGRATION_ADD, "INSERT INTO schema_migrations (name, applied_at) VALUES (?, UTC_TIMESTAMP(3))");
DB_SQL(MIGRATION_PROGRESS, "SELECT statements FROM migration_progress WHERE name = ?");
DB_SQL(MIGRATION_NOTE, "INSERT INTO migration_progress (name, statements) VALUES (?, ?)"
                       " ON DUPLICATE KEY UPDATE statements = ?");
DB_SQL(MIGRATION_FORGET, "DELETE FROM migration_progress WHERE name = ?");

static const char create_tables[] = "CREATE TABLE IF NOT EXISTS schema_migrations ("
                                    " name VARCHAR(100) NOT NULL PRIMARY KEY, applied_at DATETIME(3) NOT NULL)"
                                    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;"
                                    "CREATE TABLE IF NOT EXISTS migration_progress ("
                                    " name VARCHAR(100) NOT NULL PRIMARY KEY, statements INT NOT NULL)"
                                    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";

/* A file that is being applied. */
struct file {
    char path[4096];
    const char *name; /* in migration_progress; NULL: not remembered, such as demonstration data */
    int64_t done;     /* statements that are known to have been run */
};

static int complain(struct db *db, const char *what)
{
    (void)fprintf(stderr, "migrate: %s: %s\n", what, db_last_error(db));
    return 1;
}

/* An account that may not create databases may still use one that exists, so a failure here is only logged; it shows
 * when the database is used. */
static void create_database(const struct dsn *dsn)
{
    struct dsn server = *dsn;
    struct buf sql = BUF_INIT;
    server.database[0] = '\0';
    struct db *db = db_new(&server);
    buf_addf(&sql, "CREATE DATABASE IF NOT EXISTS `%s` CHARACTER SET utf8mb4", dsn->database);
    if (text_is_identifier(dsn->database, 64) && db_run_script(db, buf_str(&sql)) != RESULT_OK)
        log_debug("create_database_failed", LOG_TEXT("error", db_last_error(db)));
    buf_done(&sql);
    db_free(db);
}

static int lock(struct db *db)
{
    for (int tries = 0; tries < 30; tries++) {
        struct db_rows *rows = NULL;
        enum result r = db_query_one(db, &MIGRATION_LOCK, DB_NO_ARGS, RESULT_INTERNAL, &rows);
        if (r != RESULT_OK)
            return complain(db, "cannot lock");
        if (db_get_int(rows, "locked") == 1)
            return 0;
    }
    (void)fprintf(stderr, "migrate: another migration has been running for five minutes\n");
    return 1;
}

static bool unlock(struct db *db)
{
    struct db_rows *rows = NULL;
    return db_query(db, &MIGRATION_UNLOCK, DB_NO_ARGS, &rows) == RESULT_OK;
}

/* What an administrator can do about a refusal, or NULL. */
static const char *advice(const struct db *db)
{
    const char *error = db_last_error(db);
    if (strstr(error, ": 1419 ") != NULL)
        return "the server keeps a binary log and lets only SUPER make triggers; set its"
               " log_bin_trust_function_creators to 1, and run this again";
    if (strstr(error, ": 1142 ") != NULL && strstr(error, "TRIGGER") != NULL)
        return "left out, and tried again the next time: until this account has the right TRIGGER, SQL by hand can"
               " remove a seat that is held";
    return NULL;
}

static bool may_be_left_out(const struct db *db)
{
    return strstr(db_last_error(db), ": 1142 ") != NULL && advice(db) != NULL;
}

static bool read_file(const char *path, struct buf *reterr_text)
{
    char chunk[4096];
    size_t got = 0;
    FILE *f = fopen(path, "r");
    if (f == NULL)
        return false;
    while ((got = fread(chunk, 1, sizeof chunk, f)) > 0)
        buf_add(reterr_text, chunk, got);
    bool ok = ferror(f) == 0 && buf_ok(reterr_text);
    (void)fclose(f);
    return ok;
}

/* Waiting for a table that is in use may be in vain: to change a table that others refer to, MariaDB also locks those,
 * in the opposite order to a booking, and does not detect that deadlock. A statement that gives up after a second or
 * two lets the bookings go on, and is then tried again. */
static enum result run_patiently(struct db *db, const struct file *file, const struct sql_statement *s,
                                 uint64_t *reterr_matched)
{
    enum result r = RESULT_RETRY;
    for (int tries = 0; r == RESULT_RETRY && tries < TRIES_MAX; tries++) {
        if (tries == 1)
            (void)printf("%s waits for bookings that are under way\n", file->path);
        if (tries > 0)
            (void)usleep(PAUSE_US + (useconds_t)(random_fraction() * PAUSE_US));
        r = db_run_text(db, s->text, s->len, reterr_matched);
    }
    return r;
}

/* Whether a statement failed because it had been run before, by a process that ended before it could note that. */
static bool was_done_before(const struct db *db)
{
    static const char *const there[] = { ": 1050 ", ": 1060 ", ": 1061 ", ": 1062 ", ": 1091 ", ": 1359 ", ": 1826 " };
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        if (strstr(db_last_error(db), there[i]) != NULL)
            return true;
    }
    return false;
}

static int complain_of_statement(struct db *db, const struct file *file, const struct sql_statement *s)
{
    size_t shown = 0;
    while (shown < s->len && shown < 60 && s->text[shown] != '\n')
        shown++;
    (void)fprintf(stderr, "migrate: %s, statement %lld (%.*s…): %s\n", file->path, (long long)file->done + 1,
                  (int)shown, s->text, db_last_error(db));
    if (advice(db) != NULL)
        (void)fprintf(stderr, "migrate: %s: %s\n", file->path, advice(db));
    else if (file->name != NULL)
        (void)fprintf(stderr,
                      "migrate: the statements before it (%lld) are done and noted; remove the cause, and run this"
                      " again\n",
                      (long long)file->done);
    return may_be_left_out(db) ? LEFT_OUT : 1;
}

static int note_progress(struct db *db, const struct file *file)
{
    enum result r = db_exec(db, &MIGRATION_NOTE, DB_ARGS(db_text(file->name), db_int(file->done), db_int(file->done)),
                            NULL);
    return r == RESULT_OK ? 0 : complain(db, "cannot write migration_progress");
}

/* Runs one statement, or its batches, and notes it. */
static int run_statement(struct db *db, struct file *file, const struct sql_statement *s, bool is_first_again)
{
    uint64_t matched = 0;
    enum result r;
    do {
        r = run_patiently(db, file, s, &matched);
    } while (r == RESULT_OK && s->repeat && matched > 0);
    if (r != RESULT_OK && !(is_first_again && was_done_before(db)))
        return complain_of_statement(db, file, s);
    file->done++;
    return file->name == NULL ? 0 : note_progress(db, file);
}

static int run_statements(struct db *db, struct file *file, const char *script)
{
    struct sql_statement s;
    int64_t skip = file->done;
    int64_t first = skip;
    int status = 0;
    while (status == 0 && sql_script_next(&script, &s)) {
        if (skip-- > 0)
            continue;
        status = run_statement(db, file, &s, first > 0 && file->done == first);
    }
    return status;
}

static int run_file(struct db *db, const char *dir, const char *name, struct file *file)
{
    struct buf script = BUF_INIT;
    int status = 1;
    (void)snprintf(file->path, sizeof file->path, "%s/%s", dir, name);
    if (!read_file(file->path, &script))
        (void)fprintf(stderr, "migrate: cannot read %s\n", file->path);
    else
        status = run_statements(db, file, buf_str(&script));
    if (status == 0)
        (void)printf("applied %s\n", file->path);
    buf_done(&script);
    return status;
}

static int run_demo(struct db *db, const char *dir, const char *name)
{
    struct file file = { .name = NULL };
    return run_file(db, dir, name, &file);
}

static enum result find_progress(struct db *db, const char *name, bool *reterr_applied, int64_t *reterr_done)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &MIGRATION_FIND, DB_ARGS(db_text(name)), &rows);
    *reterr_applied = db_more(rows, &r);
    if (r == RESULT_OK)
        r = db_query(db, &MIGRATION_PROGRESS, DB_ARGS(db_text(name)), &rows);
    *reterr_done = db_more(rows, &r) ? db_get_int(rows, "statements") : 0;
    return r;
}

static int apply(struct db *db, const char *dir, const char *name)
{
    struct file file = { .name = name };
    bool applied = false;
    if (find_progress(db, name, &applied, &file.done) != RESULT_OK)
        return complain(db, "cannot read schema_migrations");
    if (applied)
        return 0;
    int status = run_file(db, dir, name, &file);
    if (status != 0)
        return status == LEFT_OUT ? 0 : status;
    if (db_exec(db, &MIGRATION_ADD, DB_ARGS(db_text(name)), NULL) != RESULT_OK ||
        db_exec(db, &MIGRATION_FORGET, DB_ARGS(db_text(name)), NULL) != RESULT_OK)
        return complain(db, "cannot write schema_migrations");
    return 0;
}

static int is_numbered(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return e->d_name[0] >= '0' && e->d_name[0] <= '9' && len > 4 && strcmp(e->d_name + len - 4, ".sql") == 0;
}

static int is_sql(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return len > 4 && strcmp(e->d_name + len - 4, ".sql") == 0;
}

static int for_each_file(struct db *db, const char *dir, int (*select)(const struct dirent *),
                         int (*run)(struct db *, const char *, const char *))
{
    struct dirent **entries = NULL;
    int status = 0;
    int n = scandir(dir, &entries, select, alphasort);
    if (n < 0) {
        (void)fprintf(stderr, "migrate: cannot read the directory %s\n", dir);
        return 1;
    }
    for (int i = 0; i < n; i++) {
        if (status == 0)
            status = run(db, dir, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* Whether this database has flights with cabins: the simulator's has not. */
static bool has_cabins(struct db *db)
{
    struct db_rows *rows = NULL;
    return db_query_one(db, &MIGRATION_FIND, DB_ARGS(db_text("0009_flights.sql")), RESULT_NOT_FOUND, &rows) ==
           RESULT_OK;
}

static int migrate(struct db *db, const char *dir, bool demo_flights)
{
    char demo[4096];
    if (db_run_script(db, create_tables) != RESULT_OK)
        return complain(db, "cannot use the database");
    if (lock(db) != 0)
        return 1;
    int status = for_each_file(db, dir, is_numbered, apply);
    (void)snprintf(demo, sizeof demo, "%s/demo", dir);
    if (status == 0 && demo_flights)
        status = for_each_file(db, demo, is_sql, run_demo);
    if (status == 0 && has_cabins(db))
        status = migrate_cabins(db);
    /* The lock also ends with the connection. */
    (void)unlock(db);
    return status;
}

int main(int argc, char **argv)
{
    static const char usage[] = "migrate [--gateway] [--demo-flights] DIRECTORY";
    struct config config;
    const char *dir = NULL;
    bool gateway = false;
    bool demo_flights = false;

    config_start(argc, argv, usage, &config);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--gateway") == 0)
            gateway = true;
        else if (strcmp(argv[i], "--demo-flights") == 0)
            demo_flights = true;
        else if (dir == NULL && argv[i][0] != '-')
            dir = argv[i];
        else
            dir = "";
    }
    if (dir == NULL || *dir == '\0') {
        (void)fprintf(stderr, "usage: %s\n", usage);
        return 2;
    }
    const struct dsn *dsn = gateway ? &config.gateway_migration_database : &config.migration_database;
    create_database(dsn);
    struct db *db = db_new(dsn);
    db_set_patience(db, DB_PATIENT);
    int status = migrate(db, dir, demo_flights);
    db_free(db);
    return status;
}
