/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_ORDERS_STEPS_H
#define BOOKING_ORDERS_STEPS_H

#include "booking/booking.h"
#include "booking/store/events.h"

/* Steps that several use cases share. All but step_run_taking_seats() run inside
 * the caller's transaction. */

struct locked_seats;

/* Checks the caller's conditions on a version: RESULT_OK or PRECONDITION_FAILED. */
enum result step_check_version(const struct caller *caller, int64_t version) MUST_CHECK;

/* The same for something that a request may make, which is not there yet if its version is 0: then any If-Match fails,
 * and any If-None-Match holds. */
enum result step_check_stored(const struct caller *caller, int64_t version) MUST_CHECK;

/* Locks an order and checks the caller's conditions on its version. The order
 * is given as a reader must see it: a lapsed hold is EXPIRED, so no later step
 * can use it. */
enum result step_lock_order(struct db *db, const struct caller *caller, const char *order_id,
                            struct order *reterr_order) MUST_CHECK;

/* Whether the caller may change an order that is paid: RESULT_OK or NOT_PROVED. */
enum result step_check_proof(const struct caller *caller, const struct order *order) MUST_CHECK;

/* Locks the wanted seats, and those in others (may be NULL), which are the order's own. Row numbers in *wanted may have
 * leading zeros; they become the numbers that the flight's seats have. */
enum result step_lock_seats(struct db *db, const char *flight_id, struct seat_list *wanted,
                            const struct seat_list *others, struct locked_seats *reterr_locked) MUST_CHECK;

/* Checks that the wanted seats exist and are free, or already the order's own
 * (order_id may be NULL). RESULT_OK, INVALID_SEATS or SEATS_UNAVAILABLE, with
 * the seats that failed in *reterr_refusal. */
enum result step_check_seats(const struct locked_seats *locked, const struct seat_list *wanted, const char *order_id,
                             struct refusal *reterr_refusal) MUST_CHECK;

/* What these seats, all among the locked ones, cost now. */
void step_price_seats(const struct locked_seats *locked, const struct seat_list *seats, struct price_list *ret_prices);

/* On a flight that is closed to customers an order keeps its seats and gives some up, but gets no others: FLIGHT_CLOSED
 * if the wanted ones hold any that the order does not have. */
enum result step_check_closed(enum result sale, const struct order *order, const struct seat_list *wanted) MUST_CHECK;

/* PASSENGER_BOARDED if anybody with one of these seats of the order (NULL: with any) is on board. */
enum result step_check_not_on_board(struct db *db, const struct order *order, const struct seat_list *seats) MUST_CHECK;

/* Runs a transaction that takes seats: txn_run_answered() with its recall, or txn_run() where order_id is NULL. Seats
 * may still be under holds that are over. If it is refused for seats (SEATS_UNAVAILABLE, in refusal->seats), those
 * holds are ended first, each in its own transaction, and then everything starts from the top. flight_id is read after
 * the transaction, which may have found it. */
enum result step_run_taking_seats(struct db *db, const struct config *config, const char *order_id,
                                  enum result (*work)(struct db *db, void *context),
                                  void (*recall)(const struct order *now, void *context), void *context,
                                  const char *flight_id, const struct refusal *refusal) MUST_CHECK;

/* Moves an order, read under lock, to the state the event leads to. Its version
 * and state guard the UPDATE. */
enum result step_move_order(struct db *db, struct order *order, enum order_event event) MUST_CHECK;

/* Writes an event that records a move of the order from one state to another. */
enum result step_log_move(struct db *db, const struct order *order, const char *type, enum order_status from,
                          const char *detail, const struct author *by) MUST_CHECK;

/* Whether all that the settings want of a customer is there before payment: RESULT_OK, PASSENGERS_MISSING or
 * CONSENT_MISSING. */
enum result step_check_persons(struct db *db, const struct config *config, const struct order *order) MUST_CHECK;

/* Adds the persons of a new order. The wish may be NULL. */
enum result step_add_persons(struct db *db, const struct order *order, const struct party_wish *wish) MUST_CHECK;

/* Writes down that the customer agrees to the terms as they are, if the wish (NULL: none) says so and there are any;
 * the caller stores the order. */
void step_agree(const struct config *config, const struct party_wish *wish, struct order *order);

/* Gives the seats that a locked order has now to its passengers, in order: to those who stay, in this order (NULL:
 * all); the others leave. RESULT_OK, TOO_MANY_PASSENGERS or NO_SUCH_PASSENGER. With PASSENGERS=off nothing is done. */
enum result step_seat_passengers(struct db *db, const struct config *config, const struct order *order,
                                 const struct stay_list *stay) MUST_CHECK;

/* Writes that the order has other seats than it had: "A1,B1 -> A1". */
enum result step_log_seats(struct db *db, const struct order *was, const struct order *became,
                           const struct author *by) MUST_CHECK;

/* Requests the void of a charge that may have been, or may yet be, captured. One that was APPROVED is refunded, never
 * voided: then nothing happens. */
struct payment;
enum result step_request_void(struct db *db, const struct payment *payment, const char *why,
                              const struct author *by) MUST_CHECK;

/* Cancels an open order, with its seats, jobs, payment and history. */
enum result step_cancel_order(struct db *db, struct order *order, const char *detail,
                              const struct author *by) MUST_CHECK;

/* Ends a CONFIRMED order: CANCELLED, its seats free, nobody of it on board. What becomes of the money is the caller's
 * to say. */
enum result step_end_confirmed(struct db *db, struct order *order, const char *detail,
                               const struct author *by) MUST_CHECK;

/* How much of what was captured for an order has not been given back, nor asked for, and is no fee that was kept;
 * RESULT_NOT_PAID if nothing was captured. */
enum result step_left_to_refund(struct db *db, const struct order *order, int64_t *ret_cents) MUST_CHECK;

/* Asks for a refund, under the refund_id that is set in *refund, of so much of what was captured for a locked order, or
 * with 0 of all that is left but for the fees kept. *refund gets the rest, but for times and status. Refused as
 * booking_refund() is. */
enum result step_request_refund(struct db *db, struct order *order, int64_t amount_cents, const char *reason,
                                const struct author *by, struct refund *refund) MUST_CHECK;

/* The same under a new refund_id, for the caller's reason; nothing for 0 cents. */
enum result step_give_back(struct db *db, const struct caller *caller, struct order *order,
                           int64_t amount_cents) MUST_CHECK;

/* How long to wait before a service outside is asked again: our own pause, or as long as the service asked for, up to a
 * minute. */
int64_t step_wait(int64_t delay_ms, int64_t retry_after_ms);

/* Tells outside what has become of an order, if there is a receiver: writes a message (MESSAGE_ORDER_…) with the order
 * as it is, and sees to the job that sends it. */
enum result step_tell(struct db *db, const struct config *config, const char *type, const struct order *order,
                      const char *request_id) MUST_CHECK;

/* The same for up to TOLD_MAX orders. */
#define TOLD_MAX 32
struct told {
    const struct order *order;
    const char *request_id; /* NULL: none */
};
enum result step_tell_all(struct db *db, const struct config *config, const char *type, const struct told *list,
                          size_t count) MUST_CHECK;

/* The author of a caller's changes. */
struct author step_author(const struct caller *caller);

/* Writes what a staff member did to an order into the audit log; nothing for anybody else. was may be NULL. */
enum result step_audit_order(struct db *db, const struct caller *caller, const char *action, const struct order *was,
                             const struct order *became) MUST_CHECK;

/* The same for anything else; the two texts are JSON, or NULL. */
enum result step_audit(struct db *db, const struct caller *caller, const char *action, const char *object_kind,
                       const char *object_id, const char *was, const char *became) MUST_CHECK;

enum result step_before_commit(struct db *db, const struct caller *caller, const struct order *order) MUST_CHECK;

/* The change was made by a run before this one (txn_run_answered()): *ret_order becomes the order as a reader must see
 * it now, and the caller answers with it. */
void step_recall(const struct caller *caller, const struct order *now, struct order *ret_order);

#endif
