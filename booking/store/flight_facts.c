/* SPDX-License-Identifier: MIT */
#include "booking/store/flight_facts.h"

#include "booking/base/text.h"

#include <string.h>

/* Reads the next line of the text, which is empty at the text's end. False if
 * the line does not fit. */
static bool next_line(const char **text, char *to, size_t size)
{
    size_t len = strcspn(*text, "\n");
    if (len >= size)
        return false;
    memcpy(to, *text, len);
    to[len] = '\0';
    *text += len + ((*text)[len] == '\n' ? 1 : 0);
    return true;
}

/* "2026-03-15 10:00:00.000", as the database writes a DATETIME(3). */
static bool read_time(const char **text, int64_t *ret_ms)
{
    char moment[TIMESTAMP_SIZE + 1];
    if (!next_line(text, moment, TIMESTAMP_SIZE) || strlen(moment) != TIMESTAMP_SIZE - 2)
        return false;
    moment[10] = 'T';
    memcpy(moment + TIMESTAMP_SIZE - 2, "Z", 2);
    return timestamp_parse(moment, ret_ms);
}

static bool read_number(const char **text, long long max, int64_t *ret_number)
{
    char digits[24];
    long long n = 0;
    if (!next_line(text, digits, sizeof digits) || !text_parse_int(digits, 0, max, &n))
        return false;
    *ret_number = n;
    return true;
}

/* The moment so many seconds before departure; an empty line: there is none. */
static bool read_before(const char **text, int64_t departure_ms, int64_t *ret_ms)
{
    int64_t before_s = 0;
    *ret_ms = TIME_NONE;
    if (**text == '\n' || **text == '\0') {
        *text += **text == '\n' ? 1 : 0;
        return true;
    }
    if (!read_number(text, INT32_MAX, &before_s))
        return false;
    *ret_ms = departure_ms - before_s * 1000;
    return true;
}

static bool read_status(const char **text, enum flight_status *ret_status)
{
    char name[11];
    return next_line(text, name, sizeof name) && flight_status_parse(name, ret_status);
}

/* Fares, surcharges, tax. */
static bool read_tariff(const char **text, int64_t price_cents, struct tariff *ret_tariff)
{
    char fares[TARIFF_TEXT_SIZE];
    char surcharges[TARIFF_TEXT_SIZE];
    int64_t tax = 0;
    return next_line(text, fares, sizeof fares) && next_line(text, surcharges, sizeof surcharges) &&
           read_number(text, 10000, &tax) && tariff_read(price_cents, fares, surcharges, tax, ret_tariff);
}

static bool read_refund_rule(const char **text, struct refund_rule *ret_rule)
{
    char rule[REFUND_RULE_TEXT_SIZE];
    return next_line(text, rule, sizeof rule) && refund_rule_read(rule, ret_rule);
}

bool flight_facts_read(const char *text, struct flight_facts *ret_facts)
{
    struct flight_facts facts = { .flight = { .arrival_ms = TIME_NONE } };
    struct order_flight *f = &facts.flight;
    int64_t price_cents = 0;

    if (text == NULL || !read_time(&text, &f->departure_ms) || !read_number(&text, INT64_MAX, &price_cents) ||
        !next_line(&text, facts.currency, sizeof facts.currency) || !next_line(&text, f->number, sizeof f->number) ||
        !next_line(&text, f->origin, sizeof f->origin) || !next_line(&text, f->destination, sizeof f->destination) ||
        !next_line(&text, f->origin_time_zone, sizeof f->origin_time_zone) ||
        !next_line(&text, f->destination_time_zone, sizeof f->destination_time_zone) || !read_status(&text, &f->status))
        return false;
    if (*text == '\n')
        text++;
    else if (!read_time(&text, &f->arrival_ms))
        return false;
    if (!read_tariff(&text, price_cents, &facts.tariff) || !read_before(&text, f->departure_ms, &facts.sales_open_ms) ||
        !read_before(&text, f->departure_ms, &facts.sales_close_ms) || !read_refund_rule(&text, &f->refund_rule))
        return false;
    *ret_facts = facts;
    return true;
}

enum result flight_facts_sale(const struct flight_facts *facts, int64_t now_ms)
{
    const struct order_flight *f = &facts->flight;
    if (f->status == FLIGHT_DRAFT)
        return RESULT_FLIGHT_NOT_FOUND;
    if (f->departure_ms <= now_ms)
        return RESULT_FLIGHT_DEPARTED;
    if (f->status == FLIGHT_CANCELLED)
        return RESULT_FLIGHT_CANCELLED;
    bool opened = facts->sales_open_ms == TIME_NONE || facts->sales_open_ms <= now_ms;
    bool closed = facts->sales_close_ms != TIME_NONE && facts->sales_close_ms <= now_ms;
    return f->status == FLIGHT_ON_SALE && opened && !closed ? RESULT_OK : RESULT_FLIGHT_CLOSED;
}

static const char *const status_names[] = { "ON_SALE", "CLOSED", "CANCELLED", "DRAFT" };

const char *flight_status_name(enum flight_status status)
{
    return status_names[status];
}

bool flight_status_parse(const char *text, enum flight_status *ret_status)
{
    for (size_t i = 0; i < sizeof status_names / sizeof status_names[0]; i++) {
        if (strcmp(status_names[i], text) == 0) {
            *ret_status = (enum flight_status)i;
            return true;
        }
    }
    return false;
}
