/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_ORDER_H
#define BOOKING_CORE_ORDER_H

#include "booking/base/random.h"
#include "booking/base/timestamp.h"
#include "booking/core/locator.h"
#include "booking/core/order_state.h"
#include "booking/core/price.h"
#include "booking/core/seat.h"
#include "booking/core/user_id.h"

#include <stdbool.h>
#include <stdint.h>

#define FLIGHT_ID_SIZE 51
#define CURRENCY_SIZE 4
/* 10 and 40 characters of UTF-8. */
#define FLIGHT_NUMBER_SIZE 41
#define TIME_ZONE_SIZE 161
#define AIRPORT_SIZE 4
#define ERROR_SIZE 256

/* What a customer wants to know about the flight when looking at an order. */
struct order_flight {
    char number[FLIGHT_NUMBER_SIZE];
    char origin[AIRPORT_SIZE];
    char destination[AIRPORT_SIZE];
    char origin_time_zone[TIME_ZONE_SIZE]; /* IANA */
    char destination_time_zone[TIME_ZONE_SIZE];
    int64_t departure_ms;
};

/* An order as the database has it, and the moment it was read there. */
struct order {
    char order_id[UUID_SIZE];
    char flight_id[FLIGHT_ID_SIZE];
    struct order_flight flight;
    char user_id[ACCOUNT_SIZE]; /* as the customer gave it, or with has_owner the account; empty: it was forgotten */
    bool has_owner;
    enum order_status status;
    struct seat_list seats;
    int64_t reserved_at_ms;
    int64_t expires_at_ms; /* never past departure; TIME_NONE: no timer runs */
    int64_t payment_attempts;
    int64_t failed_attempts;
    char last_error[ERROR_SIZE]; /* empty: none */
    int64_t total_price_cents;
    struct price_list prices; /* of each seat; their sum is the total */
    char currency[CURRENCY_SIZE];
    int64_t version;
    char run_id[101];
    char locator[LOCATOR_SIZE]; /* empty: it has none (yet) */
    int64_t created_at_ms;
    int64_t updated_at_ms;
    int64_t read_at_ms;
};

/* The versions of an order that a condition names; if it names none and any is false, there is no condition. */
struct version_set {
    bool any;
    int64_t version[8];
    size_t count;
};

bool version_is_in(const struct version_set *set, int64_t version);

/* Whether the order's persons were forgotten. It then has no user id any more, which no customer can ask for. */
bool order_is_forgotten(const struct order *order);

/* Whether the hold is over, although nothing has ended it yet. */
bool order_has_lapsed(const struct order *order);

/* Turns a lapsed hold into the EXPIRED order that a reader must see. Its
 * version is the one that the sweeper's own change will give it. */
void order_settle_lapse(struct order *order);

/* How many whole seconds the hold still runs; 0 if no timer does. */
int64_t order_timer_remaining_s(const struct order *order);

/* What to tell the customer, e.g. "Payment validation failed. Retrying
 * (attempt 2 of 3)". */
void order_message(const struct order *order, int64_t max_attempts, char *ret_text, size_t size);

#endif
