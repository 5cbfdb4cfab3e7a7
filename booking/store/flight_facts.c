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

bool flight_facts_read(const char *text, struct flight_facts *ret_facts)
{
    struct flight_facts facts = { 0 };
    struct order_flight *f = &facts.flight;
    char price[24];
    long long price_cents = 0;

    if (text == NULL || !read_time(&text, &f->departure_ms) || !next_line(&text, price, sizeof price) ||
        !text_parse_int(price, 0, INT64_MAX, &price_cents) ||
        !next_line(&text, facts.currency, sizeof facts.currency) || !next_line(&text, f->number, sizeof f->number) ||
        !next_line(&text, f->origin, sizeof f->origin) || !next_line(&text, f->destination, sizeof f->destination) ||
        !next_line(&text, f->origin_time_zone, sizeof f->origin_time_zone) ||
        !next_line(&text, f->destination_time_zone, sizeof f->destination_time_zone))
        return false;
    facts.price_cents = price_cents;
    *ret_facts = facts;
    return true;
}
