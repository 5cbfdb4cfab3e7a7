/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_ORDERS_STEPS_H
#define BOOKING_ORDERS_STEPS_H

#include "booking/booking.h"
#include "booking/store/events.h"

/* Steps that several use cases share. All but step_expire_holders() run inside
 * the caller's transaction. */

struct locked_seats;

/* Locks an order and checks the caller's conditions on its version. The order
 * is given as a reader must see it: a lapsed hold is EXPIRED, so no later step
 * can use it. */
enum result step_lock_order(struct db *db, const struct caller *caller, const char *order_id,
                            struct order *reterr_order) MUST_CHECK;

/* Locks the wanted seats, and those in others (may be NULL), which are the order's own. Row numbers in *wanted may have
 * leading zeros; they become the numbers that the flight's seats have. */
enum result step_lock_seats(struct db *db, const char *flight_id, struct seat_list *wanted,
                            const struct seat_list *others, struct locked_seats *reterr_locked) MUST_CHECK;

/* Checks that the wanted seats exist and are free, or already the order's own
 * (order_id may be NULL). RESULT_OK, INVALID_SEATS or SEATS_UNAVAILABLE, with
 * the seats that failed in *reterr_refusal. */
enum result step_check_seats(const struct locked_seats *locked, const struct seat_list *wanted, const char *order_id,
                             struct refusal *reterr_refusal) MUST_CHECK;

/* Expires the lapsed holds on any of these seats, each in its own transaction;
 * *reterr_any says whether there were any. Call it outside any transaction. */
enum result step_expire_holders(struct db *db, const struct config *config, const char *flight_id,
                                const struct seat_list *seats, bool *reterr_any) MUST_CHECK;

/* Moves an order, read under lock, to the state the event leads to. Its version
 * and state guard the UPDATE. */
enum result step_move_order(struct db *db, struct order *order, enum order_event event) MUST_CHECK;

/* Writes an event that records a move of the order from one state to another. */
enum result step_log_move(struct db *db, const struct order *order, const char *type, enum order_status from,
                          const char *detail, const struct author *by) MUST_CHECK;

/* Requests the void of a charge that may have been, or may yet be, captured. */
enum result step_request_void(struct db *db, const char *order_id, const char *why, const struct author *by) MUST_CHECK;

/* Cancels an open order, with its seats, jobs, payment and history. */
enum result step_cancel_order(struct db *db, struct order *order, const char *detail,
                              const struct author *by) MUST_CHECK;

/* How long to wait before a service outside is asked again: our own pause, or as long as the service asked for, up to a
 * minute. */
int64_t step_wait(int64_t delay_ms, int64_t retry_after_ms);

/* Tells outside what has become of an order, if there is a receiver: writes a message (MESSAGE_ORDER_…) with the order
 * as it is, and sees to the job that sends it. */
enum result step_tell(struct db *db, const struct config *config, const char *type, const struct order *order,
                      const char *request_id) MUST_CHECK;

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
