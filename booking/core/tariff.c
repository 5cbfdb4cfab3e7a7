/* SPDX-License-Identifier: MIT */
#include "booking/core/tariff.h"

#include "booking/base/text.h"

#include <stdio.h>
#include <string.h>

bool tariff_name_is_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < CLASS_SIZE && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Reads "name=cents" of this length, or a name that stands for an amount (if it is not negative). */
static bool read_amount(const char *text, size_t len, int64_t base_cents, struct amount_of *ret_amount)
{
    char copy[CLASS_SIZE + 24];
    char *equals = NULL;
    long long cents = 0;
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    equals = strchr(copy, '=');
    if (equals != NULL)
        *equals = '\0';
    cents = base_cents;
    if (!tariff_name_is_valid(copy) || (equals == NULL && base_cents < 0) ||
        (equals != NULL && !text_parse_int(equals + 1, 0, FARE_MAX_CENTS, &cents)))
        return false;
    text_copy(ret_amount->name, sizeof ret_amount->name, copy);
    ret_amount->cents = cents;
    return true;
}

static bool read_list(const char *text, int64_t base_cents, struct amount_of *list, size_t max, size_t *ret_count)
{
    size_t count = 0;
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        if (count == max || !read_amount(text, len, base_cents, &list[count++]))
            return false;
        text += len;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    *ret_count = count;
    return true;
}

bool tariff_read(int64_t base_cents, const char *fares, const char *surcharges, int64_t tax_basis_points,
                 struct tariff *ret_tariff)
{
    struct tariff t = { .base_cents = base_cents, .tax_basis_points = tax_basis_points };
    if (!read_list(fares, base_cents, t.fare, FARES_MAX, &t.fare_count) ||
        !read_list(surcharges, -1, t.surcharge, SURCHARGES_MAX, &t.surcharge_count))
        return false;
    *ret_tariff = t;
    return true;
}

bool tariff_format(const struct amount_of *list, size_t count, size_t base, char ret_text[TARIFF_TEXT_SIZE])
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const char *comma = i > 0 ? "," : "";
        size_t room = TARIFF_TEXT_SIZE - len;
        int n = i == base ? snprintf(ret_text + len, room, "%s%s", comma, list[i].name)
                          : snprintf(ret_text + len, room, "%s%s=%lld", comma, list[i].name, (long long)list[i].cents);
        if (n < 0 || (size_t)n >= TARIFF_TEXT_SIZE - len)
            return false;
        len += (size_t)n;
    }
    return true;
}

int64_t tariff_fare(const struct tariff *t, const char *cabin_class)
{
    for (size_t i = 0; i < t->fare_count; i++) {
        if (strcmp(t->fare[i].name, cabin_class) == 0)
            return t->fare[i].cents;
    }
    return t->base_cents;
}

/* Whether the list "aisle,exit" has this name. */
static bool has_feature(const char *features, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = features; *p != '\0'; p += strcspn(p, ",")) {
        p += *p == ',' ? 1 : 0;
        if (strncmp(p, name, len) == 0 && (p[len] == ',' || p[len] == '\0'))
            return true;
    }
    return false;
}

int64_t tariff_cents(const struct tariff *t, const char *cabin_class, const char *features)
{
    int64_t cents = tariff_fare(t, cabin_class);
    for (size_t i = 0; i < t->surcharge_count; i++)
        cents += has_feature(features, t->surcharge[i].name) ? t->surcharge[i].cents : 0;
    return cents;
}

/* Adds "+exit=1500" to what a price is made of. If there is no room, the price stands alone. */
static void add_part(char part[PRICE_PART_SIZE], const char *sign, const char *name, int64_t cents)
{
    size_t len = strlen(part);
    int n = snprintf(part + len, PRICE_PART_SIZE - len, "%s%s=%lld", sign, name, (long long)cents);
    if (n < 0 || (size_t)n >= PRICE_PART_SIZE - len)
        part[0] = '\0';
}

void tariff_price(const struct tariff *t, const char *cabin_class, const char *features, size_t at,
                  struct price_list *prices)
{
    char *part = prices->part[at];
    int64_t fare = tariff_fare(t, cabin_class);
    prices->cents[at] = tariff_cents(t, cabin_class, features);
    part[0] = '\0';
    if (t->fare_count == 0 && t->surcharge_count == 0)
        return; /* one price for all: it has no parts */
    add_part(part, "", cabin_class, fare);
    for (size_t i = 0; i < t->surcharge_count; i++) {
        if (part[0] != '\0' && has_feature(features, t->surcharge[i].name))
            add_part(part, "+", t->surcharge[i].name, t->surcharge[i].cents);
    }
}
