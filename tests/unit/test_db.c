/* SPDX-License-Identifier: MIT */
/* Access to the database: values, errors, transactions and broken connections. It needs a database, which
 * `make test-unit` starts. */

#include "tests/unit/unit.h"

#include "booking/base/timestamp.h"
#include "booking/config.h"
#include "booking/store/db.h"
#include "booking/store/db_errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct config config;
static struct db *db;
static struct db *other;

#define SQL(id, sql_text) static const struct db_sql id = { .text = (sql_text), .name = #id }

SQL(CLEAR, "DELETE FROM test_values");
SQL(ADD, "INSERT INTO test_values (id, n, t, at, few) VALUES (?, ?, ?, ?, ?)");
SQL(READ, "SELECT n, t, at, few FROM test_values WHERE id = ?");
SQL(COUNT, "SELECT COUNT(*) AS n FROM test_values");
SQL(TOUCH, "UPDATE test_values SET n = ? WHERE id = ?");
SQL(GROW, "INSERT INTO test_values (id, t) VALUES (?, REPEAT('x', ?))");
SQL(LOCK_BOTH, "SELECT id FROM test_values WHERE id IN (?, ?) ORDER BY id FOR UPDATE");
SQL(SESSION, "SELECT CONNECTION_ID() AS id, @@time_zone AS zone, @@sql_mode AS mode, @@innodb_lock_wait_timeout AS wait");

static void must(enum result r, const struct db *on)
{
    check(r == RESULT_OK, "%s: %s", result_name(r), db_last_error(on));
}

static void add(int64_t id, struct db_value n, struct db_value t, struct db_value at)
{
    must(db_exec(db, &ADD, DB_ARGS(db_int(id), n, t, at, db_text(NULL)), NULL), db);
}

static struct db_rows *read_row(struct db *from, int64_t id)
{
    struct db_rows *rows = NULL;
    must(db_query_one(from, &READ, DB_ARGS(db_int(id)), RESULT_NOT_FOUND, &rows), from);
    return rows;
}

static int64_t count(struct db *from)
{
    struct db_rows *rows = NULL;
    must(db_query_one(from, &COUNT, DB_NO_ARGS, RESULT_NOT_FOUND, &rows), from);
    return db_get_int(rows, "n");
}

/* ── values ─────────────────────────────────────────────────────────────── */

static void numbers(void **state)
{
    static const int64_t values[] = { 0, 1, -1, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        add((int64_t)i, db_int(values[i]), db_text(NULL), db_time(TIME_NONE));
        assert_true(db_get_int(read_row(db, (int64_t)i), "n") == values[i]);
    }
}

static void texts(void **state)
{
    static const char *const values[] = { "", " ", "a", "a ", "Zoë", "漢字", "👩‍🚀", "'; DROP TABLE test_values; --",
                                          "a\\b\"c'd%e_f?", "line\nbreak\ttab\r" };
    static char longest[65001];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        add((int64_t)i, db_int(0), db_text(values[i]), db_time(TIME_NONE));
        assert_string_equal(db_get_text(read_row(db, (int64_t)i), "t"), values[i]);
    }
    memset(longest, 'x', sizeof longest - 1);
    add(100, db_int(0), db_text(longest), db_time(TIME_NONE));
    assert_string_equal(db_get_text(read_row(db, 100), "t"), longest);
    /* A short value after a long one has none of its bytes. */
    assert_string_equal(db_get_text(read_row(db, 2), "t"), "a");
    /* Exactly this many bytes are taken, including NULs. */
    add(101, db_int(0), db_bytes("a\0bXXX", 3), db_time(TIME_NONE));
    assert_memory_equal(db_get_text(read_row(db, 101), "t"), "a\0b\0", 4);
}

static void times(void **state)
{
    static const int64_t values[] = { 0,  1,  999,  1773568800123,  951782400000,  1709164800000,  4107542399999,
                                      253402300799999,  -1,  -2208988800000,  -30610224000000 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        add((int64_t)i, db_int(0), db_text(NULL), db_time(values[i]));
        check(db_get_time(read_row(db, (int64_t)i), "at") == values[i], "%lld ms comes back as %lld",
              (long long)values[i], (long long)db_get_time(read_row(db, (int64_t)i), "at"));
    }
}

static void nothing(void **state)
{
    (void)state;
    add(1, db_int(5), db_text("x"), db_time(5));
    must(db_exec(db, &ADD, DB_ARGS(db_int(2), db_text(NULL), db_text(NULL), db_time(TIME_NONE), db_text(NULL)), NULL), db);
    struct db_rows *rows = read_row(db, 1);
    assert_false(db_is_null(rows, "n") || db_is_null(rows, "t") || db_is_null(rows, "at"));
    rows = read_row(db, 2);
    assert_true(db_is_null(rows, "n") && db_is_null(rows, "t") && db_is_null(rows, "at"));
    assert_int_equal(db_get_int(rows, "n"), 0);
    assert_null(db_get_text(rows, "t"));
    assert_true(db_get_time(rows, "at") == TIME_NONE);
}

/* ── errors ─────────────────────────────────────────────────────────────── */

/* A value that is too long to be read or stored in full is an error. It is not shortened. */
static void nothing_is_cut_unsaid(void **state)
{
    struct db_rows *rows = NULL;
    enum result r = RESULT_OK;
    (void)state;
    must(db_exec(db, &GROW, DB_ARGS(db_int(1), db_int(70000)), NULL), db);
    must(db_query(db, &READ, DB_ARGS(db_int(1)), &rows), db);
    assert_false(db_more(rows, &r));
    assert_int_equal(r, RESULT_INTERNAL);
    assert_non_null(strstr(db_last_error(db), "truncated"));

    assert_int_equal(db_exec(db, &ADD, DB_ARGS(db_int(2), db_int(0), db_text(NULL), db_time(TIME_NONE), db_text("four")), NULL),
                     RESULT_INTERNAL);
    assert_int_equal(count(db), 1);
}

static void keys_are_unique(void **state)
{
    (void)state;
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    assert_int_equal(db_exec(db, &ADD, DB_ARGS(db_int(1), db_int(2), db_text(NULL), db_time(TIME_NONE), db_text(NULL)), NULL),
                     RESULT_DUPLICATE);
    assert_int_equal(db_get_int(read_row(db, 1), "n"), 1);
}

static void misuse_is_a_defect(void **state)
{
    SQL(NO_TABLE, "SELECT 1 AS n FROM no_such_table");
    SQL(NO_SQL, "SELEKT 1");
    struct db_rows *rows = NULL;
    (void)state;
    assert_int_equal(db_query(db, &READ, DB_NO_ARGS, &rows), RESULT_INTERNAL);
    assert_int_equal(db_query(db, &READ, DB_ARGS(db_int(1), db_int(2)), &rows), RESULT_INTERNAL);
    assert_int_equal(db_query(db, &CLEAR, DB_NO_ARGS, &rows), RESULT_INTERNAL);
    assert_int_equal(db_query(db, &NO_TABLE, DB_NO_ARGS, &rows), RESULT_INTERNAL);
    assert_int_equal(db_query(db, &NO_SQL, DB_NO_ARGS, &rows), RESULT_INTERNAL);
    /* The connection can still be used. */
    assert_int_equal(count(db), 0);
}

/* A guarded UPDATE counts all rows that it matched, even those that already had the new values. */
static void matched_rows_count(void **state)
{
    uint64_t matched = 99;
    (void)state;
    add(1, db_int(5), db_text(NULL), db_time(TIME_NONE));
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(5), db_int(1)), &matched), db);
    assert_int_equal(matched, 1);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(5), db_int(2)), &matched), db);
    assert_int_equal(matched, 0);
}

/* ── transactions ───────────────────────────────────────────────────────── */

static void sessions_are_as_promised(void **state)
{
    struct db_rows *rows = NULL;
    (void)state;
    must(db_query_one(db, &SESSION, DB_NO_ARGS, RESULT_NOT_FOUND, &rows), db);
    assert_string_equal(db_get_text(rows, "zone"), "+00:00");
    assert_non_null(strstr(db_get_text(rows, "mode"), "STRICT_ALL_TABLES"));
    assert_int_equal(db_get_int(rows, "wait"), 1);

    /* READ COMMITTED: not before the commit, and at once after it. */
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    must(db_begin(other), other);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 1);
    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(2), db_int(1)), NULL), db);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 1);
    must(db_commit(db), db);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 2);
    db_rollback(other);
}

static void rollback_leaves_nothing(void **state)
{
    (void)state;
    must(db_begin(db), db);
    int64_t change = db_change_id(db);
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    db_rollback(db);
    assert_int_equal(count(db), 0);
    must(db_begin(db), db);
    assert_true(db_change_id(db) > 0 && db_change_id(db) != change);
    db_rollback(db);
    db_rollback(db); /* nothing to undo */
    assert_int_equal(db_commit(db), RESULT_UNAVAILABLE);
}

/* When a lock is held too long by another session, the transaction may be run again. */
static void lock_waits_end(void **state)
{
    (void)state;
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(2), db_int(1)), NULL), db);
    must(db_begin(other), other);
    time_t started = time(NULL);
    assert_int_equal(db_exec(other, &TOUCH, DB_ARGS(db_int(3), db_int(1)), NULL), RESULT_RETRY);
    assert_true(time(NULL) - started <= 6);
    db_rollback(other);
    must(db_commit(db), db);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 2);
}

/* The server may end a result with an error after some of its rows; here it has locked the first row and waits for the
 * second. The same statement and others work again at once. */
static void rows_that_end_in_an_error(void **state)
{
    struct db_rows *rows = NULL;
    enum result r = RESULT_OK;
    (void)state;
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    add(2, db_int(2), db_text(NULL), db_time(TIME_NONE));
    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(9), db_int(2)), NULL), db);
    must(db_begin(other), other);
    assert_int_equal(db_query(other, &LOCK_BOTH, DB_ARGS(db_int(1), db_int(2)), &rows), RESULT_RETRY);
    db_rollback(other);
    must(db_commit(db), db);

    time_t started = time(NULL);
    must(db_begin(other), other);
    assert_int_equal(db_get_int(read_row(other, 2), "n"), 9);
    must(db_query(other, &LOCK_BOTH, DB_ARGS(db_int(1), db_int(2)), &rows), other);
    for (int64_t id = 1; id <= 2; id++) {
        assert_true(db_more(rows, &r));
        assert_int_equal(db_get_int(rows, "id"), id);
    }
    assert_false(db_more(rows, &r));
    must(r, other);
    must(db_commit(other), other);
    assert_true(time(NULL) - started <= 2);
}

/* Another process locks row 2, says so, and then wants row 1. Its exit status is its result. */
static pid_t begin_rival(int *ret_ready)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct db *its = db_new(&config.migration_database);
        enum result r = db_begin(its);
        if (r == RESULT_OK)
            r = db_exec(its, &TOUCH, DB_ARGS(db_int(20), db_int(2)), NULL);
        if (write(ends[1], "x", 1) != 1)
            _exit(100);
        if (r == RESULT_OK)
            r = db_exec(its, &TOUCH, DB_ARGS(db_int(20), db_int(1)), NULL);
        if (r == RESULT_OK)
            r = db_commit(its);
        _exit((int)r);
    }
    (void)close(ends[1]);
    *ret_ready = ends[0];
    return pid;
}

/* In a deadlock one transaction is told to run again, and the other continues. */
static void deadlocks_end(void **state)
{
    int ready = -1;
    int status = 0;
    char byte = 0;
    (void)state;
    add(1, db_int(0), db_text(NULL), db_time(TIME_NONE));
    add(2, db_int(0), db_text(NULL), db_time(TIME_NONE));
    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(10), db_int(1)), NULL), db);
    pid_t rival = begin_rival(&ready);
    assert_int_equal(read(ready, &byte, 1), 1);
    enum result mine = db_exec(db, &TOUCH, DB_ARGS(db_int(10), db_int(2)), NULL);
    if (mine == RESULT_OK)
        must(db_commit(db), db);
    else
        db_rollback(db);
    assert_int_equal(waitpid(rival, &status, 0), rival);
    (void)close(ready);
    assert_true(WIFEXITED(status));
    enum result its = (enum result)WEXITSTATUS(status);
    check((mine == RESULT_OK && its == RESULT_RETRY) || (mine == RESULT_RETRY && its == RESULT_OK), "%s and %s",
          result_name(mine), result_name(its));
    int64_t winner = mine == RESULT_OK ? 10 : 20;
    assert_int_equal(db_get_int(read_row(db, 1), "n"), winner);
    assert_int_equal(db_get_int(read_row(db, 2), "n"), winner);
}

/* ── connections ────────────────────────────────────────────────────────── */

static int64_t session_id(void)
{
    struct db_rows *rows = NULL;
    must(db_query_one(db, &SESSION, DB_NO_ARGS, RESULT_NOT_FOUND, &rows), db);
    return db_get_int(rows, "id");
}

/* Ends the server's side of db's connection, as a restart or a timeout would. */
static void cut_session(int64_t id)
{
    char kill[64];
    (void)snprintf(kill, sizeof kill, "KILL %lld", (long long)id);
    must(db_run_script(other, kill), other);
}

static void cut(void)
{
    cut_session(session_id());
}

static void touch_in_transaction(int64_t n)
{
    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(n), db_int(1)), NULL), db);
    assert_int_not_equal(db_get_int(read_row(other, 1), "n"), n);
    must(db_commit(db), db);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), n);
}

/* After some transactions the next ones begin with their first statement; and what stands alone after them is committed
 * at once, as ever. */
static void a_row_of_transactions_begins_by_itself(void **state)
{
    (void)state;
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    for (int n = 10; n < 14; n++)
        touch_in_transaction(n);
    uint64_t before = db_round_trips(db);
    touch_in_transaction(14);
    assert_int_equal(db_round_trips(db) - before, 2);

    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(15), db_int(1)), NULL), db);
    db_rollback(db);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 14);

    must(db_exec(db, &TOUCH, DB_ARGS(db_int(16), db_int(1)), NULL), db);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 16);
    touch_in_transaction(17);
}

/* Its first statement finds that the connection is dead, and begins the transaction on another; a later one does not. */
static void a_row_of_transactions_survives_its_connection(void **state)
{
    (void)state;
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    int64_t id = session_id();
    for (int n = 10; n < 14; n++)
        touch_in_transaction(n);
    cut_session(id);
    touch_in_transaction(20);

    id = session_id();
    for (int n = 30; n < 34; n++)
        touch_in_transaction(n);
    must(db_begin(db), db);
    must(db_exec(db, &TOUCH, DB_ARGS(db_int(40), db_int(1)), NULL), db);
    cut_session(id);
    assert_int_equal(db_exec(db, &TOUCH, DB_ARGS(db_int(41), db_int(1)), NULL), RESULT_UNAVAILABLE);
    assert_int_equal(db_commit(db), RESULT_UNAVAILABLE);
    assert_int_equal(db_get_int(read_row(other, 1), "n"), 33);
}

static void a_dead_connection_is_replaced(void **state)
{
    (void)state;
    cut();
    assert_int_equal(count(db), 0);
    cut();
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    cut();
    must(db_begin(db), db);
    assert_int_equal(count(db), 1);
    db_rollback(db);
}

/* Within a transaction there is no new connection, because the earlier statements are lost. */
static void a_transaction_dies_with_its_connection(void **state)
{
    (void)state;
    must(db_begin(db), db);
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    cut();
    assert_int_equal(db_exec(db, &TOUCH, DB_ARGS(db_int(2), db_int(1)), NULL), RESULT_UNAVAILABLE);
    db_rollback(db);
    assert_int_equal(count(db), 0);
}

/* Later statements of the transaction are not executed by themselves, even if the caller ignores the first refusal. */
static void nothing_is_executed_outside_its_transaction(void **state)
{
    (void)state;
    must(db_begin(db), db);
    cut();
    for (int i = 0; i < 3; i++)
        assert_int_equal(db_exec(db, &ADD, DB_ARGS(db_int(i), db_int(1), db_text(NULL), db_time(TIME_NONE), db_text(NULL)), NULL),
                         RESULT_UNAVAILABLE);
    assert_int_equal(count(other), 0);
    assert_int_equal(db_commit(db), RESULT_UNAVAILABLE);
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    assert_int_equal(count(other), 1);
}

/* ── the server's errors ────────────────────────────────────────────────── */

/* SIGNAL raises the error in the server's place. */
static enum result say(unsigned int number)
{
    char script[120];
    (void)snprintf(script, sizeof script, "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = %u, MESSAGE_TEXT = 'as told'", number);
    return db_run_script(db, script);
}

static int64_t connection_id(void)
{
    struct db_rows *rows = NULL;
    must(db_query_one(db, &SESSION, DB_NO_ARGS, RESULT_NOT_FOUND, &rows), db);
    return db_get_int(rows, "id");
}

/* Each error of the table occurs in the middle of a transaction. The result is the table's, the connection is dropped
 * if the server has lost the session or refuses to serve it, and the next transaction works. */
static void every_error(void **state)
{
    size_t n = 0;
    const unsigned int *numbers = db_error_numbers(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        struct db_meaning meaning = db_error_meaning(numbers[i]);
        check(i == 0 || numbers[i - 1] < numbers[i], "%u stands in order", numbers[i]);
        must(db_begin(db), db);
        int64_t id = connection_id();
        enum result r = say(numbers[i]);
        check(r == meaning.result && r != RESULT_OK && r != RESULT_INTERNAL, "%u: %s", numbers[i], result_name(r));
        check(strstr(db_last_error(db), "as told") != NULL, "%u: the log tells \"%s\"", numbers[i], db_last_error(db));
        db_rollback(db);
        must(db_begin(db), db);
        check((connection_id() != id) == meaning.anew, "%u: connected anew: %d", numbers[i], !meaning.anew);
        must(db_commit(db), db);
    }
}

static void errors_that_stand_for_others(void **state)
{
    static const struct {
        unsigned int number;
        enum result result;
        bool anew;
    } rows[] = {
        { 1213, RESULT_RETRY, false },       { 1243, RESULT_RETRY, true },        { 3101, RESULT_RETRY, false },
        { 1062, RESULT_DUPLICATE, false },   { 1021, RESULT_UNAVAILABLE, false }, { 1047, RESULT_UNAVAILABLE, true },
        { 1290, RESULT_UNAVAILABLE, true },  { 1836, RESULT_UNAVAILABLE, true },  { 1461, RESULT_UNAVAILABLE, true },
        { 1820, RESULT_UNAVAILABLE, true },  { 2006, RESULT_UNAVAILABLE, true },  { 2013, RESULT_UNAVAILABLE, true },
        { 9001, RESULT_UNAVAILABLE, true },  { 9501, RESULT_UNAVAILABLE, true },  { 1054, RESULT_INTERNAL, false },
        { 1146, RESULT_INTERNAL, false },    { 1064, RESULT_INTERNAL, false },    { 45000, RESULT_INTERNAL, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct db_meaning got = db_error_meaning(rows[i].number);
        check(got.result == rows[i].result && got.anew == rows[i].anew, "%u: %s", rows[i].number, result_name(got.result));
    }
}

/* A value that is exactly as long as the longest that can be read. */
static void the_longest_value(void **state)
{
    struct db_rows *rows = NULL;
    (void)state;
    must(db_exec(db, &GROW, DB_ARGS(db_int(1), db_int(65536)), NULL), db);
    must(db_query_one(db, &READ, DB_ARGS(db_int(1)), RESULT_NOT_FOUND, &rows), db);
    assert_int_equal(strlen(db_get_text(rows, "t")), 65536);
    must(db_exec(db, &GROW, DB_ARGS(db_int(2), db_int(65537)), NULL), db);
    assert_int_equal(db_query_one(db, &READ, DB_ARGS(db_int(2)), RESULT_NOT_FOUND, &rows), RESULT_INTERNAL);
}

/* A missing answer to COMMIT means neither success nor failure. */
static void a_commit_without_answer(void **state)
{
    (void)state;
    must(db_begin(db), db);
    add(1, db_int(1), db_text(NULL), db_time(TIME_NONE));
    cut();
    assert_int_equal(db_commit(db), RESULT_COMMIT_UNKNOWN);
    assert_int_equal(count(db), 0);
}

static void servers_that_are_not_there(void **state)
{
    static const char *const nowhere[] = { "u:geheim@tcp(127.0.0.1:1)/d", "u:geheim@unix(/no/such/socket)/d",
                                           "u:geheim@tcp(no-such-host.invalid)/d" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(nowhere); i++) {
        struct dsn dsn;
        const char *error = NULL;
        assert_true(dsn_parse(nowhere[i], &dsn, &error));
        struct db *lost = db_new(&dsn);
        assert_int_equal(db_connect(lost), RESULT_UNAVAILABLE);
        assert_int_equal(db_begin(lost), RESULT_UNAVAILABLE);
        assert_true(strlen(db_last_error(lost)) > 10);
        assert_null(strstr(db_last_error(lost), "geheim"));
        db_free(lost);
    }
    struct dsn wrong = config.database;
    (void)snprintf(wrong.password, sizeof wrong.password, "geheim");
    struct db *stranger = db_new(&wrong);
    assert_int_equal(db_connect(stranger), RESULT_UNAVAILABLE);
    assert_null(strstr(db_last_error(stranger), "geheim"));
    db_free(stranger);
    db_free(NULL);
}

/* ── many rows ──────────────────────────────────────────────────────────── */

#define MANY 130 /* more than two packets of them */

static void fill_row(struct db_value row[5], int64_t id)
{
    bool odd = id % 2 != 0;
    row[0] = db_int(id);
    row[1] = odd ? db_text(NULL) : db_int(id * -3);
    row[2] = odd ? db_text("漢字 'x'") : db_text("");
    row[3] = db_time(odd ? TIME_NONE : 1773568800123 + id);
    row[4] = db_text(NULL);
}

static void many_rows_are_written(void **state)
{
    struct db_value rows[MANY * 5];
    (void)state;
    for (int64_t i = 0; i < MANY; i++)
        fill_row(rows + i * 5, i);
    assert_int_equal(db_exec_each(db, &ADD, rows, 5, MANY, MANY), RESULT_UNAVAILABLE); /* there is no transaction */
    must(db_begin(db), db);
    must(db_exec_each(db, &ADD, rows, 5, MANY, MANY), db);
    must(db_commit(db), db);
    assert_int_equal(count(db), MANY);
    for (int64_t i = 0; i < MANY; i++) {
        struct db_rows *row = read_row(db, i);
        assert_int_equal(db_get_int(row, "n"), i % 2 ? 0 : i * -3);
        assert_int_equal(db_is_null(row, "n"), i % 2);
        assert_string_equal(db_get_text(row, "t"), i % 2 ? "漢字 'x'" : "");
        assert_true(db_get_time(row, "at") == (i % 2 ? TIME_NONE : 1773568800123 + i));
    }
    add(MANY, db_int(1), db_text("the statement serves one row again"), db_time(TIME_NONE));
}

static void each_row_of_many_must_match(void **state)
{
    struct db_value touched[] = { db_int(7), db_int(0), db_int(7), db_int(1), db_int(7), db_int(2) };
    struct db_value added[3 * 5];
    (void)state;
    for (int64_t i = 0; i < 3; i++)
        add(i, db_int(7), db_text(""), db_time(TIME_NONE));
    must(db_begin(db), db);
    must(db_exec_each(db, &TOUCH, touched, 2, 3, 3), db); /* nothing differs, and all match */
    touched[3] = db_int(99);
    assert_int_equal(db_exec_each(db, &TOUCH, touched, 2, 3, 3), RESULT_STALE);
    for (int64_t i = 0; i < 3; i++)
        fill_row(added + i * 5, 5 - i * 2); /* 5, 3, and 1, which is taken */
    assert_int_equal(db_exec_each(db, &ADD, added, 5, 3, 3), RESULT_DUPLICATE);
    assert_int_equal(db_exec_each(db, &ADD, added, 4, 3, 3), RESULT_INTERNAL);
    db_rollback(db);
    assert_int_equal(count(db), 3);
}

/* ── */

static int begin(void **state)
{
    char error[1024];
    (void)state;
    check(getenv("DATABASE_DSN") != NULL, "DATABASE_DSN is not set. make test-unit runs this with a database.");
    check(config_load(&config, error, sizeof error), "%s", error);
    db = db_new(&config.migration_database);
    other = db_new(&config.migration_database);
    must(db_run_script(db, "DROP TABLE IF EXISTS test_values; CREATE TABLE test_values (id INT PRIMARY KEY, n BIGINT,"
                           " t LONGTEXT CHARACTER SET utf8mb4, at DATETIME(3), few VARCHAR(3)) ENGINE=InnoDB"), db);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    db_rollback(db);
    db_rollback(other);
    must(db_exec(db, &CLEAR, DB_NO_ARGS, NULL), db);
    return 0;
}

static int end(void **state)
{
    (void)state;
    must(db_run_script(db, "DROP TABLE test_values"), db);
    db_free(db);
    db_free(other);
    return 0;
}

#define WITH_EMPTY_TABLE(test) cmocka_unit_test_setup(test, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_EMPTY_TABLE(numbers),
        WITH_EMPTY_TABLE(texts),
        WITH_EMPTY_TABLE(times),
        WITH_EMPTY_TABLE(nothing),
        WITH_EMPTY_TABLE(nothing_is_cut_unsaid),
        WITH_EMPTY_TABLE(keys_are_unique),
        WITH_EMPTY_TABLE(misuse_is_a_defect),
        WITH_EMPTY_TABLE(matched_rows_count),
        WITH_EMPTY_TABLE(sessions_are_as_promised),
        WITH_EMPTY_TABLE(rollback_leaves_nothing),
        WITH_EMPTY_TABLE(lock_waits_end),
        WITH_EMPTY_TABLE(rows_that_end_in_an_error),
        WITH_EMPTY_TABLE(deadlocks_end),
        WITH_EMPTY_TABLE(a_row_of_transactions_begins_by_itself),
        WITH_EMPTY_TABLE(a_row_of_transactions_survives_its_connection),
        WITH_EMPTY_TABLE(a_dead_connection_is_replaced),
        WITH_EMPTY_TABLE(a_transaction_dies_with_its_connection),
        WITH_EMPTY_TABLE(nothing_is_executed_outside_its_transaction),
        WITH_EMPTY_TABLE(every_error),
        cmocka_unit_test(errors_that_stand_for_others),
        WITH_EMPTY_TABLE(the_longest_value),
        WITH_EMPTY_TABLE(a_commit_without_answer),
        WITH_EMPTY_TABLE(servers_that_are_not_there),
        WITH_EMPTY_TABLE(many_rows_are_written),
        WITH_EMPTY_TABLE(each_row_of_many_must_match),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
