#include "sweeper/http.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>

#define SIGNAL_BLIND_MS 1000

struct http {
    CURLM *multi;
    size_t in_flight;
    struct transfer *first;
};

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct buf answer;
    char error[CURL_ERROR_SIZE];
    http_done done;
    void *context;
    struct transfer *next;
    struct transfer **self; /* what points here */
};

struct http *http_new(void)
{
    struct http *http = calloc(1, sizeof *http);
    if (http == NULL)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (http->multi = curl_multi_init()) == NULL) {
        free(http);
        return NULL;
    }
    return http;
}

static void transfer_free(struct http *http, struct transfer *t)
{
    *t->self = t->next;
    if (t->next != NULL)
        t->next->self = t->self;
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
    while (http->first != NULL)
        transfer_free(http, http->first);
    (void)curl_multi_cleanup(http->multi);
    curl_global_cleanup();
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

static bool set_options(struct transfer *t, const char *url, const char *body, int64_t timeout_ms)
{
    CURL *e = t->easy;
    return curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
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

bool http_post(struct http *http, const char *url, const char *key, const char *request_id,
               const char *body, int64_t timeout_ms, http_done done, void *context)
{
    struct transfer *t = calloc(1, sizeof *t);
    if (t == NULL)
        return false;
    *t = (struct transfer){ .easy = curl_easy_init(), .done = done, .context = context,
                            .next = http->first, .self = &http->first };
    if (t->next != NULL)
        t->next->self = &t->next;
    http->first = t;
    http->in_flight++;

    bool ok = t->easy != NULL && add_header(t, "Content-Type", "application/json") &&
              add_header(t, "Expect", "") && (*request_id == '\0' || add_header(t, "X-Request-Id", request_id)) &&
              (key == NULL || add_header(t, "Idempotency-Key", key)) &&
              set_options(t, url, body, timeout_ms) &&
              curl_multi_add_handle(http->multi, t->easy) == CURLM_OK;
    if (!ok)
        transfer_free(http, t);
    return ok;
}

static void finish(struct http *http, struct transfer *t, CURLcode code)
{
    long status = 0;
    curl_off_t us = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
    struct http_answer answer = {
        /* A status whose body broke off is no answer. */
        .status = code == CURLE_OK ? (int)status : 0,
        .timed_out = code == CURLE_OPERATION_TIMEDOUT,
        .error = t->error[0] != '\0' ? t->error : curl_easy_strerror(code),
        .body = buf_str(&t->answer),
        .body_len = t->answer.len,
        .duration_ms = us / 1000,
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

bool http_wait(struct http *http, int64_t wait_ms, int wake_fd)
{
    int running = 0;
    struct curl_waitfd wake = { .fd = wake_fd, .events = CURL_WAIT_POLLIN };
    (void)curl_multi_perform(http->multi, &running);
    if (finish_done(http))
        return true;
    /* A signal between the caller's look at its flag and this poll goes unseen
     * until the poll ends; so it ends soon. */
    if (wait_ms > SIGNAL_BLIND_MS)
        wait_ms = SIGNAL_BLIND_MS;
    (void)curl_multi_poll(http->multi, &wake, wake_fd < 0 ? 0 : 1, (int)wait_ms, NULL);
    (void)curl_multi_perform(http->multi, &running);
    return finish_done(http);
}
