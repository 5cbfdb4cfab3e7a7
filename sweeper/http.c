/* SPDX-License-Identifier: MIT */
#include "sweeper/http.h"

#include <curl/curl.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#define SIGNAL_BLIND_MS 1000
/* Longer than any job waits, and small enough to calculate with. */
#define RETRY_AFTER_MAX_S 86400

/* Sockets are watched here. libcurl would look at each of them whenever anything has happened, and there may be
 * thousands. Timeouts are kept here, too: libcurl would call an answer late that it was only late to read, as when the
 * database holds us up for longer than a gateway may take. */
struct http {
    CURLM *multi;
    int epoll_fd;     /* has libcurl's sockets, and the next */
    int nudge_fd;     /* readable after http_wake() */
    int64_t timer_ms; /* when libcurl wants to work on its own; INT64_MAX: not */
    size_t in_flight;
    TAILQ_HEAD(transfers, transfer) transfers; /* the oldest first */
};

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct buf answer;
    char error[CURL_ERROR_SIZE];
    http_done done;
    void *context;
    int64_t begun_ms;
    int64_t timeout_ms;
    TAILQ_ENTRY(transfer) link;
};

/* libcurl waits for a socket, or does not any more. One that it has closed is gone by itself. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *of_socket)
{
    const struct http *http = context;
    struct epoll_event event = { .data.fd = fd };
    (void)easy;
    (void)of_socket;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
        event.events |= EPOLLIN;
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
        event.events |= EPOLLOUT;
    if (what == CURL_POLL_REMOVE)
        (void)epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(http->epoll_fd, EPOLL_CTL_MOD, fd, &event) != 0)
        (void)epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return 0;
}

static int on_timer(CURLM *multi, long in_ms, void *context)
{
    struct http *http = context;
    (void)multi;
    http->timer_ms = in_ms < 0 ? INT64_MAX : monotonic_ms() + in_ms;
    return 0;
}

static bool open_all(struct http *http)
{
    struct epoll_event nudged = { .events = EPOLLIN };
    http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    http->nudge_fd = nudged.data.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    http->timer_ms = INT64_MAX;
    return http->epoll_fd >= 0 && http->nudge_fd >= 0 &&
           epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->nudge_fd, &nudged) == 0 &&
           curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && (http->multi = curl_multi_init()) != NULL &&
           curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) == CURLM_OK;
}

struct http *http_new(void)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return NULL;
    TAILQ_INIT(&http->transfers);
    if (open_all(http))
        return http;
    http_free(http);
    return NULL;
}

static void transfer_free(struct http *http, struct transfer *t)
{
    TAILQ_REMOVE(&http->transfers, t, link);
    http->in_flight--;
    (void)curl_multi_remove_handle(http->multi, t->easy);
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    buf_done(&t->answer);
    free(t);
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    while (!TAILQ_EMPTY(&http->transfers))
        transfer_free(http, TAILQ_FIRST(&http->transfers));
    (void)curl_multi_cleanup(http->multi);
    curl_global_cleanup();
    if (http->nudge_fd >= 0)
        (void)close(http->nudge_fd);
    if (http->epoll_fd >= 0)
        (void)close(http->epoll_fd);
    free(http);
}

size_t http_in_flight(const struct http *http)
{
    return http->in_flight;
}

/* Returning less than was given makes libcurl end the transfer. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    size_t len = size * count;
    if (len > HTTP_ANSWER_MAX - t->answer.len)
        return 0;
    buf_add(&t->answer, bytes, len);
    return buf_ok(&t->answer) ? len : 0;
}

static bool add_header(struct transfer *t, const char *name, const char *value)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "%s: %s", name, value);
    struct curl_slist *headers = buf_ok(&line) ? curl_slist_append(t->headers, buf_str(&line)) : NULL;
    buf_done(&line);
    if (headers == NULL)
        return false;
    t->headers = headers;
    return true;
}

/* CURLOPT_QUICK_EXIT ends a name lookup with its transfer: otherwise libcurl would wait for the lookup's thread, and
 * everything else with it. */
static bool set_options(struct transfer *t, const struct http_request *request)
{
    CURL *e = t->easy;
    return curl_easy_setopt(e, CURLOPT_URL, request->url) == CURLE_OK &&
           (request->body == NULL || curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, request->body) == CURLE_OK) &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PRIVATE, t) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 4096L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* A gateway that moved is found at its new address before the attempts are used up. */
           curl_easy_setopt(e, CURLOPT_DNS_CACHE_TIMEOUT, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
}

static bool add_headers(struct transfer *t, const struct http_request *request)
{
    struct buf bearer = BUF_INIT;
    buf_addf(&bearer, "Bearer %s", request->bearer);
    bool ok = buf_ok(&bearer) && add_header(t, "Expect", "") &&
              (request->body == NULL || add_header(t, "Content-Type", "application/json")) &&
              (*request->request_id == '\0' || add_header(t, "X-Request-Id", request->request_id)) &&
              (*request->bearer == '\0' || add_header(t, "Authorization", buf_str(&bearer))) &&
              (request->key == NULL || add_header(t, "Idempotency-Key", request->key));
    for (size_t i = 0; ok && i < request->header_count; i++)
        ok = add_header(t, request->headers[i].name, request->headers[i].value);
    buf_done(&bearer);
    return ok;
}

bool http_send(struct http *http, const struct http_request *request, http_done done, void *context)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return false;
    *t = (struct transfer){ .easy = curl_easy_init(),
                            .done = done,
                            .context = context,
                            .begun_ms = monotonic_ms(),
                            .timeout_ms = request->timeout_ms };
    TAILQ_INSERT_TAIL(&http->transfers, t, link);
    http->in_flight++;

    bool ok = t->easy != NULL && add_headers(t, request) && set_options(t, request) &&
              curl_multi_add_handle(http->multi, t->easy) == CURLM_OK;
    if (!ok)
        transfer_free(http, t);
    return ok;
}

static void finish(struct http *http, struct transfer *t, CURLcode code)
{
    long status = 0;
    curl_off_t us = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
    (void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    bool timed_out = code == CURLE_OPERATION_TIMEDOUT;
    struct http_answer answer = {
        /* A status whose body broke off is no answer. */
        .status = code == CURLE_OK ? (int)status : 0,
        .timed_out = timed_out,
        .error = t->error[0] != '\0' ? t->error : curl_easy_strerror(code),
        .body = buf_str(&t->answer),
        .body_len = t->answer.len,
        .retry_after_ms = retry_after_s < RETRY_AFTER_MAX_S ? (int64_t)retry_after_s * 1000 : RETRY_AFTER_MAX_S * 1000,
        .duration_ms = timed_out ? monotonic_ms() - t->begun_ms : us / 1000,
    };
    t->done(&answer, t->context);
    transfer_free(http, t);
}

static bool finish_done(struct http *http)
{
    int left = 0;
    bool any = false;
    for (CURLMsg *m = curl_multi_info_read(http->multi, &left); m != NULL;
         m = curl_multi_info_read(http->multi, &left)) {
        struct transfer *t = NULL;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t) != CURLE_OK)
            continue;
        finish(http, t, code);
        any = true;
    }
    return any;
}

/* When the first of the requests times out; INT64_MAX if there is none. */
static int64_t next_timeout_ms(const struct http *http)
{
    const struct transfer *t = TAILQ_FIRST(&http->transfers);
    return t == NULL ? INT64_MAX : t->begun_ms + t->timeout_ms;
}

/* All requests have the same timeout, so the oldest is the first to reach it. */
static bool finish_late(struct http *http)
{
    bool any = false;
    while (next_timeout_ms(http) <= monotonic_ms()) {
        finish(http, TAILQ_FIRST(&http->transfers), CURLE_OPERATION_TIMEDOUT);
        any = true;
    }
    return any;
}

static void work_on(struct http *http, const struct epoll_event *event)
{
    int running = 0;
    uint64_t nudges = 0;
    /* What is wrong with a socket shows when it is read. */
    int what = ((event->events & ~(uint32_t)EPOLLOUT) != 0 ? CURL_CSELECT_IN : 0) |
               ((event->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
    if (event->data.fd == http->nudge_fd)
        (void)!read(http->nudge_fd, &nudges, sizeof nudges);
    else
        (void)curl_multi_socket_action(http->multi, event->data.fd, what, &running);
}

#define EVENTS_MAX 256

/* Lets libcurl read and write what it can. All that has come is read before anything is called late. */
static void work(struct http *http)
{
    struct epoll_event events[EVENTS_MAX];
    int running = 0;
    int count = EVENTS_MAX;
    while (count == EVENTS_MAX) {
        count = epoll_wait(http->epoll_fd, events, EVENTS_MAX, 0);
        for (int i = 0; i < count; i++)
            work_on(http, &events[i]);
    }
    if (http->timer_ms <= monotonic_ms()) {
        http->timer_ms = INT64_MAX;
        (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

bool http_pump(struct http *http)
{
    work(http);
    bool done = finish_done(http);
    return finish_late(http) || done;
}

void http_wake(struct http *http)
{
    const uint64_t one = 1;
    (void)!write(http->nudge_fd, &one, sizeof one);
}

bool http_wait(struct http *http, int64_t wait_ms, int wake_fd)
{
    struct pollfd awaited[] = { { .fd = http->epoll_fd, .events = POLLIN }, { .fd = wake_fd, .events = POLLIN } };
    if (http_pump(http))
        return true;
    /* A signal between the caller's look at its flag and this poll goes unseen until the poll ends, so the poll is
     * short. */
    int64_t next_ms = next_timeout_ms(http) < http->timer_ms ? next_timeout_ms(http) : http->timer_ms;
    int64_t left_ms = next_ms - monotonic_ms();
    wait_ms = wait_ms > SIGNAL_BLIND_MS ? SIGNAL_BLIND_MS : wait_ms;
    wait_ms = wait_ms > left_ms ? left_ms : wait_ms;
    if (wait_ms > 0)
        (void)poll(awaited, 2, (int)wait_ms);
    return http_pump(http);
}
