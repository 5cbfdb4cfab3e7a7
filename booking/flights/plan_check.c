/* SPDX-License-Identifier: MIT */
#include "booking/flights/plan.h"

#include "booking/base/text.h"
#include "booking/core/currency.h"
#include "booking/store/places.h"

#include <string.h>

/* What stands in the place of an id in the API's own addresses. */
static bool is_reserved(const char *id)
{
    static const char *const words[] = { "schedule", "import", "imports", "export" };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], id) == 0)
            return true;
    }
    return false;
}

/* 1 to 50 letters, digits, ".", "_" and "-"; it stands in addresses. */
static void check_id(const struct flight_plan *plan, struct flight_row *row, struct faults *faults)
{
    if (plan->id == NULL || !cabin_id_is_valid(plan->id) || is_reserved(plan->id))
        faults_add(faults, "id", "An id has 1 to 50 letters, digits, dots, hyphens and underscores.");
    else
        text_copy(row->flight_id, sizeof row->flight_id, plan->id);
}

static void check_number(const struct flight_plan *plan, struct flight_row *row, struct faults *faults)
{
    char number[FLIGHT_NUMBER_SIZE];
    if (plan->number == NULL || !text_trim_copy(number, sizeof number, plan->number) || *number == '\0' ||
        text_utf8_length(number) > 10 || !text_is_printable(number))
        faults_add(faults, "flightNumber", "A flight number has 1 to 10 characters, such as LH 400.");
    else
        text_copy(row->number, sizeof row->number, number);
}

static enum result check_place(struct db *db, const char *code, const char *path, char *to, size_t size, char *zone,
                               size_t zone_size, struct faults *faults)
{
    struct place place;
    if (code == NULL) {
        faults_add(faults, path, "Say a place's code, such as BER.");
        return RESULT_OK;
    }
    enum result r = places_find(db, code, &place);
    if (r == RESULT_NOT_FOUND) {
        faults_add(faults, path, "There is no place %.8s; make it first.", code);
        return RESULT_OK;
    }
    TRY(r);
    text_copy(to, size, place.code);
    text_copy(zone, zone_size, place.time_zone);
    return RESULT_OK;
}

/* A time as it was said, in the zone that was said or that of its place (empty: not known). */
static bool check_time(const char *text, const char *zone, const char *path, char ret_said[SAID_TIME_SIZE],
                       int64_t *ret_ms, struct faults *faults)
{
    struct said_time time;
    if (!said_time_read(text, &time)) {
        faults_add(faults, path, "A time is written like 2026-10-25T07:30 or 2026-10-25T07:30[Europe/Berlin].");
        return false;
    }
    if (time.zone[0] == '\0' && *zone == '\0')
        return false; /* the place is at fault */
    enum zone_answer answer = said_time_resolve(&time, zone, ret_ms, ret_said);
    if (answer != ZONE_OK)
        faults_add(faults, path, "%s", said_time_fault(answer));
    return answer == ZONE_OK;
}

static void check_times(const struct flight_plan *plan, struct flight_row *row, struct faults *faults)
{
    bool departs = false;
    if (plan->departure == NULL)
        faults_add(faults, "departure", "Say when it departs, such as 2026-10-25T07:30.");
    else
        departs = check_time(plan->departure, row->origin_time_zone, "departure", row->departure_said,
                             &row->departure_ms, faults);
    row->arrival_ms = TIME_NONE;
    if (departs)
        zone_days(row->origin_time_zone, &row->departure_ms, 1, &row->departure_day_ms);
    if (plan->arrival == NULL ||
        !check_time(plan->arrival, row->destination_time_zone, "arrival", row->arrival_said, &row->arrival_ms, faults))
        return;
    if (departs && row->arrival_ms <= row->departure_ms)
        faults_add(faults, "arrival", "It would arrive before it departs.");
}

static bool has_class(const struct cabin *cabin, const char *cabin_class)
{
    for (size_t i = 0; i < cabin->section_count; i++) {
        if (strcmp(cabin->section[i].cabin_class, cabin_class) == 0)
            return true;
    }
    return false;
}

static const struct amount_of *fare_of(const struct flight_plan *plan, const char *cabin_class)
{
    for (size_t i = 0; i < plan->fare_count; i++) {
        if (strcmp(plan->fare[i].name, cabin_class) == 0)
            return &plan->fare[i];
    }
    return NULL;
}

/* The cheapest class is the one that price_cents is about. */
static void write_fares(const struct flight_plan *plan, struct flight_row *row, struct faults *faults)
{
    size_t cheapest = 0;
    for (size_t i = 1; i < plan->fare_count; i++)
        cheapest = plan->fare[i].cents < plan->fare[cheapest].cents ? i : cheapest;
    row->price_cents = plan->fare_count == 0 ? 0 : plan->fare[cheapest].cents;
    if (!tariff_format(plan->fare, plan->fare_count, cheapest, row->fares) ||
        !tariff_format(plan->surcharge, plan->surcharge_count, TARIFF_NO_BASE, row->surcharges))
        faults_add(faults, "fares", "There are too many of them.");
}

static void check_fares(const struct flight_plan *plan, const struct cabin *cabin, struct flight_row *row,
                        struct faults *faults)
{
    char path[FAULT_PATH_SIZE] = "fares.";
    for (size_t i = 0; i < cabin->section_count; i++) {
        const char *cabin_class = cabin->section[i].cabin_class;
        text_copy(path + 6, sizeof path - 6, cabin_class);
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first = is_first && strcmp(cabin->section[k].cabin_class, cabin_class) != 0;
        if (is_first && fare_of(plan, cabin_class) == NULL)
            faults_add(faults, path, "The cabin has this class; say what a seat in it costs.");
    }
    for (size_t i = 0; i < plan->fare_count; i++) {
        text_copy(path + 6, sizeof path - 6, plan->fare[i].name);
        if (!has_class(cabin, plan->fare[i].name))
            faults_add(faults, path, "The cabin has no such class.");
    }
    write_fares(plan, row, faults);
}

static void check_sale(const struct flight_plan *plan, struct flight_row *row, struct faults *faults)
{
    if (plan->currency == NULL || currency_decimals(plan->currency) < 0)
        faults_add(faults, "currency", "There is no such currency (ISO 4217, such as EUR).");
    else
        text_copy(row->currency, sizeof row->currency, plan->currency);
    if (plan->sales_opens_s != FLIGHT_NO_LIMIT && plan->sales_closes_s != FLIGHT_NO_LIMIT &&
        plan->sales_opens_s <= plan->sales_closes_s)
        faults_add(faults, "salesOpens", "The sale would open after it closes; both are distances before departure.");
    row->sales_opens_s = plan->sales_opens_s;
    row->sales_closes_s = plan->sales_closes_s;
    row->tax_basis_points = plan->tax_basis_points;
    refund_rule_format(&plan->refund_rule, row->refund_rule);
}

static enum result check_cabin(struct db *db, const struct flight_plan *plan, struct flight_row *row,
                               struct cabin *reterr_cabin, struct faults *faults)
{
    if (plan->cabin_id == NULL) {
        faults_add(faults, "cabin", "Say which cabin it has.");
        return RESULT_OK;
    }
    enum result r = cabins_read(db, plan->cabin_id, plan->cabin_version, reterr_cabin, &row->cabin_version);
    if (r == RESULT_NOT_FOUND) {
        faults_add(faults, "cabin", "There is no such cabin; make it first.");
        return RESULT_OK;
    }
    TRY(r);
    text_copy(row->cabin_id, sizeof row->cabin_id, plan->cabin_id);
    row->seat_rows = cabin_last_row(reterr_cabin);
    cabin_layout(reterr_cabin, row->seat_layout);
    cabin_exit_rows(reterr_cabin, row->exit_rows);
    check_fares(plan, reterr_cabin, row, faults);
    return RESULT_OK;
}

enum result flight_plan_find_old(struct db *db, struct flight_plan *plan, struct flight_row *reterr_row,
                                 bool *reterr_there)
{
    *reterr_there = false;
    if (plan->id == NULL || !cabin_id_is_valid(plan->id))
        return RESULT_OK;
    enum result r = flight_rows_find(db, plan->id, reterr_row);
    if (r == RESULT_FLIGHT_NOT_FOUND)
        return RESULT_OK;
    TRY(r);
    *reterr_there = true;
    if (plan->cabin_version == CABIN_NEWEST && plan->cabin_id != NULL &&
        strcmp(plan->cabin_id, reterr_row->cabin_id) == 0)
        plan->cabin_version = reterr_row->cabin_version;
    return RESULT_OK;
}

enum result flight_plan_check(struct db *db, const struct flight_plan *plan, struct flight_row *reterr_row,
                              struct cabin *reterr_cabin, struct faults *faults)
{
    struct flight_row *row = reterr_row;
    *row = (struct flight_row){ .departure_day_ms = TIME_NONE };
    *reterr_cabin = CABIN_INIT;
    check_id(plan, row, faults);
    check_number(plan, row, faults);
    TRY(check_place(db, plan->origin, "origin", row->origin, sizeof row->origin, row->origin_time_zone,
                    sizeof row->origin_time_zone, faults));
    TRY(check_place(db, plan->destination, "destination", row->destination, sizeof row->destination,
                    row->destination_time_zone, sizeof row->destination_time_zone, faults));
    if (row->origin[0] != '\0' && strcmp(row->origin, row->destination) == 0)
        faults_add(faults, "destination", "It would go to where it comes from.");
    check_times(plan, row, faults);
    check_sale(plan, row, faults);
    return check_cabin(db, plan, row, reterr_cabin, faults);
}
