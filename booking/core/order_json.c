/* SPDX-License-Identifier: MIT */
#include "booking/core/order_json.h"

#include "booking/core/order_actions.h"

#include <stdio.h>
#include <string.h>

static const char *status_in(enum order_dialect dialect, enum order_status status)
{
    if (dialect == ORDER_DIALECT_B && status == ORDER_PAYMENT_PENDING)
        return "PAYMENT_PROCESSING";
    return order_status_name(status);
}

void order_flight_write_json(struct json_writer *w, const struct order_flight *f)
{
    json_open_object(w, "flight");
    json_add_text(w, "flightNumber", f->number);
    json_add_text(w, "origin", f->origin);
    json_add_text(w, "destination", f->destination);
    json_add_time(w, "departureTime", f->departure_ms);
    json_add_time(w, "arrivalTime", f->arrival_ms);
    json_add_text(w, "originTimeZone", f->origin_time_zone);
    json_add_text(w, "destinationTimeZone", f->destination_time_zone);
    if (f->refund_rule.count > 0)
        json_add_bool(w, "cancellable", true);
    json_close_object(w);
}

static void write_seats(struct json_writer *w, const struct order *o)
{
    json_open_array(w, "seats");
    for (size_t i = 0; i < o->seats.count; i++)
        json_add_text(w, NULL, o->seats.number[i]);
    json_close_array(w);
    json_open_array(w, "seatPrices");
    for (size_t i = 0; i < o->seats.count; i++)
        json_add_int(w, NULL, o->prices.cents[i]);
    json_close_array(w);
}

/* One line of a price: what several seats pay for the same. */
struct price_line {
    struct price_part part;
    size_t seat[SEATS_MAX];
    size_t count;
};

static bool is_same(const struct price_part *a, const struct price_part *b)
{
    return a->is_fare == b->is_fare && a->cents == b->cents && strcmp(a->name, b->name) == 0;
}

#define LINES_MAX 64

static void add_to_lines(struct price_line *lines, size_t *count, const struct price_part *part, size_t seat)
{
    size_t i = 0;
    while (i < *count && !is_same(&lines[i].part, part))
        i++;
    if (i == LINES_MAX)
        return;
    if (i == *count)
        lines[(*count)++] = (struct price_line){ .part = *part };
    if (lines[i].count < SEATS_MAX)
        lines[i].seat[lines[i].count++] = seat;
}

static size_t lines_of(const struct order *o, struct price_line *lines)
{
    size_t count = 0;
    for (size_t i = 0; i < o->seats.count; i++) {
        const char *cursor = o->prices.part[i];
        struct price_part part = { .is_fare = true, .cents = o->prices.cents[i] };
        if (*cursor == '\0') /* the price stands alone */
            add_to_lines(lines, &count, &part, i);
        while (price_part_next(&cursor, &part))
            add_to_lines(lines, &count, &part, i);
    }
    return count;
}

static void write_line(struct json_writer *w, const struct order *o, const struct price_line *line)
{
    json_open_object(w, NULL);
    json_add_text(w, "kind", line->part.is_fare ? "FARE" : "SURCHARGE");
    if (line->part.name[0] != '\0')
        json_add_text(w, line->part.is_fare ? "class" : "feature", line->part.name);
    json_open_array(w, "seats");
    for (size_t i = 0; i < line->count; i++)
        json_add_text(w, NULL, o->seats.number[line->seat[i]]);
    json_close_array(w);
    json_add_int(w, "amountCents", line->part.cents * (int64_t)line->count);
    json_close_object(w);
}

static void write_sum(struct json_writer *w, const char *kind, int64_t cents)
{
    json_open_object(w, NULL);
    json_add_text(w, "kind", kind);
    json_add_int(w, "amountCents", cents);
    json_close_object(w);
}

/* How a price is made up; tax is part of it already. */
static void write_price_lines(struct json_writer *w, const struct order *o)
{
    struct price_line lines[LINES_MAX];
    size_t count = lines_of(o, lines);
    json_open_array(w, "priceLines");
    for (size_t i = 0; i < count; i++)
        write_line(w, o, &lines[i]);
    if (o->tax_basis_points > 0)
        write_sum(w, "TAX_INCLUDED", price_tax_included(o->total_price_cents, o->tax_basis_points));
    if (o->fee_cents > 0)
        write_sum(w, "FEE_KEPT", o->fee_cents);
    if (o->refunded_cents > 0)
        write_sum(w, "REFUND", o->refunded_cents);
    json_close_array(w);
}

/* Only where there is something to say. */
static void write_warnings(struct json_writer *w, const struct order *o)
{
    char text[80];
    if (o->single_left[0] == '\0')
        return;
    (void)snprintf(text, sizeof text, "Your choice leaves seat %s over alone.", o->single_left);
    json_open_array(w, "warnings");
    json_open_object(w, NULL);
    json_add_text(w, "code", "SINGLE_SEAT_LEFT");
    json_add_text(w, "message", text);
    json_open_array(w, "seats");
    json_add_text(w, NULL, o->single_left);
    json_close_array(w);
    json_close_object(w);
    json_close_array(w);
}

/* When the customer agreed to the terms, and which these were. */
static void write_consent(struct json_writer *w, const struct order *o)
{
    const char *terms = o->consent_terms;
    if (o->consent_at_ms == TIME_NONE) {
        json_add_null(w, "consent");
        return;
    }
    json_open_object(w, "consent");
    json_add_time(w, "at", o->consent_at_ms);
    json_open_array(w, "terms");
    while (*terms != '\0') {
        char address[CONSENT_TERMS_SIZE];
        size_t len = strcspn(terms, " ");
        memcpy(address, terms, len);
        address[len] = '\0';
        json_add_text(w, NULL, address);
        terms += len + strspn(terms + len, " ");
    }
    json_close_array(w);
    json_close_object(w);
}

void order_write_json(struct json_writer *w, const char *name, const struct order *o, int64_t max_attempts,
                      enum order_dialect dialect)
{
    char workflow_id[sizeof "booking-" + UUID_SIZE] = "booking-";
    char message[ERROR_SIZE + 128];
    memcpy(workflow_id + 8, o->order_id, UUID_SIZE);
    order_message(o, max_attempts, message, sizeof message);

    json_open_object(w, name);
    json_add_text(w, "orderId", o->order_id);
    json_add_text(w, "flightId", o->flight_id);
    order_flight_write_json(w, &o->flight);
    json_add_text(w, "userId", o->user_id);
    json_add_text(w, "status", status_in(dialect, o->status));
    if (o->actions != NULL)
        order_actions_write(w, o->actions);
    write_seats(w, o);
    json_add_text(w, "locator", o->locator[0] == '\0' ? NULL : o->locator);
    json_add_text(w, "workflowId", workflow_id);
    json_add_time(w, "reservedAt", o->reserved_at_ms);
    json_add_time(w, "expiresAt", o->expires_at_ms);
    json_add_int(w, "timerRemaining", order_timer_remaining_s(o));
    json_add_time(w, "serverTime", o->read_at_ms);
    json_add_int(w, "paymentAttempts", o->payment_attempts);
    json_add_int(w, "maxPaymentAttempts", max_attempts);
    json_add_text(w, "lastError", o->last_error[0] == '\0' ? NULL : o->last_error);
    json_add_text(w, "message", message);
    if (o->status == ORDER_PAYMENT_PENDING && o->payment_url[0] != '\0')
        json_add_text(w, "paymentUrl", o->payment_url);
    json_add_int(w, "totalPriceCents", o->total_price_cents);
    json_add_text(w, "currency", o->currency);
    write_price_lines(w, o);
    write_warnings(w, o);
    if (o->party != NULL)
        party_write_json(w, o->party, &o->seats);
    if (o->shows_consent)
        write_consent(w, o);
    json_add_int(w, "version", o->version);
    json_add_time(w, "createdAt", o->created_at_ms);
    json_add_time(w, "updatedAt", o->updated_at_ms);
    json_close_object(w);
}
