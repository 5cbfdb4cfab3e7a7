/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/orders/steps.h"
#include "booking/metrics.h"
#include "booking/store/expiry.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

#include "booking/base/text.h"

struct expiration {
    const struct config *config;
    const char (*order_ids)[UUID_SIZE];
    size_t count;
    const char *worker;
    size_t expired;
};

static enum result tell(struct db *db, const struct config *config, const struct expiry_list *lapsed)
{
    enum result r = RESULT_OK;
    for (size_t i = 0; config->webhook_url[0] != '\0' && r == RESULT_OK && i < lapsed->count; i++) {
        struct order order;
        TRY(orders_lock(db, lapsed->order[i].order_id, NULL, &order));
        r = step_tell(db, config, MESSAGE_ORDER_EXPIRED, &order, order.run_id);
    }
    return r;
}

static enum result expire_in_txn(struct db *db, void *context)
{
    struct expiration *e = context;
    struct expiry_list all;
    struct expiry_list lapsed = { .count = 0 };
    struct expiry_list over = { .count = 0 };

    CRASH_SCOPE("expire");
    enum result r = expiry_lock(db, e->order_ids, e->count, e->worker == NULL, &all);
    for (size_t i = 0; r == RESULT_OK && i < all.count; i++) {
        bool is_held = all.order[i].status == ORDER_SEATS_RESERVED;
        /* A timer that fires for a hold that goes on is set again; one whose order has moved on is dropped. Neither
         * should happen, and both are harmless. */
        if (is_held && all.order[i].expires_at_ms > all.order[i].read_at_ms) {
            r = jobs_move(db, JOB_EXPIRE_HOLD, all.order[i].order_id, all.order[i].expires_at_ms);
            continue;
        }
        if (is_held)
            lapsed.order[lapsed.count++] = all.order[i];
        over.order[over.count++] = all.order[i];
    }
    TRY(r);
    if (lapsed.count > 0)
        TRY(expiry_end(db, &lapsed, e->worker));
    if (over.count > 0)
        TRY(expiry_drop_timers(db, &over));
    TRY(tell(db, e->config, &lapsed));
    CRASH_POINT("ended");
    e->expired = lapsed.count;
    return RESULT_OK;
}

enum result booking_expire(struct db *db, const struct config *config, const char (*order_ids)[UUID_SIZE], size_t count,
                           const char *worker, size_t *reterr_expired)
{
    struct expiration e = { .config = config, .order_ids = order_ids, .count = count, .worker = worker };
    /* One order is enough to look up the COMMIT: all of them change together. */
    enum result r = txn_run(db, order_ids[0], expire_in_txn, &e);
    *reterr_expired = r == RESULT_OK ? e.expired : 0;
    metrics_add_moves(ORDER_EXPIRED, *reterr_expired);
    return r;
}
