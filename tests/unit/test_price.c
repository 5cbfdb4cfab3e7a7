/* SPDX-License-Identifier: MIT */
/* The prices of an order's seats: as text and back, lists that do not fit, and changes of seats. */

#include "tests/unit/unit.h"

#include "booking/core/price.h"

#include <stdlib.h>
#include <string.h>

static struct seat_list seats_named(const char *text)
{
    struct seat_list list;
    assert_true(seat_list_parse(text, &list));
    return list;
}

static void check_prices(const char *what, const struct price_list *got, const int64_t *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(got->cents[i] == want[i], "%s: the price of seat %zu is %lld, not %lld", what, i, (long long)got->cents[i],
              (long long)want[i]);
}

static void as_text_and_back(void **state)
{
    static const struct {
        size_t count;
        int64_t cents[3];
        const char *text;
    } rows[] = {
        { 1, { 0 }, "0" },
        { 1, { 12900 }, "12900" },
        { 3, { 12900, 0, 7 }, "12900,0,7" },
        { 2, { INT64_C(288230376151711743), 1 }, "288230376151711743,1" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct price_list list = {0};
        struct price_list back;
        char text[PRICES_TEXT_SIZE];
        memcpy(list.cents, rows[i].cents, sizeof rows[i].cents);
        price_list_format(&list, rows[i].count, text);
        assert_string_equal(text, rows[i].text);
        price_list_read(text, rows[i].count, price_list_sum(&list, rows[i].count), &back);
        check_prices(text, &back, rows[i].cents, rows[i].count);
    }
}

/* The previous version's programs, or SQL by hand, wrote the row. The total is what is charged, so it is divided. */
static void what_does_not_fit_is_the_total_shared_out(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        int64_t total;
        int64_t want[3];
    } rows[] = {
        { NULL, 2, 25800, { 12900, 12900 } },       { "", 2, 25800, { 12900, 12900 } },
        { "12900", 2, 25800, { 12900, 12900 } },    { "12900,12900,0", 2, 25800, { 12900, 12900 } },
        { "12900,9900", 2, 25800, { 12900, 12900 } }, { "12900,x", 2, 25800, { 12900, 12900 } },
        { "12900,12900,", 2, 25800, { 12900, 12900 } }, { ",25800", 2, 25800, { 12900, 12900 } },
        { "-1,25801", 2, 25800, { 12900, 12900 } }, { "99999999999999999999,1", 2, 25800, { 12900, 12900 } },
        { NULL, 3, 100, { 34, 33, 33 } },           { NULL, 3, 2, { 1, 1, 0 } },
        { NULL, 1, 0, { 0 } },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct price_list list;
        price_list_read(rows[i].text, rows[i].count, rows[i].total, &list);
        check_prices(rows[i].text == NULL ? "NULL" : rows[i].text, &list, rows[i].want, rows[i].count);
        assert_int_equal(price_list_sum(&list, rows[i].count), rows[i].total);
    }
}

static void a_kept_seat_keeps_its_price(void **state)
{
    static const struct {
        const char *before, *now;
        int64_t want[3];
    } rows[] = {
        { "A1,A2", "A1,A2", { 100, 200 } }, { "A1,A2", "A2,A1", { 200, 100 } },
        { "A1,A2", "A2,B1", { 200, 999 } }, { "A1,A2", "B1,B2,A1", { 999, 999, 100 } },
        { "A1,A2", "C1", { 999 } },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct seat_list before = seats_named(rows[i].before);
        struct seat_list now = seats_named(rows[i].now);
        struct price_list list = { .cents = { 100, 200 }, .part = { "economy=100", "economy=200" } };
        const struct price_list present = { .cents = { 999, 999, 999 } };
        price_list_choose(&before, &list, &now, &present, &list);
        check_prices(rows[i].now, &list, rows[i].want, now.count);
        for (size_t k = 0; k < now.count; k++)
            assert_string_equal(list.part[k], list.cents[k] == 100 ? "economy=100" : list.cents[k] == 200 ? "economy=200" : "");
    }
}

static void what_prices_are_made_of(void **state)
{
    static const char *const texts[] = { "", "economy=12900+exit=1500,economy=12900", ",economy=1", "a=0+b=1+c=2,,d=5" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct price_list list = { 0 };
        char text[PRICE_PARTS_TEXT_SIZE];
        size_t count = 1;
        for (const char *p = texts[i]; *p != '\0'; p++)
            count += *p == ',' ? 1 : 0;
        price_list_read_parts(texts[i], count, &list);
        price_list_format_parts(&list, count, text);
        assert_string_equal(text, texts[i]);
    }
    struct price_list list = { 0 };
    struct price_part part;
    price_list_read_parts("economy=12900+exit=1500", 2, &list);
    const char *cursor = list.part[0];
    assert_true(price_part_next(&cursor, &part));
    assert_true(part.is_fare);
    assert_string_equal(part.name, "economy");
    assert_int_equal(part.cents, 12900);
    assert_true(price_part_next(&cursor, &part));
    assert_false(part.is_fare);
    assert_string_equal(part.name, "exit");
    assert_false(price_part_next(&cursor, &part));
    assert_string_equal(list.part[1], "");
}

static void damaged_parts_are_none(void **state)
{
    static const char *const texts[] = { "", "=", "+", "economy", "economy=", "economy=x", "=5", "+=5", "economy=-1",
                                         "a-name-that-is-much-too-long=1", "economy=99999999999999999999999" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const char *cursor = texts[i];
        struct price_part part;
        check(!price_part_next(&cursor, &part), "\"%s\" has no part", texts[i]);
    }
}

static void tax_is_part_of_the_price(void **state)
{
    static const struct {
        int64_t cents, basis_points, want;
    } rows[] = {
        { 11900, 1900, 1900 }, { 100, 1900, 16 }, { 107, 700, 7 }, { 0, 1900, 0 }, { 12345, 0, 0 },
        { 108, 810, 8 }, { 1, 10000, 1 }, { INT64_C(288230376151711743), 1900, INT64_C(46019976024222883) },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(price_tax_included(rows[i].cents, rows[i].basis_points) == rows[i].want, "row %zu: %lld", i,
              (long long)price_tax_included(rows[i].cents, rows[i].basis_points));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_text_and_back),
        cmocka_unit_test(what_does_not_fit_is_the_total_shared_out),
        cmocka_unit_test(a_kept_seat_keeps_its_price),
        cmocka_unit_test(what_prices_are_made_of),
        cmocka_unit_test(damaged_parts_are_none),
        cmocka_unit_test(tax_is_part_of_the_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
