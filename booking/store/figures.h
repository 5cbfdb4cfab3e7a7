/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_FIGURES_H
#define BOOKING_STORE_FIGURES_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* What was sold, earned and flown in one day, by its hours. A look reads no more than so many payments and flights, in
 * the order of time, by their indexes. */
#define FIGURES_PAYMENTS_MAX 50000
#define FIGURES_FLIGHTS_MAX 500

/* The payments in one currency that were submitted in one hour. */
struct figures_money {
    int64_t hour;     /* 0 to 23 */
    int64_t payments; /* all of them, whatever became of them */
    int64_t sales;    /* that were approved, */
    int64_t seats;    /* the seats that their orders have, or had when they ended, */
    int64_t captured_cents;
    int64_t refunded_cents; /* and what has been given back of them until now, or is on its way */
    int64_t failed;         /* that were declined, or used up their tries */
    char currency[CURRENCY_SIZE];
};

/* The flights that leave in one hour and were not cancelled, with what of their seats is sold now. */
struct figures_flights {
    int64_t hour;
    int64_t flights;
    int64_t seats;
    int64_t sold;
};

/* Each calls back for each hour in which there is something, in order, of the day between these two moments. */
enum result figures_money(struct db *db, int64_t from_ms, int64_t to_ms,
                          void (*each)(const struct figures_money *, void *), void *context) MUST_CHECK;
enum result figures_flights(struct db *db, int64_t from_ms, int64_t to_ms,
                            void (*each)(const struct figures_flights *, void *), void *context) MUST_CHECK;

/* The database's clock. */
enum result figures_now(struct db *db, int64_t *ret_ms) MUST_CHECK;

#endif
