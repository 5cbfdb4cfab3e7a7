/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/metrics.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/txn.h"

#include "booking/base/text.h"

#include <string.h>

struct submission {
    const struct caller *caller;
    const char *order_id;
    const char *code;
    struct order *order;
};

bool booking_payment_code_is_valid(const char *code)
{
    return strlen(code) == 5 && strspn(code, "0123456789") == 5;
}

static enum result submit_in_txn(struct db *db, void *context)
{
    struct submission *s = context;
    struct order *o = s->order;

    CRASH_SCOPE("pay");
    TRY(step_lock_order(db, s->caller, s->order_id, o));
    if (o->status == ORDER_SEATS_RESERVED && o->flight.status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    if (o->status == ORDER_SEATS_RESERVED)
        TRY(step_check_persons(db, s->caller->config, o));
    const struct author by = step_author(s->caller);
    const struct order was = *o;
    /* The timer is gone: from here on the seats wait for the payment's outcome. A payment before this one may have been
     * declined; its attempts are not this one's. */
    o->hold_ends_at_ms = o->expires_at_ms;
    o->expires_at_ms = TIME_NONE;
    o->payment_attempts = o->failed_attempts = 0;
    o->last_error[0] = '\0';
    enum result r = step_move_order(db, o, ORDER_EVENT_SUBMIT_PAYMENT);
    if (r != RESULT_OK) {
        *o = was;
        return r;
    }

    struct payment payment = { .amount_cents = o->total_price_cents };
    random_uuid(payment.payment_id);
    text_copy(payment.order_id, sizeof payment.order_id, o->order_id);
    text_copy(payment.code, sizeof payment.code, s->code);
    text_copy(payment.currency, sizeof payment.currency, o->currency);
    TRY(payments_insert(db, &payment));
    CRASH_POINT("inserted");
    TRY(jobs_turn(db, o->order_id, JOB_EXPIRE_HOLD, JOB_PAYMENT_ATTEMPT, s->caller->config->payment_max_attempts,
                  s->caller->request_id));
    TRY(step_log_move(db, o, EVENT_PAYMENT_SUBMITTED, was.status, NULL, &by));
    TRY(step_audit_order(db, s->caller, AUDIT_SUBMIT_PAYMENT, &was, o));
    return step_before_commit(db, s->caller, o);
}

static void recall_submit(const struct order *now, void *context)
{
    const struct submission *s = context;
    step_recall(s->caller, now, s->order);
}

enum result booking_submit_payment(struct db *db, const struct caller *caller, const char *order_id, const char *code,
                                   struct order *reterr_order)
{
    struct submission s = { caller, order_id, code, reterr_order };
    enum result r = txn_run_answered(db, order_id, submit_in_txn, recall_submit, &s);
    if (r == RESULT_OK)
        metrics_add_moves(reterr_order->status, 1);
    return r;
}
