/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_ORDER_H
#define BOOKING_CORE_ORDER_H

#include "booking/base/random.h"
#include "booking/base/timestamp.h"
#include "booking/base/url.h"
#include "booking/core/locator.h"
#include "booking/core/order_state.h"
#include "booking/core/party.h"
#include "booking/core/price.h"
#include "booking/core/refund_rule.h"
#include "booking/core/seat.h"
#include "booking/core/user_id.h"

#include <stdbool.h>
#include <stdint.h>

#define FLIGHT_ID_SIZE 51
#define CURRENCY_SIZE 4
/* 10 and 40 characters of UTF-8. */
#define FLIGHT_NUMBER_SIZE 41
#define TIME_ZONE_SIZE 161
/* A place's code: an airport's three letters, or three letters and digits of the carrier's own. */
#define PLACE_SIZE 4
#define ERROR_SIZE 256
#define CONSENT_TERMS_SIZE 501

/* Whether seats of a flight are sold. DRAFT: it is not there yet for anybody but the import that makes it. */
enum flight_status { FLIGHT_ON_SALE, FLIGHT_CLOSED, FLIGHT_CANCELLED, FLIGHT_DRAFT };

/* What a customer wants to know about the flight when looking at an order. */
struct order_flight {
    char number[FLIGHT_NUMBER_SIZE];
    char origin[PLACE_SIZE];
    char destination[PLACE_SIZE];
    char origin_time_zone[TIME_ZONE_SIZE]; /* IANA */
    char destination_time_zone[TIME_ZONE_SIZE];
    int64_t departure_ms;
    int64_t arrival_ms; /* TIME_NONE: not known */
    enum flight_status status;
    struct refund_rule refund_rule;
};

struct order_actions;

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
    int64_t expires_at_ms;   /* never past departure; TIME_NONE: no timer runs */
    int64_t hold_ends_at_ms; /* while it is being paid: when the hold would have ended; else TIME_NONE */
    int64_t payment_attempts;
    int64_t failed_attempts;
    char last_error[ERROR_SIZE]; /* empty: none */
    char payment_url[URL_SIZE];  /* where the customer is to decide about a payment that is PENDING; empty: nowhere */
    int64_t total_price_cents;
    struct price_list prices; /* of each seat; their sum is the total */
    char currency[CURRENCY_SIZE];
    int64_t tax_basis_points; /* included in the prices */
    int64_t fee_cents;        /* kept of what was captured, at cancellations */
    int64_t refunded_cents;   /* given back, or asked to be */
    int64_t version;
    char single_left[SEAT_NUMBER_SIZE];     /* to be told to the customer: the seat that its choice leaves over alone */
    int64_t consent_at_ms;                  /* when the customer agreed to the terms; TIME_NONE: did not */
    char consent_terms[CONSENT_TERMS_SIZE]; /* the addresses of those terms, with a blank between them */
    bool shows_consent;                     /* the answer says so */
    const struct party *party;              /* to be shown with it; NULL: nobody is */
    const struct order_actions *actions;    /* to be shown with it; NULL: no caller asked */
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
