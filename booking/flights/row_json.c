/* SPDX-License-Identifier: MIT */
#include "booking/flights/put.h"

#include "booking/base/duration.h"
#include "booking/base/json_writer.h"
#include "booking/store/flight_facts.h"

#include <stdio.h>
#include <string.h>

static void add_amounts(struct json_writer *w, const struct amount_of *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_add_int(w, list[i].name, list[i].cents);
}

static void write_amounts(struct json_writer *w, const struct flight_row *row)
{
    struct tariff tariff;
    if (!tariff_read(row->price_cents, row->fares, row->surcharges, row->tax_basis_points, &tariff))
        tariff = (struct tariff){ .base_cents = row->price_cents };
    json_open_object(w, "fares");
    if (tariff.fare_count == 0)
        json_add_int(w, CLASS_ECONOMY, row->price_cents);
    add_amounts(w, tariff.fare, tariff.fare_count);
    json_close_object(w);
    json_open_object(w, "surcharges");
    add_amounts(w, tariff.surcharge, tariff.surcharge_count);
    json_close_object(w);
}

/* 1900 as 19, 770 as 7.7, 825 as 8.25. */
static void write_percent(struct json_writer *w, const char *name, int64_t basis_points)
{
    char text[32];
    size_t len = (size_t)snprintf(text, sizeof text, "%lld.%02lld", (long long)(basis_points / 100),
                                  (long long)(basis_points % 100));
    while (text[len - 1] == '0')
        text[--len] = '\0';
    if (text[len - 1] == '.')
        text[--len] = '\0';
    json_add_raw(w, name, text);
}

static void write_distance(struct json_writer *w, const char *name, int64_t seconds)
{
    char text[40];
    if (seconds == FLIGHT_NO_LIMIT) {
        json_add_text(w, name, NULL);
        return;
    }
    duration_format(seconds * 1000, text, sizeof text);
    json_add_text(w, name, text);
}

static void write_refund_rule(struct json_writer *w, const char *text)
{
    struct refund_rule rule;
    if (*text == '\0' || !refund_rule_read(text, &rule)) {
        json_add_text(w, "refundRule", NULL);
        return;
    }
    json_open_array(w, "refundRule");
    for (size_t i = 0; i < rule.count; i++) {
        json_open_object(w, NULL);
        write_distance(w, "until", rule.step[i].before_s);
        write_percent(w, "feePercent", rule.step[i].fee_basis_points);
        json_add_int(w, "feeCents", rule.step[i].fee_cents);
        json_close_object(w);
    }
    json_close_array(w);
}

static void write_cabin(struct json_writer *w, const struct flight_row *row)
{
    if (row->cabin_id[0] == '\0') {
        json_add_null(w, "cabin");
        return;
    }
    json_open_object(w, "cabin");
    json_add_text(w, "id", row->cabin_id);
    json_add_int(w, "version", row->cabin_version);
    json_close_object(w);
}

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

void flight_row_write_fields(struct json_writer *w, const struct flight_row *row,
                             const struct flight_seat_counts *counts)
{
    json_add_text(w, "id", row->flight_id);
    json_add_text(w, "flightNumber", row->number);
    write_cabin(w, row);
    json_add_text(w, "origin", row->origin);
    json_add_text(w, "destination", row->destination);
    json_add_text(w, "originTimeZone", row->origin_time_zone);
    json_add_text(w, "destinationTimeZone", row->destination_time_zone);
    json_add_text(w, "departure", or_null(row->departure_said));
    json_add_time(w, "departureTime", row->departure_ms);
    json_add_text(w, "arrival", or_null(row->arrival_said));
    json_add_time(w, "arrivalTime", row->arrival_ms);
    write_amounts(w, row);
    write_percent(w, "taxPercent", row->tax_basis_points);
    json_add_text(w, "currency", row->currency);
    write_distance(w, "salesOpens", row->sales_opens_s);
    write_distance(w, "salesCloses", row->sales_closes_s);
    write_refund_rule(w, row->refund_rule);
    json_add_text(w, "status", flight_status_name(row->status));
    json_add_text(w, "cancelReason", or_null(row->cancel_reason));
    json_add_int(w, "version", row->version);
    if (counts == NULL)
        return;
    json_add_int(w, "sold", counts->sold);
    json_add_int(w, "held", counts->held);
    json_add_int(w, "blocked", counts->blocked);
    json_add_int(w, "free", counts->free);
}

void flight_row_write_json(struct json_writer *w, const char *name, const struct flight_row *row,
                           const struct flight_seat_counts *counts)
{
    json_open_object(w, name);
    flight_row_write_fields(w, row, counts);
    json_close_object(w);
}
