/* SPDX-License-Identifier: MIT */
#include "sweeper/smtp.h"

#include <curl/curl.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define COMMAND_LEN 4
#define REPLY_MAX 500
/* A mail server closes a connection that does nothing for a while; we are first. */
#define IDLE_S 20

/* One mail. A thread has it from the one queue to the other. */
struct letter_out {
    char *sender;
    struct curl_slist *recipients;
    struct curl_slist *headers;
    struct buf text, html, image, calendar;
    char *image_id;
    smtp_done done;
    void *context;
    /* What came of it. */
    CURLcode code;
    struct buf reply;          /* the last line that the server said */
    char command[COMMAND_LEN]; /* the last one that the server was given: its first letters */
    bool is_about_mail;        /* the last one but QUIT was about this mail, not about us */
    char error[CURL_ERROR_SIZE];
    int64_t duration_ms;
    TAILQ_ENTRY(letter_out) link;
};

TAILQ_HEAD(letters, letter_out);

struct smtp {
    struct smtp_server server;
    struct http *http;
    pthread_mutex_t lock; /* of the two queues */
    pthread_cond_t more;
    struct letters waiting;
    struct letters ended;
    size_t thread_count;
    size_t in_flight; /* known to the thread that asks, alone */
    atomic_bool stop;
    pthread_t threads[];
};

static void letter_free(struct letter_out *m)
{
    free(m->sender);
    free(m->image_id);
    curl_slist_free_all(m->recipients);
    curl_slist_free_all(m->headers);
    buf_done(&m->text);
    buf_done(&m->html);
    buf_done(&m->image);
    buf_done(&m->calendar);
    buf_done(&m->reply);
    free(m);
}

/* ── the content ────────────────────────────────────────────────────────── */

/* A part of a mail with a type of its own, in an encoding that any server takes. */
static curl_mimepart *add_part(curl_mime *to, const struct buf *body, const char *type, const char *encoder)
{
    curl_mimepart *part = curl_mime_addpart(to);
    bool ok = part != NULL && curl_mime_data(part, buf_str(body), body->len) == CURLE_OK &&
              curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, encoder) == CURLE_OK;
    return ok ? part : NULL;
}

/* Parts within parts. */
static curl_mime *add_parts(CURL *easy, curl_mime *to, const char *type)
{
    curl_mimepart *part = curl_mime_addpart(to);
    curl_mime *parts = part == NULL ? NULL : curl_mime_init(easy);
    if (parts == NULL)
        return NULL;
    if (curl_mime_subparts(part, parts) != CURLE_OK) {
        curl_mime_free(parts);
        return NULL;
    }
    return curl_mime_type(part, type) == CURLE_OK ? parts : NULL;
}

#define HTML_TYPE "text/html; charset=utf-8"
#define QUOTED "quoted-printable"

static bool add_image(curl_mime *to, const struct letter_out *m)
{
    struct buf id = BUF_INIT;
    curl_mimepart *part = add_part(to, &m->image, "image/png", "base64");
    buf_addf(&id, "Content-ID: <%s>", m->image_id);
    struct curl_slist *first = curl_slist_append(NULL, "Content-Disposition: inline; filename=\"ticket.png\"");
    struct curl_slist *headers = first == NULL ? NULL : curl_slist_append(first, buf_str(&id));
    bool ok = headers != NULL && buf_ok(&id) && part != NULL && curl_mime_headers(part, headers, 1) == CURLE_OK;
    if (!ok)
        curl_slist_free_all(first);
    buf_done(&id);
    return ok;
}

static bool add_html(CURL *easy, curl_mime *to, const struct letter_out *m)
{
    if (m->image.len == 0)
        return add_part(to, &m->html, HTML_TYPE, QUOTED) != NULL;
    curl_mime *related = add_parts(easy, to, "multipart/related");
    return related != NULL && add_part(related, &m->html, HTML_TYPE, QUOTED) != NULL && add_image(related, m);
}

static bool add_calendar(curl_mime *to, const struct letter_out *m)
{
    if (m->calendar.len == 0)
        return true;
    curl_mimepart *part = add_part(to, &m->calendar, "text/calendar; charset=utf-8; method=PUBLISH", "base64");
    return part != NULL && curl_mime_filename(part, "flight.ics") == CURLE_OK;
}

static bool add_bodies(CURL *easy, curl_mime *to, const struct letter_out *m)
{
    curl_mime *bodies = to == NULL ? NULL : add_parts(easy, to, "multipart/alternative");
    return bodies != NULL && add_part(bodies, &m->text, "text/plain; charset=utf-8", QUOTED) != NULL &&
           add_html(easy, bodies, m) && add_calendar(to, m);
}

/* ── sending, in a thread ───────────────────────────────────────────────── */

/* A mail server's answers come line by line; the last one counts, but for its farewell. */
static size_t on_reply(char *bytes, size_t size, size_t count, void *context)
{
    struct letter_out *m = context;
    size_t len = size * count;
    if (memcmp(m->command, "QUIT", COMMAND_LEN) == 0)
        return len;
    buf_clear(&m->reply);
    buf_add(&m->reply, bytes, len > REPLY_MAX ? REPLY_MAX : len);
    return len;
}

/* libcurl does not say which command was refused, but it shows what it sends. */
static int on_command(CURL *easy, curl_infotype type, char *bytes, size_t len, void *context)
{
    struct letter_out *m = context;
    (void)easy;
    if (type == CURLINFO_HEADER_OUT && len >= COMMAND_LEN) {
        memcpy(m->command, bytes, COMMAND_LEN);
        if (memcmp(bytes, "QUIT", COMMAND_LEN) != 0)
            m->is_about_mail = memcmp(bytes, "RCPT", COMMAND_LEN) == 0 || memcmp(bytes, "DATA", COMMAND_LEN) == 0;
    }
    return 0;
}

/* Asked every second: ends the transfer when the process stops. */
static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct smtp *smtp = context;
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&smtp->stop) ? 1 : 0;
}

static bool set_connection(CURL *e, const struct smtp *smtp)
{
    static const long use[] = { CURLUSESSL_NONE, CURLUSESSL_TRY, CURLUSESSL_ALL };
    const struct smtp_server *server = &smtp->server;
    return curl_easy_setopt(e, CURLOPT_URL, server->url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_USE_SSL, use[server->tls]) == CURLE_OK &&
           (*server->ca == '\0' || curl_easy_setopt(e, CURLOPT_CAINFO, server->ca) == CURLE_OK) &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)server->timeout_ms) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, (long)IDLE_S) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* A name that nobody looks up holds up nothing when the process stops. */
           curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_XFERINFODATA, smtp) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK;
}

static bool set_mail(CURL *e, struct letter_out *m, curl_mime *mime)
{
    return curl_easy_setopt(e, CURLOPT_MAIL_FROM, m->sender) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_MAIL_RCPT, m->recipients) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, m->headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_MIMEPOST, mime) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_reply) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HEADERDATA, m) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_command) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_DEBUGDATA, m) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_VERBOSE, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_ERRORBUFFER, m->error) == CURLE_OK;
}

/* The connection outlives what is reset here. */
static void send_one(CURL *easy, const struct smtp *smtp, struct letter_out *m)
{
    int64_t begun_ms = monotonic_ms();
    curl_easy_reset(easy);
    curl_mime *mime = curl_mime_init(easy);
    bool ready = add_bodies(easy, mime, m) && set_connection(easy, smtp) && set_mail(easy, m, mime);
    m->code = ready ? curl_easy_perform(easy) : CURLE_OUT_OF_MEMORY;
    m->duration_ms = monotonic_ms() - begun_ms;
    curl_easy_reset(easy);
    curl_mime_free(mime);
}

/* The next mail, or NULL when it is time to end. */
static struct letter_out *take(struct smtp *smtp)
{
    (void)pthread_mutex_lock(&smtp->lock);
    while (TAILQ_EMPTY(&smtp->waiting) && !atomic_load(&smtp->stop))
        (void)pthread_cond_wait(&smtp->more, &smtp->lock);
    struct letter_out *m = atomic_load(&smtp->stop) ? NULL : TAILQ_FIRST(&smtp->waiting);
    if (m != NULL)
        TAILQ_REMOVE(&smtp->waiting, m, link);
    (void)pthread_mutex_unlock(&smtp->lock);
    return m;
}

static void leave(struct smtp *smtp, struct letter_out *m)
{
    (void)pthread_mutex_lock(&smtp->lock);
    TAILQ_INSERT_TAIL(&smtp->ended, m, link);
    (void)pthread_mutex_unlock(&smtp->lock);
    http_wake(smtp->http);
}

static void *work(void *context)
{
    struct smtp *smtp = context;
    CURL *easy = curl_easy_init();
    for (struct letter_out *m = take(smtp); m != NULL; m = take(smtp)) {
        m->code = CURLE_OUT_OF_MEMORY;
        if (easy != NULL)
            send_one(easy, smtp, m);
        leave(smtp, m);
    }
    curl_easy_cleanup(easy);
    return NULL;
}

/* ── asking ─────────────────────────────────────────────────────────────── */

struct smtp *smtp_new(const struct smtp_server *server, struct http *http)
{
    struct smtp *smtp = calloc(1, sizeof *smtp + server->connections * sizeof smtp->threads[0]);
    if (smtp == NULL)
        return NULL;
    smtp->server = *server;
    smtp->http = http;
    TAILQ_INIT(&smtp->waiting);
    TAILQ_INIT(&smtp->ended);
    (void)pthread_mutex_init(&smtp->lock, NULL);
    (void)pthread_cond_init(&smtp->more, NULL);
    return smtp;
}

/* Signals are for the thread that sleeps in http_wait(). */
static bool start_thread(struct smtp *smtp)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    bool ok = pthread_create(&smtp->threads[smtp->thread_count], NULL, work, smtp) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    smtp->thread_count += ok ? 1 : 0;
    return ok;
}

static bool copy_headers(struct letter_out *m, const struct smtp_mail *mail)
{
    bool ok = true;
    for (size_t i = 0; ok && i < mail->header_count; i++) {
        struct buf line = BUF_INIT;
        buf_addf(&line, "%s: %s", mail->headers[i].name, mail->headers[i].value);
        struct curl_slist *headers = buf_ok(&line) ? curl_slist_append(m->headers, buf_str(&line)) : NULL;
        buf_done(&line);
        ok = headers != NULL;
        m->headers = ok ? headers : m->headers;
    }
    return ok;
}

static bool copy_mail(struct letter_out *m, const struct smtp_mail *mail)
{
    m->sender = strdup(mail->sender);
    m->image_id = strdup(mail->image_id);
    m->recipients = curl_slist_append(NULL, mail->recipient);
    buf_add(&m->text, buf_str(mail->text), mail->text->len);
    buf_add(&m->html, buf_str(mail->html), mail->html->len);
    buf_add(&m->image, buf_str(mail->image), mail->image->len);
    buf_add(&m->calendar, buf_str(mail->calendar), mail->calendar->len);
    return m->sender != NULL && m->image_id != NULL && m->recipients != NULL && copy_headers(m, mail) &&
           buf_ok(&m->text) && buf_ok(&m->html) && buf_ok(&m->image) && buf_ok(&m->calendar);
}

/* There are as many threads as mails were ever in flight at a time, up to the limit. */
bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, smtp_done done, void *context)
{
    struct letter_out *m = calloc(1, sizeof *m);
    bool ok = m != NULL && copy_mail(m, mail);
    if (ok && smtp->in_flight >= smtp->thread_count && smtp->thread_count < smtp->server.connections)
        ok = start_thread(smtp) || smtp->thread_count > 0;
    if (!ok) {
        if (m != NULL)
            letter_free(m);
        return false;
    }
    m->done = done;
    m->context = context;
    smtp->in_flight++;
    (void)pthread_mutex_lock(&smtp->lock);
    TAILQ_INSERT_TAIL(&smtp->waiting, m, link);
    (void)pthread_cond_signal(&smtp->more);
    (void)pthread_mutex_unlock(&smtp->lock);
    return true;
}

size_t smtp_in_flight(const struct smtp *smtp)
{
    return smtp == NULL ? 0 : smtp->in_flight;
}

/* What the server answered last: 0 if nothing. */
static int reply_code(const struct letter_out *m)
{
    const char *line = buf_str(&m->reply);
    return strspn(line, "0123456789") < 3 ? 0 : (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static void answer(const struct letter_out *m)
{
    int code = m->code == CURLE_OK ? 0 : reply_code(m);
    bool timed_out = m->code == CURLE_OPERATION_TIMEDOUT;
    const struct smtp_answer answer = {
        .taken = m->code == CURLE_OK,
        /* A mail server that wants another sign-in (53x) refuses us. */
        .is_refused = !timed_out && m->is_about_mail && code >= 500 && code / 10 != 53,
        .timed_out = timed_out,
        .reply = code >= 400 ? buf_str(&m->reply) : "",
        .error = m->error[0] != '\0' ? m->error : curl_easy_strerror(m->code),
        .duration_ms = m->duration_ms,
    };
    m->done(&answer, m->context);
}

bool smtp_pump(struct smtp *smtp)
{
    struct letters ended = TAILQ_HEAD_INITIALIZER(ended);
    if (smtp == NULL || smtp->in_flight == 0)
        return false;
    (void)pthread_mutex_lock(&smtp->lock);
    TAILQ_CONCAT(&ended, &smtp->ended, link);
    (void)pthread_mutex_unlock(&smtp->lock);
    bool any = !TAILQ_EMPTY(&ended);
    while (!TAILQ_EMPTY(&ended)) {
        struct letter_out *m = TAILQ_FIRST(&ended);
        TAILQ_REMOVE(&ended, m, link);
        smtp->in_flight--;
        answer(m);
        letter_free(m);
    }
    return any;
}

static void drop(struct letters *letters)
{
    while (!TAILQ_EMPTY(letters)) {
        struct letter_out *m = TAILQ_FIRST(letters);
        TAILQ_REMOVE(letters, m, link);
        letter_free(m);
    }
}

void smtp_free(struct smtp *smtp)
{
    if (smtp == NULL)
        return;
    (void)pthread_mutex_lock(&smtp->lock);
    atomic_store(&smtp->stop, true);
    (void)pthread_cond_broadcast(&smtp->more);
    (void)pthread_mutex_unlock(&smtp->lock);
    for (size_t i = 0; i < smtp->thread_count; i++)
        (void)pthread_join(smtp->threads[i], NULL);
    drop(&smtp->waiting);
    drop(&smtp->ended);
    (void)pthread_cond_destroy(&smtp->more);
    (void)pthread_mutex_destroy(&smtp->lock);
    free(smtp);
}
