/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_SMTP_H
#define SWEEPER_SMTP_H

#include "booking/base/buf.h"
#include "sweeper/http.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Mails on their way, by libcurl. While libcurl waits for a server to take the content of a mail, it does nothing else
 * (smtp_done() in its sources), so each mail is sent by a thread of its own. The threads know nothing but libcurl: they
 * get a mail that is written, and leave what came of it for the thread that asked. A thread keeps its connection. */

enum smtp_tls { SMTP_TLS_OFF, SMTP_TLS_OPPORTUNISTIC, SMTP_TLS_REQUIRED };

/* A mail server; the texts stay the caller's. */
struct smtp_server {
    const char *url;    /* smtp:// or smtps://, perhaps with a user and a password */
    enum smtp_tls tls;  /* whether smtp:// turns to TLS (STARTTLS); smtps:// begins with it */
    const char *ca;     /* a file of certificates that are trusted; "": the system's */
    size_t connections; /* at most, and so threads */
    int64_t timeout_ms; /* for a mail */
};

/* A mail: text and HTML, and with them perhaps an image that the HTML shows and a calendar entry. All of it is copied.
 * The recipient must be an address; what comes from a customer is in no header but To. */
struct smtp_mail {
    const char *sender; /* the addresses of the envelope */
    const char *recipient;
    const struct http_header *headers;
    size_t header_count;
    const struct buf *text;
    const struct buf *html;
    const struct buf *image; /* a PNG; empty: none */
    const char *image_id;
    const struct buf *calendar;
};

/* What came of a mail. */
struct smtp_answer {
    bool taken;
    bool is_refused; /* for good, and because of this mail: its recipient or its content, not because of us */
    bool timed_out;
    const char *reply; /* if it was not taken: what the server said last; "": nothing */
    const char *error; /* and why, in libcurl's words */
    int64_t duration_ms;
};

/* Called once for each mail, from smtp_pump(). */
typedef void (*smtp_done)(const struct smtp_answer *answer, void *context);

struct smtp;

/* NULL without memory. An answer ends http_wait(). */
struct smtp *smtp_new(const struct smtp_server *server, struct http *http);
/* Drops what is in flight without calling back. */
void smtp_free(struct smtp *smtp);

/* Begins to send a mail. False if it cannot even begin; done is then not called. */
bool smtp_send(struct smtp *smtp, const struct smtp_mail *mail, smtp_done done, void *context);

size_t smtp_in_flight(const struct smtp *smtp);

/* Calls back for each mail that has ended. True when there was one. NULL has none. */
bool smtp_pump(struct smtp *smtp);

#endif
