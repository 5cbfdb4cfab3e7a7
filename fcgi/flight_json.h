/* SPDX-License-Identifier: MIT */
#ifndef FCGI_FLIGHT_JSON_H
#define FCGI_FLIGHT_JSON_H

#include "booking/base/json_writer.h"
#include "booking/booking.h"
#include "booking/flights/search.h"
#include "booking/store/seats.h"

/* The fields of a flight that the list and the flight itself show, into an open object. */
void flight_write_fields(struct json_writer *w, const struct flight_offer *offer);

/* What a seat is and what it costs, into the seat's open object: class, features, price. Nothing where a flight has one
 * price and nothing is known of its seats but what the first version told. */
void flight_write_seat_kind(struct json_writer *w, const struct seat *seat, const struct flight_sale *sale);

/* Writes the list "features" of a seat that has "aisle,exit". */
void flight_write_features(struct json_writer *w, const char *features);

/* What a change of a flight gives back, into an open object: "refundCents" and "currency", the flight's, and the list
 * "refunds" of all currencies, each once. */
void flight_write_refunds(struct json_writer *w, const char *currency, const struct money *refunds, size_t count);

#endif
