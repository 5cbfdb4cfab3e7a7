/* SPDX-License-Identifier: MIT */
#include "booking/core/refund_rule.h"

#include "booking/base/text.h"
#include "booking/core/tariff.h"

#include <stdio.h>
#include <string.h>

void refund_rule_format(const struct refund_rule *rule, char ret_text[REFUND_RULE_TEXT_SIZE])
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (size_t i = 0; i < rule->count && len + 40 < REFUND_RULE_TEXT_SIZE; i++) {
        const struct refund_step *s = &rule->step[i];
        len += (size_t)snprintf(ret_text + len, REFUND_RULE_TEXT_SIZE - len, "%s%lld:%lld:%lld", i > 0 ? "," : "",
                                (long long)s->before_s, (long long)s->fee_basis_points, (long long)s->fee_cents);
    }
}

/* Reads a number up to the character that ends it, and moves past that, if there is one. */
static bool read_number(const char **text, char end, long long max, int64_t *ret_number)
{
    char digits[24];
    long long number = 0;
    const char ends[] = { end, ',', '\0' };
    size_t len = strcspn(*text, ends);
    if (len >= sizeof digits)
        return false;
    memcpy(digits, *text, len);
    digits[len] = '\0';
    if (!text_parse_int(digits, 0, max, &number) || (end != ',' && (*text)[len] != end))
        return false;
    *text += len + ((*text)[len] == '\0' ? 0 : 1);
    *ret_number = number;
    return true;
}

bool refund_rule_read(const char *text, struct refund_rule *ret_rule)
{
    struct refund_rule rule = { .count = 0 };
    if (*text != '\0' && text[strlen(text) - 1] == ',')
        return false;
    while (*text != '\0') {
        struct refund_step *s = &rule.step[rule.count];
        if (rule.count == REFUND_STEPS_MAX || !read_number(&text, ':', REFUND_BEFORE_MAX_S, &s->before_s) ||
            !read_number(&text, ':', 10000, &s->fee_basis_points) ||
            !read_number(&text, ',', FARE_MAX_CENTS, &s->fee_cents))
            return false;
        if (rule.count > 0 && rule.step[rule.count - 1].before_s <= s->before_s)
            return false;
        rule.count++;
    }
    *ret_rule = rule;
    return true;
}

/* Of the steps that still hold, the one that ends first comes last: the first step that holds is the best. NULL after
 * the last one. */
static const struct refund_step *step_of(const struct refund_rule *rule, int64_t before_s)
{
    for (size_t i = 0; i < rule->count; i++) {
        if (before_s >= rule->step[i].before_s)
            return &rule->step[i];
    }
    return NULL;
}

int64_t refund_rule_fee(const struct refund_rule *rule, int64_t before_s, int64_t cents, bool is_first)
{
    const struct refund_step *step = step_of(rule, before_s);
    if (step == NULL)
        return cents;
    int64_t fee = cents / 10000 * step->fee_basis_points + (cents % 10000 * step->fee_basis_points + 5000) / 10000 +
                  (is_first ? step->fee_cents : 0);
    return fee < cents ? fee : cents;
}

int64_t refund_rule_until_s(const struct refund_rule *rule, int64_t before_s)
{
    const struct refund_step *step = step_of(rule, before_s);
    return step == NULL ? 0 : step->before_s;
}
