/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BOOKING_H
#define BOOKING_BOOKING_H

#include "booking/base/random.h"
#include "booking/config.h"
#include "booking/core/order.h"
#include "booking/core/role.h"
#include "booking/core/user_id.h"
#include "booking/store/db.h"
#include "booking/store/jobs.h"
#include "booking/store/messages.h"
#include "booking/store/refunds.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The use cases. Each is one transaction that either happens as a whole or is
 * refused with a reason and changes nothing (txn.h says how it is retried).
 *
 * All may return RESULT_INTERNAL and RESULT_UNAVAILABLE. After the latter (no
 * database) either nothing was changed, or the client can find out by repeating
 * the request with its Idempotency-Key. */

/* The caller of a use case, and the conditions it sets. */
struct caller {
    const struct config *config;
    const char *request_id;
    struct staff staff;
    const char *owner;  /* whose order it must be, or becomes; NULL: anybody's */
    const char *reason; /* a staff member's, for the audit log; may be NULL */

    /* The order's version must be one of only_if (If-Match), and none of unless (If-None-Match). */
    struct version_set only_if;
    struct version_set unless;

    /* Called with the changed order inside the transaction, just before COMMIT:
     * what it writes there exists if and only if the change does. May be NULL. */
    enum result (*before_commit)(struct db *db, const struct order *order, void *context);
    /* Called with the order as it is now if that COMMIT turned out to have succeeded after the change was tried again,
     * with other calls of before_commit. NULL if and only if before_commit is. */
    void (*answer_again)(const struct order *order, void *context);
    void *context;
};

/* The details of a refusal: the seats that are taken or do not exist; or how
 * many holds the customer has and when the first of them ends. */
struct refusal {
    struct seat_list seats;
    int64_t open_holds;
    int64_t retry_after_s;
};

/* Holds seats on a flight for a new order, all or nothing, until
 * RESERVATION_TIMEOUT from now but never past departure.
 * Refused with FLIGHT_NOT_FOUND, INVALID_SEATS (unknown ones), FLIGHT_DEPARTED,
 * SEATS_UNAVAILABLE, or TOO_MANY_HOLDS (MAX_OPEN_HOLDS_PER_USER). */
enum result booking_hold(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                         const struct seat_list *seats, struct order *reterr_order,
                         struct refusal *reterr_refusal) MUST_CHECK;

/* The three below are refused with ORDER_NOT_FOUND; with ORDER_EXPIRED,
 * ORDER_CLOSED or PAYMENT_IN_PROGRESS if the order's state does not allow the
 * change; or with PRECONDITION_FAILED. After any of these but the first,
 * *reterr_order is the order as it is. */

/* Replaces the seats of a hold and restarts its timer, in full or with what is
 * left until departure or RESERVATION_LIMIT. It is also refused with
 * INVALID_SEATS and SEATS_UNAVAILABLE; seats and timer then stay as they were.
 * A seat that is kept keeps its price. */
enum result booking_change_seats(struct db *db, const struct caller *caller, const char *order_id,
                                 const struct seat_list *seats, struct order *reterr_order,
                                 struct refusal *reterr_refusal) MUST_CHECK;

/* Takes the five-digit code and makes the order PAYMENT_PENDING: its hold can
 * no longer lapse, and the first attempt is due. The caller checks the code's
 * format with booking_payment_code_is_valid(). */
enum result booking_submit_payment(struct db *db, const struct caller *caller, const char *order_id, const char *code,
                                   struct order *reterr_order) MUST_CHECK;

/* Ends the order and frees its seats at once. A charge that may exist is voided. */
enum result booking_cancel(struct db *db, const struct caller *caller, const char *order_id,
                           struct order *reterr_order) MUST_CHECK;

/* Exactly five ASCII digits. */
bool booking_payment_code_is_valid(const char *code);

/* The order as a reader must see it: a lapsed hold is EXPIRED. RESULT_OK or
 * ORDER_NOT_FOUND, also if it is not this owner's (NULL: anybody's). */
enum result booking_read_order(struct db *db, const char *order_id, const char *owner,
                               struct order *ret_order) MUST_CHECK;

/* What a look-up hands out: a token that opens one order, for an hour. */
struct order_key {
    char order_id[UUID_SIZE];
    char token[TOKEN_SIZE];
    int64_t expires_at_ms;
};

/* Finds an order by its locator, however that is typed, and by the family name or the e-mail address of one of its
 * persons (one of them is NULL). Refused with ORDER_NOT_FOUND, whatever is wrong; also if this locator was asked for in
 * vain ten times within an hour. */
enum result booking_look_up(struct db *db, const char *locator, const char *family_name, const char *email,
                            struct order_key *ret_key) MUST_CHECK;

/* ── for the operator ───────────────────────────────────────────────────── */

/* Ends every order that is open now, on one flight or (NULL) on all, and frees its seats. Payments stay; charges that
 * may exist are voided. Refused with FLIGHT_NOT_FOUND. Each order has a transaction of its own, so that a reset can
 * stop and be repeated. */
enum result booking_reset(struct db *db, const struct caller *caller, const char *flight_id,
                          int64_t *reterr_orders_ended, int64_t *reterr_seats_freed) MUST_CHECK;

/* Asks for a refund of what was captured for an order: of so much (minor units of the order's currency) or, with 0, of
 * all that is left. A sweeper makes it. Refused with ORDER_NOT_FOUND, PRECONDITION_FAILED; NOT_PAID if nothing was
 * captured; REFUND_TOO_LARGE if more would be given back than that. */
enum result booking_refund(struct db *db, const struct caller *caller, const char *order_id, int64_t amount_cents,
                           struct refund *reterr_refund) MUST_CHECK;

/* Forgets the persons of an order: their names and addresses, whose the order is, and the tokens that open it. Money,
 * counts and history stay. To do so twice is fine. Refused with ORDER_NOT_FOUND, PRECONDITION_FAILED, and ORDER_OPEN as
 * long as the order is not final. */
enum result booking_forget(struct db *db, const struct caller *caller, const char *order_id,
                           struct order *reterr_order) MUST_CHECK;

/* Makes a failed or waiting job due now. Refused with NOT_FOUND or JOB_RUNNING. */
enum result booking_retry_job(struct db *db, const struct caller *caller, int64_t job_id) MUST_CHECK;

/* Stops sweepers from claiming a kind of job, or lets them claim it again;
 * doing so twice is fine. They finish what they have claimed. */
enum result booking_pause_kind(struct db *db, const struct caller *caller, enum job_kind kind) MUST_CHECK;
enum result booking_resume_kind(struct db *db, const struct caller *caller, enum job_kind kind) MUST_CHECK;

/* Takes a job from the sweeper that has it and makes it due; that sweeper's
 * answer is refused from now on. Refused with NOT_FOUND or JOB_NOT_RUNNING. */
enum result booking_release_job(struct db *db, const struct caller *caller, int64_t job_id) MUST_CHECK;

/* A member of staff after a change. The token is "" unless it is a new one. It cannot be read again: only its hash is
 * kept. */
#define STAFF_TOKEN_PREFIX "bks_"
struct member {
    int64_t person_id;
    char name[ACCOUNT_SIZE]; /* "" if it was forgotten */
    enum role role;          /* ROLE_NONE: the token was revoked */
    char token[TOKEN_SIZE];
};

/* Makes a member of staff, who is known by this name from now on, with a token of their own; or lets one whose token
 * was revoked come back. The name is as staff_name_read() gives it. Refused with NAME_TAKEN. */
enum result booking_add_staff(struct db *db, const struct caller *caller, const char *name, enum role role,
                              struct member *ret_member) MUST_CHECK;

/* These are refused with NOT_FOUND, also after the token was revoked. A new token takes the place of the old one at
 * once. Nothing keeps an admin from revoking or demoting themselves or the last admin: whoever has the ADMIN_TOKEN, or
 * the database's account (booking-admin), makes another one. */
enum result booking_rotate_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 struct member *ret_member) MUST_CHECK;
enum result booking_set_role(struct db *db, const struct caller *caller, int64_t person_id, enum role role,
                             struct member *ret_member) MUST_CHECK;
enum result booking_revoke_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 struct member *ret_member) MUST_CHECK;

/* ── for the sweeper ────────────────────────────────────────────────────── */

/* Forgets the persons of an order if its flight departed so long ago. It waits for no lock: RESULT_ORDER_NOT_FOUND,
 * too, if the order is locked. RESULT_ORDER_OPEN if it is not final or not yet time. */
enum result booking_forget_departed(struct db *db, const char *order_id, int64_t retention_ms,
                                    const char *worker) MUST_CHECK;

/* How long a claim of a job of this kind lasts before another worker may take the job. */
int64_t booking_lease_ms(const struct config *config, enum job_kind kind);

/* Leases up to limit due jobs of a kind. A payment's lease is renewed when its
 * attempt is announced. */
enum result booking_claim(struct db *db, enum job_kind kind, size_t limit, int64_t lease_ms, const char *worker,
                          struct job *reterr_jobs, size_t *reterr_count) MUST_CHECK;

/* Ends those of the holds of these orders (at most JOBS_CLAIM_MAX) that have
 * lapsed. An order whose hold goes on gets its timer back; all others lose
 * theirs. *reterr_expired is how many holds ended.
 *
 * worker is NULL when a request does it. A worker skips the orders that other
 * sessions have locked: they are due again when the lease of their timers ends.
 * A worker refuses an order that does not hold the seats it names
 * (RESULT_STALE), so that an operator sees it; a request ends it all the same,
 * since its customer is waiting. */
enum result booking_expire(struct db *db, const struct config *config, const char (*order_ids)[UUID_SIZE], size_t count,
                           const char *worker, size_t *reterr_expired) MUST_CHECK;

/* What to ask the gateway for. */
struct charge {
    char payment_id[UUID_SIZE];
    char order_id[UUID_SIZE];
    char code[6];
    int64_t amount_cents;
    char currency[CURRENCY_SIZE];
    int64_t attempt; /* the number that the customer sees, from 1 */
};

/* Announces an attempt before the gateway is called, or a question about the
 * last one while the gateway is deciding, and renews the lease. *reterr_go says
 * whether to call the gateway. It is false, and the job is settled here, if the
 * order no longer waits for payment, its attempts are used up, the gateway has
 * taken too long to decide, or the flight has left. RESULT_STALE if the claim
 * no longer stands or its lease is over. */
enum result booking_begin_attempt(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  bool *reterr_go, struct charge *reterr_charge) MUST_CHECK;

/* PENDING: the gateway has not decided yet and wants to be asked again. */
enum attempt_outcome { ATTEMPT_APPROVED, ATTEMPT_DECLINED, ATTEMPT_ERROR, ATTEMPT_TIMEOUT, ATTEMPT_PENDING };

/* The outcome of a call to the gateway. */
struct attempt_result {
    enum attempt_outcome outcome;
    char transaction_id[101]; /* APPROVED */
    char reason[ERROR_SIZE];  /* else: for the customer and the operator */
    bool is_final;            /* an ERROR that repeating cannot mend (4xx) */
    int64_t retry_after_ms;   /* how long the gateway wants us to wait; 0: it did not say */
    int64_t duration_ms;
};

/* Writes the outcome of the attempt: CONFIRMED, FAILED, the next attempt, or
 * the next question. An approval for an order that has ended meanwhile, or that
 * has lost its seats, is voided. RESULT_STALE if the claim no longer stands:
 * another worker has the job, and nothing was written. */
enum result booking_settle_attempt(struct db *db, const struct config *config, const struct job *job, int64_t attempt,
                                   const char *worker, const struct attempt_result *result) MUST_CHECK;

/* Sets aside a job that could be neither begun nor settled for a reason of its
 * own, so that the others go on. It is tried again after a growing pause; the
 * tenth time in a row, or when its tries are used up, it becomes FAILED with
 * this reason. RESULT_STALE if the claim no longer stands. */
enum result booking_set_aside(struct db *db, const struct job *job, const char *why, bool *reterr_failed) MUST_CHECK;

/* The charge a VOID_CHARGE job is about. */
enum result booking_find_charge(struct db *db, const struct job *job, struct charge *ret_charge) MUST_CHECK;

/* The refund a REFUND_CHARGE job is about, which is PENDING from now on. RESULT_STALE if the claim no longer stands;
 * REFUND_TOO_LARGE if it had failed and is more than is left by now. */
enum result booking_begin_refund(struct db *db, const struct job *job, struct refund *reterr_refund) MUST_CHECK;

/* The order's next message to send; *reterr_any is false, and the job is done, if there is none. Messages that are a
 * day old are passed over. RESULT_STALE if the claim no longer stands. */
enum result booking_begin_message(struct db *db, const struct job *job, struct message *reterr_message,
                                  struct buf *reterr_body, bool *reterr_any) MUST_CHECK;

/* The outcome of a delivery: of a void, of a refund, or of a confirmation. */
struct delivery_result {
    bool delivered;
    bool is_final;          /* only of a refund or a message: it was refused for good */
    const char *outcome;    /* VOIDED, SENT, REFUNDED, REFUSED, NOT_CONFIGURED, ERROR, TIMEOUT */
    const char *reason;     /* NULL when delivered */
    int64_t retry_after_ms; /* as above */
    int64_t duration_ms;
};

/* Ends the job or schedules another try; a job that is out of tries stays as FAILED. */
enum result booking_settle_void(struct db *db, const struct job *job, const char *worker,
                                const struct delivery_result *result) MUST_CHECK;
enum result booking_settle_confirmation(struct db *db, const struct job *job, const char *worker,
                                        const struct delivery_result *result) MUST_CHECK;
/* The same; a refund that was refused for good is FAILED, and its job with it. */
enum result booking_settle_refund(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  const struct delivery_result *result) MUST_CHECK;
/* The same for the message; the job goes on while the order has another one to tell. */
enum result booking_settle_message(struct db *db, const struct job *job, struct message *message, const char *worker,
                                   const struct delivery_result *result) MUST_CHECK;

#endif
