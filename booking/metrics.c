/* SPDX-License-Identifier: MIT */
/* Counters that all processes of a host share, and their text for Prometheus.
 *
 * Everything that is counted is in one struct, which `shared` points to. metrics_open() maps it from a file, so that
 * all processes add to the same cells and what a process has counted outlives it. Without a file it points to `own`,
 * and the process counts alone. Counting is one atomic addition to a cell: there are no locks, and a process that is
 * killed leaves nothing half done.
 *
 * Beside the counters there is a table of processes. A process owns its entry as long as it has taken the presence at
 * the entry's index (booking/base/presence.h). An entry without an owner keeps its old contents until the next process
 * takes it, so a reader asks is_alive() before it believes them.
 *
 * A new counter needs a name in enum metric and a row in families[]. Whatever changes struct shared, and so any new
 * counter, route or bound, needs a new LAYOUT. */

#include "booking/metrics.h"

#include "booking/base/log.h"
#include "booking/base/monotonic.h"
#include "booking/base/presence.h"
#include "booking/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* This number must change whenever the layout below changes, or the owner of a cell in it. It is part of the file's
 * name, so that programs of two versions, which run at the same time during an upgrade, never count into each other's
 * cells or change the size of each other's file. */
#define LAYOUT 15

static const double bounds[] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10 };
#define BOUND_COUNT (sizeof bounds / sizeof bounds[0])

static const int statuses[] = {
    200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 500, 503
};
#define STATUS_COUNT (sizeof statuses / sizeof statuses[0])

#define PROCESSES_MAX 1200 /* more than API_WORKERS may be */

#define MEASURE_MS 1000

struct histogram {
    _Atomic uint64_t bucket[BOUND_COUNT + 1]; /* the last one is for values above all bounds */
    _Atomic uint64_t sum_us;
};

/* The process that has taken the presence at this index owns the entry; its contents are those of the last process that
 * owned it. */
struct process {
    _Atomic uint64_t busy;
    _Atomic uint64_t waits_for; /* a hash; 0: nothing */
    _Atomic int64_t waits_since_ms;
    _Atomic int64_t resident_bytes; /* written by its owner: /proc shows no processes of other containers */
    int64_t pid;                    /* in its container */
    char program[24];
    char host[64];
};

struct shared {
    _Atomic uint64_t counters[METRIC_COUNT];
    struct histogram times[METRIC_TIME_COUNT];
    _Atomic uint64_t requests[METRICS_ROUTES_MAX][STATUS_COUNT];
    struct histogram latency[METRICS_ROUTES_MAX];
    _Atomic uint64_t processes_used; /* how many entries of the table have ever been used; any may be free again */
    struct process processes[PROCESSES_MAX];
};

static struct shared own;
static struct shared *shared = &own;
static int file = -1; /* the file that shared is mapped from; kept open for the presences */
static struct process *self;
static int64_t measured_ms;

/* ── counting ───────────────────────────────────────────────────────────── */

/* Never truncates a file, which other processes may have mapped, and never maps one before its blocks are on the disk:
 * touching what is not there would end the process (SIGBUS). */
static int map_file(const char *path)
{
    char name[300];
    struct stat st;
    void *p = MAP_FAILED;
    (void)snprintf(name, sizeof name, "%s.%d", path, LAYOUT);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    /* A new file is all zeros, which is where everything begins. */
    int error = fstat(fd, &st) != 0 ? errno : st.st_size > (off_t)sizeof(struct shared) ? EEXIST : 0;
    if (error == 0)
        error = posix_fallocate(fd, 0, sizeof(struct shared));
    errno = error;
    if (error == 0)
        p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        (void)close(fd);
        return -1;
    }
    shared = p;
    return fd;
}

static bool is_alive(const struct process *p)
{
    return p == self || (file >= 0 && presence_is_taken(file, (size_t)(p - shared->processes)));
}

static void note_used(uint64_t count)
{
    uint64_t used = atomic_load(&shared->processes_used);
    while (used < count && !atomic_compare_exchange_weak(&shared->processes_used, &used, count))
        continue;
}

static int64_t resident_bytes(void)
{
    long size = 0;
    long resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f == NULL)
        return 0;
    if (fscanf(f, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    (void)fclose(f);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

void metrics_measure(void)
{
    if (self == NULL || (measured_ms != 0 && monotonic_ms() < measured_ms + MEASURE_MS))
        return;
    measured_ms = monotonic_ms();
    atomic_store(&self->resident_bytes, resident_bytes());
}

/* Stores the host's name such that it can stand in a label as it is. */
static void set_host(struct process *p)
{
    if (gethostname(p->host, sizeof p->host) != 0)
        p->host[0] = '\0';
    p->host[sizeof p->host - 1] = '\0';
    for (char *c = p->host; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '_')
            *c = '-';
    }
}

static void enter(struct process *p, const char *program)
{
    atomic_store(&p->busy, 0);
    atomic_store(&p->waits_for, 0);
    text_copy(p->program, sizeof p->program, program);
    p->pid = getpid();
    set_host(p);
    self = p;
    measured_ms = 0;
    metrics_measure();
}

void metrics_open(const char *path, const char *program)
{
    file = *path == '\0' ? -1 : map_file(path);
    if (file < 0 && *path != '\0')
        log_warn("metrics_not_shared", LOG_TEXT("file", path), LOG_TEXT("why", strerror(errno)));
    size_t i = 0;
    while (file >= 0 && i < PROCESSES_MAX && !presence_take(file, i))
        i++;
    if (i == PROCESSES_MAX)
        return;
    enter(&shared->processes[i], program);
    note_used(i + 1);
}

void metrics_close(void)
{
    if (self != NULL && file >= 0)
        presence_leave(file, (size_t)(self - shared->processes));
    self = NULL;
}

static void add(_Atomic uint64_t *cell, uint64_t n)
{
    (void)atomic_fetch_add_explicit(cell, n, memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

static void observe(struct histogram *h, double seconds)
{
    size_t i = 0;
    while (i < BOUND_COUNT && seconds > bounds[i])
        i++;
    add(&h->bucket[i], 1);
    add(&h->sum_us, (uint64_t)(seconds * 1e6));
}

void metrics_add(enum metric metric, uint64_t n)
{
    add(&shared->counters[metric], n);
}

void metrics_add_moves(enum order_status to, uint64_t n)
{
    add(&shared->counters[METRIC_ORDER_TO + (int)to], n);
}

void metrics_observe(enum metric_time what, double seconds)
{
    observe(&shared->times[what], seconds < 0 ? 0 : seconds);
}

void metrics_request_begin(void)
{
    if (self != NULL)
        atomic_store(&self->busy, 1);
}

void metrics_request_end(size_t route, int status, double seconds)
{
    size_t i = 0;
    while (i + 1 < STATUS_COUNT && statuses[i] != status)
        i++;
    add(&shared->requests[route][i], 1);
    observe(&shared->latency[route], seconds);
    if (self == NULL)
        return;
    atomic_store(&self->busy, 0);
    atomic_store(&self->waits_for, 0);
    metrics_measure();
}

void metrics_wait_begin(uint64_t what)
{
    if (self == NULL)
        return;
    atomic_store(&self->waits_since_ms, monotonic_ms());
    atomic_store(&self->waits_for, what);
}

struct metrics_waits metrics_count_waits(uint64_t what, int64_t long_ms)
{
    struct metrics_waits waits = { 0 };
    int64_t before_ms = monotonic_ms() - long_ms;
    for (size_t i = 0; i < get(&shared->processes_used); i++) {
        const struct process *p = &shared->processes[i];
        uint64_t waits_for = get(&p->waits_for);
        bool is_other = self != NULL && strcmp(p->program, self->program) != 0;
        if (waits_for == 0 || is_other || !is_alive(p))
            continue;
        bool is_long = atomic_load(&p->waits_since_ms) <= before_ms;
        waits.same += waits_for == what ? 1 : 0;
        waits.same_long += waits_for == what && is_long ? 1 : 0;
        waits.all_long += is_long ? 1 : 0;
    }
    return waits;
}

int metrics_processes(const char *program)
{
    int n = 0;
    if (file < 0 || self == NULL)
        return -1;
    for (size_t i = 0; i < get(&shared->processes_used); i++) {
        const struct process *p = &shared->processes[i];
        n += strcmp(p->program, program) == 0 && is_alive(p) ? 1 : 0;
    }
    return n;
}

/* ── writing ────────────────────────────────────────────────────────────── */

struct family {
    const char *name;
    const char *help;
    enum metric first;
    size_t count;
    const char *label; /* NULL: no label */
    const char *const *values;
};

static const char *const kinds[] = { "EXPIRE_HOLD",   "PAYMENT_ATTEMPT", "VOID_CHARGE",   "SEND_CONFIRMATION",
                                     "REFUND_CHARGE", "SEND_MESSAGE",    "CANCEL_FLIGHT", "SEND_MAIL",
                                     "TELL_FLIGHT",   "IMPORT_FLIGHTS",  "RECONCILE" };
static const char *const outcomes[] = { "approved", "declined", "error", "timeout", "pending" };
static const char *const voids[] = { "voided", "failed" };
static const char *const messages[] = { "sent", "failed" };
static const char *const mails[] = { "sent", "refused", "failed" };
static const char *const refunds[] = { "refunded", "failed" };
static const char *const lookups[] = { "found", "failed", "limited" };
static const char *const order_statuses[] = { "CREATED", "SEATS_RESERVED", "PAYMENT_PENDING", "CONFIRMED",
                                              "FAILED",  "EXPIRED",        "CANCELLED" };

static const struct family families[] = {
    { "booking_transaction_retries_total", "Transactions run again after a deadlock or a lock timeout.",
      METRIC_TRANSACTION_RETRIES, 1, NULL, NULL },
    { "booking_unknown_commits_total", "Commits whose answer was lost and whose outcome was looked up.",
      METRIC_UNKNOWN_COMMITS, 1, NULL, NULL },
    { "booking_database_round_trips_total", "Statements sent to the database.", METRIC_ROUND_TRIPS, 1, NULL, NULL },
    { "booking_idempotent_replays_total", "Requests with a known Idempotency-Key, answered with its first answer.",
      METRIC_IDEMPOTENT_REPLAYS, 1, NULL, NULL },
    { "booking_jobs_claimed_total", "Jobs claimed by sweepers.", METRIC_CLAIMED_EXPIRE_HOLD, 11, "kind", kinds },
    { "booking_payment_attempts_total", "Payment attempts, by outcome.", METRIC_ATTEMPT_APPROVED, 5, "outcome",
      outcomes },
    { "booking_void_attempts_total", "Tries to void a charge, by outcome.", METRIC_VOIDED, 2, "outcome", voids },
    { "booking_refund_attempts_total", "Tries to make a refund, by outcome.", METRIC_REFUNDED, 2, "outcome", refunds },
    { "booking_message_attempts_total", "Tries to send a message, by outcome.", METRIC_MESSAGE_SENT, 2, "outcome",
      messages },
    { "booking_mail_attempts_total", "Tries to send a mail, by outcome.", METRIC_MAIL_SENT, 3, "outcome", mails },
    { "booking_lookups_total",
      "Look-ups of an order by its locator, by outcome; limited: that locator was guessed too often.",
      METRIC_LOOKUP_FOUND, 3, "outcome", lookups },
    { "booking_order_transitions_total", "Orders by the state they moved to.", METRIC_ORDER_TO, ORDER_STATUS_COUNT,
      "to", order_statuses },
};

static void write_help(struct buf *out, const char *name, const char *help, const char *type)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_family(struct buf *out, const struct family *f)
{
    write_help(out, f->name, f->help, "counter");
    for (size_t i = 0; i < f->count; i++) {
        unsigned long long n = get(&shared->counters[(size_t)f->first + i]);
        if (f->label == NULL)
            buf_addf(out, "%s %llu\n", f->name, n);
        else
            buf_addf(out, "%s{%s=\"%s\"} %llu\n", f->name, f->label, f->values[i], n);
    }
}

static void write_histogram(struct buf *out, const char *name, const char *labels, const struct histogram *h)
{
    const char *comma = *labels == '\0' ? "" : ",";
    unsigned long long count = 0;
    for (size_t i = 0; i < BOUND_COUNT; i++) {
        count += get(&h->bucket[i]);
        buf_addf(out, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, bounds[i], count);
    }
    count += get(&h->bucket[BOUND_COUNT]);
    buf_addf(out, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, count);
    const char *open = *labels == '\0' ? "" : "{";
    const char *close = *labels == '\0' ? "" : "}";
    buf_addf(out, "%s_sum%s%s%s %.6f\n", name, open, labels, close, (double)get(&h->sum_us) / 1e6);
    buf_addf(out, "%s_count%s%s%s %llu\n", name, open, labels, close, count);
}

static bool was_asked(size_t route)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (get(&shared->requests[route][i]) > 0)
            return true;
    }
    return false;
}

static void write_requests(struct buf *out, const char *const *labels, size_t count)
{
    write_help(out, "booking_http_requests_total", "Requests answered, by route and status.", "counter");
    for (size_t r = 0; r < count; r++) {
        for (size_t i = 0; i < STATUS_COUNT; i++) {
            unsigned long long n = get(&shared->requests[r][i]);
            if (n > 0)
                buf_addf(out, "booking_http_requests_total{%s,status=\"%d\"} %llu\n", labels[r], statuses[i], n);
        }
    }
    write_help(out, "booking_http_request_duration_seconds", "Time to answer, in the API process.", "histogram");
    for (size_t r = 0; r < count; r++) {
        if (was_asked(r))
            write_histogram(out, "booking_http_request_duration_seconds", labels[r], &shared->latency[r]);
    }
}

static void write_processes(struct buf *out)
{
    unsigned long long busy = 0;
    write_help(out, "booking_process_resident_bytes", "Memory of each process.", "gauge");
    for (size_t i = 0; i < get(&shared->processes_used); i++) {
        const struct process *p = &shared->processes[i];
        if (!is_alive(p))
            continue;
        busy += get(&p->busy);
        buf_addf(out, "booking_process_resident_bytes{program=\"%.23s\",host=\"%.63s\",pid=\"%lld\"} %lld\n",
                 p->program, p->host, (long long)p->pid, (long long)atomic_load(&p->resident_bytes));
    }
    write_help(out, "booking_api_busy_processes", "API processes working on a request.", "gauge");
    buf_addf(out, "booking_api_busy_processes %llu\n", busy);
}

void metrics_write(struct buf *out, const char *const *route_labels, size_t route_count)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        write_family(out, &families[i]);
    write_requests(out, route_labels, route_count);
    write_help(out, "booking_timer_lateness_seconds", "How long after it was due an expiration was claimed.",
               "histogram");
    write_histogram(out, "booking_timer_lateness_seconds", "", &shared->times[METRIC_TIMER_LATENESS]);
    write_help(out, "booking_gateway_latency_seconds", "Time the payment gateway took to answer.", "histogram");
    write_histogram(out, "booking_gateway_latency_seconds", "", &shared->times[METRIC_GATEWAY_LATENCY]);
    write_help(out, "booking_payment_attempt_seconds", "Time a payment attempt took, by outcome.", "histogram");
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        char label[32];
        (void)snprintf(label, sizeof label, "outcome=\"%s\"", outcomes[i]);
        write_histogram(out, "booking_payment_attempt_seconds", label, &shared->times[METRIC_ATTEMPT_DURATION + i]);
    }
    write_processes(out);
}
