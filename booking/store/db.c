/* SPDX-License-Identifier: MIT */
/* The connection to the database: everything that knows the client library, and what db.h promises about it.
 *
 * The file follows the life of a statement: values, and the life of a connection; what a failure means (db_errors.c has
 * the numbers); connecting, with every setting that a session relies on; statements, which are prepared once per
 * connection and found again by the address of their struct db_sql; transactions; results, row by row; and scripts, for
 * migrations.
 *
 * A connection that breaks outside a transaction is replaced silently and the statement is sent again, so every such
 * statement must be harmless to run twice. Inside a transaction, what came before the break is gone: every further
 * statement is refused until the caller commits, which fails, or rolls back. Nothing may ever run outside the
 * transaction it belongs to, so a change must keep db->lost and db->in_transaction right wherever a connection is
 * dropped.
 *
 * Errors of statements pass through fail(), which keeps the text for the log and drops a connection that cannot be used
 * any longer. A lost answer to COMMIT is not resolved here but in txn.c. */

#include "booking/store/db.h"

#include "booking/base/crash_point.h"
#include "booking/base/monotonic.h"
#include "booking/base/random.h"
#include "booking/base/timestamp.h"
#include "booking/store/db_errors.h"

#include <mysql.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* MySQL 8 dropped my_bool for bool; MariaDB's connector kept it. */
#ifdef MARIADB_PACKAGE_VERSION
typedef my_bool db_bool;
#else
typedef bool db_bool;
#endif

#define STATEMENTS_MAX 256 /* a power of two, well above the number of statements */
#define LOCK_WAIT_TIMEOUT 1205
#define UNKNOWN_VARIABLE 1193
#define LOST_TLS 2026
#define REPEAT_MS 1000
#define CONNECT_PAUSE_MS 20
#define TEXT_COLUMN_MAX 65536

struct column {
    char name[65];
    enum enum_field_types type; /* LONGLONG, DATETIME or STRING */
    int64_t number;
    MYSQL_TIME time;
    char *text;
    unsigned long length;
    db_bool is_null;
    db_bool truncated;
};

struct db_rows {
    struct db *db;
    const struct db_sql *sql;
    MYSQL_STMT *stmt;
    size_t column_count;
    size_t found; /* where the next column to be read probably is */
    struct column *columns;
    MYSQL_BIND *binds;
};

struct db {
    struct dsn dsn;
    MYSQL mysql;
    enum db_patience patience;
    bool connected;
    bool in_transaction;
    bool autocommits;     /* false: the session is in a row of transactions, and the first statement begins the next */
    bool is_unbegun;      /* the transaction waits for that statement */
    int transactions;     /* how many the session has run since it ran anything else */
    int64_t settled_ms;   /* when a new Galera session stops to wait before each read; 0: it does not */
    bool waits_for_group; /* the session waits before each transaction: catch_up() */
    int64_t no_connect_before_ms;
    bool lost; /* the transaction went with its connection, and its caller has not been told yet */
    int64_t change_id;
    uint64_t round_trips;
    char error[512];
    unsigned int error_number;
    struct db_rows *statements[STATEMENTS_MAX];
};

/* The linker's names for the bounds of the section that DB_SQL() fills. They
 * are weak because a program without statements has no such section. */
extern const struct db_sql *const __start_db_statements[] __attribute__((weak));
extern const struct db_sql *const __stop_db_statements[] __attribute__((weak));

const struct db_sql *const *db_statements_begin(void)
{
    return __start_db_statements;
}

const struct db_sql *const *db_statements_end(void)
{
    return __stop_db_statements;
}

struct db_value db_int(int64_t n)
{
    return (struct db_value){ .type = DB_INT, .number = n };
}

struct db_value db_id(int64_t id)
{
    return id == 0 ? db_text(NULL) : db_int(id);
}

struct db_value db_text(const char *text)
{
    return text == NULL ? (struct db_value){ .type = DB_NULL } : db_bytes(text, strlen(text));
}

struct db_value db_bytes(const char *bytes, size_t len)
{
    return (struct db_value){ .type = DB_TEXT, .text = bytes, .length = len };
}

struct db_value db_time(int64_t ms)
{
    if (ms == TIME_NONE)
        return (struct db_value){ .type = DB_NULL };
    return (struct db_value){ .type = DB_TIME, .number = ms };
}

/* A process that cannot get a few kilobytes has no better answer than to end
 * and be started again; nothing it did is lost with it. */
static void *must_allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (p == NULL) {
        (void)fputs("out of memory\n", stderr);
        abort();
    }
    return p;
}

struct db *db_new(const struct dsn *dsn)
{
    struct db *db = must_allocate(1, sizeof *db);
    db->dsn = *dsn;
    return db;
}

void db_set_patience(struct db *db, enum db_patience patience)
{
    db->patience = patience;
}

static void statement_free(struct db_rows *rows)
{
    (void)mysql_stmt_close(rows->stmt);
    for (size_t i = 0; i < rows->column_count; i++)
        free(rows->columns[i].text);
    free(rows->columns);
    free(rows->binds);
    free(rows);
}

void db_disconnect(struct db *db)
{
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (db->statements[i] != NULL)
            statement_free(db->statements[i]);
        db->statements[i] = NULL;
    }
    if (db->connected)
        mysql_close(&db->mysql);
    db->lost = db->lost || db->in_transaction;
    db->connected = false;
    db->in_transaction = false;
}

void db_free(struct db *db)
{
    if (db == NULL)
        return;
    db_disconnect(db);
    free(db);
}

bool db_is_connected(const struct db *db)
{
    return db->connected;
}

const char *db_last_error(const struct db *db)
{
    return db->error;
}

uint64_t db_round_trips(const struct db *db)
{
    return db->round_trips;
}

int64_t db_change_id(const struct db *db)
{
    return db->change_id;
}

bool db_was_locked_out(const struct db *db)
{
    return db_error_meaning(db->error_number).result == RESULT_RETRY;
}

static enum result fail(struct db *db, unsigned int number, const char *message, const char *what)
{
    struct db_meaning meaning = db_error_meaning(number);
    (void)snprintf(db->error, sizeof db->error, "%s: %u %s", what, number, message);
    db->error_number = number;
    if (meaning.anew)
        db_disconnect(db);
    /* A caller that has other work to do does not wait for a lock a second time. */
    if (number == LOCK_WAIT_TIMEOUT && (db->patience == DB_IMPATIENT || db->patience == DB_BRIEF))
        return RESULT_UNAVAILABLE;
    return meaning.result;
}

static enum result fail_connection(struct db *db, const char *what)
{
    return fail(db, mysql_errno(&db->mysql), mysql_error(&db->mysql), what);
}

static enum result run_text(struct db *db, const char *sql)
{
    db->round_trips++;
    if (mysql_real_query(&db->mysql, sql, (unsigned long)strlen(sql)) != 0)
        return fail_connection(db, sql);
    return RESULT_OK;
}

/* How long a connection waits, by enum db_patience: to connect, for an answer (0: forever), and for locks on rows and
 * on tables' metadata. */
static const struct {
    unsigned int connect_s, answer_s;
    const char *locks;
} patience[] = {
    [DB_NORMAL] = { 3, 10, "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 2" },
    [DB_IMPATIENT] = { 3, 10, "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1" },
    [DB_BRIEF] = { 1, 2, "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1" },
    [DB_PATIENT] = { 10, 0, "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 2" },
};

static void set_options(const struct db *db, MYSQL *mysql)
{
    unsigned int connect_s = patience[db->patience].connect_s;
    unsigned int answer_s = patience[db->patience].answer_s;
    unsigned int tcp = MYSQL_PROTOCOL_TCP;
    unsigned int no = 0;
    (void)mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    if (answer_s > 0) {
        (void)mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer_s);
        (void)mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
    }
    (void)mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no);
    (void)mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    /* Otherwise "localhost" would mean a Unix socket, whatever the port says. */
    if (db->dsn.socket[0] == '\0')
        (void)mysql_options(mysql, MYSQL_OPT_PROTOCOL, &tcp);
}

/* The two client libraries have no option for this in common. */
static void set_tls(MYSQL *mysql, enum dsn_tls tls, const char *ca)
{
    if (tls == DSN_TLS_DEFAULT)
        return;
    if (ca[0] != '\0')
        (void)mysql_options(mysql, MYSQL_OPT_SSL_CA, ca);
#ifdef MARIADB_PACKAGE_VERSION
    db_bool enforce = tls == DSN_TLS_VERIFY || tls == DSN_TLS_SKIP_VERIFY;
    db_bool verify = tls == DSN_TLS_VERIFY;
    (void)mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    (void)mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
#else
    static const unsigned int modes[] = {
        [DSN_TLS_OFF] = SSL_MODE_DISABLED,
        [DSN_TLS_PREFERRED] = SSL_MODE_PREFERRED,
        [DSN_TLS_SKIP_VERIFY] = SSL_MODE_REQUIRED,
        [DSN_TLS_VERIFY] = SSL_MODE_VERIFY_IDENTITY,
    };
    (void)mysql_options(mysql, MYSQL_OPT_SSL_MODE, &modes[tls]);
#endif
}

/* Sets everything that the statements rely on, whatever the server's defaults are. A comment with a version is read by
 * only one make of server: MariaDB >= 11.6 would end a transaction with 1020 if a row it waits for is changed
 * meanwhile, and ours are made to wait and see. A transaction that idles is one whose host has vanished: its locks are
 * released within a minute. */
static enum result set_session(struct db *db)
{
    enum result r = run_text(db, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE");
    if (r == RESULT_OK)
        r = run_text(db, "SET SESSION autocommit = 1, completion_type = 'NO_CHAIN', time_zone = '+00:00',"
                         " sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', foreign_key_checks = 1,"
                         " unique_checks = 1, sql_auto_is_null = 0, sql_safe_updates = 0, sql_big_selects = 1,"
                         " sql_select_limit = 18446744073709551615"
                         " /*!80000 , max_execution_time = 0, wait_timeout = 50 */"
                         " /*M!100300 , max_statement_time = 0, idle_transaction_timeout = 45 */"
                         " /*M!110600 , innodb_snapshot_isolation = OFF */");
    return r == RESULT_OK ? run_text(db, patience[db->patience].locks) : r;
}

/* As run_text(), for a variable that only some servers have. */
static enum result run_if_known(struct db *db, const char *sql)
{
    enum result r = run_text(db, sql);
    return r == RESULT_INTERNAL && db->error_number == UNKNOWN_VARIABLE ? RESULT_OK : r;
}

static bool is_mariadb(struct db *db)
{
    return strstr(mysql_get_server_info(&db->mysql), "MariaDB") != NULL;
}

/* Waits until what has been committed on the other servers of a Galera cluster can be seen on this one. Any other
 * MariaDB answers at once. */
static enum result wait_for_galera(struct db *db)
{
    if (!is_mariadb(db))
        return RESULT_OK;
    enum result r = run_if_known(db, "SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1");
    if (r == RESULT_OK)
        mysql_free_result(mysql_store_result(&db->mysql));
    return r;
}

/* How long after a takeover the server before may still have been answering others. */
#define SETTLING_MS 2000

/* After a takeover the new server may lag behind what our clients were told, and another of our processes, whose
 * connection to the server before ends a moment later than ours, may even now be telling one of them. So each read
 * waits for a while. */
static enum result begin_to_settle(struct db *db)
{
    enum result r = wait_for_galera(db);
    if (r != RESULT_OK || !is_mariadb(db))
        return r;
    db->settled_ms = monotonic_ms() + SETTLING_MS;
    return run_if_known(db, "SET SESSION wsrep_sync_wait = 1");
}

static enum result settle(struct db *db)
{
    db->settled_ms = 0;
    return run_if_known(db, "SET SESSION wsrep_sync_wait = 0");
}

static enum result connect_once(struct db *db, enum dsn_tls tls)
{
    const struct dsn *dsn = &db->dsn;
    bool use_socket = dsn->socket[0] != '\0';
    if (mysql_init(&db->mysql) == NULL)
        return RESULT_INTERNAL;
    set_options(db, &db->mysql);
    set_tls(&db->mysql, tls, dsn->tls_ca);
    /* FOUND_ROWS: count the rows a guard matched, not those whose values
     * happened to differ. */
    if (mysql_real_connect(&db->mysql, use_socket ? NULL : dsn->host, dsn->user, dsn->password,
                           dsn->database[0] != '\0' ? dsn->database : NULL, (unsigned int)dsn->port,
                           use_socket ? dsn->socket : NULL, CLIENT_FOUND_ROWS) != NULL)
        return RESULT_OK;
    db->error_number = mysql_errno(&db->mysql);
    (void)snprintf(db->error, sizeof db->error, "connect: %u %s", db->error_number, mysql_error(&db->mysql));
    mysql_close(&db->mysql);
    return RESULT_UNAVAILABLE;
}

/* A connection that one statement has waited for in vain is not tried again by the next statement of the same request,
 * which follows at once. */
enum result db_connect(struct db *db)
{
    if (db->connected)
        return db->settled_ms == 0 || monotonic_ms() < db->settled_ms ? RESULT_OK : settle(db);
    int64_t begun_ms = monotonic_ms();
    if (begun_ms < db->no_connect_before_ms)
        return RESULT_UNAVAILABLE;
    enum dsn_tls tls = db->dsn.tls;
    /* MariaDB's library has no "preferred": try with TLS and, if the server has none, without. */
    enum result r = connect_once(db, tls == DSN_TLS_PREFERRED ? DSN_TLS_SKIP_VERIFY : tls);
    if (r == RESULT_UNAVAILABLE && tls == DSN_TLS_PREFERRED && db->error_number == LOST_TLS)
        r = connect_once(db, DSN_TLS_OFF);
    if (r != RESULT_OK) {
        int64_t now_ms = monotonic_ms();
        if (db->patience == DB_NORMAL && now_ms - begun_ms >= REPEAT_MS)
            db->no_connect_before_ms = now_ms + CONNECT_PAUSE_MS;
        return r;
    }
    db->connected = db->autocommits = true;
    db->waits_for_group = false;
    db->settled_ms = 0;
    db->transactions = 0;
    r = set_session(db);
    /* A new primary of Group Replication waits by itself, if group_replication_consistency is
     * BEFORE_ON_PRIMARY_FAILOVER. */
    if (r == RESULT_OK && begin_to_settle(db) != RESULT_OK)
        r = RESULT_UNAVAILABLE;
    if (r != RESULT_OK)
        db_disconnect(db);
    return r;
}

/* Binds numbers as 64-bit integers, times as MYSQL_TIME, all else as text in a
 * buffer as wide as the column can be. */
static void describe_column(struct column *c, MYSQL_BIND *bind, const MYSQL_FIELD *field)
{
    (void)snprintf(c->name, sizeof c->name, "%s", field->name);
    bind->is_null = &c->is_null;
    bind->error = &c->truncated;
    bind->length = &c->length;
    switch ((int)field->type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
        c->type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &c->number;
        break;
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_DATE:
        c->type = MYSQL_TYPE_DATETIME;
        bind->buffer = &c->time;
        break;
    default: {
        unsigned long size = field->length < 32 ? 33 : field->length + 1;
        if (size > TEXT_COLUMN_MAX + 1)
            size = TEXT_COLUMN_MAX + 1;
        c->type = MYSQL_TYPE_STRING;
        c->text = must_allocate(1, size);
        bind->buffer = c->text;
        bind->buffer_length = size - 1; /* next() adds a NUL */
        break;
    }
    }
    bind->buffer_type = c->type;
}

static void describe_columns(struct db_rows *rows, MYSQL_RES *meta)
{
    rows->column_count = mysql_num_fields(meta);
    rows->columns = must_allocate(rows->column_count, sizeof *rows->columns);
    rows->binds = must_allocate(rows->column_count, sizeof *rows->binds);
    const MYSQL_FIELD *fields = mysql_fetch_fields(meta);
    for (size_t i = 0; i < rows->column_count; i++)
        describe_column(&rows->columns[i], &rows->binds[i], &fields[i]);
}

static enum result fail_statement(struct db_rows *rows)
{
    return fail(rows->db, mysql_stmt_errno(rows->stmt), mysql_stmt_error(rows->stmt), rows->sql->name);
}

static enum result prepare(struct db *db, const struct db_sql *sql, struct db_rows **ret_rows)
{
    MYSQL_STMT *stmt = mysql_stmt_init(&db->mysql);
    if (stmt == NULL)
        return fail_connection(db, sql->name);

    struct db_rows *rows = must_allocate(1, sizeof *rows);
    *rows = (struct db_rows){ .db = db, .sql = sql, .stmt = stmt };
    db->round_trips++;
    if (mysql_stmt_prepare(stmt, sql->text, (unsigned long)strlen(sql->text)) != 0) {
        unsigned int number = mysql_stmt_errno(stmt);
        char message[256];
        (void)snprintf(message, sizeof message, "%s", mysql_stmt_error(stmt));
        statement_free(rows);
        return fail(db, number, message, sql->name);
    }
    MYSQL_RES *meta = mysql_stmt_result_metadata(stmt);
    if (meta != NULL) {
        describe_columns(rows, meta);
        mysql_free_result(meta);
    }
    *ret_rows = rows;
    return RESULT_OK;
}

/* Finds the prepared form of a statement by the address of its struct db_sql;
 * prepares it the first time. */
static enum result find_statement(struct db *db, const struct db_sql *sql, struct db_rows **ret_rows)
{
    size_t slot = ((uintptr_t)sql >> 4) % STATEMENTS_MAX;
    for (size_t i = 0; i < STATEMENTS_MAX; i++, slot = (slot + 1) % STATEMENTS_MAX) {
        struct db_rows *rows = db->statements[slot];
        if (rows != NULL && rows->sql == sql) {
            *ret_rows = rows;
            return RESULT_OK;
        }
        if (rows == NULL) {
            enum result r = prepare(db, sql, ret_rows);
            if (r == RESULT_OK)
                db->statements[slot] = *ret_rows;
            return r;
        }
    }
    (void)snprintf(db->error, sizeof db->error, "more than %d statements", STATEMENTS_MAX);
    return RESULT_INTERNAL;
}

static void bind_time(MYSQL_TIME *time, int64_t ms)
{
    struct civil_time c = timestamp_to_civil(ms);
    *time = (MYSQL_TIME){
        .year = (unsigned int)c.year,
        .month = (unsigned int)c.month,
        .day = (unsigned int)c.day,
        .hour = (unsigned int)c.hour,
        .minute = (unsigned int)c.minute,
        .second = (unsigned int)c.second,
        .second_part = (unsigned long)c.millisecond * 1000,
        .time_type = MYSQL_TIMESTAMP_DATETIME,
    };
}

#define ARGS_MAX 128

static enum result check_count(const struct db_rows *rows, size_t n)
{
    unsigned long wanted = mysql_stmt_param_count(rows->stmt);
    if (n <= ARGS_MAX && n == wanted)
        return RESULT_OK;
    (void)snprintf(rows->db->error, sizeof rows->db->error, "%s: %zu parameters given, %lu wanted", rows->sql->name, n,
                   wanted);
    return RESULT_INTERNAL;
}

/* Binds the values and sends them. They are copied to the wire before this returns. */
static enum result execute(struct db_rows *rows, const struct db_value *args, size_t n)
{
    MYSQL_BIND binds[ARGS_MAX];
    MYSQL_TIME times[ARGS_MAX];
    struct db *db = rows->db;

    TRY(check_count(rows, n));
    memset(binds, 0, n * sizeof binds[0]);
    for (size_t i = 0; i < n; i++) {
        int64_t *number = (int64_t *)(uintptr_t)&args[i].number;
        switch (args[i].type) {
        case DB_NULL: binds[i].buffer_type = MYSQL_TYPE_NULL; break;
        case DB_INT:
            binds[i].buffer_type = MYSQL_TYPE_LONGLONG;
            binds[i].buffer = number;
            break;
        case DB_TEXT:
            binds[i].buffer_type = MYSQL_TYPE_STRING;
            binds[i].buffer = (void *)(uintptr_t)args[i].text;
            binds[i].buffer_length = (unsigned long)args[i].length;
            break;
        case DB_TIME:
            bind_time(&times[i], args[i].number);
            binds[i].buffer_type = MYSQL_TYPE_DATETIME;
            binds[i].buffer = &times[i];
            break;
        }
    }
    (void)mysql_stmt_free_result(rows->stmt);
    if (n > 0 && mysql_stmt_bind_param(rows->stmt, binds) != 0)
        return fail_statement(rows);
    db->round_trips++;
    if (mysql_stmt_execute(rows->stmt) != 0)
        return fail_statement(rows);
    return RESULT_OK;
}

/* What stands alone commits by itself. */
static enum result connect_alone(struct db *db)
{
    TRY(db_connect(db));
    db->transactions = 0;
    if (db->autocommits)
        return RESULT_OK;
    TRY(run_text(db, "SET autocommit = 1"));
    db->autocommits = true;
    return RESULT_OK;
}

static enum result run_once(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                            struct db_rows **reterr_rows)
{
    enum result r = db->in_transaction ? db_connect(db) : connect_alone(db);
    if (r == RESULT_OK)
        r = find_statement(db, sql, reterr_rows);
    if (r == RESULT_OK)
        r = execute(*reterr_rows, args, n);
    return r;
}

/* ── transactions that begin by themselves ──────────────────────────────── */

/* A session that runs one transaction after another does not begin them: without autocommit the first statement does.
 * That ends with the next statement that stands alone, which is a message more, so it takes a row of transactions to be
 * worth it. */
#define TRANSACTIONS_IN_A_ROW 3

static enum result open_transaction(struct db *db, bool must_wait)
{
    db->is_unbegun = false;
    db->transactions++;
    /* It is the message that waits for the other servers of a cluster. */
    if (must_wait || db->settled_ms != 0)
        return run_text(db, "START TRANSACTION");
    if (!db->autocommits) {
        db->is_unbegun = true;
        return RESULT_OK;
    }
    if (db->transactions < TRANSACTIONS_IN_A_ROW)
        return run_text(db, "START TRANSACTION");
    TRY(run_text(db, "SET autocommit = 0"));
    db->autocommits = false;
    return RESULT_OK;
}

/* Its first statement found the connection dead, so nothing of the transaction has been done. */
static enum result open_again(struct db *db)
{
    TRY(db_connect(db));
    TRY(open_transaction(db, false));
    db->in_transaction = true;
    db->lost = db->is_unbegun = false;
    return RESULT_OK;
}

/* A connection that idled through a restart of the server is found dead only when it is used. So a statement outside a
 * transaction is sent once more on a new connection; db.h asks that such a statement may run twice. So is the one that
 * was to begin a transaction: what it did before has gone with the connection. A statement that took long is not sent
 * again: the second wait would be as long. */
static enum result run(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                       struct db_rows **reterr_rows)
{
    bool is_first = db->in_transaction && db->is_unbegun;
    db->is_unbegun = false;
    if (db->lost) {
        (void)snprintf(db->error, sizeof db->error, "%s: not sent, its transaction was lost", sql->name);
        return RESULT_UNAVAILABLE;
    }
    bool may_repeat = db->connected && (is_first || !db->in_transaction);
    int64_t begun_ms = may_repeat ? monotonic_ms() : 0;
    enum result r = run_once(db, sql, args, n, reterr_rows);
    if (r == RESULT_OK || !may_repeat || db->connected || monotonic_ms() - begun_ms >= REPEAT_MS)
        return r;
    if (is_first)
        TRY(open_again(db));
    return run_once(db, sql, args, n, reterr_rows);
}

/* ── one statement for many rows ────────────────────────────────────────── */

/* MariaDB takes the values of many rows in one packet (COM_STMT_BULK_EXECUTE), adds up the rows that they match, and
 * does nothing at all if one of them is a duplicate. */
#ifdef MARIADB_PACKAGE_VERSION

#define BULK_MAX 64

/* The values of one parameter in all rows, as the library wants them. */
struct bulk_column {
    int64_t numbers[BULK_MAX];
    const char *texts[BULK_MAX];
    unsigned long lengths[BULK_MAX];
    char indicators[BULK_MAX];
    char times[BULK_MAX][TIMESTAMP_SIZE];
};

static bool has_bulk(struct db *db)
{
    unsigned int capabilities = 0;
    (void)mariadb_get_infov(&db->mysql, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities);
    return (capabilities & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

static void set_array_size(MYSQL_STMT *stmt, size_t size)
{
    unsigned int n = (unsigned int)size;
    (void)mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &n);
}

/* All values of a column have one type, or are NULL. The library takes no arrays of MYSQL_TIME, so times go as text:
 * "2026-03-15 10:00:00.000". */
static void fill_column(struct bulk_column *c, MYSQL_BIND *bind, const struct db_value *args, size_t n, size_t count)
{
    bool is_number = false;
    for (size_t i = 0; i < count; i++) {
        const struct db_value *v = &args[i * n];
        bool is_time = v->type == DB_TIME;
        if (is_time)
            timestamp_format(v->number, c->times[i]);
        c->times[i][10] = ' ';
        is_number = is_number || v->type == DB_INT;
        c->indicators[i] = v->type == DB_NULL ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
        c->numbers[i] = v->number;
        c->texts[i] = is_time ? c->times[i] : v->text;
        c->lengths[i] = is_time ? TIMESTAMP_SIZE - 2 : (unsigned long)v->length; /* without the Z */
    }
    *bind = (MYSQL_BIND){
        .buffer_type = is_number ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING,
        .buffer = is_number ? (void *)c->numbers : (void *)(uintptr_t)c->texts,
        .length = c->lengths,
        .u.indicator = c->indicators,
    };
}

static enum result execute_bulk(struct db_rows *rows, const struct db_value *args, size_t n, size_t count)
{
    MYSQL_BIND binds[ARGS_MAX];
    struct bulk_column *columns = must_allocate(n, sizeof *columns);
    for (size_t i = 0; i < n; i++)
        fill_column(&columns[i], &binds[i], args + i, n, count);
    (void)mysql_stmt_free_result(rows->stmt);
    set_array_size(rows->stmt, count);
    rows->db->round_trips++;
    bool ok = mysql_stmt_bind_param(rows->stmt, binds) == 0 && mysql_stmt_execute(rows->stmt) == 0;
    set_array_size(rows->stmt, 0);
    free(columns);
    return ok ? RESULT_OK : fail_statement(rows);
}

#else

#define BULK_MAX 1

static bool has_bulk(struct db *db)
{
    (void)db;
    return false;
}

static enum result execute_bulk(struct db_rows *rows, const struct db_value *args, size_t n, size_t count)
{
    (void)count;
    return execute(rows, args, n);
}

#endif

/* Inside a transaction there is a connection, or there was one. */
enum result db_exec_each(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n, size_t count,
                         uint64_t expected)
{
    struct db_rows *rows = NULL;
    uint64_t matched = 0;
    if (!db->in_transaction) {
        (void)snprintf(db->error, sizeof db->error, "%s: not sent, its transaction was lost", sql->name);
        return RESULT_UNAVAILABLE;
    }
    db->is_unbegun = false;
    size_t most = has_bulk(db) ? BULK_MAX : 1;
    TRY(find_statement(db, sql, &rows));
    TRY(check_count(rows, n));
    for (size_t done = 0, some = 0; done < count; done += some) {
        some = count - done < most ? count - done : most;
        TRY(some == 1 ? execute(rows, args + done * n, n) : execute_bulk(rows, args + done * n, n, some));
        matched += mysql_stmt_affected_rows(rows->stmt);
    }
    return matched == expected ? RESULT_OK : RESULT_STALE;
}

/* With Group Replication it is the transaction's first statement that waits. */
static enum result catch_up(struct db *db)
{
    if (is_mariadb(db))
        return wait_for_galera(db);
    db->waits_for_group = true;
    return run_if_known(db, "SET SESSION group_replication_consistency = 'BEFORE'");
}

static enum result catch_up_no_more(struct db *db)
{
    db->waits_for_group = false;
    return run_if_known(db, "SET SESSION group_replication_consistency = DEFAULT");
}

enum result db_catch_up(struct db *db)
{
    enum result r = db_connect(db);
    return r == RESULT_OK ? wait_for_galera(db) : r;
}

static enum result begin(struct db *db, bool caught_up)
{
    enum result r = db_connect(db);
    if (r == RESULT_OK && caught_up)
        r = catch_up(db);
    else if (r == RESULT_OK && db->waits_for_group)
        r = catch_up_no_more(db);
    return r == RESULT_OK ? open_transaction(db, caught_up) : r;
}

static enum result begin_anyhow(struct db *db, bool caught_up, int64_t change_id)
{
    bool was_connected = db->connected;
    db->lost = false;
    enum result r = begin(db, caught_up);
    if (r == RESULT_UNAVAILABLE && was_connected && !db->connected)
        r = begin(db, caught_up);
    if (r == RESULT_OK) {
        db->in_transaction = true;
        db->change_id = change_id;
    }
    return r;
}

enum result db_begin(struct db *db)
{
    return begin_anyhow(db, false, random_id());
}

enum result db_begin_caught_up(struct db *db, int64_t change_id)
{
    return begin_anyhow(db, true, change_id);
}

enum result db_commit(struct db *db)
{
    db->lost = false;
    if (!db->connected || !db->in_transaction)
        return RESULT_UNAVAILABLE;
    db->in_transaction = false;
    db->round_trips++;
    CRASH_POINT("commit");
    if (mysql_real_query(&db->mysql, "COMMIT", 6) == 0) {
        CRASH_POINT("committed");
        return RESULT_OK;
    }
    unsigned int number = mysql_errno(&db->mysql);
    (void)fail_connection(db, "COMMIT");
    /* Deadlock (Galera: not certified) and 3101 say that everything was rolled back. Any other error promises neither
     * that nothing happened nor that the transaction has ended; a later statement must not commit it. */
    bool rolled_back = db->connected && (number == 1213 || number == 3101);
    db_disconnect(db);
    return rolled_back ? RESULT_RETRY : RESULT_COMMIT_UNKNOWN;
}

void db_rollback(struct db *db)
{
    if (db->connected && db->in_transaction && run_text(db, "ROLLBACK") != RESULT_OK)
        db_disconnect(db);
    db->in_transaction = false;
    db->lost = false;
}

enum result db_exec(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                    uint64_t *ret_matched)
{
    struct db_rows *rows = NULL;
    enum result r = run(db, sql, args, n, &rows);
    if (r == RESULT_OK && ret_matched != NULL)
        *ret_matched = mysql_stmt_affected_rows(rows->stmt);
    return r;
}

enum result db_exec_expect(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                           uint64_t expected)
{
    uint64_t matched = 0;
    enum result r = db_exec(db, sql, args, n, &matched);
    return r == RESULT_OK && matched != expected ? RESULT_STALE : r;
}

/* A result may end in an error after some of its rows, such as a lock wait for the second row. MariaDB's library then
 * believes that more rows are to come, and at the statement's next use waits for them until the connection times out.
 * So the connection is dropped, and with it the transaction, which has to be run again or given up in any case. */
static enum result fail_rows(struct db_rows *rows)
{
    struct db *db = rows->db;
    enum result r = fail_statement(rows);
    db_disconnect(db);
    return r;
}

enum result db_query(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                     struct db_rows **ret_rows)
{
    struct db_rows *rows = NULL;
    enum result r = run(db, sql, args, n, &rows);
    if (r != RESULT_OK)
        return r;
    if (rows->column_count == 0) {
        (void)snprintf(db->error, sizeof db->error, "%s: returns no rows", sql->name);
        return RESULT_INTERNAL;
    }
    if (mysql_stmt_bind_result(rows->stmt, rows->binds) != 0)
        return fail_statement(rows);
    if (mysql_stmt_store_result(rows->stmt) != 0)
        return fail_rows(rows);
    *ret_rows = rows;
    return RESULT_OK;
}

static enum result next(struct db_rows *rows, bool *ret_have)
{
    int fetched = mysql_stmt_fetch(rows->stmt);
    if (fetched == MYSQL_NO_DATA) {
        (void)mysql_stmt_free_result(rows->stmt);
        *ret_have = false;
        return RESULT_OK;
    }
    if (fetched == MYSQL_DATA_TRUNCATED) {
        (void)snprintf(rows->db->error, sizeof rows->db->error, "%s: a value was truncated", rows->sql->name);
        return RESULT_INTERNAL;
    }
    if (fetched != 0)
        return fail_statement(rows);
    for (size_t i = 0; i < rows->column_count; i++) {
        struct column *c = &rows->columns[i];
        if (c->type == MYSQL_TYPE_STRING)
            c->text[c->is_null ? 0 : c->length] = '\0';
    }
    *ret_have = true;
    return RESULT_OK;
}

bool db_more(struct db_rows *rows, enum result *result)
{
    bool have = false;
    if (*result == RESULT_OK)
        *result = next(rows, &have);
    return *result == RESULT_OK && have;
}

enum result db_query_one(struct db *db, const struct db_sql *sql, const struct db_value *args, size_t n,
                         enum result if_none, struct db_rows **reterr_rows)
{
    enum result r = db_query(db, sql, args, n, reterr_rows);
    return db_more(*reterr_rows, &r) || r != RESULT_OK ? r : if_none;
}

/* Columns are mostly read in their order, so the search begins behind the one that was found last. */
static const struct column *find_column(struct db_rows *rows, const char *name)
{
    for (size_t n = 0; n < rows->column_count; n++) {
        size_t i = (rows->found + n) % rows->column_count;
        if (strcmp(rows->columns[i].name, name) == 0) {
            rows->found = i + 1;
            return &rows->columns[i];
        }
    }
    (void)fprintf(stderr, "%s: no column %s\n", rows->sql->name, name);
    abort();
}

static const struct column *find_typed(struct db_rows *rows, const char *name, enum enum_field_types type)
{
    const struct column *c = find_column(rows, name);
    if (c->type != type) {
        (void)fprintf(stderr, "%s: column %s has another type\n", rows->sql->name, name);
        abort();
    }
    return c;
}

bool db_is_null(struct db_rows *rows, const char *column)
{
    return find_column(rows, column)->is_null;
}

const char *db_get_text(struct db_rows *rows, const char *column)
{
    const struct column *c = find_typed(rows, column, MYSQL_TYPE_STRING);
    return c->is_null ? NULL : c->text;
}

int64_t db_get_int(struct db_rows *rows, const char *column)
{
    const struct column *c = find_typed(rows, column, MYSQL_TYPE_LONGLONG);
    return c->is_null ? 0 : c->number;
}

int64_t db_get_time(struct db_rows *rows, const char *column)
{
    const struct column *c = find_typed(rows, column, MYSQL_TYPE_DATETIME);
    if (c->is_null)
        return TIME_NONE;
    struct civil_time t = {
        .year = (int)c->time.year,
        .month = (int)c->time.month,
        .day = (int)c->time.day,
        .hour = (int)c->time.hour,
        .minute = (int)c->time.minute,
        .second = (int)c->time.second,
        .millisecond = (int)(c->time.second_part / 1000),
    };
    return timestamp_from_civil(&t);
}

/* Reads and drops the results of every statement of a script. */
static enum result drain_results(struct db *db)
{
    for (;;) {
        MYSQL_RES *result = mysql_store_result(&db->mysql);
        if (result != NULL)
            mysql_free_result(result);
        else if (mysql_field_count(&db->mysql) != 0)
            return fail_connection(db, "script");
        int more = mysql_next_result(&db->mysql);
        if (more == -1)
            return RESULT_OK;
        if (more > 0)
            return fail_connection(db, "script");
    }
}

enum result db_run_script(struct db *db, const char *script)
{
    enum result r = connect_alone(db);
    if (r != RESULT_OK)
        return r;
    if (mysql_set_server_option(&db->mysql, MYSQL_OPTION_MULTI_STATEMENTS_ON) != 0)
        return fail_connection(db, "script");
    r = run_text(db, script);
    if (r == RESULT_OK)
        r = drain_results(db);
    if (db->connected && mysql_set_server_option(&db->mysql, MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
        db_disconnect(db);
    return r;
}

enum result db_run_text(struct db *db, const char *text, size_t len, uint64_t *reterr_matched)
{
    enum result r = connect_alone(db);
    if (r != RESULT_OK)
        return r;
    db->round_trips++;
    if (mysql_real_query(&db->mysql, text, (unsigned long)len) != 0)
        return fail_connection(db, "script");
    *reterr_matched = mysql_affected_rows(&db->mysql);
    return drain_results(db);
}

enum result db_check_statement(struct db *db, const struct db_sql *sql)
{
    struct db_rows *rows = NULL;
    enum result r = db_connect(db);
    if (r == RESULT_OK)
        r = prepare(db, sql, &rows);
    if (r == RESULT_OK)
        statement_free(rows);
    return r;
}
