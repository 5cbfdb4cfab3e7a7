/* SPDX-License-Identifier: MIT */
#ifndef FCGI_STRIPE_BOOKS_H
#define FCGI_STRIPE_BOOKS_H

#include "booking/store/db.h"
#include "fcgi/stripe/stripe.h"

#include <stdbool.h>
#include <stdint.h>

/* What this program has asked of Stripe, and what came of it: stripe_charges and stripe_refunds. Each function is one
 * statement or one transaction, and none is open while Stripe is asked. */

#define BOOKS_KEY_SIZE 101
#define BOOKS_REFUND_KEY_SIZE 111

enum charge_status { CHARGE_ASKED, CHARGE_APPROVED, CHARGE_DECLINED, CHARGE_VOIDED };
const char *charge_status_name(enum charge_status status);

struct stripe_charge {
    enum charge_status status;
    char reason[STRIPE_REASON_SIZE];
    char order_id[51]; /* empty, and so the next three: voided before it was asked for */
    int64_t amount_cents;
    char currency[4];
    char return_url[URL_SIZE];
    int64_t request_no;
    int64_t page_ends_at_s;
    char session_id[STRIPE_ID_SIZE];     /* empty: none that a customer was sent to */
    char payment_intent[STRIPE_ID_SIZE]; /* empty: nothing was paid, as far as is known */
    int64_t captured_at_ms;              /* TIME_NONE: never */
    int64_t voided_at_ms;
    int64_t closed_at_ms;
};

/* RESULT_OK or RESULT_NOT_FOUND; books_find_by_session() also tells the key. */
enum result books_find(struct db *db, const char *key, struct stripe_charge *ret_charge) MUST_CHECK;
enum result books_find_by_session(struct db *db, const char *session_id, char ret_key[BOOKS_KEY_SIZE],
                                  struct stripe_charge *ret_charge) MUST_CHECK;

struct charge_wish {
    const char *order_id;
    int64_t amount_cents;
    const char *currency;
    const char *return_url;
};
/* Writes what is going to be asked for, unless something is known under the key. Nothing to pay is approved at once. */
enum result books_ask(struct db *db, const char *key, const struct charge_wish *wish) MUST_CHECK;

/* Gives the charge a new key at Stripe, unless another process did. */
enum result books_renew(struct db *db, const char *key, int64_t request_no) MUST_CHECK;

/* Writes which page the customer is going to be sent to, unless there is one or the charge was voided meanwhile. Only
 * what books_find() reads afterwards stands. */
enum result books_open(struct db *db, const char *key, const char *session_id) MUST_CHECK;

/* Writes the outcome of a charge that has none; a void stays a void. */
enum result books_approve(struct db *db, const char *key, const char *payment_intent) MUST_CHECK;
enum result books_decline(struct db *db, const char *key, const char *reason) MUST_CHECK;

/* Makes the charge a voided one, also before there is any; *ret_refunded says that it was not, since some of it was
 * given back before. */
enum result books_void(struct db *db, const char *key, bool *ret_refunded) MUST_CHECK;
/* What was paid all the same before Stripe ended the page; and that nothing is left to do for a voided charge. */
enum result books_capture_voided(struct db *db, const char *key, const char *payment_intent) MUST_CHECK;
enum result books_close(struct db *db, const char *key) MUST_CHECK;

enum refund_status { REFUND_ASKED, REFUND_WAITS, REFUND_MADE, REFUND_REFUSED };

struct stripe_refund_row {
    enum refund_status status;
    char reason[STRIPE_REASON_SIZE];
    int64_t request_no;
    char refund_id[STRIPE_ID_SIZE];
    bool is_new; /* written just now: Stripe cannot know of it */
};

/* Writes what is going to be given back, or reads what is known under the key. *ret_refusal is why not, NULL if it may
 * be. RESULT_NOT_FOUND: no such charge. Only the void of a charge gives back one that is voided. */
enum result books_ask_refund(struct db *db, const char *key, const char *refund_key, int64_t amount_cents, bool is_void,
                             struct stripe_refund_row *ret_row, const char **ret_refusal) MUST_CHECK;
/* What became of it. One that was made may still fail, and one that failed stays failed. */
enum result books_settle_refund(struct db *db, const char *refund_key, const struct stripe_refund *refund) MUST_CHECK;
/* The same by Stripe's id, for one that is known. */
enum result books_hear_of_refund(struct db *db, const struct stripe_refund *refund) MUST_CHECK;
enum result books_refuse_refund(struct db *db, const char *refund_key, const char *reason) MUST_CHECK;
/* Gives the refund a new key at Stripe, unless another process did. */
enum result books_renew_refund(struct db *db, const char *refund_key, int64_t request_no) MUST_CHECK;

/* The database's clock, in seconds since the epoch. */
enum result books_now(struct db *db, int64_t *ret_s) MUST_CHECK;

#endif
