/* SPDX-License-Identifier: MIT */
#include "booking/orders/steps.h"

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/store/audit.h"
#include "booking/store/boardings.h"
#include "booking/store/jobs.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/seat_map.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

enum result step_check_version(const struct caller *caller, int64_t version)
{
    bool holds = (caller->only_if.count == 0 || version_is_in(&caller->only_if, version)) &&
                 !version_is_in(&caller->unless, version);
    return holds ? RESULT_OK : RESULT_PRECONDITION_FAILED;
}

enum result step_check_stored(const struct caller *caller, int64_t version)
{
    if (version > 0)
        return step_check_version(caller, version);
    return caller->only_if.any || caller->only_if.count > 0 ? RESULT_PRECONDITION_FAILED : RESULT_OK;
}

enum result step_lock_order(struct db *db, const struct caller *caller, const char *order_id,
                            struct order *reterr_order)
{
    TRY(orders_lock(db, order_id, caller->owner, reterr_order));
    order_settle_lapse(reterr_order);
    return step_check_version(caller, reterr_order->version);
}

enum result step_check_proof(const struct caller *caller, const struct order *order)
{
    bool is_owner = caller->account != NULL && order->has_owner && strcmp(caller->account, order->user_id) == 0;
    return caller->is_proved || is_owner ? RESULT_OK : RESULT_NOT_PROVED;
}

struct author step_author(const struct caller *caller)
{
    return (struct author){ .request_id = caller->request_id, .actor_id = caller->staff.person_id };
}

static size_t find_locked(const struct locked_seats *locked, const char *number)
{
    size_t i = 0;
    while (i < locked->count && strcmp(locked->seat[i].number, number) != 0)
        i++;
    return i;
}

enum result step_lock_seats(struct db *db, const char *flight_id, struct seat_list *wanted,
                            const struct seat_list *others, struct locked_seats *reterr_locked)
{
    struct seat_list sent = *wanted;
    bool padded = false;

    seat_list_plain(&sent, wanted);
    enum result r = seats_lock(db, flight_id, wanted, others, reterr_locked);
    if (r != RESULT_OK)
        return r;
    /* The flight's seats may have been loaded with zeros in their numbers. */
    for (size_t i = 0; i < wanted->count; i++) {
        if (strcmp(sent.number[i], wanted->number[i]) == 0 ||
            find_locked(reterr_locked, wanted->number[i]) < reterr_locked->count)
            continue;
        memcpy(wanted->number[i], sent.number[i], SEAT_NUMBER_SIZE);
        padded = true;
    }
    return padded ? seats_lock(db, flight_id, wanted, others, reterr_locked) : RESULT_OK;
}

static void refuse_seat(struct refusal *refusal, const char *number)
{
    /* The list cannot be full, nor the seat repeated: it is a subset of a checked list. */
    (void)seat_list_add(&refusal->seats, number);
}

enum result step_check_seats(const struct locked_seats *locked, const struct seat_list *wanted, const char *order_id,
                             struct refusal *reterr_refusal)
{
    reterr_refusal->seats.count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        if (find_locked(locked, wanted->number[i]) == locked->count)
            refuse_seat(reterr_refusal, wanted->number[i]);
    }
    if (reterr_refusal->seats.count > 0)
        return RESULT_INVALID_SEATS;

    for (size_t i = 0; i < wanted->count; i++) {
        size_t at = find_locked(locked, wanted->number[i]);
        bool own = order_id != NULL && strcmp(locked->seat[at].reserved_by, order_id) == 0;
        if (locked->seat[at].status != SEAT_AVAILABLE && !own)
            refuse_seat(reterr_refusal, wanted->number[i]);
    }
    return reterr_refusal->seats.count > 0 ? RESULT_SEATS_UNAVAILABLE : RESULT_OK;
}

void step_price_seats(const struct locked_seats *locked, const struct seat_list *seats, struct price_list *ret_prices)
{
    for (size_t i = 0; i < seats->count; i++) {
        size_t at = find_locked(locked, seats->number[i]);
        tariff_price(&locked->of_flight.tariff, locked->seat[at].cabin_class, locked->seat[at].features, i, ret_prices);
    }
}

enum result step_check_closed(enum result sale, const struct order *order, const struct seat_list *wanted)
{
    for (size_t i = 0; sale == RESULT_FLIGHT_CLOSED && i < wanted->count; i++) {
        if (!seat_list_contains(&order->seats, wanted->number[i]))
            return sale;
    }
    return RESULT_OK;
}

struct on_board {
    const struct seat_list *seats;
    bool any;
};

static void look_for_boarded(const struct mapped_seat *row, void *context)
{
    struct on_board *b = context;
    bool is_meant = b->seats == NULL || (row->seat.number != NULL && seat_list_contains(b->seats, row->seat.number));
    b->any = b->any || (is_meant && row->by.boarded_at_ms != TIME_NONE);
}

enum result step_check_not_on_board(struct db *db, const struct order *order, const struct seat_list *seats)
{
    struct on_board b = { seats, false };
    TRY(seat_map_passengers_of(db, order->order_id, look_for_boarded, &b));
    return b.any ? RESULT_PASSENGER_BOARDED : RESULT_OK;
}

/* Expires the lapsed holds on any of these seats, each in its own transaction. */
static enum result expire_holders(struct db *db, const struct config *config, const char *flight_id,
                                  const struct seat_list *seats, bool *reterr_any)
{
    char ids[SEATS_MAX][UUID_SIZE];
    size_t count = 0;
    size_t expired = 0;

    *reterr_any = false;
    TRY(orders_find_lapsed_holders(db, flight_id, seats, ids, &count));
    for (size_t i = 0; i < count; i++)
        TRY(booking_expire(db, config, (const char(*)[UUID_SIZE])ids + i, 1, NULL, &expired));
    *reterr_any = count > 0;
    return RESULT_OK;
}

enum result step_run_taking_seats(struct db *db, const struct config *config, const char *order_id,
                                  enum result (*work)(struct db *db, void *context),
                                  void (*recall)(const struct order *now, void *context), void *context,
                                  const char *flight_id, const struct refusal *refusal)
{
    for (int tries = 0;; tries++) {
        bool any = false;
        enum result r = order_id == NULL ? txn_run(db, NULL, work, context)
                                         : txn_run_answered(db, order_id, work, recall, context);
        if (r != RESULT_SEATS_UNAVAILABLE || tries == 3)
            return r;
        TRY(expire_holders(db, config, flight_id, &refusal->seats, &any));
        if (!any)
            return r;
    }
}

enum result step_move_order(struct db *db, struct order *order, enum order_event event)
{
    enum order_status from = order->status;
    enum result r = order_next(from, event, &order->status);
    return r == RESULT_OK ? orders_update(db, order, from) : r;
}

enum result step_log_move(struct db *db, const struct order *order, const char *type, enum order_status from,
                          const char *detail, const struct author *by)
{
    struct event event = {
        .order_id = order->order_id,
        .type = type,
        .from_status = order_status_name(from),
        .to_status = order_status_name(order->status),
        .detail = detail,
        .by = *by,
    };
    return events_add(db, &event);
}

enum result step_log_seats(struct db *db, const struct order *was, const struct order *became, const struct author *by)
{
    char from[SEATS_TEXT_SIZE];
    char to[SEATS_TEXT_SIZE];
    char detail[600];
    seat_list_format(&was->seats, from);
    seat_list_format(&became->seats, to);
    (void)snprintf(detail, sizeof detail, "%.290s -> %.290s", from, to);
    return step_log_move(db, became, EVENT_SEATS_CHANGED, was->status, detail, by);
}

enum result step_request_void(struct db *db, const struct payment *payment, const char *why, const struct author *by)
{
    struct event event = {
        .order_id = payment->order_id,
        .type = EVENT_VOID_REQUESTED,
        .detail = why,
        .by = *by,
    };
    if (strcmp(payment->status, "APPROVED") == 0)
        return RESULT_OK;
    TRY(jobs_ensure(db, JOB_VOID_CHARGE, payment->order_id, payment->is_former ? payment->payment_id : "", 0,
                    by->request_id));
    return events_add(db, &event);
}

/* Drops the payment of an order that ends while it is being paid. */
static enum result drop_payment(struct db *db, const char *order_id, const char *why, const struct author *by)
{
    struct payment payment;
    enum result r = payments_find(db, order_id, &payment);
    /* The payment's row was lost: there is nothing to settle, and no key to void. */
    if (r == RESULT_NOT_FOUND)
        return jobs_remove(db, JOB_PAYMENT_ATTEMPT, order_id);
    TRY(r);
    TRY(payments_settle(db, payment.payment_id, "CANCELLED", NULL, why));
    TRY(jobs_remove(db, JOB_PAYMENT_ATTEMPT, order_id));
    /* An attempt that has not begun never reaches the gateway: beginning one checks the order under the lock we
     * hold. */
    return payment.attempts > 0 ? step_request_void(db, &payment, why, by) : RESULT_OK;
}

enum result step_cancel_order(struct db *db, struct order *order, const char *detail, const struct author *by)
{
    enum order_status from = order->status;
    order->expires_at_ms = TIME_NONE;
    TRY(step_move_order(db, order, ORDER_EVENT_CANCEL));
    TRY(seats_release(db, order));
    CRASH_POINT("released");
    TRY(step_log_move(db, order, EVENT_ORDER_CANCELLED, from, detail, by));
    return from == ORDER_PAYMENT_PENDING ? drop_payment(db, order->order_id, detail, by)
                                         : jobs_remove(db, JOB_EXPIRE_HOLD, order->order_id);
}

enum result step_end_confirmed(struct db *db, struct order *order, const char *detail, const struct author *by)
{
    enum order_status from = order->status;
    TRY(step_move_order(db, order, ORDER_EVENT_REFUND));
    TRY(seats_release(db, order));
    CRASH_POINT("released");
    TRY(boardings_remove(db, order->order_id));
    TRY(jobs_remove(db, JOB_SEND_CONFIRMATION, order->order_id));
    return step_log_move(db, order, EVENT_ORDER_CANCELLED, from, detail, by);
}

/* A service that asks for a longer pause than this is asked again all the same. */
#define RETRY_AFTER_MAX_MS 60000

int64_t step_wait(int64_t delay_ms, int64_t retry_after_ms)
{
    if (retry_after_ms > RETRY_AFTER_MAX_MS)
        retry_after_ms = RETRY_AFTER_MAX_MS;
    return delay_ms > retry_after_ms ? delay_ms : retry_after_ms;
}

/* What staff may change of an order, and no name. */
static void describe_order(const struct order *order, struct buf *out)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", order_status_name(order->status));
    json_open_array(&w, "seats");
    for (size_t i = 0; i < order->seats.count; i++)
        json_add_text(&w, NULL, order->seats.number[i]);
    json_close_array(&w);
    json_add_int(&w, "totalPriceCents", order->total_price_cents);
    json_add_text(&w, "currency", order->currency);
    if (order->fee_cents > 0)
        json_add_int(&w, "feeCents", order->fee_cents);
    if (order->refunded_cents > 0)
        json_add_int(&w, "refundedCents", order->refunded_cents);
    json_add_int(&w, "version", order->version);
    json_close_object(&w);
}

enum result step_audit_order(struct db *db, const struct caller *caller, const char *action, const struct order *was,
                             const struct order *became)
{
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    if (caller->staff.person_id == 0)
        return RESULT_OK;
    if (was != NULL)
        describe_order(was, &before);
    describe_order(became, &after);
    enum result r = step_audit(db, caller, action, AUDIT_OF_ORDER, became->order_id,
                               was == NULL ? NULL : buf_str(&before), buf_str(&after));
    buf_done(&before);
    buf_done(&after);
    return r;
}

enum result step_audit(struct db *db, const struct caller *caller, const char *action, const char *object_kind,
                       const char *object_id, const char *was, const char *became)
{
    struct audit_row row = {
        .actor_id = caller->staff.person_id,
        .role = role_name(caller->staff.role),
        .action = action,
        .object_kind = object_kind,
        .object_id = object_id,
        .was = was,
        .became = became,
        .reason = caller->reason,
        .request_id = caller->request_id,
    };
    return caller->staff.person_id == 0 ? RESULT_OK : audit_add(db, &row);
}

enum result step_before_commit(struct db *db, const struct caller *caller, const struct order *order)
{
    return caller->before_commit == NULL ? RESULT_OK : caller->before_commit(db, order, caller->context);
}

void step_recall(const struct caller *caller, const struct order *now, struct order *ret_order)
{
    *ret_order = *now;
    order_settle_lapse(ret_order);
    if (caller->answer_again != NULL)
        caller->answer_again(ret_order, caller->context);
}
