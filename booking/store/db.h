/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_DB_H
#define BOOKING_STORE_DB_H

#include "booking/base/dsn.h"
#include "booking/core/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One connection to MySQL or MariaDB, and the only way to it: db.c alone includes mysql.h.
 *
 * The connection is made when first needed, and again after it was lost. It runs at READ COMMITTED, in UTC, in strict
 * mode. Statements are prepared once per connection, and values are always bound; text is never pasted into SQL.
 *
 * Results: RESULT_OK; RESULT_DUPLICATE; RESULT_RETRY (roll back and run the transaction again); RESULT_UNAVAILABLE (no
 * connection, or the server refuses work); RESULT_INTERNAL (anything else, which is a defect). db_errors.h says which
 * error number is which. db_last_error() has the server's words for the log. */

struct db;

/* A statement. Its text lives as long as the program, and is listed in a
 * section of its own so that a test can prepare every statement of the program
 * against the real schema. Define statements at file scope with DB_SQL(). */
struct db_sql {
    const char *text;
    const char *name;
};

#define DB_SQL(id, sql_text)                                             \
    static const struct db_sql id = { .text = (sql_text), .name = #id }; \
    static const struct db_sql *const id##_listed __attribute__((used, section("db_statements"))) = &id

/* Every statement linked into this program: [begin, end). */
const struct db_sql *const *db_statements_begin(void);
const struct db_sql *const *db_statements_end(void);

/* A bound parameter. Text and bytes are borrowed until the call returns. */
struct db_value {
    enum { DB_NULL, DB_INT, DB_TEXT, DB_TIME } type;
    int64_t number; /* DB_INT; DB_TIME in milliseconds since the epoch */
    const char *text;
    size_t length;
};

struct db_value db_int(int64_t n);
struct db_value db_id(int64_t id);         /* 0 binds NULL */
struct db_value db_text(const char *text); /* NULL binds NULL */
struct db_value db_bytes(const char *bytes, size_t len);
struct db_value db_time(int64_t ms); /* TIME_NONE binds NULL */

#define DB_ARGS(...) \
    (const struct db_value[]){ __VA_ARGS__ }, sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

/* Never returns NULL: without memory for this the process ends. Does not connect yet. */
struct db *db_new(const struct dsn *dsn);

/* How long the connection waits for the server and for locks, from the next connect on. */
enum db_patience {
    DB_NORMAL,    /* a request: 10 s for an answer, 1 s for a row's lock, 2 s for a table's */
    DB_IMPATIENT, /* the sweeper: 1 s for a lock, which is then RESULT_UNAVAILABLE and not worth a second try at once */
    DB_BRIEF,     /* health and metrics: 1 s for a connection, 2 s for an answer, 1 s for a lock */
    DB_PATIENT,   /* migrations: forever for an answer, 1 or 2 s for a lock, so that no request waits behind it */
};
void db_set_patience(struct db *db, enum db_patience patience);
void db_free(struct db *db);

/* Waits until what has been committed on the other servers of a Galera cluster can be seen on this one. Any other
 * server answers at once. */
enum result db_catch_up(struct db *db) MUST_CHECK;

/* Connects if there is no connection. */
enum result db_connect(struct db *db) MUST_CHECK;

/* Whether there is a connection, as far as is known. */
bool db_is_connected(const struct db *db);

/* Drops the connection, and with it any open transaction. */
void db_disconnect(struct db *db);

/* What went wrong last, with the server's number and words, for the log only. */
const char *db_last_error(const struct db *db);

/* Whether that was only a row that another session has locked: the database is
 * there, and other rows may be free. */
bool db_was_locked_out(const struct db *db);

/* Statements sent since db_new(), for the metrics. */
uint64_t db_round_trips(const struct db *db);

/* A transaction. If its connection is lost, every statement is refused with RESULT_UNAVAILABLE until db_commit() or
 * db_rollback(): none is ever executed outside the transaction it belongs to. db_commit() returns RESULT_COMMIT_UNKNOWN
 * if the answer was lost: the commit may have happened. db_rollback() cannot fail: if the server cannot be told, the
 * connection is dropped, which rolls back, too. */
enum result db_begin(struct db *db) MUST_CHECK;

/* The same for a transaction that sees everything that was committed before on any server of a cluster, where the
 * engine can wait for it: Galera and Group Replication. It goes on with a change that was begun before, under that
 * change's id. */
enum result db_begin_caught_up(struct db *db, int64_t change_id) MUST_CHECK;
enum result db_commit(struct db *db) MUST_CHECK;
void db_rollback(struct db *db);

/* A random number drawn by db_begin(), written into the events of the
 * transaction: the key under which an unknown COMMIT is looked up. */
int64_t db_change_id(const struct db *db);

/* Runs a statement without rows. Outside a transaction it is sent again on a
 * new connection if the old one proves dead, so it must be harmless to run
 * twice. *ret_matched (may be NULL) gets the number of rows that an UPDATE or
 * DELETE matched, changed or not, or an INSERT added. */
enum result db_exec(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                    uint64_t *ret_matched) MUST_CHECK;

/* The same, for a statement that must match exactly the expected number of rows; otherwise RESULT_STALE, which ends the
 * transaction. */
enum result db_exec_expect(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                           uint64_t expected) MUST_CHECK;

/* Runs a statement inside a transaction for each of `count` lists of n values, which follow each other in args. All of
 * them together must match the expected number of rows; otherwise RESULT_STALE. It takes one round trip where server
 * and library can do that, as MariaDB's can. After an error some may have been done, so the transaction must end. */
enum result db_exec_each(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n, size_t count,
                         uint64_t expected) MUST_CHECK;

/* Runs a statement with rows, and fetches all of them. The rows belong to the
 * connection and are valid until the same statement runs again. */
struct db_rows;
enum result db_query(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                     struct db_rows **ret_rows) MUST_CHECK;

/* Runs a statement that has at most one row, and moves to it; if there is none, the result is if_none. */
enum result db_query_one(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                         enum result if_none, struct db_rows **reterr_rows) MUST_CHECK;

/* Moves to the next row, unless *result is an error already. Returns false after the last row, and after an error,
 * which is then in *result. A value that did not fit is an error, not a shorter value.
 *
 *     enum result r = db_query(db, &STATEMENT, DB_NO_ARGS, &rows);
 *     while (db_more(rows, &r))
 *         count += db_get_int(rows, "n");
 *     return r; */
bool db_more(struct db_rows *rows, enum result *result) MUST_CHECK;

/* Values of the current row by column name. A name that the statement does not
 * have is a defect and ends the process. Text is valid until the next
 * db_more(); NULL columns give NULL, 0 and TIME_NONE. */
bool db_is_null(struct db_rows *rows, const char *column);
const char *db_get_text(struct db_rows *rows, const char *column);
int64_t db_get_int(struct db_rows *rows, const char *column);
int64_t db_get_time(struct db_rows *rows, const char *column);

/* Runs a script of several statements. No statement in it may be one that a
 * lock could stop halfway. */
enum result db_run_script(struct db *db, const char *script) MUST_CHECK;

/* Runs one statement as text, for migrations only, whose statements are in
 * files and cannot always be prepared. *reterr_matched is as for db_exec().
 * RESULT_RETRY: it met a lock, and nothing was done. */
enum result db_run_text(struct db *db, const char *text, size_t len, uint64_t *reterr_matched) MUST_CHECK;

/* Prepares a statement and drops it, for the test of all statements. */
enum result db_check_statement(struct db *db, const struct db_sql *sql) MUST_CHECK;

#endif
