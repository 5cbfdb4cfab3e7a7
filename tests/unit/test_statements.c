/* SPDX-License-Identifier: MIT */
/* Every statement of the programs, with the real schema: how the server plans it, what it reads and what it locks.
 * It needs an empty database of its own, which `make test-unit` starts. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"
#include "booking/booking.h"
#include "booking/config.h"
#include "booking/store/locators.h"
#include "booking/store/queue.h"
#include "booking/store/seats.h"

#include <mysql.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* migrate's statements are in its own source files, whose names must not clash with ours or with each other's. */
int migrate_main(int argc, char **argv);
#define main migrate_main
#include "sql/migrate/migrate.c"
#undef main
#define complain complain_of_cabins
#undef PAUSE_US
#include "sql/migrate/cabins.c"
#undef complain

#define FUTURE_JOBS 100000
#define FAILED_JOBS 1000
#define DUE_JOBS 1000
#define BATCH 64
#define A_FEW 4

static struct config config;
static struct db *db;      /* the session under test, with the programs' rights */
static struct db *other;   /* another such session */
static struct db *gateway; /* the gateway programs' session, on their own database */
static struct db *owner;   /* the owner's session, which may change what the programs must not */

static void must(enum result r, const struct db *on, const char *what)
{
    check(r == RESULT_OK, "%s: %s, %s", what, result_name(r), db_last_error(on));
}

/* ── the statements ─────────────────────────────────────────────────────── */

static const struct db_sql *statement(const char *name)
{
    for (const struct db_sql *const *s = db_statements_begin(); s < db_statements_end(); s++) {
        if (strcmp((*s)->name, name) == 0)
            return *s;
    }
    print_error("there is no statement %s any more\n", name);
    fail();
    return NULL;
}

static bool is_of_gateway(const struct db_sql *sql)
{
    /* charges, charge_calls, charge_refunds, charge_pages */
    bool of_report = strncmp(sql->name, "RECONCIL", 8) == 0;
    return (strstr(sql->text, " charge") != NULL && !of_report) || strncmp(sql->name, "STRIPE_", 7) == 0;
}

static void every_statement_can_be_prepared(void **state)
{
    size_t of_gateway = 0;
    size_t of_booking = 0;
    (void)state;
    for (const struct db_sql *const *s = db_statements_begin(); s < db_statements_end(); s++) {
        bool of_migrate = strncmp((*s)->name, "MIGRATION_", 10) == 0;
        struct db *its = is_of_gateway(*s) ? gateway : of_migrate ? owner : db;
        *(is_of_gateway(*s) ? &of_gateway : &of_booking) += 1;
        must(db_check_statement(its, *s), its, (*s)->name);
    }
    /* The statements are really linked into this program. */
    assert_true(of_booking >= 50);
    assert_true(of_gateway >= 6);
}

/* What a planner for many servers does not understand (Vitess, docs/scaling.md), and we can say otherwise. */
static void no_statement_stands_in_the_way_of_shards(void **state)
{
    static const char *const words[] = { " AS now", ".*", " COLLATE ", "SQL_CALC_FOUND_ROWS", "GET_LOCK(", "LAST_INSERT_ID(" };
    (void)state;
    for (const struct db_sql *const *s = db_statements_begin(); s < db_statements_end(); s++) {
        /* migrate works on one server after the other. */
        bool of_migrate = strncmp((*s)->name, "MIGRATION_", 10) == 0;
        for (size_t i = 0; i < COUNT_OF(words) && !of_migrate; i++)
            check(strstr((*s)->text, words[i]) == NULL, "%s has \"%s\"", (*s)->name, words[i]);
    }
}

/* A statement that cannot be prepared is noticed, so the test above can fail. */
static void a_wrong_statement_is_noticed(void **state)
{
    static const struct db_sql wrong = { .text = "SELECT no_such_column FROM orders WHERE order_id = ?", .name = "WRONG" };
    (void)state;
    assert_int_equal(db_check_statement(db, &wrong), RESULT_INTERNAL);
    assert_non_null(strstr(db_last_error(db), "no_such_column"));
}

/* ── plans ──────────────────────────────────────────────────────────────── */

/* EXPLAIN is sent as plain text, because not every server tells the columns of a prepared EXPLAIN. */
static MYSQL *connect_plainly(void)
{
    const struct dsn *dsn = &config.database;
    bool use_socket = dsn->socket[0] != '\0';
    MYSQL *mysql = mysql_init(NULL);
    assert_non_null(mysql);
    check(mysql_real_connect(mysql, use_socket ? NULL : dsn->host, dsn->user, dsn->password, dsn->database,
                             (unsigned int)dsn->port, use_socket ? dsn->socket : NULL, 0) != NULL,
          "%s", mysql_error(mysql));
    return mysql;
}

/* Writes a statement with values instead of its parameters. One letter stands for each: s text, k a job's kind, d an
 * order's id, u a customer, i a number, a an action, t a future time, w an earlier one, f a flight's id, n NULL, e nothing. The last letter
 * stands for all further parameters. Values of one kind differ, so that an IN list has several values. */
static void write_explain(const char *text, const char *letters, struct buf *out)
{
    buf_add_str(out, "EXPLAIN FORMAT=TRADITIONAL ");
    for (int n = 0; *text != '\0'; text++) {
        if (*text != '?') {
            buf_add_char(out, *text);
            continue;
        }
        switch (*letters) {
        case 'k': buf_add_str(out, "'EXPIRE_HOLD'"); break;
        case 'i': buf_addf(out, "%d", 42 + n); break;
        case 'a': buf_add_str(out, "'SET_ROLE'"); break;
        case 't': buf_add_str(out, "TIMESTAMP'9999-01-01 00:00:00.000'"); break;
        case 'w': buf_add_str(out, "TIMESTAMP'2037-01-01 00:00:00.000'"); break;
        case 'f': buf_addf(out, "'flight-%d'", n); break;
        case 'u': buf_add_str(out, "'user42'"); break;
        case 'n': buf_add_str(out, "NULL"); break;
        case 'e': buf_add_str(out, "''"); break;
        case 'd': buf_addf(out, "'00000000-0000-7000-8000-0000000000%02d'", n % 100); break;
        default: buf_addf(out, n < 4 ? "'FL123'" : "'A%d'", n % 10); break;
        }
        letters += letters[1] == '\0' ? 0 : 1;
        n++;
    }
}

struct plan {
    char access[20];
    char key[70];
    char extra[300];
    bool filesort; /* for any table of the statement */
};

static const char *value_of(MYSQL_RES *result, MYSQL_ROW row, const char *column)
{
    for (unsigned int i = 0; i < mysql_num_fields(result); i++) {
        if (strcmp(mysql_fetch_fields(result)[i].name, column) == 0)
            return row[i] == NULL ? "" : row[i];
    }
    print_error("a plan has no column %s\n", column);
    fail();
    return "";
}

/* The plan for one table of a statement, by its name or alias there. If the planner looks up a row by a unique key and
 * does not find it, the plan has no table. That is the best access, "const". */
static void explain(const char *name, const char *letters, const char *table, struct plan *ret)
{
    struct buf text = BUF_INIT;
    bool found = false;
    MYSQL *mysql = connect_plainly();

    write_explain(statement(name)->text, letters, &text);
    check(mysql_query(mysql, buf_str(&text)) == 0, "%s: %s", name, mysql_error(mysql));
    MYSQL_RES *result = mysql_store_result(mysql);
    assert_non_null(result);
    ret->filesort = false;
    for (MYSQL_ROW row = mysql_fetch_row(result); row != NULL; row = mysql_fetch_row(result)) {
        const char *of = value_of(result, row, "table");
        const char *extra = value_of(result, row, "Extra");
        bool looked_up = *of == '\0' && strstr(extra, "const table") != NULL;
        ret->filesort = ret->filesort || strstr(extra, "filesort") != NULL;
        if (found || (!looked_up && strcmp(of, table) != 0))
            continue;
        text_copy(ret->access, sizeof ret->access, looked_up ? "const" : value_of(result, row, "type"));
        text_copy(ret->key, sizeof ret->key, value_of(result, row, "key"));
        text_copy(ret->extra, sizeof ret->extra, extra);
        found = true;
    }
    check(found, "%s: the plan has no table %s", name, table);
    mysql_free_result(result);
    mysql_close(mysql);
    buf_done(&text);
}

/* Whether the key is one of those, which stand between bars. */
static bool is_among(const char *keys, const char *key)
{
    size_t len = strlen(key);
    for (const char *at = keys; at != NULL; at = strchr(at, '|') == NULL ? NULL : strchr(at, '|') + 1) {
        if (len > 0 && strncmp(at, key, len) == 0 && (at[len] == '\0' || at[len] == '|'))
            return true;
    }
    return false;
}

static void plans(void **state)
{
    static const struct {
        const char *name, *arguments;
        const char *table, *key;
        bool may_sort;
    } rows[] = {
        { "JOBS_DUE", "kkki", "workflow_jobs", "idx_due", false },
        { "JOBS_LEASE", "sii", "workflow_jobs", "PRIMARY", false },
        { "JOBS_LEASE_FEW", "sii", "workflow_jobs", "PRIMARY", false },
        { "JOBS_LIST", "iinnnnnniii", "j", "PRIMARY", false },
        { "JOB_MOVE", "tdk", "workflow_jobs", "one_job_of_a_subject", false },
        { "JOB_REMOVE", "dk", "workflow_jobs", "one_job_of_a_subject", false },
        { "JOB_FINISH", "i", "workflow_jobs", "PRIMARY", false },
        { "JOB_POSTPONE", "si", "workflow_jobs", "PRIMARY", false },
        { "JOB_FAIL", "si", "workflow_jobs", "PRIMARY", false },
        { "JOB_CHECK_CLAIM", "i", "workflow_jobs", "PRIMARY", false },
        { "JOB_SET_ASIDE", "ssi", "workflow_jobs", "PRIMARY", false },
        { "JOB_RENEW", "i", "workflow_jobs", "PRIMARY", false },
        { "JOBS_RENEW_ALL", "isi", "workflow_jobs", "PRIMARY", false },
        { "JOBS_GIVE_BACK", "si", "workflow_jobs", "PRIMARY", false },
        { "JOB_LOCK", "i", "workflow_jobs", "PRIMARY", false },
        { "JOB_RETRY", "i", "workflow_jobs", "PRIMARY", false },
        { "ORDER_FIND", "dnn", "o", "PRIMARY", false },
        { "ORDER_FIND", "dnn", "f", "PRIMARY", false },
        { "ORDER_FIND", "dnn", "y", "one_payment_at_a_time", false },
        { "ORDER_LOCK", "dnn", "o", "PRIMARY", false },
        { "ORDER_UPDATE", "sstttiisisnsiinnntdis", "orders", "PRIMARY", false },
        { "ORDER_LOCK_FREE", "dnn", "o", "PRIMARY", false },
        { "ORDER_FORGET", "tdi", "orders", "PRIMARY", false },
        { "ORDERS_TO_FORGET", "fi", "orders", "idx_flight", false },
        { "FLIGHTS_DEPARTED", "wiwfi", "flights", "idx_departure", false },
        { "SEATS_FORGET", "d", "seats", "idx_reserved_by", false },
        { "MESSAGES_REPLACE", "ssd", "messages", "idx_order", false },
        { "MESSAGE_NEXT", "ds", "messages", "idx_order", false },
        { "MESSAGE_FIND", "ds", "messages", "idx_order", false },
        { "MESSAGES_NEXT", "d", "messages", "idx_order", false },
        { "MAIL_ADDRESSEES", "d", "p", "idx_order", true },
        { "MAIL_FACTS", "d", "o", "PRIMARY", false },
        { "SENT_ORDERS", "d", "orders", "PRIMARY", false },
        { "SENT_MESSAGES", "i", "messages", "PRIMARY", false },
        { "SENT_MORE", "d", "messages", "idx_order", false },
        { "PERSONS_LIST", "d", "persons", "idx_order", true },
        { "PERSONS_OF", "d", "persons", "idx_order", true },
        { "PERSONS_LEAVE", "di", "persons", "idx_order|PRIMARY", false }, /* MySQL takes the latter, to the same rows */
        { "PERSON_DISMISS", "di", "persons", "idx_order", false },
        { "PERSONS_MOVE_UP", "di", "persons", "idx_order", false },
        { "PERSON_CHANGE", "isssssssssid", "persons", "idx_order|PRIMARY", false },
        { "ORDERS_SOUGHT", "snnnnnnnnnnnttdi", "named", "idx_family", true },
        { "ORDERS_SOUGHT", "esnnnnnnnnnnttdi", "mailed", "idx_email", true },
        { "ORDERS_SOUGHT", "esnnnnnnnnnnttdi", "named", "idx_family", true },
        { "ORDERS_SOUGHT", "ensnnnnnnnnnttdi", "l", "PRIMARY", true },
        { "ORDERS_SOUGHT", "ennfssnnnnnnttdi", "s", "PRIMARY", true },
        { "ORDERS_SOUGHT", "snnnnnnnnnnnttdi", "o", "PRIMARY", true },
        { "PERSONS_FORGET", "d", "persons", "idx_order", false },
        { "ORDER_TOKENS_REVOKE", "d", "order_tokens", "idx_order", false },
        { "ORDER_TOKENS_PURGE", "", "order_tokens", "idx_expires", false },
        { "LOOKUPS_PURGE", "", "lookup_failures", "idx_since", false },
        { "LOOKUP_UNCOUNT", "s", "lookup_failures", "PRIMARY", false },
        { "KEYS_PAGE", "di", "idempotency_keys", "PRIMARY", false },
        { "KEY_REMOVE", "i", "idempotency_keys", "PRIMARY", false },
        { "ORDERS_COUNT_HOLDS", "u", "o", "idx_user", false },
        { "ORDERS_OF_USER", "uttdi", "o", "idx_user", false },
        { "ORDERS_OF_USER_AS_SENT", "uuttdi", "o", "idx_user", true },
        { "ORDERS_FILTERED", "nnnnnnnnnttdi", "o", "idx_created", false },
        { "HORIZON_OF_ALL", "t", "orders", "idx_created", false },
        { "HORIZON_OF_USER", "ut", "orders", "idx_user", false },
        { "HORIZON_OF_FLIGHT", "st", "orders", "idx_flight", false },
        { "TIMETABLE_PAGE", "wwfi", "flights", "idx_departure", false },
        { "FLIGHT_SALE", "f", "f", "PRIMARY", false },
        { "FLIGHT_ONE", "f", "flights", "PRIMARY", false },
        { "FLIGHTS_PAGE", "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnwtwwfi", "flights", "idx_departure", false },
        { "FLIGHTS_OF_ROUTE", "sswtwwfi", "flights", "idx_route", false },
        { "COUNTS_KEPT", "f", "c", "PRIMARY", false },
        { "COUNTS_NOW", "f", "s", "PRIMARY", true },
        { "COUNTS_NOW_FEW", "f", "s", "PRIMARY", true },
        { "COUNTS_KEEP", "f", "s", "PRIMARY", true },
        { "COUNTS_REMOVE", "f", "flight_counts", "PRIMARY", false },
        { "COUNTS_TURN", "", "flight_counts", "PRIMARY", false },
        { "COUNTS_EVENTS", "ii", "workflow_events", "PRIMARY", false },
        { "COUNTS_EVENT_BEFORE", "it", "workflow_events", "PRIMARY", false },
        { "COUNTS_FLIGHTS", "d", "orders", "PRIMARY", false },
        { "COUNTS_MISSING", "wwf", "flights", "idx_departure", true },
        { "JOBS_FAILED", "nniii", "j", "idx_due", true },
        { "JOBS_LEASED", "ki", "workflow_jobs", "idx_due", true },
        { "QUEUE_STATE", "kkkkikk", "workflow_jobs", "idx_due", true },
        { "QUEUE_RECENT", "", "workflow_events", "PRIMARY", true },
        { "ORDER_LAPSED_HOLDERS", "s", "s", "PRIMARY", true },
        { "SEATS_LOCK_FEW", "s", "seats", "PRIMARY", false },
        { "SEATS_LOCK_MANY", "s", "seats", "PRIMARY", false },
        { "SEATS_TAKE_FEW", "dsts", "seats", "PRIMARY", false },
        { "SEATS_TAKE_MANY", "dsts", "seats", "PRIMARY", false },
        { "SEATS_OF_FLIGHT", "s", "s", "PRIMARY", false },
        { "SEATS_FREE", "s", "seats", "PRIMARY", false },
        { "EXPIRY_LOCK", "d", "orders", "PRIMARY", false },
        { "EXPIRY_ORDERS", "d", "orders", "PRIMARY", false },
        { "EXPIRY_JOBS", "d", "workflow_jobs", "one_job_of_a_subject", false },
        { "REFUND_FIND", "d", "refunds", "PRIMARY", false },
        { "REFUND_MOVE", "kkdk", "refunds", "PRIMARY", false },
        { "REFUNDS_OF_ORDER", "d", "refunds", "idx_order", false },
        { "REFUNDS_SUM", "d", "refunds", "idx_order", false },
        { "FLIGHT_ROW_FIND", "f", "f", "PRIMARY", false },
        { "FLIGHT_ROW_LOCK", "f", "f", "PRIMARY", false },
        { "FLIGHT_ROW_CANCEL", "sfi", "flights", "PRIMARY", false },
        { "FLIGHT_ORDERS", "s", "o", "idx_flight", true },
        { "CANCELLED_HOLDERS", "sdsi", "seats", "PRIMARY", true },
        { "CANCELLED_OTHERS", "sdsi", "orders", "idx_flight", true },
        { "SEATS_BLOCK", "sfs", "seats", "PRIMARY", false },
        { "MAP_OF_FLIGHT", "s", "s", "PRIMARY", true },
        { "MAP_PASSENGERS", "s", "s", "PRIMARY", true },
        { "MAP_PASSENGERS_OF", "d", "s", "idx_reserved_by", true },
        { "MAP_SEATLESS_OF", "d", "p", "idx_order", true },
        { "LOCATOR_FIND", "s", "locators", "PRIMARY", false },
        { "SWAP_HOLDERS", "s", "seats", "PRIMARY", true },
        { "SWAP_SEATS", "s", "seats", "PRIMARY", false },
        { "SWAP_SEATS_LOCK", "s", "seats", "PRIMARY", false },
        { "SWAP_RELEASE", "s", "s", "PRIMARY", false },
        { "SWAP_REMOVE", "ss", "seats", "PRIMARY", false },
        { "SWAP_TAKE", "d", "o", "PRIMARY", false },
        { "SWAP_BOARDED", "f", "boardings", "idx_flight", false },
        { "SWAP_UPDATE_FLIGHT", "sisssfi", "flights", "PRIMARY", false },
        { "ORDERS_FIND_MANY", "d", "o", "PRIMARY", false },
        { "ORDERS_LOCK_MANY", "d", "o", "PRIMARY", false },
        { "ORDER_MONEY", "d", "o", "PRIMARY", false },
        { "BOARDINGS_REMOVE", "d", "boardings", "PRIMARY", false },
        { "JOBS_OF_FLIGHT", "kf", "workflow_jobs", "idx_due", false },
        { "EVENTS_LIST", "d", "e", "idx_order", false },
        { "EVENT_OF_CHANGE", "di", "workflow_events", "idx_order", false },
        { "PAYMENT_FIND", "d", "p", "one_payment_at_a_time", false },
        { "PAYMENTS_LOCK_FEW", "d", "o", "PRIMARY", false },
        { "PAYMENTS_LOCK_MANY", "d", "p", "one_payment_at_a_time", false },
        { "JOB_TURN", "kisdk", "workflow_jobs", "one_job_of_a_subject", false },
        { "PAYMENT_BEGIN_ATTEMPT", "iidi", "payments", "PRIMARY", false },
        { "PAYMENT_WAIT", "d", "payments", "PRIMARY", false },
        { "PAYMENT_SETTLE", "sssd", "payments", "PRIMARY", false },
        { "STAFF_NAME", "i", "persons", "PRIMARY", false },
        { "STAFF_PERSON", "ss", "persons", "one_of_a_name", false },
        { "STAFF_OF_TOKEN", "s", "staff_tokens", "one_token", false },
        { "STAFF_LOCK", "i", "p", "PRIMARY", false },
        { "STAFF_SET_ROLE", "si", "staff_tokens", "PRIMARY", false },
        { "STAFF_REVOKE", "i", "staff_tokens", "PRIMARY", false },
        { "AUDIT_LIST", "nnnnnnnnttii", "a", "idx_created", false },
        { "AUDIT_LIST", "iinnnnnnttii", "a", "idx_actor", false },
        { "AUDIT_LIST", "nnaannnnttii", "a", "idx_action", false },
        { "AUDIT_LIST", "nnnnddnnttii", "a", "idx_object", false },
        { "AUDIT_LIST", "nnnnnnwwttii", "a", "idx_created", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct plan plan;
        explain(rows[i].name, rows[i].arguments, rows[i].table, &plan);
        check(is_among(rows[i].key, plan.key) || (plan.key[0] == '\0' && strcmp(plan.access, "const") == 0),
              "%s reads %s by \"%s\" (%s; %s), not by %s", rows[i].name, rows[i].table, plan.key, plan.access,
              plan.extra, rows[i].key);
        check(strcmp(plan.access, "ALL") != 0, "%s reads all of %s", rows[i].name, rows[i].table);
        check(rows[i].may_sort || !plan.filesort, "%s sorts", rows[i].name);
    }
}

static void seats_are_locked_by_ranges_of_the_key(void **state)
{
    struct plan plan;
    (void)state;
    explain("SEATS_LOCK_FEW", "s", "seats", &plan);
    assert_string_equal(plan.access, "range");
    explain("SEATS_LOCK_MANY", "s", "seats", &plan);
    assert_string_equal(plan.access, "range");
}

/* ── rows read ──────────────────────────────────────────────────────────── */

/* The rows that this session has read in any way so far, according to the storage engine. */
static long long reads_so_far(struct db *of)
{
    static const struct db_sql counters = { .text = "SHOW SESSION STATUS LIKE 'Handler_read%'", .name = "COUNTERS" };
    struct db_rows *rows = NULL;
    long long sum = 0;
    enum result r = db_query(of, &counters, DB_NO_ARGS, &rows);
    while (db_more(rows, &r)) {
        long long n = 0;
        if (text_parse_int(db_get_text(rows, "Value"), 0, INT64_MAX, &n))
            sum += n;
    }
    must(r, of, "COUNTERS");
    return sum;
}

/* Runs a statement with rows, and counts the rows that it returned and those that it read for that. */
static void run_counted(struct db *in, const char *name, const struct db_value *args, size_t n, long long *ret_rows,
                        long long *ret_reads)
{
    struct db_rows *rows = NULL;
    long long idle = reads_so_far(in);
    long long before = reads_so_far(in);
    *ret_rows = 0;
    enum result r = db_query(in, statement(name), args, n, &rows);
    while (db_more(rows, &r))
        *ret_rows += 1;
    must(r, in, name);
    /* Reading the counters reads rows, too, the same number each time. */
    *ret_reads = reads_so_far(in) - before - (before - idle);
}

static void claim(struct db *in, const char *kind, long long *ret_rows, long long *ret_reads)
{
    const struct db_value name = db_text(kind);
    run_counted(in, "JOBS_DUE", DB_ARGS(name, name, name, db_int(BATCH)), ret_rows, ret_reads);
}

static void the_count_of_reads_counts(void **state)
{
    static const struct db_sql scan = { .text = "SELECT MAX(updated_at) AS newest FROM workflow_jobs", .name = "SCAN" };
    struct db_rows *rows = NULL;
    (void)state;
    long long before = reads_so_far(db);
    must(db_query_one(db, &scan, DB_NO_ARGS, RESULT_NOT_FOUND, &rows), db, "SCAN");
    assert_true(reads_so_far(db) - before >= FUTURE_JOBS);
}

/* A claim reads only the jobs that it takes, however many are due later or have failed. */
static void a_claim_reads_what_it_takes(void **state)
{
    long long rows = 0;
    long long reads = 0;
    (void)state;
    must(db_begin(db), db, "begin");
    claim(db, "EXPIRE_HOLD", &rows, &reads);
    assert_int_equal(rows, BATCH);
    check(reads <= BATCH + A_FEW, "%lld rows read to claim %d", reads, BATCH);
    db_rollback(db);
}

static void a_claim_of_nothing_reads_nothing(void **state)
{
    static const char *const kinds[] = { "VOID_CHARGE", "SEND_CONFIRMATION", "PAYMENT_ATTEMPT" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        long long rows = 0;
        long long reads = 0;
        must(db_begin(db), db, "begin");
        claim(db, kinds[i], &rows, &reads);
        assert_int_equal(rows, 0);
        check(reads <= A_FEW, "%s: %lld rows read to claim nothing", kinds[i], reads);
        db_rollback(db);
    }
}

/* A claim skips rows that others are claiming and does not wait for them. It reads no other rows. */
static void a_claim_passes_over_locked_rows(void **state)
{
    long long rows = 0;
    long long reads = 0;
    long long locked = 0;
    (void)state;
    must(db_begin(other), other, "begin");
    const struct db_value name = db_text("EXPIRE_HOLD");
    run_counted(other, "JOBS_DUE", DB_ARGS(name, name, name, db_int(500)), &locked, &reads);
    assert_int_equal(locked, 500);
    must(db_begin(db), db, "begin");
    time_t started = time(NULL);
    claim(db, "EXPIRE_HOLD", &rows, &reads);
    assert_true(time(NULL) - started <= 1);
    assert_int_equal(rows, BATCH);
    check(reads <= BATCH + locked + A_FEW, "%lld rows read to claim %d beside %lld locked ones", reads, BATCH, locked);
    db_rollback(db);
    db_rollback(other);
}

/* Two sweepers claim at the same moment. No job goes to both, and the jobs that one has leased are no longer due. */
static void two_claims_share_nothing(void **state)
{
    static struct job mine[BATCH];
    static struct job theirs[BATCH];
    size_t mine_count = 0;
    size_t theirs_count = 0;
    (void)state;
    must(db_begin(db), db, "begin");
    must(db_begin(other), other, "begin");
    must(jobs_claim(db, JOB_EXPIRE_HOLD, BATCH, 60000, "one", mine, &mine_count), db, "claim");
    must(jobs_claim(other, JOB_EXPIRE_HOLD, BATCH, 60000, "two", theirs, &theirs_count), other, "claim");
    must(db_commit(db), db, "commit");
    assert_int_equal(mine_count, BATCH);
    assert_int_equal(theirs_count, BATCH);
    for (size_t i = 0; i < BATCH; i++) {
        assert_int_equal(mine[i].claim, 1);
        for (size_t k = 0; k < BATCH; k++)
            assert_true(mine[i].job_id != theirs[k].job_id);
    }
    db_rollback(other);

    must(db_begin(other), other, "begin");
    must(jobs_claim(other, JOB_EXPIRE_HOLD, BATCH, 60000, "two", theirs, &theirs_count), other, "claim again");
    for (size_t i = 0; i < BATCH; i++) {
        for (size_t k = 0; k < BATCH; k++)
            assert_true(mine[i].job_id != theirs[k].job_id);
    }
    db_rollback(other);
}

/* Claims the only payment there is, that of this order. */
static struct job claimed_payment(const char *order_id)
{
    static struct job jobs[JOBS_CLAIM_MAX];
    size_t count = 0;
    must(jobs_claim(db, JOB_PAYMENT_ATTEMPT, JOBS_CLAIM_MAX, 60000, "one", jobs, &count), db, "claim the payment");
    for (size_t i = 0; i < count; i++) {
        if (strcmp(jobs[i].order_id, order_id) == 0)
            return jobs[i];
    }
    fail_msg("the order has no payment that is due");
    return jobs[0];
}

/* A timer that becomes the payment's job keeps its row; but not if a worker may still have a claim of it, which would
 * then be one of the payment. */
static void a_timer_becomes_a_payment(void **state)
{
    static const char once[] = "aaaaaaaa-0000-4000-8000-00000000000a";
    static const char twice[] = "aaaaaaaa-0000-4000-8000-00000000000b";
    static struct job timers[JOBS_CLAIM_MAX];
    size_t count = 0;
    (void)state;
    must(db_begin(db), db, "begin");
    must(jobs_add(db, JOB_EXPIRE_HOLD, once, INT64_C(4102444800000), 0, "hold"), db, "add");
    must(jobs_turn(db, once, JOB_EXPIRE_HOLD, JOB_PAYMENT_ATTEMPT, 3, "pay"), db, "turn");
    struct job payment = claimed_payment(once);
    assert_int_equal(payment.claim, 1);
    assert_int_equal(payment.max_attempts, 3);
    assert_string_equal(payment.request_id, "pay");
    must(jobs_finish(db, &payment), db, "finish");
    assert_int_equal(jobs_turn(db, once, JOB_EXPIRE_HOLD, JOB_PAYMENT_ATTEMPT, 3, "pay"), RESULT_OK);
    assert_int_equal(jobs_turn(db, once, JOB_EXPIRE_HOLD, JOB_PAYMENT_ATTEMPT, 3, "pay"), RESULT_DUPLICATE);
    db_rollback(db);

    must(db_begin(db), db, "begin");
    must(jobs_add(db, JOB_EXPIRE_HOLD, twice, 1000, 0, "hold"), db, "add"); /* due before all others */
    must(jobs_claim(db, JOB_EXPIRE_HOLD, 1, 60000, "late", timers, &count), db, "claim the timer");
    assert_int_equal(count, 1);
    assert_string_equal(timers[0].order_id, twice);
    must(jobs_turn(db, twice, JOB_EXPIRE_HOLD, JOB_PAYMENT_ATTEMPT, 3, "pay"), db, "turn");
    payment = claimed_payment(twice);
    assert_int_equal(payment.claim, 1);
    assert_true(payment.job_id != timers[0].job_id);
    assert_int_equal(jobs_finish(db, &timers[0]), RESULT_STALE);
    must(jobs_finish(db, &payment), db, "finish");
    db_rollback(db);
}

/* A claim ends with its lease. After that no attempt may begin and no failure may be counted, even if no other sweeper
 * has taken the job yet. Settling is still allowed. */
static void a_lease_that_is_over_cannot_be_renewed(void **state)
{
    static struct job mine[2];
    size_t count = 0;
    uint64_t matched = 0;
    (void)state;
    must(db_begin(db), db, "begin");
    must(jobs_claim(db, JOB_EXPIRE_HOLD, 2, 60000, "one", mine, &count), db, "claim");
    assert_int_equal(count, 2);
    const int64_t ids[] = { mine[0].job_id, mine[1].job_id };
    must(jobs_renew(db, &mine[0], 90000), db, "renew");
    must(jobs_renew_all(db, ids, 2, "one", 90000, &matched), db, "renew both");
    assert_int_equal(matched, 2);
    must(jobs_renew_all(db, ids, 2, "two", 90000, &matched), db, "renew another's");
    assert_int_equal(matched, 0);

    must(jobs_renew_all(db, ids, 2, "one", -1, &matched), db, "let both run out");
    assert_int_equal(matched, 2);
    assert_int_equal(jobs_renew(db, &mine[0], 60000), RESULT_STALE);
    assert_int_equal(jobs_set_aside(db, &mine[0], 1000, "too late"), RESULT_STALE);
    must(jobs_renew_all(db, ids, 2, "one", 90000, &matched), db, "renew both");
    assert_int_equal(matched, 0);
    must(jobs_check_claim(db, &mine[0]), db, "the claim stands");

    must(jobs_give_back(db, ids, 2, "one"), db, "give back");
    assert_int_equal(jobs_check_claim(db, &mine[0]), RESULT_STALE);
    db_rollback(db);
}

static void the_next_job_is_cheap_to_find(void **state)
{
    int64_t due_in_ms[JOB_KIND_COUNT];
    long long rows = 0;
    long long reads = 0;
    (void)state;
    run_counted(db, "JOBS_NEXT_DUE", DB_NO_ARGS, &rows, &reads);
    check(reads <= 8 * JOB_KIND_COUNT, "%lld rows read to find the next job", reads);
    must(jobs_next_due(db, due_in_ms), db, "next due");
    assert_true(due_in_ms[JOB_EXPIRE_HOLD] < 0);
    assert_true(due_in_ms[JOB_PAYMENT_ATTEMPT] > 0);
    assert_true(due_in_ms[JOB_SEND_CONFIRMATION] == INT64_MAX);
    /* A failed job is never due. */
    assert_true(due_in_ms[JOB_VOID_CHARGE] == INT64_MAX);
}

/* However long the queue is, the operator's counts stop at a limit. */
static void the_queue_is_counted_so_far_and_no_further(void **state)
{
    const struct db_value kind = db_text("EXPIRE_HOLD");
    struct queue_state states[JOB_KIND_COUNT];
    static const int64_t lease_ms[JOB_KIND_COUNT] = { 10000, 15000, 15000, 15000 };
    long long rows = 0;
    long long reads = 0;
    (void)state;
    run_counted(db, "QUEUE_STATE", DB_ARGS(kind, kind, kind, kind, db_int(10000), kind, kind), &rows, &reads);
    check(reads < 4LL * QUEUE_COUNTED_MAX, "%lld rows read to count the queue", reads);
    must(queue_read(db, lease_ms, states), db, "queue");
    assert_int_equal(states[JOB_EXPIRE_HOLD].waiting, QUEUE_COUNTED_MAX);
    assert_int_equal(states[JOB_VOID_CHARGE].failed, FAILED_JOBS);
    run_counted(db, "QUEUE_RECENT", DB_NO_ARGS, &rows, &reads);
    check(reads < 10000, "%lld rows read of the history", reads);
}

/* However many flights there are, a page reads only its own. */
static void a_page_of_flights_reads_a_page(void **state)
{
    struct db_value args[40];
    long long rows = 0;
    long long reads = 0;
    (void)state;
    for (size_t i = 0; i < 34; i++) /* two lists of places, and whether there is one */
        args[i] = db_text(NULL);
    args[34] = args[36] = args[37] = db_time(0);
    args[35] = db_time(INT64_C(253370764800000));
    args[38] = db_text("");
    args[39] = db_int(50);
    run_counted(db, "FLIGHTS_PAGE", args, 40, &rows, &reads);
    assert_int_equal(rows, 50);
    check(reads <= 50 + A_FEW, "%lld rows read for a page of 50 flights", reads);
}

static void locking_seats_reads_those_seats(void **state)
{
    struct db_value args[6];
    long long rows = 0;
    long long reads = 0;
    (void)state;
    for (size_t i = 0; i < 6; i++)
        args[i] = db_text(i < 2 ? "FL123" : i == 2 ? "A1" : "B2");
    must(db_begin(db), db, "begin");
    run_counted(db, "SEATS_LOCK_FEW", args, 6, &rows, &reads);
    db_rollback(db);
    assert_int_equal(rows, 2);
    /* It reads two seats, and the flight once for each. */
    check(reads <= 2 + 2 + A_FEW, "%lld rows read to lock 2 seats", reads);
}

/* ── locks ──────────────────────────────────────────────────────────────── */

/* The number of rows of a query that no other session has locked: SKIP LOCKED leaves locked ones out. */
static long long rows_left(const char *query, const char *lock)
{
    char text[200];
    struct db_rows *rows = NULL;
    long long count = 0;
    (void)snprintf(text, sizeof text, "%s %s", query, lock);
    struct db_sql sql = { .text = text, .name = "UNLOCKED" };
    must(db_begin(owner), owner, "begin");
    enum result r = db_query(owner, &sql, DB_NO_ARGS, &rows);
    while (db_more(rows, &r))
        count++;
    must(r, owner, query);
    db_rollback(owner);
    db_disconnect(owner);
    return count;
}

static long long unlocked_rows(const char *query)
{
    return rows_left(query, "FOR UPDATE SKIP LOCKED");
}

/* The number of rows that another session can lock as well, as long as none of them changes it. */
static long long rows_to_share(const char *query)
{
    return rows_left(query, "LOCK IN SHARE MODE");
}

#define SEATS_OF_FL123 "SELECT seat_number FROM seats WHERE flight_id = 'FL123'"
#define FLIGHT_FL123 "SELECT flight_id FROM flights WHERE flight_id = 'FL123'"

static struct seat_list seats_named(const char *text)
{
    struct seat_list list;
    assert_true(seat_list_parse(text, &list));
    return list;
}

/* A customer locks the named seats and no others; the flight only against a change of it. */
static void seats_are_locked_and_nothing_else(void **state)
{
    struct seat_list seats = seats_named("C3,A1");
    struct locked_seats locked;
    (void)state;
    assert_int_equal(unlocked_rows(SEATS_OF_FL123), 30);
    must(db_begin(db), db, "begin");
    must(seats_lock(db, "FL123", &seats, NULL, &locked), db, "lock");
    assert_int_equal(locked.count, 2);
    assert_int_equal(unlocked_rows(SEATS_OF_FL123), 28);
    assert_int_equal(unlocked_rows(SEATS_OF_FL123 " AND seat_number IN ('A1', 'C3')"), 0);
    assert_int_equal(unlocked_rows(FLIGHT_FL123), 0);
    assert_int_equal(rows_to_share(FLIGHT_FL123), 1);
    db_rollback(db);
    assert_int_equal(unlocked_rows(SEATS_OF_FL123), 30);
    assert_int_equal(unlocked_rows(FLIGHT_FL123), 1);
}

/* The statement for many seats locks no more than the one for a few. */
static void many_seats_are_locked_alike(void **state)
{
    struct seat_list seats = seats_named("A1,A2,A3,A4,A5,A6,A7,A8,A9");
    struct locked_seats locked;
    (void)state;
    must(db_begin(db), db, "begin");
    must(seats_lock(db, "FL123", &seats, NULL, &locked), db, "lock");
    assert_int_equal(locked.count, 9);
    assert_int_equal(unlocked_rows(SEATS_OF_FL123), 21);
    assert_int_equal(rows_to_share(FLIGHT_FL123), 1);
    db_rollback(db);
}

/* Seats that do not exist lock nothing, not even a gap in which another session could not insert. */
static void seats_that_are_not_lock_nothing(void **state)
{
    struct seat_list seats = seats_named("A99,Z1");
    struct locked_seats locked;
    (void)state;
    must(db_begin(db), db, "begin");
    must(seats_lock(db, "FL123", &seats, NULL, &locked), db, "lock");
    assert_int_equal(locked.count, 0);
    assert_int_equal(unlocked_rows(SEATS_OF_FL123), 30);
    static const struct db_sql add = {
        .text = "INSERT INTO seats (flight_id, seat_number, seat_row, seat_column) VALUES ('FL123', 'A98', 98, 'A')",
        .name = "ADD" };
    must(db_begin(owner), owner, "begin");
    must(db_exec(owner, &add, DB_NO_ARGS, NULL), owner, "a seat cannot be added");
    db_rollback(owner);
    db_rollback(db);
}

static enum result hold(struct db *in, const char *seats_text, const struct caller *caller, struct order *reterr_order)
{
    struct seat_list seats = seats_named(seats_text);
    struct refusal refusal;
    /* The customers differ, because holds of one customer are counted one after the other. */
    return booking_hold(in, caller, "FL123", seats_text, &seats, NULL, reterr_order, &refusal);
}

/* Just before one customer's hold commits, another customer gets other seats of the same flight at once. */
static enum result hold_another(struct db *unused, const struct order *first, void *context)
{
    struct caller caller = { .config = &config, .request_id = "second" };
    struct order *second = context;
    (void)unused;
    assert_int_equal(first->status, ORDER_SEATS_RESERVED);
    time_t started = time(NULL);
    must(hold(other, "B1,B2", &caller, second), other, "the second hold");
    assert_true(time(NULL) - started <= 1);
    return RESULT_OK;
}

static void customers_of_one_flight_do_not_queue(void **state)
{
    struct order first;
    struct order second = { .version = 0 };
    struct caller caller = { .config = &config, .request_id = "first", .before_commit = hold_another, .context = &second };
    struct caller plain = { .config = &config, .request_id = "end" };
    (void)state;
    must(hold(db, "A1,A2", &caller, &first), db, "the first hold");
    assert_int_equal(second.version, 1);
    assert_int_equal(hold(other, "C1,A2", &plain, &second), RESULT_SEATS_UNAVAILABLE);
}

/* ── locators ───────────────────────────────────────────────────────────── */

static int64_t drawn;

/* Each number is drawn twice in a row: the second draw meets the locator that the first gave. */
static int64_t draw_twice(void)
{
    return drawn++ / 2;
}

static int64_t draw_the_same(void)
{
    return 7;
}

/* A locator that was given before is drawn again, and the transaction that met it goes on. */
static void no_locator_is_given_twice(void **state)
{
    char first[LOCATOR_SIZE] = "";
    char second[LOCATOR_SIZE] = "";
    char third[LOCATOR_SIZE] = "";
    (void)state;
    drawn = 0;
    must(db_begin(db), db, "begin");
    must(locators_give(db, "00000000-0000-7000-8000-000000000001", draw_twice, first), db, "the first");
    uint64_t before = db_round_trips(db);
    must(locators_give(db, "00000000-0000-7000-8000-000000000002", draw_twice, second), db, "the second");
    assert_int_equal(db_round_trips(db) - before, 2);
    must(locators_give(db, "00000000-0000-7000-8000-000000000003", draw_the_same, third), db, "the third");
    assert_string_equal(first, "222222");
    assert_string_equal(second, "322222");
    assert_string_equal(third, "922222");
    assert_int_equal(locators_give(db, "00000000-0000-7000-8000-000000000004", draw_the_same, third), RESULT_INTERNAL);
    assert_string_equal(third, "922222");
    must(db_commit(db), db, "commit");

    static const struct db_sql count = { .text = "SELECT COUNT(*) AS n FROM locators", .name = "COUNT" };
    struct db_rows *rows = NULL;
    must(db_query_one(db, &count, DB_NO_ARGS, RESULT_INTERNAL, &rows), db, "count");
    assert_int_equal(db_get_int(rows, "n"), 3);
}

/* ── the data for these tests ───────────────────────────────────────────── */

static void run(const char *script)
{
    must(db_run_script(owner, script), owner, script);
}

static void require_empty(const char *query)
{
    struct db_sql sql = { .text = query, .name = "IS_EMPTY" };
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &sql, DB_NO_ARGS, &rows);
    bool have = db_more(rows, &r);
    must(r, db, query);
    db_disconnect(db);
    check(!have, "The database is in use. This test wants one of its own; make test-unit starts one.");
}

#define DIGITS "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4" \
               " UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
#define NUMBERED "SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n FROM " DIGITS " a, " DIGITS \
                 " b, " DIGITS " c, " DIGITS " e, " DIGITS " f"
#define ID(digit) "CONCAT('00000000-0000-7000-8" digit "00-', LPAD(n, 12, '0'))"
#define ADD_JOBS(kind, digit, status, run_at, condition)                                                    \
    "INSERT INTO workflow_jobs (kind, order_id, status, run_at, created_at, updated_at)"                    \
    " SELECT '" kind "', " ID(digit) ", '" status "', " run_at ", UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)"       \
    " FROM (" NUMBERED ") numbers WHERE " condition ";"

static int fill_tables(void **state)
{
    char error[1024];
    (void)state;
    check(getenv("DATABASE_DSN") != NULL, "DATABASE_DSN is not set. make test-unit runs this with a database.");
    check(config_load(&config, error, sizeof error), "%s", error);
    db = db_new(&config.database);
    other = db_new(&config.database);
    gateway = db_new(&config.gateway_database);
    owner = db_new(&config.migration_database);
    require_empty("SELECT order_id FROM orders LIMIT 1");
    require_empty("SELECT job_id FROM workflow_jobs LIMIT 1");

    run(ADD_JOBS("EXPIRE_HOLD", "0", "PENDING", "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR + INTERVAL n SECOND", "TRUE"));
    run(ADD_JOBS("EXPIRE_HOLD", "1", "PENDING", "UTC_TIMESTAMP(3) - INTERVAL n SECOND", "n BETWEEN 1 AND 1000"));
    run(ADD_JOBS("PAYMENT_ATTEMPT", "2", "PENDING", "UTC_TIMESTAMP(3) + INTERVAL 1 HOUR", "n < 1000"));
    run(ADD_JOBS("VOID_CHARGE", "3", "FAILED", "NULL", "n < 1000"));
    run("INSERT INTO orders (order_id, flight_id, user_id, status, seats, reserved_at, total_price_cents, currency,"
        " workflow_id, created_at, updated_at)"
        " SELECT " ID("0") ", 'FL123', CONCAT('user', n % 100), 'CANCELLED', 'A1', UTC_TIMESTAMP(3), 1, 'USD', '',"
        " UTC_TIMESTAMP(3) - INTERVAL n SECOND, UTC_TIMESTAMP(3) FROM (" NUMBERED ") numbers WHERE n < 5000;"
        "INSERT INTO payments (payment_id, order_id, payment_code, status, amount_cents, currency, created_at, updated_at)"
        " SELECT order_id, order_id, '00', 'CANCELLED', 1, 'USD', created_at, updated_at FROM orders;"
        "INSERT INTO workflow_events (order_id, type, created_at)"
        " SELECT order_id, 'ORDER_CREATED', created_at FROM orders;");
    run("INSERT INTO flights (flight_id, flight_number, origin, destination, departure_time, seat_rows, seat_layout,"
        " price_cents, currency) SELECT CONCAT('flight-', n), 'TST1', 'QQA', 'QQB',"
        " UTC_TIMESTAMP(3) + INTERVAL n * 10 - 20000 MINUTE, 1, 'A', 1, 'USD' FROM (" NUMBERED ") numbers WHERE n < 10000;");
    run("INSERT INTO persons (kind, known_by, name, created_at)"
        " SELECT 'STAFF', 'TOKEN', CONCAT('staff ', n), UTC_TIMESTAMP(3) FROM (" NUMBERED ") numbers WHERE n < 1000;"
        "INSERT INTO staff_tokens (person_id, role, token_hash, created_at)"
        " SELECT person_id, 'agent', UNHEX(SHA2(name, 256)), created_at FROM persons WHERE known_by = 'TOKEN';"
        "INSERT INTO audit_log (actor_id, role, action, object_kind, object_id, created_at)"
        " SELECT n % 200, 'agent', CASE WHEN n % 200 = 0 THEN 'SET_ROLE' ELSE 'CANCEL_ORDER' END, 'ORDER', " ID("0") ","
        " UTC_TIMESTAMP(3) - INTERVAL n SECOND FROM (" NUMBERED ") numbers WHERE n < 10000;");
    /* MySQL reads all of a table that has a few rows. These flights are none that other tests find. */
    run("INSERT INTO flight_counts (flight_id, cabin_class, features, total, free, counted_at)"
        " SELECT CONCAT('counted-', n), '', '', 1, 1, UTC_TIMESTAMP(3) FROM (" NUMBERED ") numbers WHERE n < 1000;");
    run("ANALYZE TABLE workflow_jobs, orders, payments, workflow_events, seats, flights, persons, staff_tokens, audit_log,"
        " flight_counts;");
    return 0;
}

static int empty_tables(void **state)
{
    (void)state;
    run("UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL;"
        "DELETE FROM workflow_events; DELETE FROM payments; DELETE FROM workflow_jobs; DELETE FROM orders;"
        "DELETE FROM locators; DELETE FROM flights WHERE flight_id LIKE 'flight-%'; DELETE FROM audit_log;"
        "DELETE FROM staff_tokens; DELETE FROM persons WHERE known_by = 'TOKEN';"
        "DELETE FROM flight_counts WHERE flight_id LIKE 'counted-%';");
    db_free(db);
    db_free(other);
    db_free(gateway);
    db_free(owner);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_can_be_prepared),
        cmocka_unit_test(no_statement_stands_in_the_way_of_shards),
        cmocka_unit_test(a_wrong_statement_is_noticed),
        cmocka_unit_test(plans),
        cmocka_unit_test(seats_are_locked_by_ranges_of_the_key),
        cmocka_unit_test(the_count_of_reads_counts),
        cmocka_unit_test(a_claim_reads_what_it_takes),
        cmocka_unit_test(a_claim_of_nothing_reads_nothing),
        cmocka_unit_test(a_claim_passes_over_locked_rows),
        cmocka_unit_test(two_claims_share_nothing),
        cmocka_unit_test(a_timer_becomes_a_payment),
        cmocka_unit_test(a_lease_that_is_over_cannot_be_renewed),
        cmocka_unit_test(the_next_job_is_cheap_to_find),
        cmocka_unit_test(the_queue_is_counted_so_far_and_no_further),
        cmocka_unit_test(a_page_of_flights_reads_a_page),
        cmocka_unit_test(locking_seats_reads_those_seats),
        cmocka_unit_test(seats_are_locked_and_nothing_else),
        cmocka_unit_test(many_seats_are_locked_alike),
        cmocka_unit_test(seats_that_are_not_lock_nothing),
        cmocka_unit_test(customers_of_one_flight_do_not_queue),
        cmocka_unit_test(no_locator_is_given_twice),
    };
    return cmocka_run_group_tests(tests, fill_tables, empty_tables);
}
