/* SPDX-License-Identifier: MIT */
#include "fcgi/stripe/https.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <strings.h>

/* An hour is longer than the caller of this program waits. */
#define RETRY_AFTER_MAX_S 3600

struct https {
    CURL *easy;
    char error[CURL_ERROR_SIZE];
};

struct https *https_new(void)
{
    struct https *https = calloc(1, sizeof *https);
    if (https == NULL)
        return NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (https->easy = curl_easy_init()) == NULL) {
        free(https);
        return NULL;
    }
    return https;
}

void https_free(struct https *https)
{
    if (https == NULL)
        return;
    curl_easy_cleanup(https->easy);
    curl_global_cleanup();
    free(https);
}

/* Returning less than was given makes libcurl end the transfer. */
static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    size_t len = size * count;
    if (len > HTTPS_ANSWER_MAX - body->len)
        return 0;
    buf_add(body, bytes, len);
    return buf_ok(body) ? len : 0;
}

static bool set_options(struct https *h, const struct https_request *request, struct curl_slist *headers,
                        struct buf *body)
{
    CURL *e = h->easy;
    curl_easy_reset(e); /* keeps the connection */
    h->error[0] = '\0';
    return (request->body == NULL || curl_easy_setopt(e, CURLOPT_POSTFIELDS, request->body) == CURLE_OK) &&
           curl_easy_setopt(e, CURLOPT_URL, request->url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, body) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->error) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 4096L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
}

static bool add_headers(struct curl_slist **list, const char *const *headers)
{
    for (; *headers != NULL; headers++) {
        struct curl_slist *longer = curl_slist_append(*list, *headers);
        if (longer == NULL)
            return false;
        *list = longer;
    }
    return true;
}

static bool header_is(CURL *easy, const char *name, const char *value)
{
    struct curl_header *header = NULL;
    return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
           strcasecmp(header->value, value) == 0;
}

static void read_answer(struct https *h, struct https_answer *a)
{
    long status = 0;
    curl_off_t retry_after_s = 0;
    (void)curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    a->status = (int)status;
    a->retry_after_s = retry_after_s < RETRY_AFTER_MAX_S ? (int)retry_after_s : RETRY_AFTER_MAX_S;
    a->is_replayed = header_is(h->easy, "Idempotent-Replayed", "true");
}

void https_call(struct https *h, const struct https_request *request, struct https_answer *ret_answer)
{
    struct https_answer a = { .error = "out of memory" };
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (add_headers(&headers, request->headers) && set_options(h, request, headers, &a.body))
        code = curl_easy_perform(h->easy);
    /* A status whose body broke off is no answer. */
    if (code == CURLE_OK)
        read_answer(h, &a);
    else
        a.error = h->error[0] != '\0' ? h->error : curl_easy_strerror(code);
    curl_slist_free_all(headers);
    *ret_answer = a;
}
