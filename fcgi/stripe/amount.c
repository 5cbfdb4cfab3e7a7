/* SPDX-License-Identifier: MIT */
#include "fcgi/stripe/amount.h"

#include "booking/core/currency.h"

#include <stddef.h>
#include <string.h>

/* Above it, an amount could not be multiplied. Stripe takes eight digits, twelve of some currencies. */
#define MINOR_UNITS_MAX INT64_C(100000000000000)

/* Where Stripe counts other decimals than ISO 4217: krónur and Ugandan shillings still with two, ariary without any. */
static int decimals_at_stripe(const char *currency)
{
    static const struct {
        char code[4];
        int decimals;
    } special[] = { { "ISK", 2 }, { "MGA", 0 }, { "UGX", 2 } };
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
        if (strcmp(special[i].code, currency) == 0)
            return special[i].decimals;
    }
    return currency_decimals(currency);
}

bool amount_for_stripe(const char *currency, int64_t minor_units, int64_t *ret_amount)
{
    int ours = currency_decimals(currency);
    int theirs = decimals_at_stripe(currency);
    int64_t amount = minor_units;
    if (ours < 0 || theirs > 3 || minor_units < 0 || minor_units > MINOR_UNITS_MAX)
        return false;
    for (; ours < theirs; ours++)
        amount *= 10;
    for (; ours > theirs; ours--) {
        if (amount % 10 != 0)
            return false;
        amount /= 10;
    }
    /* Of three decimals Stripe takes two: the last digit must be 0. */
    if (theirs == 3 && amount % 10 != 0)
        return false;
    *ret_amount = amount;
    return true;
}

int64_t amount_from_stripe(const char *currency, int64_t amount)
{
    int ours = currency_decimals(currency);
    int theirs = decimals_at_stripe(currency);
    int64_t minor_units = amount;
    for (; ours > theirs; theirs++)
        minor_units *= 10;
    for (; ours >= 0 && theirs > ours; theirs--)
        minor_units = (minor_units + 9) / 10;
    return minor_units;
}
