/* SPDX-License-Identifier: MIT */
#include "booking/flights/plan.h"

#include "booking/base/duration.h"
#include "booking/base/text.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

/* What an operator can say, and what only the program says of a flight. */
static const char *const said[] = { "id",        "flightNumber", "cabin",       "origin",     "destination",
                                    "departure", "arrival",      "fares",       "surcharges", "taxPercent",
                                    "currency",  "salesOpens",   "salesCloses", "refundRule", NULL };
static const char *const answered[] = { "departureTime",
                                        "arrivalTime",
                                        "originTimeZone",
                                        "destinationTimeZone",
                                        "status",
                                        "cancelReason",
                                        "version",
                                        "sold",
                                        "held",
                                        "blocked",
                                        "free",
                                        "did",
                                        NULL };

static bool is_among(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static void read_names(struct json_object *json, struct faults *faults)
{
    struct json_object_iterator end = json_object_iter_end(json);
    for (struct json_object_iterator at = json_object_iter_begin(json); !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        if (!is_among(said, name) && !is_among(answered, name))
            faults_add(faults, name, "A flight has no such field.");
    }
}

/* A field that is there and not null. */
static struct json_object *field_of(struct json_object *json, const char *name)
{
    struct json_object *field = NULL;
    return json_object_object_get_ex(json, name, &field) ? field : NULL;
}

static const char *read_text(struct json_object *json, const char *name, struct faults *faults)
{
    struct json_object *field = field_of(json, name);
    if (field == NULL)
        return NULL;
    const char *text = json_object_is_type(field, json_type_string) ? json_object_get_string(field) : NULL;
    if (text == NULL || strlen(text) != (size_t)json_object_get_string_len(field)) {
        faults_add(faults, name, "This must be a text.");
        return NULL;
    }
    return text;
}

static bool read_whole(struct json_object *field, int64_t max, int64_t *ret_number)
{
    if (!json_object_is_type(field, json_type_int))
        return false;
    int64_t number = json_object_get_int64(field);
    if (number < 0 || number > max)
        return false;
    *ret_number = number;
    return true;
}

bool flight_plan_cabin(struct json_object *json, const char **ret_id, int64_t *ret_version)
{
    int64_t version = CABIN_NEWEST;
    struct json_object *name = json;
    if (json_object_is_type(json, json_type_object)) {
        struct json_object *number = field_of(json, "version");
        if (number != NULL && (!read_whole(number, INT32_MAX, &version) || version == CABIN_NEWEST))
            return false;
        name = field_of(json, "id");
    }
    const char *id = json_object_is_type(name, json_type_string) ? json_object_get_string(name) : NULL;
    if (id == NULL || strlen(id) != (size_t)json_object_get_string_len(name))
        return false;
    *ret_id = id;
    *ret_version = version;
    return true;
}

static void read_cabin(struct json_object *json, struct flight_plan *plan, struct faults *faults)
{
    struct json_object *field = field_of(json, "cabin");
    if (field != NULL && !flight_plan_cabin(field, &plan->cabin_id, &plan->cabin_version))
        faults_add(faults, "cabin", "A cabin is named by its id, or by {\"id\": …, \"version\": …}.");
}

/* {"economy": 12900}: amounts in minor units by the name of a class or a feature. */
static void read_amounts(struct json_object *json, const char *name, struct amount_of *list, size_t max, size_t *count,
                         struct faults *faults)
{
    char path[FAULT_PATH_SIZE];
    struct json_object *field = field_of(json, name);
    *count = 0;
    if (field == NULL)
        return;
    if (!json_object_is_type(field, json_type_object)) {
        faults_add(faults, name, "This must be an object, such as {\"economy\": 12900}.");
        return;
    }
    struct json_object_iterator end = json_object_iter_end(field);
    for (struct json_object_iterator at = json_object_iter_begin(field); !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at)) {
        const char *key = json_object_iter_peek_name(&at);
        (void)snprintf(path, sizeof path, "%s.%.40s", name, key);
        if (!tariff_name_is_valid(key)) {
            faults_add(faults, path, "A name has 1 to 20 lower-case letters, digits and hyphens.");
        } else if (*count == max) {
            faults_add(faults, name, "There can be %zu of them at most.", max);
            return;
        } else if (!read_whole(json_object_iter_peek_value(&at), FARE_MAX_CENTS, &list[*count].cents)) {
            faults_add(faults, path, "An amount is a whole number of minor units, from 0 to %lld.",
                       (long long)FARE_MAX_CENTS);
        } else {
            text_copy(list[(*count)++].name, CLASS_SIZE, key);
        }
    }
}

bool flight_plan_percent(const char *text, int64_t *ret_basis_points)
{
    char whole[8] = "";
    long long percent = 0;
    int64_t hundredths = 0;
    size_t len = strcspn(text, ".");
    if (len >= sizeof whole)
        return false;
    memcpy(whole, text, len);
    if (!text_parse_int(whole, 0, 100, &percent))
        return false;
    if (text[len] == '.') {
        const char *digits = text + len + 1;
        size_t count = strspn(digits, "0123456789");
        if (count == 0 || count > 2 || digits[count] != '\0')
            return false;
        hundredths = (digits[0] - '0') * 10 + (count == 2 ? digits[1] - '0' : 0);
    }
    if (percent * 100 + hundredths > 10000)
        return false;
    *ret_basis_points = percent * 100 + hundredths;
    return true;
}

/* The text of a number is as it was sent: no value goes through floating point. */
static void read_percent(struct json_object *field, const char *path, int64_t *ret_basis_points, struct faults *faults)
{
    bool is_number = json_object_is_type(field, json_type_int) || json_object_is_type(field, json_type_double);
    if (field != NULL && (!is_number || !flight_plan_percent(json_object_get_string(field), ret_basis_points)))
        faults_add(faults, path, "This must be a number from 0 to 100, with two decimals at most.");
}

static int64_t read_distance(struct json_object *json, const char *name, struct faults *faults)
{
    const char *text = read_text(json, name, faults);
    int64_t ms = 0;
    if (text == NULL)
        return FLIGHT_NO_LIMIT;
    if (duration_parse(text, &ms) && ms % 1000 == 0)
        return ms / 1000;
    faults_add(faults, name, "This is how long before departure, such as 45m or 8760h.");
    return FLIGHT_NO_LIMIT;
}

static void read_step(struct json_object *json, size_t at, struct refund_rule *rule, struct faults *faults)
{
    char path[FAULT_PATH_SIZE];
    struct refund_step step = { .before_s = 0 };
    int64_t ms = 0;
    struct json_object *until = field_of(json, "until");
    struct json_object *cents = field_of(json, "feeCents");
    (void)snprintf(path, sizeof path, "refundRule[%zu]", at);
    if (!json_object_is_type(json, json_type_object) || !json_object_is_type(until, json_type_string) ||
        !duration_parse(json_object_get_string(until), &ms)) {
        faults_add(faults, path,
                   "A step says until how long before departure it holds: {\"until\": \"24h\", "
                   "\"feePercent\": 50, \"feeCents\": 0}.");
        return;
    }
    step.before_s = ms / 1000;
    read_percent(field_of(json, "feePercent"), path, &step.fee_basis_points, faults);
    if (cents != NULL && !read_whole(cents, FARE_MAX_CENTS, &step.fee_cents))
        faults_add(faults, path, "feeCents is a whole number of minor units.");
    if (rule->count > 0 && rule->step[rule->count - 1].before_s <= step.before_s)
        faults_add(faults, path, "The steps go from the longest before departure to the shortest.");
    rule->step[rule->count++] = step;
}

static void read_refund_rule(struct json_object *json, struct refund_rule *rule, struct faults *faults)
{
    struct json_object *field = field_of(json, "refundRule");
    if (field == NULL)
        return;
    if (!json_object_is_type(field, json_type_array) || json_object_array_length(field) > REFUND_STEPS_MAX) {
        faults_add(faults, "refundRule", "This must be a list of %d steps at most, or null.", REFUND_STEPS_MAX);
        return;
    }
    for (size_t i = 0; i < (size_t)json_object_array_length(field); i++)
        read_step(json_object_array_get_idx(field, i), i, rule, faults);
}

void flight_plan_read(struct json_object *json, const char *id, struct flight_plan *ret_plan, struct faults *faults)
{
    struct flight_plan plan = { .sales_opens_s = FLIGHT_NO_LIMIT, .sales_closes_s = FLIGHT_NO_LIMIT };
    *ret_plan = plan;
    if (!json_object_is_type(json, json_type_object)) {
        faults_add(faults, "", "A flight is a JSON object.");
        return;
    }
    read_names(json, faults);
    plan.id = read_text(json, "id", faults);
    if (id != NULL && plan.id != NULL && strcmp(plan.id, id) != 0)
        faults_add(faults, "id", "The address names another flight.");
    plan.id = id == NULL ? plan.id : id;
    plan.number = read_text(json, "flightNumber", faults);
    read_cabin(json, &plan, faults);
    plan.origin = read_text(json, "origin", faults);
    plan.destination = read_text(json, "destination", faults);
    plan.departure = read_text(json, "departure", faults);
    plan.arrival = read_text(json, "arrival", faults);
    read_amounts(json, "fares", plan.fare, FARES_MAX, &plan.fare_count, faults);
    read_amounts(json, "surcharges", plan.surcharge, SURCHARGES_MAX, &plan.surcharge_count, faults);
    read_percent(field_of(json, "taxPercent"), "taxPercent", &plan.tax_basis_points, faults);
    plan.currency = read_text(json, "currency", faults);
    plan.sales_opens_s = read_distance(json, "salesOpens", faults);
    plan.sales_closes_s = read_distance(json, "salesCloses", faults);
    read_refund_rule(json, &plan.refund_rule, faults);
    *ret_plan = plan;
}
