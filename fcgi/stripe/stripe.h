/* SPDX-License-Identifier: MIT */
#ifndef FCGI_STRIPE_STRIPE_H
#define FCGI_STRIPE_STRIPE_H

#include "booking/base/url.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stripe's API (https://docs.stripe.com/api), as far as this program needs it: Checkout Sessions, which are pages of
 * Stripe's on which a customer pays one charge, refunds, and the list of charges. Knows no database. */

/* The version whose fields are read here. An account's own version changes with a click in the dashboard. */
#define STRIPE_API_VERSION "2026-08-26.dahlia"

#define STRIPE_ID_SIZE 256
#define STRIPE_REASON_SIZE 101

struct stripe;
struct json_object;

/* The base is https://api.stripe.com, but for tests. NULL without memory. The texts must outlive it. */
struct stripe *stripe_new(const char *base_url, const char *secret_key);
void stripe_free(struct stripe *stripe);

/* All calls until the next one of these must be over by then, by monotonic_ms(). */
void stripe_set_deadline(struct stripe *stripe, int64_t deadline_ms);

/* How Stripe took a request. */
enum stripe_verdict {
    STRIPE_DONE,
    STRIPE_NOT_NOW, /* not reached, not understood, or it failed: nobody knows whether it was done. Ask again */
    STRIPE_BUSY,    /* 429 or 409: this was not done, or is being done. Ask again, later */
    STRIPE_REFUSED, /* it was not done, and never will be as it stands */
};

struct stripe_error {
    int status; /* 0: there was no answer */
    int retry_after_s;
    bool
        key_is_spent; /* the first answer to this key, an error, comes again each time, or it was to other parameters */
    char code[64];    /* Stripe's: "amount_too_small", "" */
    char param[64];   /* which one it refuses; "" */
    char reason[STRIPE_REASON_SIZE];  /* fit to be shown to staff */
    char request_log[STRIPE_ID_SIZE]; /* where the dashboard shows it; "" */
};

/* What a session has come to. */
enum session_state {
    SESSION_OPEN,       /* the customer may pay */
    SESSION_PROCESSING, /* the customer is done, their bank is not */
    SESSION_PAID,
    SESSION_FAILED,  /* the bank refused after the customer was done */
    SESSION_EXPIRED, /* nothing was paid, or will be */
};

struct stripe_session {
    char id[STRIPE_ID_SIZE];
    enum session_state state;
    char url[URL_SIZE];                  /* while it is open */
    char payment_intent[STRIPE_ID_SIZE]; /* once it is paid */
    int64_t amount;                      /* as Stripe counts it */
    char currency[4];                    /* as ISO 4217 writes it */
    char reason[STRIPE_REASON_SIZE];     /* why it failed */
};

/* What is to be paid on a page. Repeated with the same key, it must be the same to the letter. */
struct stripe_page {
    const char *key; /* Idempotency-Key */
    const char *charge;
    const char *order_id;
    int64_t amount;
    const char *currency;
    const char *return_url;
    int64_t expires_at_s;
};
enum stripe_verdict stripe_create_session(struct stripe *stripe, const struct stripe_page *page,
                                          struct stripe_session *ret_session, struct stripe_error *ret_error);
enum stripe_verdict stripe_get_session(struct stripe *stripe, const char *id, struct stripe_session *ret_session,
                                       struct stripe_error *ret_error);
/* STRIPE_REFUSED with status 400: it is not open any more. */
enum stripe_verdict stripe_expire_session(struct stripe *stripe, const char *id, struct stripe_session *ret_session,
                                          struct stripe_error *ret_error);

enum refund_state { REFUND_UNDER_WAY, REFUND_SUCCEEDED, REFUND_CAME_BACK };

struct stripe_refund {
    char id[STRIPE_ID_SIZE];
    enum refund_state state;
    char reason[STRIPE_REASON_SIZE];
};

struct stripe_giving_back {
    const char *key;        /* Idempotency-Key */
    const char *refund_key; /* ours, by which it is found again */
    const char *payment_intent;
    int64_t amount;
    const char *known_id; /* Stripe's, where it has told one; "" */
};
enum stripe_verdict stripe_create_refund(struct stripe *stripe, const struct stripe_giving_back *what,
                                         struct stripe_refund *ret_refund, struct stripe_error *ret_error);

/* Looks whether the refund was made already: *ret_found. */
enum stripe_verdict stripe_find_refund(struct stripe *stripe, const struct stripe_giving_back *what, bool *ret_found,
                                       struct stripe_refund *ret_refund, struct stripe_error *ret_error);

/* What was captured in a time, newest first: all that the account took, also what this program did not ask for. */
#define STRIPE_LISTED_MAX 50
struct stripe_listed {
    char id[101];
    char payment_intent[101]; /* "": none */
    char charge[101];         /* what the page's metadata said; "": nothing, or too much; the same for the next */
    char order_id[51];
    int64_t captured, refunded; /* as Stripe counts it */
    char currency[4];           /* as ISO 4217 writes it */
    int64_t created_s;
};
struct stripe_list {
    char next[STRIPE_ID_SIZE]; /* where the next page goes on; "": this was the last */
    size_t count;
    struct stripe_listed charge[STRIPE_LISTED_MAX];
};
/* From a second on and before another one; after is "" or the next of the page before. A page may be empty and not the
 * last, since Stripe lists what a bank refused, too. */
enum stripe_verdict stripe_list_charges(struct stripe *stripe, int64_t from_s, int64_t to_s, const char *after,
                                        struct stripe_list *ret_list, struct stripe_error *ret_error);

/* Parses a document of Stripe's; NULL if it is none. The caller frees it with json_object_put(). */
struct json_object *stripe_parse(const char *text, size_t len);
/* Reads a session or a refund, from an answer or an event; false if it is none. */
bool stripe_read_session(struct json_object *json, struct stripe_session *ret_session);
bool stripe_read_refund(struct json_object *json, struct stripe_refund *ret_refund);
/* A text of an object; "" if there is none of fewer than size bytes. */
void stripe_read_text(struct json_object *json, const char *name, char *ret, size_t size);

#endif
