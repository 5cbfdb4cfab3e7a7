/* SPDX-License-Identifier: MIT */
#include "fcgi/flight_json.h"

#include <string.h>

static void write_classes(struct json_writer *w, const struct flight_offer *offer)
{
    json_open_array(w, "classes");
    for (size_t i = 0; i < offer->class_count; i++) {
        json_open_object(w, NULL);
        json_add_text(w, "class", offer->cabin_class[i].name);
        json_add_int(w, "priceCents", offer->cabin_class[i].fare_cents);
        json_add_int(w, "available", offer->cabin_class[i].free_seats);
        json_close_object(w);
    }
    json_close_array(w);
}

void flight_write_fields(struct json_writer *w, const struct flight_offer *offer)
{
    const struct flight *f = &offer->flight;
    json_add_text(w, "id", f->flight_id);
    json_add_text(w, "flightNumber", f->flight_number);
    json_add_text(w, "origin", f->origin);
    json_add_text(w, "destination", f->destination);
    json_add_text(w, "originTimeZone", f->origin_time_zone);
    json_add_text(w, "destinationTimeZone", f->destination_time_zone);
    json_add_time(w, "departureTime", f->departure_ms);
    json_add_time(w, "arrivalTime", f->arrival_ms);
    json_add_text(w, "status", flight_status_name(f->status));
    json_add_int(w, "totalSeats", offer->total_seats);
    json_add_int(w, "availableSeats", offer->free_seats);
    json_add_int(w, "priceCents", f->price_cents);
    if (offer->lowest_cents < 0)
        json_add_null(w, "lowestPriceCents");
    else
        json_add_int(w, "lowestPriceCents", offer->lowest_cents);
    json_add_text(w, "currency", f->currency);
    write_classes(w, offer);
}

/* "aisle,exit" as an array. */
void flight_write_features(struct json_writer *w, const char *features)
{
    json_open_array(w, "features");
    while (*features != '\0') {
        char name[FEATURE_SIZE] = "";
        size_t len = strcspn(features, ",");
        if (len < sizeof name) {
            memcpy(name, features, len);
            json_add_text(w, NULL, name);
        }
        features += len + (features[len] == ',' ? 1 : 0);
    }
    json_close_array(w);
}

void flight_write_seat_kind(struct json_writer *w, const struct seat *seat, const struct flight_sale *sale)
{
    const struct tariff *tariff = &sale->facts.tariff;
    const char *cabin_class = seat->cabin_class == NULL ? CLASS_ECONOMY : seat->cabin_class;
    const char *features = seat->features == NULL ? "" : seat->features;
    if (!sale->has_kinds && !seat->cabin_has_kinds)
        return;
    json_add_text(w, "class", cabin_class);
    flight_write_features(w, features);
    json_add_int(w, "priceCents", tariff_cents(tariff, cabin_class, features));
}

void flight_write_refunds(struct json_writer *w, const char *currency, const struct money *refunds, size_t count)
{
    int64_t cents = 0;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(refunds[i].currency, currency) == 0)
            cents = refunds[i].cents;
    }
    json_add_int(w, "refundCents", cents);
    json_add_text(w, "currency", currency);
    json_open_array(w, "refunds");
    for (size_t i = 0; i < count; i++) {
        json_open_object(w, NULL);
        json_add_int(w, "amountCents", refunds[i].cents);
        json_add_text(w, "currency", refunds[i].currency);
        json_close_object(w);
    }
    json_close_array(w);
}
