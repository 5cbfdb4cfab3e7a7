/* SPDX-License-Identifier: MIT */
/* What is kept of a price when a customer cancels. */

#include "tests/unit/unit.h"

#include "booking/core/refund_rule.h"

#include <string.h>

#define DAY INT64_C(86400)

static void as_text_and_back(void **state)
{
    static const char *const good[] = { "", "0:0:0", "604800:0:0,86400:5000:1500", "7:6:5,6:5:4,5:4:3,4:3:2,3:2:1,2:1:0,1:0:0,0:9:9" };
    static const char *const bad[] = { ",", "1", "1:2", "1:2:", "1:2:3,", "1:10001:0", "-1:0:0", "1:0:0,1:0:0", "1:0:0,2:0:0",
                                       "1:0:0:0", "9:0:0,8:0:0,7:0:0,6:0:0,5:0:0,4:0:0,3:0:0,2:0:0,1:0:0", "x:0:0", "1,2,3" };
    struct refund_rule rule;
    char text[REFUND_RULE_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        check(refund_rule_read(good[i], &rule), "\"%s\" cannot be read", good[i]);
        refund_rule_format(&rule, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check(!refund_rule_read(bad[i], &rule), "\"%s\" is no rule", bad[i]);
}

static void what_is_kept(void **state)
{
    static const struct {
        const char *rule;
        int64_t before_s, cents, want, until_s;
        bool is_later; /* not the order's first */
    } rows[] = {
        { "604800:0:0,86400:5000:0", 8 * DAY, 24900, 0, 7 * DAY, false },
        { "604800:0:0,86400:5000:0", 7 * DAY, 24900, 0, 7 * DAY, false },
        { "604800:0:0,86400:5000:0", 7 * DAY - 1, 24900, 12450, DAY, false },
        { "604800:0:0,86400:5000:0", DAY, 24900, 12450, DAY, false },
        { "604800:0:0,86400:5000:0", DAY - 1, 24900, 24900, 0, false },
        { "604800:0:0,86400:5000:0", -5, 24900, 24900, 0, false },
        { "0:3333:100", 0, 100, 100, 0, false }, /* a fee is never more than the price */
        { "0:3333:0", 5, 3, 1, 0, false },       /* 0.9999 */
        { "0:5000:0", 5, 1, 1, 0, false },       /* a half is rounded up */
        { "0:4999:0", 5, 1, 0, 0, false },
        { "0:10000:0", 5, INT64_C(3200000000000), INT64_C(3200000000000), 0, false },
        { "86400:1000:1500", DAY, 24900, 3990, DAY, false },
        { "86400:1000:1500", DAY, 24900, 2490, DAY, true }, /* the amount is kept once an order */
        { "", DAY, 24900, 24900, 0, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct refund_rule rule;
        assert_true(refund_rule_read(rows[i].rule, &rule));
        int64_t fee = refund_rule_fee(&rule, rows[i].before_s, rows[i].cents, !rows[i].is_later);
        int64_t until_s = refund_rule_until_s(&rule, rows[i].before_s);
        check(fee == rows[i].want, "row %zu: %lld is kept", i, (long long)fee);
        check(until_s == rows[i].until_s, "row %zu: until %lld", i, (long long)until_s);
    }
}

RUN_TESTS(cmocka_unit_test(as_text_and_back), cmocka_unit_test(what_is_kept))
