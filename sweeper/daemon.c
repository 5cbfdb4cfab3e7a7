/* SPDX-License-Identifier: MIT */
/* sweeper: fires what is due in workflow_jobs. Any number may run at once. */

#include "booking/base/log.h"
#include "booking/base/random.h"
#include "booking/base/wake.h"
#include "booking/config.h"
#include "booking/metrics.h"
#include "sweeper/sweeper.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

/* Runs out when stopping has taken as long as it may. */
static timer_t patience;
static struct itimerspec patience_lasts;

static void on_stop(int signal_number)
{
    (void)signal_number;
    if (stop == 0)
        (void)timer_settime(patience, 0, &patience_lasts, NULL);
    stop = 1;
}

/* An exception to the rule that a signal handler only sets a flag: a database or a name server that hangs may keep us
 * in a call that no flag ends. The jobs in hand have leases; another sweeper takes them over when those end. */
static void on_patience_over(int signal_number)
{
    static const char line[] = "{\"level\":\"warn\",\"event\":\"stop_cut_short\"}\n";
    (void)signal_number;
    (void)!write(STDERR_FILENO, line, sizeof line - 1);
    _exit(0);
}

/* Stopping may take PAYMENT_TIMEOUT and a second; the process ends a moment before that. */
#define STOP_SPARE_MS 900

static void catch_signals(int64_t payment_timeout_ms)
{
    /* No SA_RESTART: poll() must return. */
    struct sigaction action = { .sa_handler = on_stop };
    struct sigaction over = { .sa_handler = on_patience_over };
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
    int64_t ms = payment_timeout_ms + STOP_SPARE_MS;
    patience_lasts.it_value.tv_sec = ms / 1000;
    patience_lasts.it_value.tv_nsec = (long)(ms % 1000) * 1000000;
    (void)timer_create(CLOCK_MONOTONIC, &event, &patience);
    (void)sigaction(SIGALRM, &over, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN); /* the log is only appended to, and settings are only read at the start */
}

/* Names the holder of a lease: host, process id, and a random number, since process ids are reused. */
static void name_worker(char *ret_name, size_t size)
{
    char host[64] = "unknown";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(ret_name, size, "%s/%ld/%04x", host, (long)getpid(), (unsigned)(random_id() & 0xFFFF));
}

int main(int argc, char **argv)
{
    static const char usage[] = "sweeper [--once] [--check-config | --version | --help]";
    struct config config;
    bool once = argc == 2 && strcmp(argv[1], "--once") == 0;

    config_start(argc, argv, usage, &config);
    if (argc > 1 && !once) {
        (void)fprintf(stderr, "usage: %s\n", usage);
        return 2;
    }
    catch_signals(config.payment_timeout_ms);
    struct sweeper s = {
        .config = &config, .db = db_new(&config.database), .http = http_new(), .stop = &stop, .wake_fd = -1
    };
    if (s.http == NULL) {
        log_error("start_failed", LOG_TEXT("why", "libcurl cannot be initialized"));
        return 1;
    }
    char error[1024];
    if (!sweeper_open_mail(&s, error, sizeof error)) {
        log_error("start_failed", LOG_TEXT("why", error));
        return 1;
    }
    name_worker(s.worker, sizeof s.worker);
    db_set_patience(s.db, DB_IMPATIENT);
    if (!once)
        s.wake_fd = wake_open(config.sweeper_wake_dir, s.wake_path, sizeof s.wake_path);
    log_info("start", LOG_TEXT("program", "sweeper"), LOG_TEXT("worker", s.worker),
             LOG_TEXT("wake", s.wake_fd >= 0 ? s.wake_path : "polling only"));
    metrics_open(config.metrics_file, "sweeper");
    int status = sweeper_run(&s, once);
    metrics_close();
    wake_close(s.wake_fd, s.wake_path);
    smtp_free(s.smtp);
    http_free(s.http);
    templates_free(s.templates);
    db_free(s.db);
    log_info("stop", LOG_TEXT("program", "sweeper"), LOG_TEXT("worker", s.worker), LOG_NUMBER("status", status));
    return status;
}
