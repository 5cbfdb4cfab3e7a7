/* SPDX-License-Identifier: MIT */
/* Counters: each has its own name, and keeps the counts of processes that died. */

#include "tests/unit/unit.h"

#include "booking/metrics.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const routes[] = { "method=\"GET\",route=\"/a\"", "method=\"POST\",route=\"/b\"" };

/* The number in a line of the process's current metrics, or -1 if there is no such line. */
static double told(const char *series)
{
    struct buf out = BUF_INIT;
    double value = -1;
    metrics_write(&out, routes, 2);
    assert_true(buf_ok(&out));
    size_t len = strlen(series);
    for (const char *line = buf_str(&out); line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, series, len) == 0 && line[len] == ' ')
            value = strtod(line + len, NULL);
    }
    buf_done(&out);
    return value;
}

static void counters_begin_at_nothing_and_add_up(void **state)
{
    (void)state;
    assert_true(told("booking_transaction_retries_total") == 0);
    metrics_add(METRIC_TRANSACTION_RETRIES, 1);
    metrics_add(METRIC_TRANSACTION_RETRIES, 41);
    assert_true(told("booking_transaction_retries_total") == 42);
    metrics_add_moves(ORDER_CONFIRMED, 3);
    assert_true(told("booking_order_transitions_total{to=\"CONFIRMED\"}") == 3);
    assert_true(told("booking_order_transitions_total{to=\"FAILED\"}") == 0);
}

/* The labels are in tables beside the enums, so a label could belong to the wrong value. */
static void each_counter_has_its_own_label(void **state)
{
    (void)state;
    static const struct {
        enum metric metric;
        const char *series;
    } cases[] = {
        { METRIC_CLAIMED_EXPIRE_HOLD, "booking_jobs_claimed_total{kind=\"EXPIRE_HOLD\"}" },
        { METRIC_CLAIMED_PAYMENT_ATTEMPT, "booking_jobs_claimed_total{kind=\"PAYMENT_ATTEMPT\"}" },
        { METRIC_CLAIMED_VOID_CHARGE, "booking_jobs_claimed_total{kind=\"VOID_CHARGE\"}" },
        { METRIC_CLAIMED_SEND_CONFIRMATION, "booking_jobs_claimed_total{kind=\"SEND_CONFIRMATION\"}" },
        { METRIC_CLAIMED_REFUND_CHARGE, "booking_jobs_claimed_total{kind=\"REFUND_CHARGE\"}" },
        { METRIC_CLAIMED_SEND_MESSAGE, "booking_jobs_claimed_total{kind=\"SEND_MESSAGE\"}" },
        { METRIC_CLAIMED_CANCEL_FLIGHT, "booking_jobs_claimed_total{kind=\"CANCEL_FLIGHT\"}" },
        { METRIC_CLAIMED_SEND_MAIL, "booking_jobs_claimed_total{kind=\"SEND_MAIL\"}" },
        { METRIC_CLAIMED_IMPORT_FLIGHTS, "booking_jobs_claimed_total{kind=\"IMPORT_FLIGHTS\"}" },
        { METRIC_CLAIMED_RECONCILE, "booking_jobs_claimed_total{kind=\"RECONCILE\"}" },
        { METRIC_CLAIMED_TELL_FLIGHT, "booking_jobs_claimed_total{kind=\"TELL_FLIGHT\"}" },
        { METRIC_MESSAGE_SENT, "booking_message_attempts_total{outcome=\"sent\"}" },
        { METRIC_MESSAGE_FAILED, "booking_message_attempts_total{outcome=\"failed\"}" },
        { METRIC_MAIL_SENT, "booking_mail_attempts_total{outcome=\"sent\"}" },
        { METRIC_MAIL_REFUSED, "booking_mail_attempts_total{outcome=\"refused\"}" },
        { METRIC_MAIL_FAILED, "booking_mail_attempts_total{outcome=\"failed\"}" },
        { METRIC_REFUNDED, "booking_refund_attempts_total{outcome=\"refunded\"}" },
        { METRIC_REFUND_FAILED, "booking_refund_attempts_total{outcome=\"failed\"}" },
        { METRIC_ATTEMPT_APPROVED, "booking_payment_attempts_total{outcome=\"approved\"}" },
        { METRIC_ATTEMPT_DECLINED, "booking_payment_attempts_total{outcome=\"declined\"}" },
        { METRIC_ATTEMPT_ERROR, "booking_payment_attempts_total{outcome=\"error\"}" },
        { METRIC_ATTEMPT_TIMEOUT, "booking_payment_attempts_total{outcome=\"timeout\"}" },
        { METRIC_ATTEMPT_PENDING, "booking_payment_attempts_total{outcome=\"pending\"}" },
        { METRIC_VOIDED, "booking_void_attempts_total{outcome=\"voided\"}" },
        { METRIC_VOID_FAILED, "booking_void_attempts_total{outcome=\"failed\"}" },
        { METRIC_LOOKUP_FOUND, "booking_lookups_total{outcome=\"found\"}" },
        { METRIC_LOOKUP_FAILED, "booking_lookups_total{outcome=\"failed\"}" },
        { METRIC_LOOKUP_LIMITED, "booking_lookups_total{outcome=\"limited\"}" },
        { METRIC_UNKNOWN_COMMITS, "booking_unknown_commits_total" },
        { METRIC_ROUND_TRIPS, "booking_database_round_trips_total" },
        { METRIC_IDEMPOTENT_REPLAYS, "booking_idempotent_replays_total" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double before = told(cases[i].series);
        assert_true(before >= 0);
        metrics_add(cases[i].metric, i + 1);
        assert_true(told(cases[i].series) == before + (double)(i + 1));
    }
    for (int status = 0; status < ORDER_STATUS_COUNT; status++) {
        char series[96];
        (void)snprintf(series, sizeof series, "booking_order_transitions_total{to=\"%s\"}",
                       order_status_name((enum order_status)status));
        double before = told(series);
        metrics_add_moves((enum order_status)status, 1);
        assert_true(told(series) == before + 1);
    }
}

/* "le" means less or equal, and the buckets are cumulative. */
static void a_time_counts_in_every_bucket_from_its_own(void **state)
{
    (void)state;
    metrics_observe(METRIC_GATEWAY_LATENCY, 0.001);
    metrics_observe(METRIC_GATEWAY_LATENCY, 0.3);
    metrics_observe(METRIC_GATEWAY_LATENCY, 60);
    metrics_observe(METRIC_GATEWAY_LATENCY, -5); /* a clock that was set back */
    assert_true(told("booking_gateway_latency_seconds_bucket{le=\"0.001\"}") == 2);
    assert_true(told("booking_gateway_latency_seconds_bucket{le=\"0.25\"}") == 2);
    assert_true(told("booking_gateway_latency_seconds_bucket{le=\"0.5\"}") == 3);
    assert_true(told("booking_gateway_latency_seconds_bucket{le=\"10\"}") == 3);
    assert_true(told("booking_gateway_latency_seconds_bucket{le=\"+Inf\"}") == 4);
    assert_true(told("booking_gateway_latency_seconds_count") == 4);
    assert_float_equal(told("booking_gateway_latency_seconds_sum"), 60.301, 1e-3);
}

static void attempts_take_their_time_by_outcome(void **state)
{
    static const char *const outcomes[] = { "approved", "declined", "error", "timeout", "pending" };
    char series[96];
    (void)state;
    for (int i = 0; i < 5; i++) {
        metrics_observe((enum metric_time)(METRIC_ATTEMPT_DURATION + i), i + 1);
        (void)snprintf(series, sizeof series, "booking_payment_attempt_seconds_sum{outcome=\"%s\"}", outcomes[i]);
        assert_float_equal(told(series), i + 1, 1e-3);
        (void)snprintf(series, sizeof series, "booking_payment_attempt_seconds_bucket{outcome=\"%s\",le=\"+Inf\"}",
                       outcomes[i]);
        assert_true(told(series) == 1);
    }
}

static void requests_by_route_and_status(void **state)
{
    (void)state;
    metrics_request_end(0, 200, 0.002);
    metrics_request_end(0, 409, 0.002);
    metrics_request_end(0, 200, 0.002);
    assert_true(told("booking_http_requests_total{method=\"GET\",route=\"/a\",status=\"200\"}") == 2);
    assert_true(told("booking_http_requests_total{method=\"GET\",route=\"/a\",status=\"409\"}") == 1);
    assert_true(told("booking_http_requests_total{method=\"POST\",route=\"/b\",status=\"200\"}") == -1);
    assert_true(told("booking_http_request_duration_seconds_count{method=\"GET\",route=\"/a\"}") == 3);
}

/* ── many processes ─────────────────────────────────────────────────────── */

/* Runs `work` in a child, because a process opens the file only once. Returns the child's status. */
static int in_child(void (*work)(const char *path), const char *path)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        work(path);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Removes the file and the one for the layout beside it. */
static void forget(const char *path)
{
    char name[64];
    (void)unlink(path);
    for (int layout = 0; layout < 100; layout++) {
        (void)snprintf(name, sizeof name, "%s.%d", path, layout);
        (void)unlink(name);
    }
}

/* The memory of this process according to the metrics, or -1 if they do not tell. */
static double own_memory(void)
{
    char host[65] = "";
    char series[192];
    assert_int_equal(gethostname(host, sizeof host - 1), 0);
    (void)snprintf(series, sizeof series, "booking_process_resident_bytes{program=\"booking-api\",host=\"%s\",pid=\"%ld\"}",
                   host, (long)getpid());
    return told(series);
}

static void count_alone(const char *path)
{
    metrics_open(path, "booking-api");
    if (own_memory() <= 0)
        _exit(2);
    double before = told("booking_void_attempts_total{outcome=\"voided\"}");
    metrics_add(METRIC_VOIDED, 1);
    _exit(told("booking_void_attempts_total{outcome=\"voided\"}") == before + 1 ? 0 : 1);
}

static void count_and_be_killed(const char *path)
{
    metrics_open(path, "booking-api");
    metrics_request_begin();
    metrics_add(METRIC_VOIDED, 7);
    (void)raise(SIGKILL);
}

static void tell_what_the_dead_counted(const char *path)
{
    metrics_open(path, "booking-api");
    bool right = told("booking_void_attempts_total{outcome=\"voided\"}") == 7 && told("booking_api_busy_processes") == 0;
    _exit(right && own_memory() > 0 ? 0 : 1);
}

static void what_a_process_counted_outlives_it(void **state)
{
    (void)state;
    char path[] = "/tmp/booking-metrics-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_true(WIFSIGNALED(in_child(count_and_be_killed, path)));
    assert_int_equal(in_child(tell_what_the_dead_counted, path), 0);
    forget(path);
}

/* A process must not die from touching a file that cannot grow. */
static void count_without_room(const char *path)
{
    struct rlimit none = { .rlim_cur = 4096, .rlim_max = 4096 };
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)setrlimit(RLIMIT_FSIZE, &none);
    count_alone(path);
}

static void a_full_disk_costs_only_the_sharing(void **state)
{
    (void)state;
    char path[] = "/tmp/booking-metrics-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(in_child(count_without_room, path), 0);
    forget(path);
}

/* Takes a place, says so, and gives it back properly when told to. */
static void open_and_close(const char *path, int said, int told_to)
{
    char byte = 0;
    metrics_open(path, "booking-api");
    bool ok = write(said, &byte, 1) == 1 && read(told_to, &byte, 1) == 1;
    metrics_close();
    _exit(ok ? 0 : 1);
}

static void wait_for_ever(const char *path)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* even if the test fails before it kills this process */
    metrics_open(path, "booking-api");
    metrics_request_begin();
    metrics_wait_begin(7);
    (void)pause();
}

static void count_those_who_wait(const char *path)
{
    struct metrics_waits waits = {0};
    metrics_open(path, "booking-api");
    metrics_close(); /* so that the process that counts takes no place */
    for (int tries = 0; tries < 1000 && waits.same_long == 0; tries++) {
        (void)usleep(10000);
        waits = metrics_count_waits(7, 1);
    }
    if (waits.same != 1 || waits.same_long != 1 || waits.all_long != 1)
        _exit(1);
    waits = metrics_count_waits(8, 1);
    if (waits.same != 0 || waits.same_long != 0 || waits.all_long != 1)
        _exit(2);
    waits = metrics_count_waits(7, 3600000);
    _exit(waits.same == 1 && waits.same_long == 0 && waits.all_long == 0 ? 0 : 3);
}

static void count_nobody(const char *path)
{
    metrics_open(path, "booking-api");
    struct metrics_waits waits = metrics_count_waits(7, -1000);
    _exit(waits.same == 0 && waits.all_long == 0 ? 0 : 1);
}

static void who_waits_is_counted_while_it_lives(void **state)
{
    (void)state;
    char path[] = "/tmp/booking-metrics-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    /* A process that ends properly leaves a free place before that of the waiting process. */
    int said[2];
    int told_to[2];
    char byte = 0;
    assert_true(pipe(said) == 0 && pipe(told_to) == 0);
    pid_t ended = fork();
    if (ended == 0)
        open_and_close(path, said[1], told_to[0]);
    assert_int_equal(read(said[0], &byte, 1), 1);
    pid_t waiting = fork();
    if (waiting == 0) {
        wait_for_ever(path);
        _exit(0);
    }
    assert_int_equal(in_child(count_those_who_wait, path), 0);
    assert_int_equal(write(told_to[1], &byte, 1), 1);
    assert_int_equal(waitpid(ended, NULL, 0), ended);
    assert_int_equal(in_child(count_those_who_wait, path), 0);
    (void)kill(waiting, SIGKILL);
    assert_int_equal(waitpid(waiting, NULL, 0), waiting);
    assert_int_equal(in_child(count_nobody, path), 0);
    forget(path);
}

#define CROWD 16

/* Starts all processes at once, so that they want the same places. Returns when each has one. */
static void start_crowd(const char *path, pid_t pids[CROWD])
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    for (int i = 0; i < CROWD; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            metrics_open(path, "crowd");
            metrics_request_begin();
            (void)!write(ready[1], &byte, 1);
            (void)pause();
            _exit(0);
        }
    }
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void count_the_crowd(const char *path)
{
    metrics_open(path, "booking-api");
    _exit(metrics_processes("crowd") == CROWD && told("booking_api_busy_processes") == CROWD ? 0 : 1);
}

static void count_no_crowd(const char *path)
{
    metrics_open(path, "booking-api");
    _exit(metrics_processes("crowd") == 0 && told("booking_api_busy_processes") == 0 ? 0 : 1);
}

static void each_has_a_place_of_its_own_until_it_is_killed(void **state)
{
    (void)state;
    char path[] = "/tmp/booking-metrics-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    for (int round = 0; round < 3; round++) {
        pid_t pids[CROWD];
        start_crowd(path, pids);
        assert_int_equal(in_child(count_the_crowd, path), 0);
        for (int i = 0; i < CROWD; i++) {
            (void)kill(pids[i], SIGKILL);
            assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
        }
        assert_int_equal(in_child(count_no_crowd, path), 0);
    }
    forget(path);
}

/* Starts a process with id 1, as in a container. Its end of the pipe is closed when the process is gone. */
static pid_t start_in_a_container(const char *path, int said)
{
    char byte = 0;
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
        _exit(77);
    if (fork() == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        metrics_open(path, "container");
        (void)!write(said, &byte, getpid() == 1 ? 1 : 0);
        (void)pause();
    }
    (void)close(said);
    (void)pause();
    _exit(0);
}

static void count_two_containers(const char *path)
{
    metrics_open(path, "booking-api");
    _exit(metrics_processes("container") == 2 ? 0 : 1);
}

static void count_one_container(const char *path)
{
    metrics_open(path, "booking-api");
    _exit(metrics_processes("container") == 1 ? 0 : 1);
}

static void count_no_container(const char *path)
{
    metrics_open(path, "booking-api");
    _exit(metrics_processes("container") == 0 ? 0 : 1);
}

static void processes_of_other_containers_live_and_die_too(void **state)
{
    (void)state;
    static void (*const count[])(const char *path) = { count_no_container, count_one_container, count_two_containers };
    char path[] = "/tmp/booking-metrics-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(in_child(count[0], path), 0);
    pid_t containers[2];
    int said[2][2];
    char byte = 0;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(said[i]), 0);
        containers[i] = start_in_a_container(path, said[i][1]);
        (void)close(said[i][1]);
        if (read(said[i][0], &byte, 1) != 1) {
            forget(path);
            skip(); /* this machine does not allow namespaces */
        }
        assert_int_equal(in_child(count[i + 1], path), 0);
    }
    for (int i = 1; i >= 0; i--) {
        (void)kill(containers[i], SIGKILL);
        assert_int_equal(waitpid(containers[i], NULL, 0), containers[i]);
        assert_int_equal(read(said[i][0], &byte, 1), 0);
        (void)close(said[i][0]);
        assert_int_equal(in_child(count[i], path), 0);
    }
    forget(path);
}

/* A file of the previous version, whose processes may have it mapped, is not touched. A file that cannot be opened does
 * no harm. */
static void a_file_of_another_layout_is_left_alone(void **state)
{
    (void)state;
    char path[] = "/tmp/booking-metrics-XXXXXX";
    static const char other[16] = "something else";
    char after[sizeof other] = "";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, other, sizeof other), sizeof other);
    assert_int_equal(in_child(count_alone, path), 0);
    assert_int_equal(pread(fd, after, sizeof after, 0), sizeof after);
    assert_memory_equal(after, other, sizeof other);
    (void)close(fd);
    forget(path);
    assert_int_equal(in_child(count_alone, "/nonexistent/metrics"), 0);
}

RUN_TESTS(cmocka_unit_test(counters_begin_at_nothing_and_add_up),
          cmocka_unit_test(each_counter_has_its_own_label),
          cmocka_unit_test(a_time_counts_in_every_bucket_from_its_own),
          cmocka_unit_test(attempts_take_their_time_by_outcome),
          cmocka_unit_test(requests_by_route_and_status),
          cmocka_unit_test(what_a_process_counted_outlives_it),
          cmocka_unit_test(a_full_disk_costs_only_the_sharing),
          cmocka_unit_test(who_waits_is_counted_while_it_lives),
          cmocka_unit_test(each_has_a_place_of_its_own_until_it_is_killed),
          cmocka_unit_test(processes_of_other_containers_live_and_die_too),
          cmocka_unit_test(a_file_of_another_layout_is_left_alone))
