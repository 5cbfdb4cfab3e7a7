/* SPDX-License-Identifier: MIT */
/* load: HTTP load on one loopback port, from one thread, with epoll.
 *
 *   load PORT FILE [-c connections] [-t seconds] [-w warm-up seconds] [-r rate] [-m mode] [-n count] [-p poll ms]
 *
 * FILE holds requests, each a line with its length in bytes and then its bytes. Modes:
 *   once   each request is sent once (the default)
 *   cycle  the requests are sent again and again
 *   sale   each request buys one seat; every connection is a customer who buys seats at random among those
 *          not known to be sold, until none is left
 *   flow   each request holds seats; the connection then pays and asks every so many milliseconds until the
 *          order is confirmed
 *   page   every connection is a page that polls one of the requests, with the tag of the answer that it has
 *
 * Without -r the loop is closed: a connection sends its next request when the answer has come. With -r it is open:
 * requests begin at that rate however slow the answers are, and latency counts from the moment a request should have
 * begun. The results go to standard output as JSON. */

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 8192
#define SAMPLES_MAX 8000000
#define HEAD_MAX 4096
#define NONE SIZE_MAX

enum mode { ONCE, CYCLE, SALE, FLOW, PAGE };
enum step { HOLD, PAY, WATCH };

struct text {
    const char *bytes;
    size_t len;
};

struct connection {
    int fd;
    size_t request; /* being answered, or NONE */
    double begun;   /* when it should have begun */
    size_t sent;
    char head[HEAD_MAX];
    size_t head_len;
    bool in_body;
    size_t body_left;
    bool chunked;
    char tail[5];  /* chunked: the last bytes that came */
    char etag[64]; /* page: of the answer it has */
    int status;
    /* Flow: the step, the order's id, the request made for it, when it was paid. */
    enum step step;
    char order_id[40];
    char own[1024];
    struct text text;
    double paid;
    double due; /* when it asks again */
    bool confirmed;
    int64_t answers;
    int64_t won; /* sale: the seats of this customer */
};

struct samples {
    uint32_t *us;
    size_t count;
};

static struct {
    int port;
    enum mode mode;
    size_t connections;
    size_t count; /* at most this many requests */
    double seconds;
    double warm_up;
    double rate; /* 0: closed loop */
    double poll;
} options = { .connections = 16, .count = NONE, .seconds = 5, .poll = 0.02 };

static struct text *requests;
static size_t request_count;
static struct connection connections[CONNECTIONS_MAX];
static size_t idle[CONNECTIONS_MAX]; /* a queue: the one that has waited longest goes first */
static size_t idle_first, idle_count;
static size_t watching[CONNECTIONS_MAX]; /* a queue too: all wait equally long */
static size_t watching_first, watching_count;
static size_t next_request;
static size_t started;
static size_t in_flight;
static size_t *unsold;
static size_t unsold_count;
static struct samples latency, payment;
static int64_t statuses[600];
static int64_t answers; /* each of them; a whole flow has one status */
static int64_t broken;
static int64_t reconnects;
static int64_t answered; /* after the warm-up */
static double measure_from, end_at, last_answer;
static int epoll_fd;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void sample(struct samples *samples, double seconds)
{
    if (samples->count < SAMPLES_MAX)
        samples->us[samples->count++] = (uint32_t)(seconds * 1e6);
}

static void push(size_t *queue, size_t first, size_t *count, size_t value)
{
    queue[(first + (*count)++) % CONNECTIONS_MAX] = value;
}

static size_t pop(size_t *queue, size_t *first, size_t *count)
{
    size_t value = queue[*first];
    *first = (*first + 1) % CONNECTIONS_MAX;
    (*count)--;
    return value;
}

/* ── requests ───────────────────────────────────────────────────────────── */

static void read_requests(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t room = 0;
    size_t len = 0;
    if (file == NULL)
        die(path);
    while (fscanf(file, "%zu", &len) == 1) {
        char *bytes = malloc(len + 1);
        if (request_count == room) {
            room = room == 0 ? 1024 : room * 2;
            requests = realloc(requests, room * sizeof *requests);
        }
        if (bytes == NULL || requests == NULL || fgetc(file) != '\n' || fread(bytes, 1, len, file) != len)
            die("reading the requests");
        bytes[len] = '\0';
        requests[request_count++] = (struct text){ bytes, len };
    }
    (void)fclose(file);
    if (request_count == 0) {
        (void)fprintf(stderr, "%s: no requests\n", path);
        exit(1);
    }
}

/* The next request of this connection, or NONE when there is nothing left to ask. */
static size_t choose_request(void)
{
    if (started >= options.count)
        return NONE;
    switch (options.mode) {
    case CYCLE: return next_request++ % request_count;
    case SALE: return unsold_count == 0 ? NONE : unsold[(size_t)random() % unsold_count];
    case ONCE:
    case FLOW:
    case PAGE: break;
    }
    return next_request < request_count ? next_request++ : NONE;
}

/* A seat is off the list as soon as any connection's answer says that it is gone. */
static void mark_sold(size_t request)
{
    for (size_t i = 0; i < unsold_count; i++) {
        if (unsold[i] == request) {
            unsold[i] = unsold[--unsold_count];
            return;
        }
    }
}

/* ── connections ────────────────────────────────────────────────────────── */

static void connect_one(struct connection *c)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)options.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1;
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)(c - connections) };
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        die("connect");
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
        die("epoll_ctl");
}

/* Requests are shorter than any socket's buffer, so one that cannot be sent whole is an error. */
static void send_text(struct connection *c)
{
    c->head_len = 0;
    c->in_body = false;
    ssize_t sent = send(c->fd, c->text.bytes, c->text.len, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
        (void)close(c->fd);
        connect_one(c);
        sent = send(c->fd, c->text.bytes, c->text.len, MSG_NOSIGNAL);
    }
    if (sent != (ssize_t)c->text.len)
        die("send");
}

/* The page's request, with the tag of what it has before the empty line at the end. */
static struct text page_request(struct connection *c)
{
    const struct text *request = &requests[c->request];
    char etag[sizeof c->etag];
    memcpy(etag, c->etag, sizeof etag);
    if (etag[0] == '\0')
        return *request;
    int len = snprintf(c->own, sizeof c->own, "%.*sIf-None-Match: %s\r\n\r\n", (int)request->len - 2, request->bytes,
                       etag);
    return (struct text){ c->own, (size_t)len };
}

static bool begin(struct connection *c, double when)
{
    c->request = options.mode == PAGE ? (size_t)(c - connections) % request_count : choose_request();
    if (c->request == NONE)
        return false;
    started++;
    in_flight++;
    c->step = HOLD;
    c->begun = when;
    c->text = options.mode == PAGE ? page_request(c) : requests[c->request];
    send_text(c);
    return true;
}

static void send_own(struct connection *c, const char *method, const char *what, const char *body)
{
    char id[sizeof c->order_id];
    memcpy(id, c->order_id, sizeof id);
    int len = snprintf(c->own, sizeof c->own,
                       "%s /api/orders/%s/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       method, id, what, strlen(body), body);
    c->text = (struct text){ c->own, (size_t)len };
    send_text(c);
}

/* ── answers ────────────────────────────────────────────────────────────── */

static void rest(struct connection *c)
{
    c->request = NONE;
    in_flight--;
    push(idle, idle_first, &idle_count, (size_t)(c - connections));
}

static void count_answer(struct connection *c, double now)
{
    statuses[c->status < 600 ? c->status : 0]++;
    c->answers++;
    last_answer = now;
    if (c->begun >= measure_from) {
        answered++;
        sample(&latency, now - c->begun);
    }
}

static void on_sale_answer(struct connection *c)
{
    if (c->status == 201)
        c->won++;
    if (c->status == 201 || c->status == 409)
        mark_sold(c->request);
}

/* One step of hold, pay, watch. True while the flow goes on. */
static bool on_flow_answer(struct connection *c, double now)
{
    if (c->step == HOLD && c->status == 201 && c->order_id[0] != '\0') {
        c->step = PAY;
        c->paid = now;
        send_own(c, "POST", "pay", "{\"paymentCode\":\"99999\"}");
        return true;
    }
    if (c->step == PAY && c->status == 202) {
        c->step = WATCH;
        c->confirmed = false;
    } else if (c->step != WATCH || c->status != 200) {
        broken++;
        return false;
    }
    if (c->confirmed) {
        if (c->begun >= measure_from)
            sample(&payment, now - c->paid);
        return false;
    }
    c->due = now + options.poll;
    push(watching, watching_first, &watching_count, (size_t)(c - connections));
    return true;
}

static void on_answer(struct connection *c)
{
    double now = now_s();
    answers++;
    if (options.mode == FLOW && on_flow_answer(c, now))
        return;
    if (options.mode == SALE)
        on_sale_answer(c);
    count_answer(c, now);
    rest(c);
}

static const char *find_header(const char *head, const char *name)
{
    for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, strlen(name)) == 0)
            return line + strlen(name);
    }
    return NULL;
}

/* Nothing follows an answer before the next request, so a chunked one is over when its last bytes say so. */
static void keep_tail(struct connection *c, const char *bytes, size_t len)
{
    char last[10];
    size_t more = len < 5 ? len : 5;
    memcpy(last, c->tail, 5);
    memcpy(last + 5, bytes + len - more, more);
    memcpy(c->tail, last + more, 5);
    c->body_left = memcmp(c->tail, "0\r\n\r\n", 5) == 0 ? 0 : 1;
}

static void read_head(struct connection *c, const char *body)
{
    const char *length = find_header(c->head, "Content-Length: ");
    const char *location = find_header(c->head, "Location: /api/orders/");
    c->status = c->head_len > 12 ? (int)strtol(c->head + 9, NULL, 10) : 0;
    c->body_left = length == NULL ? 0 : strtoul(length, NULL, 10);
    c->in_body = true;
    c->chunked = length == NULL && find_header(c->head, "Transfer-Encoding: chunked") != NULL;
    if (options.mode == PAGE && c->status == 200) {
        const char *tag = find_header(c->head, "ETag: ");
        (void)snprintf(c->etag, sizeof c->etag, "%.*s", tag == NULL ? 0 : (int)strcspn(tag, "\r"),
                       tag == NULL ? "" : tag);
    }
    if (location != NULL)
        (void)snprintf(c->order_id, sizeof c->order_id, "%.36s", location);
    if (length == NULL && !c->chunked && c->status != 304 && c->status != 204) {
        (void)fprintf(stderr, "an answer without Content-Length: %.60s\n", c->head);
        exit(1);
    }
    size_t have = c->head_len - (size_t)(body - c->head);
    if (c->step == WATCH && have > 0)
        c->confirmed = strstr(body, "\"status\":\"CONFIRMED\"") != NULL;
    c->body_left = c->body_left > have ? c->body_left - have : 0;
    if (c->chunked)
        keep_tail(c, body, have);
}

static void on_readable(struct connection *c)
{
    static char waste[65536];
    if (c->in_body) {
        ssize_t got = recv(c->fd, waste, sizeof waste, 0);
        if (got > 0 && c->chunked)
            keep_tail(c, waste, (size_t)got);
        else if (got > 0)
            c->body_left -= (size_t)got < c->body_left ? (size_t)got : c->body_left;
        else if (got == 0 || errno != EAGAIN)
            die("the server hung up");
    } else {
        ssize_t got = recv(c->fd, c->head + c->head_len, HEAD_MAX - 1 - c->head_len, 0);
        if ((got == 0 || (got < 0 && errno == ECONNRESET)) && c->head_len == 0) {
            /* nginx closes kept connections when it needs room, and may do so just as we send. */
            (void)close(c->fd);
            connect_one(c);
            reconnects++;
            if (c->request != NONE)
                send_text(c);
            return;
        }
        if (got <= 0)
            die("the server hung up");
        c->head_len += (size_t)got;
        c->head[c->head_len] = '\0';
        const char *end = strstr(c->head, "\r\n\r\n");
        if (end == NULL && c->head_len == HEAD_MAX - 1)
            die("headers too long");
        if (end == NULL)
            return;
        read_head(c, end + 4);
    }
    if (c->body_left == 0)
        on_answer(c);
}

/* ── the loop ───────────────────────────────────────────────────────────── */

static double intended(double start)
{
    return start + (double)started / options.rate;
}

/* Begins what is due by now; returns when the next thing is. */
static double begin_due(double start, double now, bool *more)
{
    double next = now + 0.1;
    while (watching_count > 0 && connections[watching[watching_first]].due <= now)
        send_own(&connections[pop(watching, &watching_first, &watching_count)], "GET", "status", "");
    if (watching_count > 0 && connections[watching[watching_first]].due < next)
        next = connections[watching[watching_first]].due;

    while (*more && idle_count > 0 && now < end_at) {
        double when = options.rate > 0 ? intended(start) : now;
        if (when > now) {
            next = when < next ? when : next;
            break;
        }
        size_t who = pop(idle, &idle_first, &idle_count);
        if (!begin(&connections[who], when)) {
            push(idle, idle_first, &idle_count, who);
            *more = options.mode == SALE && unsold_count > 0;
            break;
        }
    }
    if (now >= end_at)
        *more = false;
    return next;
}

static void run(double start)
{
    struct epoll_event events[256];
    bool more = true;
    /* It does not wait for answers that come more than 30 s after the end. */
    while ((more || in_flight > 0) && now_s() < end_at + 30) {
        double now = now_s();
        double wait = begin_due(start, now, &more) - now;
        struct timespec timeout = { 0, wait <= 0 ? 0 : (long)(wait * 1e9) };
        int n = epoll_pwait2(epoll_fd, events, 256, &timeout, NULL);
        for (int i = 0; i < n; i++)
            on_readable(&connections[events[i].data.u64]);
    }
}

/* ── the report ─────────────────────────────────────────────────────────── */

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void print_samples(const char *name, struct samples *s)
{
    static const double points[] = { 50, 75, 90, 95, 99, 99.9 };
    qsort(s->us, s->count, sizeof *s->us, by_value);
    (void)printf(", \"%s\": {\"count\": %zu", name, s->count);
    for (size_t i = 0; s->count > 0 && i < sizeof points / sizeof points[0]; i++) {
        size_t at = (size_t)((double)s->count * points[i] / 100);
        (void)printf(", \"p%g\": %.3f", points[i], s->us[at < s->count ? at : s->count - 1] / 1000.0);
    }
    if (s->count > 0)
        (void)printf(", \"max\": %.3f", s->us[s->count - 1] / 1000.0);
    (void)printf("}");
}

/* Whether all connections were served alike. */
static void print_fairness(void)
{
    int64_t answers_least = INT64_MAX, answers_most = 0, won_most = 0;
    for (size_t i = 0; i < options.connections; i++) {
        const struct connection *c = &connections[i];
        answers_least = c->answers < answers_least ? c->answers : answers_least;
        answers_most = c->answers > answers_most ? c->answers : answers_most;
        won_most = c->won > won_most ? c->won : won_most;
    }
    (void)printf(", \"answers_least\": %lld, \"answers_most\": %lld, \"won_most\": %lld", (long long)answers_least,
                 (long long)answers_most, (long long)won_most);
}

static void report(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double seconds = last_answer - measure_from;
    (void)printf("{\"requests\": %lld, \"seconds\": %.4f, \"rate\": %.1f, \"broken\": %lld, \"reconnects\": %lld,"
                 " \"answers\": %lld, \"unanswered\": %zu, \"load_cpu_s\": %.3f, \"statuses\": {",
                 (long long)answered, seconds, seconds > 0 ? (double)answered / seconds : 0, (long long)broken,
                 (long long)reconnects, (long long)answers, in_flight, cpu);
    const char *comma = "";
    for (int i = 0; i < 600; i++) {
        if (statuses[i] > 0) {
            (void)printf("%s\"%d\": %lld", comma, i, (long long)statuses[i]);
            comma = ", ";
        }
    }
    (void)printf("}");
    print_samples("latency_ms", &latency);
    if (options.mode == FLOW)
        print_samples("payment_ms", &payment);
    print_fairness();
    (void)printf("}\n");
}

/* ── the command line ───────────────────────────────────────────────────── */

static enum mode read_mode(const char *name)
{
    static const char *const names[] = { "once", "cycle", "sale", "flow", "page" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0)
            return (enum mode)i;
    }
    (void)fprintf(stderr, "load: no mode %s\n", name);
    exit(2);
}

static void read_options(int argc, char **argv)
{
    for (int opt = getopt(argc, argv, "c:t:w:r:m:n:p:"); opt != -1; opt = getopt(argc, argv, "c:t:w:r:m:n:p:")) {
        switch (opt) {
        case 'c': options.connections = strtoul(optarg, NULL, 10); break;
        case 't': options.seconds = strtod(optarg, NULL); break;
        case 'w': options.warm_up = strtod(optarg, NULL); break;
        case 'r': options.rate = strtod(optarg, NULL); break;
        case 'm': options.mode = read_mode(optarg); break;
        case 'n': options.count = strtoul(optarg, NULL, 10); break;
        case 'p': options.poll = strtod(optarg, NULL) / 1000; break;
        default: exit(2);
        }
    }
    if (argc - optind != 2 || options.connections < 1 || options.connections > CONNECTIONS_MAX) {
        (void)fputs("usage: load [options] PORT FILE (see the top of bench/load.c)\n", stderr);
        exit(2);
    }
    options.port = (int)strtol(argv[optind], NULL, 10);
}

static void *must_allocate(size_t count, size_t size)
{
    void *p = calloc(count, size);
    if (p == NULL)
        die("memory");
    return p;
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    read_requests(argv[optind + 1]);
    latency.us = must_allocate(SAMPLES_MAX, sizeof *latency.us);
    payment.us = must_allocate(SAMPLES_MAX, sizeof *payment.us);
    unsold = must_allocate(request_count, sizeof *unsold);
    for (unsold_count = 0; unsold_count < request_count; unsold_count++)
        unsold[unsold_count] = unsold_count;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < options.connections; i++) {
        connections[i].request = NONE;
        connect_one(&connections[i]);
        push(idle, idle_first, &idle_count, i);
    }
    double start = now_s();
    measure_from = start + options.warm_up;
    end_at = measure_from + options.seconds;
    last_answer = measure_from;
    run(start);
    report();
    return 0;
}
