/* SPDX-License-Identifier: MIT */
#include "booking/core/order_json.h"

#include <string.h>

static const char *status_in(enum order_dialect dialect, enum order_status status)
{
    if (dialect == ORDER_DIALECT_B && status == ORDER_PAYMENT_PENDING)
        return "PAYMENT_PROCESSING";
    return order_status_name(status);
}

/* The flight is included so that a list of orders can be shown without further requests. */
static void write_flight(struct json_writer *w, const struct order_flight *f)
{
    json_open_object(w, "flight");
    json_add_text(w, "flightNumber", f->number);
    json_add_text(w, "origin", f->origin);
    json_add_text(w, "destination", f->destination);
    json_add_time(w, "departureTime", f->departure_ms);
    json_add_text(w, "originTimeZone", f->origin_time_zone);
    json_add_text(w, "destinationTimeZone", f->destination_time_zone);
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
    write_flight(w, &o->flight);
    json_add_text(w, "userId", o->user_id);
    json_add_text(w, "status", status_in(dialect, o->status));
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
    json_add_int(w, "totalPriceCents", o->total_price_cents);
    json_add_text(w, "currency", o->currency);
    json_add_int(w, "version", o->version);
    json_add_time(w, "createdAt", o->created_at_ms);
    json_add_time(w, "updatedAt", o->updated_at_ms);
    json_close_object(w);
}
