/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_REFUND_RULE_H
#define BOOKING_CORE_REFUND_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a customer who cancels gets back: until so long before departure a fee is kept, part of the price and an amount;
 * after the last step nothing is given back. */

#define REFUND_STEPS_MAX 8
#define REFUND_BEFORE_MAX_S (10 * 366 * INT64_C(86400))

struct refund_rule {
    size_t count; /* 0: a customer cannot cancel */
    struct refund_step {
        int64_t before_s;         /* the longest before departure first */
        int64_t fee_basis_points; /* of what was paid; 5000 is half of it */
        int64_t fee_cents;        /* and this much more, once an order */
    } step[REFUND_STEPS_MAX];
};

/* "604800:0:0,86400:5000:1500" and the NUL, as the database keeps it. */
#define REFUND_RULE_TEXT_SIZE 321

void refund_rule_format(const struct refund_rule *rule, char ret_text[REFUND_RULE_TEXT_SIZE]);

/* False, and *ret_rule is untouched, if the text is of another form; an empty text is a rule without steps. */
bool refund_rule_read(const char *text, struct refund_rule *ret_rule);

/* The fee for giving back what cost so much, so long before departure; never more than that, and all of it after the
 * last step. Half a unit is rounded up. The amount is part of it only if is_first: once an order. */
int64_t refund_rule_fee(const struct refund_rule *rule, int64_t before_s, int64_t cents, bool is_first);

/* Until how long before departure that fee stays as it is: 0 after the last step. */
int64_t refund_rule_until_s(const struct refund_rule *rule, int64_t before_s);

#endif
