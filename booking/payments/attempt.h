/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_PAYMENTS_ATTEMPT_H
#define BOOKING_PAYMENTS_ATTEMPT_H

#include "booking/booking.h"
#include "booking/store/payments.h"

/* What one transaction knows about an attempt. */
struct attempt {
    const struct config *config;
    const struct job *job;
    const char *worker;
    int64_t number;                      /* of the announced attempt … */
    const char *payment_id;              /* … of this payment; NULL while it begins */
    const struct attempt_result *result; /* NULL while it begins */
    bool *go;
    struct charge *charge;
    struct order order;
    struct payment payment;
    bool moved;      /* by this transaction, to another state */
    bool seats_lost; /* approved, but the order no longer has its seats */
};

/* Why the gateway must not be asked (again), or NULL. */
const char *attempt_reason_to_end(const struct attempt *attempt);

/* What is to be asked of the gateway, into attempt->charge. */
void attempt_fill_charge(const struct attempt *attempt);

/* The two steps that almost every payment takes, for one attempt or for many in one transaction (batch.c), whose orders
 * are locked and wait for payment: announces the next attempt of each; and, after an approval of each, confirms the
 * orders, all or with an error none. */
enum result attempts_announce(struct db *db, struct attempt *const attempts[], size_t count) MUST_CHECK;
enum result attempts_confirm(struct db *db, struct attempt *const attempts[], size_t count) MUST_CHECK;

#endif
