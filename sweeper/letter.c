/* SPDX-License-Identifier: MIT */
#include "sweeper/letter.h"

#include "booking/base/timestamp.h"
#include "booking/base/zone.h"
#include "booking/core/calendar.h"
#include "booking/core/currency.h"
#include "booking/store/messages.h"
#include "sweeper/qr_png.h"

#include <stdio.h>
#include <string.h>

/* ── money and times ────────────────────────────────────────────────────── */

void letter_money(int64_t cents, const char *currency, char decimal, struct buf *out)
{
    int known = currency_decimals(currency);
    int decimals = known < 0 ? 2 : known;
    int64_t unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    buf_addf(out, "%s%lld", cents < 0 ? "-" : "", (long long)(cents < 0 ? -cents : cents) / (long long)unit);
    if (decimals > 0)
        buf_addf(out, "%c%0*lld", decimal, decimals, (long long)(cents < 0 ? -cents : cents) % (long long)unit);
    buf_addf(out, " %s", currency);
}

/* One letter in the making. */
struct draft {
    const struct templates *templates;
    const struct letter_facts *facts;
    const char *language;
    struct json_object *order;
    struct json_object *data; /* what templates see */
};

static const char *text_of(struct json_object *in, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(in, name, &value) || !json_object_is_type(value, json_type_string))
        return "";
    return json_object_get_string(value);
}

static int64_t number_of(struct json_object *in, const char *name)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(in, name, &value) ? json_object_get_int64(value) : 0;
}

static int64_t time_of(struct json_object *in, const char *name)
{
    int64_t ms = TIME_NONE;
    return timestamp_parse(text_of(in, name), &ms) ? ms : TIME_NONE;
}

static void put_text(struct json_object *in, const char *name, const char *text)
{
    (void)json_object_object_add(in, name, json_object_new_string(text));
}

static void put_buf(struct json_object *in, const char *name, struct buf *text)
{
    put_text(in, name, buf_str(text));
    buf_done(text);
}

/* The nth of the words of a list, "Sunday, Monday, …". */
static bool put_listed(const struct draft *d, struct json_object *in, const char *name, const char *list, int n)
{
    struct buf words = BUF_INIT;
    struct buf one = BUF_INIT;
    bool ok = templates_render_word(d->templates, list, d->language, d->facts->type, in, &words);
    const char *p = buf_str(&words);
    while (n-- > 0) {
        p += strcspn(p, ",");
        p += strspn(p, ", ");
    }
    size_t len = strcspn(p, ",");
    buf_add(&one, p, len);
    put_buf(in, name, &one);
    buf_done(&words);
    return ok && len > 0;
}

static int weekday_of(int64_t day_ms)
{
    int64_t days = day_ms / 86400000 - (day_ms % 86400000 < 0 ? 1 : 0);
    return (int)(((days + 4) % 7 + 7) % 7); /* 1970 began on a Thursday */
}

/* A moment as a clock on the spot shows it, in the language's words. */
static bool put_local(const struct draft *d, const char *name, const char *zone, int64_t moment_ms)
{
    struct json_object *parts = json_object_new_object();
    struct buf said = BUF_INIT;
    struct zone_local local = { .local_ms = moment_ms };
    (void)zone_to_local(zone, moment_ms, &local);
    int64_t offset_ms = local.local_ms - moment_ms;
    struct civil_time t = timestamp_to_civil(moment_ms + offset_ms);
    char clock[16];
    char utc[24];
    (void)snprintf(clock, sizeof clock, "%02d:%02d", t.hour, t.minute);
    (void)snprintf(utc, sizeof utc, "UTC%c%02d:%02d", offset_ms < 0 ? '-' : '+',
                   (int)((offset_ms < 0 ? -offset_ms : offset_ms) / 3600000),
                   (int)((offset_ms < 0 ? -offset_ms : offset_ms) / 60000 % 60));
    put_text(parts, "time", clock);
    put_text(parts, "utc", utc);
    (void)json_object_object_add(parts, "day", json_object_new_int(t.day));
    (void)json_object_object_add(parts, "year", json_object_new_int(t.year));
    bool ok = put_listed(d, parts, "month", "months", t.month - 1) &&
              put_listed(d, parts, "weekday", "weekdays", weekday_of(moment_ms + offset_ms)) &&
              templates_render_word(d->templates, "date", d->language, d->facts->type, parts, &said);
    put_buf(d->data, name, &said);
    json_object_put(parts);
    return ok;
}

/* ── what templates see ─────────────────────────────────────────────────── */

static void put_place(const struct draft *d, struct json_object *flight, const char *name, const char *called)
{
    struct buf text = BUF_INIT;
    const char *code = text_of(flight, name);
    if (*called == '\0')
        buf_add_str(&text, code);
    else
        buf_addf(&text, "%s (%s)", called, code);
    put_buf(d->data, name, &text);
}

static bool put_flight(const struct draft *d, struct json_object *flight)
{
    int64_t departure_ms = time_of(flight, "departureTime");
    int64_t arrival_ms = time_of(flight, "arrivalTime");
    put_text(d->data, "flightNumber", text_of(flight, "flightNumber"));
    put_place(d, flight, "origin", d->facts->origin);
    put_place(d, flight, "destination", d->facts->destination);
    return departure_ms != TIME_NONE && put_local(d, "departure", text_of(flight, "originTimeZone"), departure_ms) &&
           (arrival_ms == TIME_NONE || put_local(d, "arrival", text_of(flight, "destinationTimeZone"), arrival_ms));
}

static const char *seat_at(struct json_object *seats, size_t i)
{
    return i < json_object_array_length(seats) ? json_object_get_string(json_object_array_get_idx(seats, i)) : "";
}

/* Seats go to the passengers in order; an infant has none. */
static void put_seats(const struct draft *d)
{
    struct json_object *seats = NULL;
    struct buf all = BUF_INIT;
    if (!json_object_object_get_ex(d->order, "seats", &seats) || !json_object_is_type(seats, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(seats); i++)
        buf_addf(&all, "%s%s", i == 0 ? "" : ", ", seat_at(seats, i));
    put_buf(d->data, "seats", &all);
    size_t next = 0;
    for (size_t i = 0; i < json_object_array_length(d->facts->passengers); i++) {
        struct json_object *passenger = json_object_array_get_idx(d->facts->passengers, i);
        struct json_object *infant = NULL;
        if (!json_object_object_get_ex(passenger, "infant", &infant) || !json_object_get_boolean(infant))
            put_text(passenger, "seat", seat_at(seats, next++));
    }
    (void)json_object_object_add(d->data, "passengers", json_object_get(d->facts->passengers));
}

static bool put_money(const struct draft *d, const char *name, int64_t cents)
{
    struct buf text = BUF_INIT;
    struct buf decimal = BUF_INIT;
    bool ok = templates_render_word(d->templates, "decimal", d->language, d->facts->type, d->data, &decimal);
    letter_money(cents, text_of(d->order, "currency"), ok && decimal.len > 0 ? buf_str(&decimal)[0] : '.', &text);
    put_buf(d->data, name, &text);
    buf_done(&decimal);
    return ok;
}

static bool is_ticket(const struct draft *d)
{
    return strcmp(text_of(d->order, "status"), "CONFIRMED") == 0 &&
           strcmp(d->facts->type, MESSAGE_FLIGHT_CANCELLED) != 0 && *text_of(d->order, "locator") != '\0';
}

static bool put_all(const struct draft *d)
{
    struct json_object *flight = NULL;
    if (!json_object_object_get_ex(d->order, "flight", &flight) || !put_flight(d, flight))
        return false;
    put_seats(d);
    put_text(d->data, "locator", text_of(d->order, "locator"));
    put_text(d->data, "orderId", text_of(d->order, "orderId"));
    put_text(d->data, "language", d->language);
    put_text(d->data, "url", d->facts->public_url);
    (void)json_object_object_add(d->data, "ticket", json_object_new_boolean(is_ticket(d)));
    return put_money(d, "total", number_of(d->order, "totalPriceCents")) &&
           (d->facts->refunded_cents == 0 || put_money(d, "refunded", d->facts->refunded_cents));
}

/* ── writing ────────────────────────────────────────────────────────────── */

/* Only about a flight that the order has or had a ticket for. */
static bool write_calendar(const struct draft *d, struct letter *letter)
{
    struct json_object *flight = NULL;
    struct buf summary = BUF_INIT;
    struct buf description = BUF_INIT;
    (void)json_object_object_get_ex(d->order, "flight", &flight);
    bool ok = templates_render_word(d->templates, "calendar_summary", d->language, d->facts->type, d->data, &summary) &&
              templates_render_word(d->templates, "calendar_description", d->language, d->facts->type, d->data,
                                    &description);
    int64_t created_ms = time_of(d->order, "createdAt");
    const struct calendar_event event = {
        .uid = text_of(d->order, "orderId"),
        .sequence = created_ms == TIME_NONE ? 0 : calendar_sequence(created_ms, letter->told_ms),
        .stamp_ms = letter->told_ms,
        .start_ms = time_of(flight, "departureTime"),
        .end_ms = time_of(flight, "arrivalTime"),
        .cancelled = !is_ticket(d),
        .summary = buf_str(&summary),
        .location = text_of(d->data, "origin"),
        .description = buf_str(&description),
        .url = d->facts->public_url,
    };
    calendar_write(&letter->calendar, &event);
    buf_done(&summary);
    buf_done(&description);
    return ok && buf_ok(&letter->calendar);
}

static bool write_qr(const struct draft *d, struct letter *letter)
{
    const char *locator = text_of(d->order, "locator");
    if (!is_ticket(d))
        return true;
    (void)snprintf(letter->qr_id, sizeof letter->qr_id, "qr.%.8s@ticket", locator);
    put_text(d->data, "qr", letter->qr_id);
    return qr_png(locator, &letter->qr);
}

/* Lines of mail end with CR LF. */
static bool write_layout(const struct draft *d, enum templates_layout layout, struct buf *out)
{
    struct buf text = BUF_INIT;
    bool ok = templates_render_layout(d->templates, layout, d->language, d->facts->type, d->data, &text);
    for (const char *p = buf_str(&text); *p != '\0'; p++) {
        if (*p == '\n')
            buf_add_char(out, '\r');
        buf_add_char(out, *p);
    }
    buf_done(&text);
    return ok && buf_ok(out);
}

static bool write_parts(const struct draft *d, struct letter *letter)
{
    return write_qr(d, letter) && write_calendar(d, letter) &&
           templates_render_word(d->templates, "subject", d->language, d->facts->type, d->data, &letter->subject) &&
           write_layout(d, TEMPLATES_TEXT, &letter->text) && write_layout(d, TEMPLATES_HTML, &letter->html);
}

bool letter_write(const struct templates *templates, const struct letter_facts *facts, struct letter *reterr_letter)
{
    struct json_object *message = json_tokener_parse(facts->body);
    struct draft d = { .templates = templates,
                       .facts = facts,
                       .language = templates_language(templates, facts->language),
                       .data = json_object_new_object() };
    *reterr_letter = (struct letter){ .told_ms = time_of(message, "timestamp") };
    bool ok = json_object_object_get_ex(message, "data", &d.order) && reterr_letter->told_ms != TIME_NONE &&
              put_all(&d) && write_parts(&d, reterr_letter);
    json_object_put(d.data);
    json_object_put(message);
    return ok;
}

void letter_done(struct letter *letter)
{
    buf_done(&letter->subject);
    buf_done(&letter->text);
    buf_done(&letter->html);
    buf_done(&letter->qr);
    buf_done(&letter->calendar);
}

/* ── checking ───────────────────────────────────────────────────────────── */

#define SAMPLE                                                                                                      \
    "{\"timestamp\":\"2026-03-15T10:00:00.000Z\",\"data\":{\"orderId\":\"x\",\"status\":\"CONFIRMED\",\"locator\":" \
    "\"HJ42KT\",\"createdAt\":\"2026-03-15T09:00:00.000Z\",\"currency\":\"EUR\",\"totalPriceCents\":100,\"seats\":" \
    "[\"1A\"],\"flight\":{\"flightNumber\":\"XX1\",\"origin\":\"AAA\",\"destination\":\"BBB\",\"departureTime\":"   \
    "\"2026-03-16T10:00:00.000Z\",\"arrivalTime\":\"2026-03-16T11:00:00.000Z\"}}}"

static const char *const types[] = { MESSAGE_ORDER_CONFIRMED,  MESSAGE_ORDER_CANCELLED, MESSAGE_ORDER_REFUNDED,
                                     MESSAGE_ORDER_FAILED,     MESSAGE_ORDER_EXPIRED,   MESSAGE_FLIGHT_CHANGED,
                                     MESSAGE_FLIGHT_CANCELLED, MESSAGE_SEAT_MOVED,      MESSAGE_ORDER_CHANGED };

bool letter_check(const struct templates *templates, char *reterr_error, size_t size)
{
    bool ok = true;
    for (size_t i = 0; ok && i < templates_count(templates) * (sizeof types / sizeof types[0]); i++) {
        struct letter letter;
        const struct letter_facts facts = {
            .type = types[i % (sizeof types / sizeof types[0])],
            .body = SAMPLE,
            .language = templates_at(templates, i / (sizeof types / sizeof types[0])),
            .passengers = json_object_new_array(),
            .origin = "",
            .destination = "",
            .refunded_cents = 1,
            .public_url = "https://example.org",
        };
        ok = letter_write(templates, &facts, &letter);
        if (!ok)
            (void)snprintf(reterr_error, size, "no mail about %s can be written in %s", facts.type, facts.language);
        letter_done(&letter);
        json_object_put(facts.passengers);
    }
    return ok;
}
