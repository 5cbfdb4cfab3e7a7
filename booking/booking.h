/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BOOKING_H
#define BOOKING_BOOKING_H

#include "booking/base/random.h"
#include "booking/config.h"
#include "booking/core/choose.h"
#include "booking/core/faults.h"
#include "booking/core/order.h"
#include "booking/core/order_actions.h"
#include "booking/core/role.h"
#include "booking/core/user_id.h"
#include "booking/store/boardings.h"
#include "booking/store/db.h"
#include "booking/store/jobs.h"
#include "booking/store/messages.h"
#include "booking/store/refunds.h"
#include "booking/store/sent.h"

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
    const char *owner;     /* whose order it must be, or becomes; NULL: anybody's */
    const char *reason;    /* a staff member's, for the audit log; may be NULL */
    int64_t hold_until_ms; /* a member of staff holds seats until then; 0: as long as is set */

    /* What proves that the caller may change a paid order, which anybody who knows its id may see, and know its
     * persons: being one of the staff who serve customers or having the order's token (is_proved), or being its owner,
     * by this account (NULL: none has signed in). */
    bool is_proved;
    const char *account;

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
    int64_t difference_cents; /* by which the price would be another one */
};

/* Whether this caller has proved that it may know the persons of an order, and change it once it is paid. */
bool booking_may_see_persons(const struct caller *caller, const struct order *order);

/* What this caller may do with an order, as it was read and settled a moment ago. */
struct order_actions booking_actions(const struct caller *caller, const struct order *order);

/* Holds seats on a flight for a new order, all or nothing, until
 * RESERVATION_TIMEOUT from now but never past departure. The wish (NULL: none) names its persons; it was checked with
 * party_check(), and nobody in it has an id.
 * Refused with FLIGHT_NOT_FOUND, INVALID_SEATS (unknown ones), FLIGHT_DEPARTED,
 * SEATS_UNAVAILABLE, or TOO_MANY_HOLDS (MAX_OPEN_HOLDS_PER_USER). */
enum result booking_hold(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                         const struct seat_list *seats, const struct party_wish *persons, struct order *reterr_order,
                         struct refusal *reterr_refusal) MUST_CHECK;

/* The same for so many seats, of this class if it names one, of which the program chooses the best that are free
 * (core/choose.h); wish->rank is for the first choice alone. Refused also with SEATS_UNAVAILABLE and no seat in the
 * refusal if not so many are free, and with INVALID_SEATS and none if the flight has no such class. */
enum result booking_hold_best(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                              const struct choose_wish *wish, const struct party_wish *persons,
                              struct order *reterr_order, struct refusal *reterr_refusal) MUST_CHECK;

/* ORPHAN_RULE, unless it is off: whether taking these seats of the flight, instead of those in before (may be NULL),
 * leaves a single one over though it need not; *ret_single is that seat, or empty. A plain read of a moment ago. */
enum result booking_find_single(struct db *db, const struct config *config, const char *flight_id,
                                const struct seat_list *seats, const struct seat_list *before,
                                char ret_single[SEAT_NUMBER_SIZE]) MUST_CHECK;

/* The three below are refused with ORDER_NOT_FOUND; with ORDER_EXPIRED,
 * ORDER_CLOSED or PAYMENT_IN_PROGRESS if the order's state does not allow the
 * change; or with PRECONDITION_FAILED. After any of these but the first,
 * *reterr_order is the order as it is. */

/* Replaces the seats of a hold and restarts its timer, in full or with what is
 * left until departure or RESERVATION_LIMIT. It is also refused with
 * INVALID_SEATS and SEATS_UNAVAILABLE; seats and timer then stay as they were.
 * A seat that is kept keeps its price. The seats go to the order's passengers,
 * in order: to those who stay (NULL: all), whom it gives this order. Refused
 * with TOO_MANY_PASSENGERS if these are more than the seats are for, and with
 * NO_SUCH_PASSENGER. */
struct stay_list {
    size_t count;
    int64_t person_id[PASSENGERS_MAX];
};
enum result booking_change_seats(struct db *db, const struct caller *caller, const char *order_id,
                                 const struct seat_list *seats, const struct stay_list *stay,
                                 struct order *reterr_order, struct refusal *reterr_refusal) MUST_CHECK;

/* Names the passengers and the contact of an order, in place of those that it has: who has an id is changed, who has
 * none takes the place of one who is not mentioned, and who is left over leaves. While seats are held, anybody may who
 * may change the order. Once it is paid, names are corrected until NAME_CHANGE_UNTIL: none may leave or become another
 * kind; staff may do all of it. Refused with INVALID_REQUEST and the faults; with what a change of seats is refused
 * with; with ORDER_CLOSED; and, once it is paid, with NOT_PROVED, or PASSENGER_BOARDED if one who is on board would
 * change, leave, or have another seat. */
enum result booking_name_passengers(struct db *db, const struct caller *caller, const char *order_id,
                                    const struct party_wish *wish, struct order *reterr_order,
                                    struct faults *reterr_faults) MUST_CHECK;

/* The persons of an order. */
enum result booking_read_party(struct db *db, const char *order_id, struct party *ret_party) MUST_CHECK;

/* Takes the five-digit code (with PAYMENT_CODE=none "") and makes the order PAYMENT_PENDING: its hold can
 * no longer lapse, and the first attempt is due. The caller checks the code's
 * format with booking_payment_code_is_valid(). Refused also with
 * PASSENGERS_MISSING or CONSENT_MISSING if the settings want them. */
enum result booking_submit_payment(struct db *db, const struct caller *caller, const char *order_id, const char *code,
                                   struct order *reterr_order) MUST_CHECK;

/* The gateway has news about a charge, as it says in a notice that was sent then: if the payment waits for them, which
 * *reterr_waits says, a sweeper asks at once. A charge that is not known, or decided, is fine. RESULT_STALE if the
 * notice is minutes old, or comes from the future. */
enum result booking_hear_notice(struct db *db, const char *payment_id, int64_t sent_at_ms,
                                bool *reterr_waits) MUST_CHECK;

/* Ends the order and frees its seats at once. A charge that may exist is voided. */
enum result booking_cancel(struct db *db, const struct caller *caller, const char *order_id,
                           struct order *reterr_order) MUST_CHECK;

/* Cancels a paid order, or some of its seats. The flight's refund rule says what is given back, or an operator does. */
#define SALE_BY_RULE (-1)
struct sale_wish {
    const struct seat_list *seats; /* NULL or empty: all that the order has */
    int64_t refund_cents;          /* of the order's currency; SALE_BY_RULE */
    int64_t expected_cents;        /* what the caller was told that it gets; SALE_BY_RULE: whatever it is */
};
struct sale_quote {
    struct seat_list seats; /* that are given up, with the numbers that the flight's seats have */
    bool is_whole;          /* all that the order has: then it ends */
    int64_t refund_cents;
    int64_t fee_cents; /* what is kept for these seats; below 0 if an operator gives back an earlier fee, too */
    char currency[CURRENCY_SIZE];
    int64_t until_ms; /* until when this stays so, if nothing is changed */
    int64_t version;  /* of the order */
};

/* Says what would be given back now. Refused with ORDER_NOT_FOUND; NOT_PAID, PAYMENT_IN_PROGRESS, ORDER_EXPIRED or
 * ORDER_CLOSED as the order's state says, the latter also if the flight has no refund rule and the wish names no
 * amount; INVALID_SEATS, with those in the refusal that the order does not have; FLIGHT_DEPARTED, FLIGHT_CANCELLED;
 * PASSENGER_BOARDED if one of these seats is taken by a passenger on board; TOO_MANY_PASSENGERS if an infant would stay
 * without an adult; REFUND_TOO_LARGE if more is wished for than is left. After any but the first, *reterr_order is the
 * order as it is. */
enum result booking_quote_cancellation(struct db *db, const char *order_id, const char *owner,
                                       const struct sale_wish *wish, struct order *reterr_order,
                                       struct sale_quote *reterr_quote, struct refusal *reterr_refusal) MUST_CHECK;

/* Does it: the seats are free at once, a sweeper makes the refund. With all its seats the order is CANCELLED, else it
 * stays CONFIRMED with the others. Refused also with PRECONDITION_FAILED; NOT_PROVED; and QUOTE_CHANGED, with what
 * would be given back now in *reterr_quote. */
enum result booking_cancel_sold(struct db *db, const struct caller *caller, const char *order_id,
                                const struct sale_wish *wish, struct order *reterr_order,
                                struct sale_quote *reterr_quote, struct refusal *reterr_refusal) MUST_CHECK;

/* Gives a paid order other seats, as many as it has. Kept ones keep their price. What the new ones cost less is given
 * back as the flight's refund rule says of that amount. Customers (any_time is false) may do so until
 * SEAT_CHANGE_UNTIL, while the seats are on sale; staff until departure. Refused as booking_change_seats() is; also
 * with NOT_PROVED; ORDER_CLOSED when it is too late; PASSENGER_BOARDED if any passenger of the order is on board;
 * PRICE_DIFFERENCE, and the refusal says by how much, if they cost more, or cost less and nothing would be given back.
 * INVALID_SEATS without a seat in the refusal: they are not as many. */
enum result booking_change_sold(struct db *db, const struct caller *caller, const char *order_id,
                                const struct seat_list *seats, bool any_time, struct order *reterr_order,
                                struct refusal *reterr_refusal) MUST_CHECK;

/* Exactly five ASCII digits. */
bool booking_payment_code_is_valid(const char *code);

/* The order as a reader must see it: a lapsed hold is EXPIRED. RESULT_OK or
 * ORDER_NOT_FOUND, also if it is not this owner's (NULL: anybody's). */
enum result booking_read_order(struct db *db, const char *order_id, const char *owner,
                               struct order *ret_order) MUST_CHECK;

/* The order's flight for a customer's calendar (RFC 5545), as it is now and in English, with the uid of the entry that
 * the mails bring: a later one takes the place of an earlier one. Cancelled if the order or its flight is. RESULT_OK,
 * or NOT_FOUND if the order was never confirmed. */
enum result booking_write_calendar(struct db *db, const struct order *order, const char *public_url,
                                   struct buf *reterr_out) MUST_CHECK;

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

/* Ends every order that is open now, on one flight or (NULL) on all, and frees its seats. Payments stay; charges
 * that may exist are voided. Refused with FLIGHT_NOT_FOUND. Up to 64 holds end in one transaction, any other order
 * in one of its own, so that a reset can stop and be repeated. */
enum result booking_reset(struct db *db, const struct caller *caller, const char *flight_id,
                          int64_t *reterr_orders_ended, int64_t *reterr_seats_freed) MUST_CHECK;

/* Holds the seats of an order until that moment, but never past departure. Refused with ORDER_NOT_FOUND,
 * PRECONDITION_FAILED, FLIGHT_CANCELLED, INVALID_REQUEST if the hold would end earlier than it does, or as the order's
 * state says. */
enum result booking_extend(struct db *db, const struct caller *caller, const char *order_id, int64_t until_ms,
                           struct order *reterr_order) MUST_CHECK;

/* Tells once more what was told last of an order, as a message of its own that has the order as it is now. Refused with
 * ORDER_NOT_FOUND, PRECONDITION_FAILED; NOTHING_TO_SEND if nothing has been told yet, or nobody can be told. */
enum result booking_resend(struct db *db, const struct caller *caller, const char *order_id,
                           struct order *reterr_order) MUST_CHECK;

/* Asks for a refund of what was captured for an order: of so much (minor units of the order's currency) or, with 0, of
 * all that is left. A sweeper makes it. Staff below an operator give back only what is owed by the rule and was not
 * given back, as when the gateway refused it. Refused with ORDER_NOT_FOUND, PRECONDITION_FAILED; NOT_PAID if nothing
 * was captured; REFUND_TOO_LARGE if more would be given back than that; FOR_OPERATORS. */
enum result booking_refund(struct db *db, const struct caller *caller, const char *order_id, int64_t amount_cents,
                           struct refund *reterr_refund) MUST_CHECK;

/* Forgets the persons of an order: their names and addresses, whose the order is, and the tokens that open it. Money,
 * counts and history stay. To do so twice is fine. Refused with ORDER_NOT_FOUND, PRECONDITION_FAILED, and ORDER_OPEN as
 * long as the order is not final. */
enum result booking_forget(struct db *db, const struct caller *caller, const char *order_id,
                           struct order *reterr_order) MUST_CHECK;

/* Cancels a flight for good: it is off sale at once, and a job ends its orders, one after the other, with refunds of
 * all that is left of what was captured. To cancel it twice is fine, and begins that job again if there is none.
 * Refused with FLIGHT_NOT_FOUND, PRECONDITION_FAILED. dry_run: it only says what it would do. before_commit is called
 * without an order. */
#define CURRENCIES_MAX 8
struct cancelled_flight {
    char flight_id[FLIGHT_ID_SIZE];
    enum flight_status status;
    int64_t version;
    char currency[CURRENCY_SIZE];
    int64_t holds, payments, confirmed; /* orders that end */
    struct money {
        char currency[CURRENCY_SIZE];
        int64_t cents;
    } refunds[CURRENCIES_MAX];
    size_t refund_count;
};
enum result booking_cancel_flight(struct db *db, const struct caller *caller, const char *flight_id, bool dry_run,
                                  struct cancelled_flight *reterr_flight) MUST_CHECK;

/* Takes seats off sale, with the caller's reason, or puts them on sale again. Those that are so already stay as they
 * are. Refused with FLIGHT_NOT_FOUND, INVALID_SEATS; a block also with SEATS_UNAVAILABLE, as a whole, if some are held
 * or sold. before_commit is called without an order. */
struct blocked_seats {
    struct seat_list seats; /* with the numbers that the flight's seats have */
    struct seat_list changed;
};
enum result booking_block_seats(struct db *db, const struct caller *caller, const char *flight_id,
                                const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                struct refusal *reterr_refusal) MUST_CHECK;
enum result booking_unblock_seats(struct db *db, const struct caller *caller, const char *flight_id,
                                  const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                  struct refusal *reterr_refusal) MUST_CHECK;

/* Lets a passenger of a confirmed order on board, once: a person's id, or a seat's number; NULL: the only one. Refused
 * with ORDER_NOT_FOUND, FLIGHT_NOT_FOUND; or with CANNOT_BOARD, and *reterr_boarding says why. */
enum boarding_refusal {
    BOARDING_ALLOWED,
    BOARDING_OTHER_FLIGHT,
    BOARDING_ORDER_CANCELLED,
    BOARDING_FLIGHT_CANCELLED,
    BOARDING_NOT_PAID,
    BOARDING_REFUNDED,
    BOARDING_NO_SEAT, /* an operator has freed its seats */
    BOARDING_NO_PASSENGER,
    BOARDING_WHICH, /* it has several */
    BOARDING_DONE,  /* before: at boarded_at_ms */
};
struct boarding {
    enum boarding_refusal why;
    char order_id[UUID_SIZE];
    char locator[LOCATOR_SIZE];
    char passenger[PASSENGER_SIZE];
    char seat[SEAT_NUMBER_SIZE]; /* empty: none */
    char given_name[401];        /* empty: not named; 100 characters of UTF-8 */
    char family_name[401];
    int64_t boarded_at_ms;
};
enum result booking_board(struct db *db, const struct caller *caller, const char *flight_id, const char *locator,
                          const char *passenger, struct boarding *reterr_boarding) MUST_CHECK;

/* Gives a flight another cabin. Seats that the new one has in the same class stay; the others move within their class,
 * and what is lost of what was paid for is given back: from the price of a hold, by a refund of a confirmed order. A
 * seat that cannot be placed is a conflict: all is refused with SEATS_UNAVAILABLE, or, with refund_conflicts, it is
 * given up and its price refunded; an order that loses all its seats is CANCELLED. What is being paid may move, but its
 * amount cannot change: then it is a conflict, which always refuses the swap. All or nothing happens, in one
 * transaction; a cabin that the flight has already changes nothing.
 * Refused with FLIGHT_NOT_FOUND, FLIGHT_CANCELLED, FLIGHT_DEPARTED, PRECONDITION_FAILED; NOT_FOUND if there is no such
 * cabin; UNAVAILABLE if seats changed hands meanwhile, again and again. dry_run: it only says what it would do.
 * before_commit is called without an order. */
struct swap_wish {
    const char *cabin_id;
    int64_t cabin_version; /* 0: the newest */
    bool dry_run;
    bool refund_conflicts;
};
struct swapped_flight {
    char flight_id[FLIGHT_ID_SIZE];
    int64_t version;
    char cabin_id[FLIGHT_ID_SIZE];
    int64_t cabin_version;
    char currency[CURRENCY_SIZE];
    size_t stays;
    size_t move_count, conflict_count;
    struct swap_move {
        char order_id[UUID_SIZE];
        char from[SEAT_NUMBER_SIZE];
        char to[SEAT_NUMBER_SIZE]; /* of a conflict: empty */
        const char *why;           /* of a conflict: NO_SUCH_CLASS, NO_SEAT_LEFT or PAYMENT_PENDING */
    } * moves, *conflicts;
    struct money refunds[CURRENCIES_MAX];
    size_t refund_count;
    size_t ended_count; /* orders that lost all their seats */
};
/* Afterwards, whatever the result, swapped_flight_done() must be called. */
enum result booking_swap_cabin(struct db *db, const struct caller *caller, const char *flight_id,
                               const struct swap_wish *wish, struct swapped_flight *reterr_flight) MUST_CHECK;
void swapped_flight_done(struct swapped_flight *flight);

/* Makes a failed or waiting job due now. Refused with NOT_FOUND or JOB_RUNNING. */
enum result booking_retry_job(struct db *db, const struct caller *caller, int64_t job_id) MUST_CHECK;

/* Has a waiting job rest, as a failed one does, until it is retried. Nothing changes if it has failed. Refused with
 * NOT_FOUND or JOB_RUNNING. */
enum result booking_set_job_aside(struct db *db, const struct caller *caller, int64_t job_id) MUST_CHECK;

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

/* How something stands that a request may make or change. */
struct stored {
    int64_t version; /* 0: it is not there */
    bool is_new;
};

/* Makes a cabin; or, if there is one with this id, adds a version of it unless the newest one is equal. Refused with
 * PRECONDITION_FAILED; *reterr_stored is then the version as it is. */
struct cabin;
enum result booking_put_cabin(struct db *db, const struct caller *caller, const struct cabin *cabin,
                              struct stored *reterr_stored) MUST_CHECK;

/* Removes a cabin with all its versions. Refused with NOT_FOUND, PRECONDITION_FAILED, and IN_USE as long as a flight
 * has one of them. */
enum result booking_remove_cabin(struct db *db, const struct caller *caller, const char *cabin_id,
                                 struct stored *reterr_stored) MUST_CHECK;

/* The same for a place. A changed one is changed for flights that are made from now on. */
struct place;
enum result booking_put_place(struct db *db, const struct caller *caller, const struct place *place,
                              struct stored *reterr_stored) MUST_CHECK;
enum result booking_remove_place(struct db *db, const struct caller *caller, const char *code,
                                 struct stored *reterr_stored) MUST_CHECK;

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

/* Leases up to limit due payments, and announces the first attempts among them in the same transaction, without waiting
 * for any order. The others are to be begun singly by booking_begin_attempt(): their charges[i].attempt is 0. */
enum result booking_claim_payments(struct db *db, const struct config *config, size_t limit, const char *worker,
                                   struct job *reterr_jobs, struct charge *reterr_charges,
                                   size_t *reterr_count) MUST_CHECK;

/* PENDING: the gateway has not decided yet and wants to be asked again. */
enum attempt_outcome { ATTEMPT_APPROVED, ATTEMPT_DECLINED, ATTEMPT_ERROR, ATTEMPT_TIMEOUT, ATTEMPT_PENDING };

/* The outcome of a call to the gateway. */
struct attempt_result {
    enum attempt_outcome outcome;
    char transaction_id[101];    /* APPROVED */
    char reason[ERROR_SIZE];     /* else: for the customer and the operator */
    char redirect_url[URL_SIZE]; /* PENDING: where the customer decides; empty: nowhere */
    bool is_final;               /* an ERROR that repeating cannot mend (4xx) */
    int64_t retry_after_ms;      /* how long the gateway wants us to wait; 0: it did not say */
    int64_t duration_ms;
};

/* Which attempt of which payment. */
struct attempt_name {
    char payment_id[UUID_SIZE];
    int64_t number;
};

/* Writes the outcome of the attempt: CONFIRMED, FAILED, the hold again (KEEP_HOLD_AFTER_DECLINE), the next attempt, or
 * the next question. An approval for an order that has ended meanwhile, or that
 * has lost its seats, is voided. RESULT_STALE if the claim no longer stands:
 * another worker has the job, and nothing was written. */
enum result booking_settle_attempt(struct db *db, const struct config *config, const struct job *job,
                                   const struct attempt_name *attempt, const char *worker,
                                   const struct attempt_result *result, bool *reterr_confirmed) MUST_CHECK;

/* The same for several approvals in one transaction. It waits for no order: is_settled says which of them are settled;
 * the others are to be settled singly, and so are all of them if the result is an error. */
#define BOOKING_APPROVALS_MAX 32
struct approval {
    const struct job *job;
    const struct attempt_name *attempt;
    const struct attempt_result *result;
    bool is_settled;
};
enum result booking_settle_approvals(struct db *db, const struct config *config, const char *worker,
                                     struct approval *approvals, size_t count) MUST_CHECK;

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

/* The walk over the orders of a cancelled flight, which is a CANCEL_FLIGHT job. Gives up to limit orders after that id
 * that are still to be ended. */
enum result booking_cancelled_orders(struct db *db, const struct job *job, const char *after_id, size_t limit,
                                     char (*reterr_ids)[UUID_SIZE], size_t *reterr_count) MUST_CHECK;

/* Ends one of them, with its hold, its payment or, by a refund, its sale, and tells so. To do so twice, or when the
 * order has ended otherwise, is fine. It waits for no order: RESULT_ORDER_NOT_FOUND, too, if the order is locked.
 * RESULT_STALE if its rows contradict each other. */
enum result booking_end_cancelled(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                  const char *order_id) MUST_CHECK;

/* The orders that are still to be told that their flight leaves or arrives at another time, for a TELL_FLIGHT job; and
 * telling one of them, which moves the end of its hold, too. It waits for no order, as above. */
enum result booking_orders_to_tell(struct db *db, const struct job *job, size_t limit, char (*reterr_ids)[UUID_SIZE],
                                   size_t *reterr_count) MUST_CHECK;
enum result booking_tell_change(struct db *db, const struct config *config, const struct job *job, const char *worker,
                                const char *order_id) MUST_CHECK;

/* Gives the job back, to go on with it after a pause; or ends it, if no order is left. RESULT_STALE if the claim no
 * longer stands. */
enum result booking_pause_walk(struct db *db, const struct job *job, int64_t pause_ms) MUST_CHECK;
enum result booking_end_walk(struct db *db, const struct job *job) MUST_CHECK;

/* How long a mail may take: servers look for viruses while we wait. */
#define BOOKING_MAIL_TIMEOUT_MS 60000

/* The order's next message on the job's channel, or the one that the job names; *reterr_any is false, and the job is
 * done, if there is none. Messages that are a day old are passed over. RESULT_STALE if the claim no longer stands. */
enum result booking_begin_message(struct db *db, const struct job *job, struct message *reterr_message,
                                  struct buf *reterr_body, bool *reterr_any) MUST_CHECK;

/* The same for up to MESSAGES_AHEAD jobs of a kind that were claimed just now, so that their claims stand. Nothing is
 * written: where there is none that can be sent, or the job names one, message_id stays 0, and the job is to be begun
 * by itself. The bodies are the caller's to be done with. */
struct next_message {
    struct message message;
    struct buf body;
};
enum result booking_next_messages(struct db *db, const struct job *jobs, size_t count,
                                  struct next_message *reterr_next) MUST_CHECK;

/* The outcome of a delivery: of a void, of a refund, or of a confirmation. */
struct delivery_result {
    bool delivered;
    bool is_final;          /* only of a refund, a message or a mail: it was refused for good */
    bool nobody;            /* if so, of a mail: its receiver was forgotten */
    const char *outcome;    /* VOIDED, SENT, REFUNDED, REFUSED, NOT_CONFIGURED, NO_ADDRESS, ERROR, TIMEOUT */
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

/* The same, in one transaction, for up to SENT_MAX messages that were delivered and that their jobs do not name: all of
 * them, or, with any other result, none. RESULT_STALE: there is something about one of them that must be seen to for
 * each by itself, be it only that another session has locked its order. */
enum result booking_settle_sent(struct db *db, struct sent_message *list, size_t count, const char *worker) MUST_CHECK;

#endif
