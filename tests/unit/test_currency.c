/* SPDX-License-Identifier: MIT */
/* The minor units of currencies. */

#include "tests/unit/unit.h"

#include "booking/core/currency.h"

static void decimals(void **state)
{
    static const struct {
        const char *code;
        int want;
    } rows[] = {
        { "AED", 2 }, { "EUR", 2 }, { "USD", 2 },  { "ZWG", 2 },  { "JPY", 0 },  { "KRW", 0 }, { "ISK", 0 },
        { "KWD", 3 }, { "TND", 3 }, { "CLF", 4 },  { "UYW", 4 },  { "XOF", 0 },  { "XAU", -1 }, { "XXX", -1 },
        { "eur", -1 }, { "", -1 },  { "EURO", -1 }, { "AAA", -1 }, { "ZZZ", -1 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(currency_decimals(rows[i].code) == rows[i].want, "%s has %d", rows[i].code, currency_decimals(rows[i].code));
}

/* The search needs the list sorted: a code out of place would not be found. */
static void every_code(void **state)
{
    int found = 0;
    char code[4] = "AAA";
    (void)state;
    for (code[0] = 'A'; code[0] <= 'Z'; code[0]++) {
        for (code[1] = 'A'; code[1] <= 'Z'; code[1]++) {
            for (code[2] = 'A'; code[2] <= 'Z'; code[2]++)
                found += currency_decimals(code) >= 0 ? 1 : 0;
        }
    }
    assert_int_equal(found, 165);
}

RUN_TESTS(cmocka_unit_test(decimals), cmocka_unit_test(every_code))
