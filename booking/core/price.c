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

void price_list_choose(const struct seat_list *before, const struct price_list *prices_before,
                       const struct seat_list *now, int64_t price_cents, struct price_list *ret_prices)
{
    struct price_list list = { 0 };
    for (size_t i = 0; i < now->count; i++) {
        list.cents[i] = price_cents;
        for (size_t k = 0; k < before->count; k++) {
            if (strcmp(before->number[k], now->number[i]) == 0)
                list.cents[i] = prices_before->cents[k];
        }
    }
    *ret_prices = list;
}
