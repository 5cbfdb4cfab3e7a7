/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_LETTER_H
#define SWEEPER_LETTER_H

#include "booking/base/buf.h"
#include "sweeper/templates.h"

#include <stdbool.h>
#include <stdint.h>

/* What a mail is about: a message, and what is known of its order beside it. */
struct letter_facts {
    const char *type;               /* of the message */
    const char *body;               /* of the message: JSON */
    const char *language;           /* as the customer gave it; "": none */
    struct json_object *passengers; /* an array of {"name": …}, in the order in which seats go to them */
    const char *origin;             /* how people call the places; "": by their codes */
    const char *destination;
    int64_t refunded_cents; /* in all, so far */
    const char *public_url; /* the only base of links; "": there are none */
};

/* A mail to be sent. The QR code and the calendar entry may be empty. */
struct letter {
    struct buf subject;
    struct buf text;
    struct buf html;
    struct buf qr; /* a PNG */
    char qr_id[32];
    struct buf calendar;
    int64_t told_ms; /* when it happened */
};

/* Writes a mail. False if the message or the templates are wrong; letter_done() is due in any case. */
bool letter_write(const struct templates *templates, const struct letter_facts *facts, struct letter *reterr_letter);
void letter_done(struct letter *letter);

/* Whether a letter of every type can be written in every language, so that a mistake in the templates shows at the
 * start. If not, what is wrong is in reterr_error. */
bool letter_check(const struct templates *templates, char *reterr_error, size_t size);

/* A sum of money, as "249.00 USD"; the decimal sign is the language's. */
void letter_money(int64_t cents, const char *currency, char decimal, struct buf *out);

#endif
