/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_PLAN_H
#define BOOKING_FLIGHTS_PLAN_H

#include "booking/core/cabin.h"
#include "booking/core/faults.h"
#include "booking/core/refund_rule.h"
#include "booking/core/tariff.h"
#include "booking/store/cabins.h"
#include "booking/store/flight_rows.h"

/* A flight as an operator wants it: as it was sent, not yet compared with places, cabins, and the calendar. Texts
 * belong to the caller; NULL: the operator did not say it. */
struct flight_plan {
    const char *id;
    const char *number;
    const char *cabin_id;
    int64_t cabin_version; /* or CABIN_NEWEST */
    const char *origin;
    const char *destination;
    const char *departure; /* "2026-10-25T02:30+02:00[Europe/Berlin]", see said_time.h */
    const char *arrival;
    size_t fare_count;
    struct amount_of fare[FARES_MAX];
    size_t surcharge_count;
    struct amount_of surcharge[SURCHARGES_MAX];
    int64_t tax_basis_points;
    const char *currency;
    int64_t sales_opens_s; /* before departure; FLIGHT_NO_LIMIT: always, and until departure */
    int64_t sales_closes_s;
    struct refund_rule refund_rule;
};

/* Reads the JSON of a flight as GET answers it; what only the program says (departureTime, status, version and the
 * like) is passed over. The id is that of the JSON if it is NULL. Whatever cannot be understood is added to the
 * faults. */
struct json_object;
void flight_plan_read(struct json_object *json, const char *id, struct flight_plan *ret_plan, struct faults *faults);

/* The cabin that an operator names: "a320" (CABIN_NEWEST), or {"id": "a320", "version": 3}. False if the JSON, which
 * may be NULL, is something else. The id belongs to the JSON; whether it can be one is not checked. */
bool flight_plan_cabin(struct json_object *json, const char **ret_id, int64_t *ret_version);

/* "19", "7.7" and "8.25" as basis points: false if the text is something else. */
bool flight_plan_percent(const char *text, int64_t *ret_basis_points);

/* Finds the flight that a plan changes, if it is there. A plan that names the flight's cabin without a version means
 * the version that the flight has, and says so afterwards. */
enum result flight_plan_find_old(struct db *db, struct flight_plan *plan, struct flight_row *reterr_row,
                                 bool *reterr_there) MUST_CHECK;

/* Compares a plan with the places, the cabin and the calendar, and makes of it the row of the flight, but for status
 * and version. Every fault is added, with the name of its field. Without a fault the cabin is that of the flight; after
 * any result cabin_done() must be called. RESULT_OK also if there are faults. */
enum result flight_plan_check(struct db *db, const struct flight_plan *plan, struct flight_row *reterr_row,
                              struct cabin *reterr_cabin, struct faults *faults) MUST_CHECK;

#endif
