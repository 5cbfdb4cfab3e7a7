/* SPDX-License-Identifier: MIT */
#include "booking/core/price.h"

#include "booking/base/text.h"

#include <string.h>

/* Writes a number that is not negative and returns where it ends. */
static char *put_number(char *p, int64_t n)
{
    char digits[20];
    size_t len = 0;
    do {
        digits[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    while (len > 0)
        *p++ = digits[--len];
    return p;
}

void price_list_format(const struct price_list *prices, size_t count, char ret_text[PRICES_TEXT_SIZE])
{
    char *p = ret_text;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *p++ = ',';
        p = put_number(p, prices->cents[i]);
    }
    *p = '\0';
}

/* Reads the numbers of a text; false unless there are exactly count of them. */
static bool read_numbers(const char *text, size_t count, struct price_list *list)
{
    for (size_t i = 0; i < count; i++) {
        char digits[20] = "";
        long long n = 0;
        size_t len = strcspn(text, ",");
        if (len >= sizeof digits)
            return false;
        memcpy(digits, text, len);
        if (!text_parse_int(digits, 0, INT64_MAX / SEATS_MAX, &n))
            return false;
        list->cents[i] = n;
        text += len;
        if (i + 1 < count && *text++ != ',')
            return false;
    }
    return *text == '\0';
}

int64_t price_list_sum(const struct price_list *prices, size_t count)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += prices->cents[i];
    return sum;
}

int64_t price_tax_included(int64_t cents, int64_t tax_basis_points)
{
    int64_t whole = 10000 + tax_basis_points;
    /* In two steps, so that no product overflows. */
    int64_t quotient = cents / whole;
    int64_t rest = cents % whole;
    return quotient * tax_basis_points + (rest * tax_basis_points + whole / 2) / whole;
}

void price_list_read(const char *text, size_t count, int64_t total_cents, struct price_list *ret_prices)
{
    struct price_list list = { 0 };
    if (text == NULL || !read_numbers(text, count, &list) || price_list_sum(&list, count) != total_cents) {
        int64_t n = (int64_t)count;
        for (size_t i = 0; i < count; i++)
            list.cents[i] = total_cents / n + ((int64_t)i < total_cents % n ? 1 : 0);
    }
    *ret_prices = list;
}

void price_list_format_parts(const struct price_list *prices, size_t count, char ret_text[PRICE_PARTS_TEXT_SIZE])
{
    char *p = ret_text;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(prices->part[i]);
        if (i > 0)
            *p++ = ',';
        memcpy(p, prices->part[i], len);
        p += len;
        any = any || len > 0;
    }
    *(any ? p : ret_text) = '\0';
}

void price_list_read_parts(const char *text, size_t count, struct price_list *prices)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = text == NULL ? 0 : strcspn(text, ",");
        prices->part[i][0] = '\0';
        if (text == NULL || len >= PRICE_PART_SIZE)
            continue;
        memcpy(prices->part[i], text, len);
        prices->part[i][len] = '\0';
        text = text[len] == ',' ? text + len + 1 : NULL;
    }
}

bool price_part_next(const char **cursor, struct price_part *ret_part)
{
    const char *p = *cursor;
    char digits[21];
    long long cents = 0;
    struct price_part part = { .is_fare = *p != '+' };
    p += *p == '+' ? 1 : 0;
    size_t name_len = strcspn(p, "=+");
    if (name_len == 0 || name_len >= sizeof part.name || p[name_len] != '=')
        return false;
    memcpy(part.name, p, name_len);
    p += name_len + 1;
    size_t len = strcspn(p, "+");
    if (len >= sizeof digits)
        return false;
    memcpy(digits, p, len);
    digits[len] = '\0';
    if (!text_parse_int(digits, 0, INT64_MAX / SEATS_MAX, &cents))
        return false;
    part.cents = cents;
    *cursor = p + len;
    *ret_part = part;
    return true;
}

static void copy_price(struct price_list *to, size_t i, const struct price_list *from, size_t k)
{
    to->cents[i] = from->cents[k];
    memcpy(to->part[i], from->part[k], PRICE_PART_SIZE);
}

void price_list_choose(const struct seat_list *before, const struct price_list *prices_before,
                       const struct seat_list *now, const struct price_list *present, struct price_list *ret_prices)
{
    struct price_list list = { 0 };
    for (size_t i = 0; i < now->count; i++) {
        copy_price(&list, i, present, i);
        for (size_t k = 0; k < before->count; k++) {
            if (strcmp(before->number[k], now->number[i]) == 0)
                copy_price(&list, i, prices_before, k);
        }
    }
    *ret_prices = list;
}
