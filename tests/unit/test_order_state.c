/* SPDX-License-Identifier: MIT */
/* The life of an order: every state × every event, against the contract. */

#include "tests/unit/unit.h"

#include "booking/core/order_state.h"

#include <string.h>

static const char *const names[] = { "CREATED", "SEATS_RESERVED", "PAYMENT_PENDING", "CONFIRMED",
                                     "FAILED",  "EXPIRED",        "CANCELLED" };
static const char *const events[] = { "RESERVE", "CHANGE_SEATS", "SUBMIT_PAYMENT", "APPROVE",
                                      "FAIL",    "EXPIRE",       "CANCEL",         "REFUND", "MOVE_SEATS",
                                      "GIVE_UP", "DECLINE", "CHANGE_SOLD", "EXTEND" };

/* Rows are states and columns are events, both in the order of the names above. A state's
 * name is the result of the move; anything else is the refusal:
 *   -         a move that no customer can ask for in this state
 *   paying    PAYMENT_IN_PROGRESS
 *   expired   ORDER_EXPIRED
 *   closed    ORDER_CLOSED
 *   unpaid    NOT_PAID */
static const char *const table[7][13] = {
    /* RESERVE, CHANGE_SEATS, SUBMIT_PAYMENT, APPROVE, FAIL, EXPIRE,
     * CANCEL, REFUND, MOVE_SEATS, GIVE_UP, DECLINE, CHANGE_SOLD, EXTEND */
    { "SEATS_RESERVED", "-", "-", "-", "-", "-", /* CREATED */
      "-", "-", "-", "-", "-", "-", "-" },
    { "-", "SEATS_RESERVED", "PAYMENT_PENDING", "-", "-", "EXPIRED", /* SEATS_RESERVED */
      "CANCELLED", "unpaid", "SEATS_RESERVED", "unpaid", "-", "unpaid", "SEATS_RESERVED" },
    { "paying", "paying", "paying", "CONFIRMED", "FAILED", "paying", /* PAYMENT_PENDING */
      "CANCELLED", "paying", "PAYMENT_PENDING", "paying", "SEATS_RESERVED", "paying", "paying" },
    { "closed", "closed", "closed", "closed", "closed", "closed", /* CONFIRMED */
      "closed", "CANCELLED", "CONFIRMED", "CONFIRMED", "closed", "CONFIRMED", "closed" },
    { "closed", "closed", "closed", "closed", "closed", "closed", /* FAILED */
      "closed", "closed", "closed", "closed", "closed", "closed", "closed" },
    { "expired", "expired", "expired", "expired", "expired", "expired", /* EXPIRED */
      "expired", "expired", "expired", "expired", "expired", "expired", "expired" },
    { "closed", "closed", "closed", "closed", "closed", "closed", /* CANCELLED */
      "closed", "closed", "closed", "closed", "closed", "closed", "closed" },
};

static enum result refusal_of(const char *word)
{
    if (strcmp(word, "paying") == 0)
        return RESULT_PAYMENT_IN_PROGRESS;
    if (strcmp(word, "expired") == 0)
        return RESULT_ORDER_EXPIRED;
    if (strcmp(word, "closed") == 0)
        return RESULT_ORDER_CLOSED;
    if (strcmp(word, "unpaid") == 0)
        return RESULT_NOT_PAID;
    return strcmp(word, "-") == 0 ? RESULT_STALE : RESULT_OK;
}

static void every_state_and_event(void **state)
{
    (void)state;
    assert_int_equal(ORDER_STATUS_COUNT, COUNT_OF(names));
    assert_int_equal(ORDER_EVENT_COUNT, COUNT_OF(events));
    for (int from = 0; from < ORDER_STATUS_COUNT; from++) {
        for (int event = 0; event < ORDER_EVENT_COUNT; event++) {
            const enum order_status untouched = (enum order_status)99;
            enum order_status next = untouched;
            enum result want = refusal_of(table[from][event]);
            enum result got = order_next((enum order_status)from, (enum order_event)event, &next);
            check(got == want, "%s on %s: %s, not %s", names[from], events[event], result_name(got),
                  result_name(want));
            if (want == RESULT_OK)
                check(strcmp(order_status_name(next), table[from][event]) == 0, "%s on %s leads to %s, not %s",
                      names[from], events[event], order_status_name(next), table[from][event]);
            else
                check(next == untouched, "%s on %s: refused, but the next state was written", names[from],
                      events[event]);
        }
    }
}

static void final_states(void **state)
{
    static const bool is_final[] = { false, false, false, true, true, true, true };
    (void)state;
    for (int i = 0; i < ORDER_STATUS_COUNT; i++)
        check(order_status_is_final((enum order_status)i) == is_final[i], "%s: is it final?", names[i]);
}

static void names_and_back(void **state)
{
    static const char *const no_names[] = { "",         "created",        "CREATED ",           " CREATED",
                                            "CONFIRM",  "SEATS-RESERVED", "PAYMENT_PROCESSING", "CONFIRMED\n",
                                            "CANCELED", "NULL" };
    (void)state;
    for (int i = 0; i < ORDER_STATUS_COUNT; i++) {
        enum order_status parsed = (enum order_status)99;
        assert_string_equal(order_status_name((enum order_status)i), names[i]);
        assert_true(order_status_parse(names[i], &parsed));
        assert_int_equal(parsed, i);
    }
    for (size_t i = 0; i < COUNT_OF(no_names); i++) {
        enum order_status parsed = (enum order_status)99;
        check(!order_status_parse(no_names[i], &parsed) && parsed == (enum order_status)99, "\"%s\" is no state",
              no_names[i]);
    }
}

RUN_TESTS(cmocka_unit_test(every_state_and_event), cmocka_unit_test(final_states), cmocka_unit_test(names_and_back))
