/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/idempotency.h"
#include "booking/store/messages.h"
#include "booking/store/order_tokens.h"
#include "booking/store/orders.h"
#include "booking/store/persons.h"
#include "booking/store/seats.h"
#include "booking/store/txn.h"

#include <string.h>

/* How long stored answers are kept (idempotency.h). */
#define ANSWERS_KEPT_MS (24 * INT64_C(3600000))

struct forgetting {
    const struct caller *caller; /* NULL: a worker does it */
    const char *worker;
    int64_t retention_ms; /* for a worker: so long after departure */
    const char *order_id;
    struct order *order;
};

/* The sweeper waits for no other session. It finds the order again at its next pass, unless that session has forgotten
 * it. */
static enum result lock(struct db *db, const struct forgetting *f)
{
    if (f->caller != NULL)
        return step_lock_order(db, f->caller, f->order_id, f->order);
    TRY(orders_lock_free(db, f->order_id, f->order));
    /* The flight may have been delayed meanwhile. */
    bool is_time = f->order->flight.departure_ms + f->retention_ms <= f->order->read_at_ms;
    return is_time ? RESULT_OK : RESULT_ORDER_OPEN;
}

/* A field of JSON, as order_write_json() writes it. */
static const char *user_field(struct buf *out, const char *user_id)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    json_add_text(&w, "userId", user_id);
    return buf_str(out);
}

/* What was told of the order, or is yet to be told, is told without whose it is. */
static enum result forget_messages(struct db *db, const struct order *order)
{
    struct buf was = BUF_INIT;
    struct buf becomes = BUF_INIT;
    enum result r = messages_replace(db, order->order_id, user_field(&was, order->user_id), user_field(&becomes, ""));
    buf_done(&was);
    buf_done(&becomes);
    return r;
}

static enum result wipe(struct db *db, const struct forgetting *f)
{
    const struct event event = {
        .order_id = f->order_id,
        .type = EVENT_PERSONS_FORGOTTEN,
        .by = f->caller != NULL ? step_author(f->caller) : (struct author){ .worker = f->worker },
    };
    TRY(forget_messages(db, f->order));
    TRY(orders_forget(db, f->order));
    TRY(seats_forget(db, f->order_id));
    TRY(persons_forget(db, f->order_id));
    TRY(order_tokens_revoke(db, f->order_id));
    CRASH_POINT("wiped");
    return events_add(db, &event);
}

static enum result forget_in_txn(struct db *db, void *context)
{
    const struct forgetting *f = context;
    CRASH_SCOPE("forget");
    TRY(lock(db, f));
    if (!order_status_is_final(f->order->status))
        return RESULT_ORDER_OPEN;
    const struct order was = *f->order;
    if (!order_is_forgotten(f->order)) {
        TRY(wipe(db, f));
        if (f->caller != NULL)
            TRY(step_audit_order(db, f->caller, AUDIT_FORGET_PERSONS, &was, f->order));
    }
    return f->caller == NULL ? RESULT_OK : step_before_commit(db, f->caller, f->order);
}

/* Ends a hold that is over but that nothing has ended yet, so that the order is final for the database, too. */
static enum result settle_lapse(struct db *db, const struct config *config, struct order *order)
{
    char id[1][UUID_SIZE];
    size_t expired = 0;
    if (!order_has_lapsed(order))
        return RESULT_OK;
    memcpy(id[0], order->order_id, UUID_SIZE);
    TRY(booking_expire(db, config, (const char(*)[UUID_SIZE])id, 1, NULL, &expired));
    order_settle_lapse(order);
    return RESULT_OK;
}

/* Stored answers go first: a process that dies in between has forgotten nothing yet, and the next begins anew. After
 * that a final order gets no more of them, but for refusals. */
static enum result remove_answers(struct db *db, const struct order *order)
{
    bool may_have_some = order->updated_at_ms > order->read_at_ms - ANSWERS_KEPT_MS;
    bool has_them = order_status_is_final(order->status) && !order_is_forgotten(order) && may_have_some;
    return has_them ? idempotency_remove_about(db, order->order_id) : RESULT_OK;
}

enum result booking_forget(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    struct forgetting f = { .caller = caller, .order_id = order_id, .order = reterr_order };
    TRY(orders_find(db, order_id, caller->owner, reterr_order));
    TRY(settle_lapse(db, caller->config, reterr_order));
    TRY(remove_answers(db, reterr_order));
    return txn_run(db, order_id, forget_in_txn, &f);
}

enum result booking_forget_departed(struct db *db, const char *order_id, int64_t retention_ms, const char *worker)
{
    struct order order;
    struct forgetting f = { .worker = worker, .retention_ms = retention_ms, .order_id = order_id, .order = &order };
    TRY(orders_find(db, order_id, NULL, &order));
    TRY(remove_answers(db, &order));
    return txn_run(db, order_id, forget_in_txn, &f);
}
