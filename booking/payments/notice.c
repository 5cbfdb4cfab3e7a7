/* SPDX-License-Identifier: MIT */
/* The gateway says that it has news about a charge. What the news are is not taken from it: it only makes the sweeper
 * ask at once, so a notice that comes twice, late or not at all does no harm. */

#include "booking/base/crash_point.h"
#include "booking/booking.h"
#include "booking/store/orders.h"
#include "booking/store/payments.h"
#include "booking/store/txn.h"

#include <string.h>

#define NOTICE_VALID_MS INT64_C(300000)

struct notice {
    const char *payment_id;
    int64_t sent_at_ms;
    bool *waits;
};

/* While a question is on its way its job cannot be hastened. The note makes that the next one comes at once. */
static enum result hear_in_txn(struct db *db, void *context)
{
    const struct notice *n = context;
    struct payment payment;
    struct order order;
    *n->waits = false;

    CRASH_SCOPE("hear-notice");
    TRY(payments_find_by_id(db, n->payment_id, &payment));
    TRY(orders_lock(db, payment.order_id, NULL, &order));
    int64_t age_ms = order.read_at_ms - n->sent_at_ms;
    if (age_ms > NOTICE_VALID_MS || age_ms < -NOTICE_VALID_MS)
        return RESULT_STALE;
    TRY(payments_find_by_id(db, n->payment_id, &payment));
    *n->waits = order.status == ORDER_PAYMENT_PENDING && strcmp(payment.status, "PENDING") == 0;
    if (!*n->waits)
        return RESULT_OK;
    TRY(payments_note_news(db, payment.payment_id));
    /* Between attempts there is nothing to ask yet: the next one is not made earlier. */
    return payment.pending_ms != PAYMENT_DECIDED ? jobs_hasten(db, JOB_PAYMENT_ATTEMPT, order.order_id) : RESULT_OK;
}

enum result booking_hear_notice(struct db *db, const char *payment_id, int64_t sent_at_ms, bool *reterr_waits)
{
    struct notice n = { payment_id, sent_at_ms, reterr_waits };
    *reterr_waits = false;
    /* A notice whose COMMIT is in doubt is noted once more. */
    enum result r = txn_run(db, NULL, hear_in_txn, &n);
    return r == RESULT_NOT_FOUND || r == RESULT_ORDER_NOT_FOUND ? RESULT_OK : r;
}
