/* SPDX-License-Identifier: MIT */
/* What seats cost, and when they are for sale. */

#include "tests/unit/unit.h"

#include "booking/core/tariff.h"
#include "booking/store/flight_facts.h"

#include <stdio.h>
#include <string.h>

static void a_seat_costs_its_fare_and_surcharges(void **state)
{
    static const struct {
        const char *fares, *surcharges, *class, *features;
        int64_t want;
        const char *part;
    } rows[] = {
        { "", "", "economy", "window", 12900, "" },
        { "", "", "business", "", 12900, "" },
        { "business=39900", "", "business", "aisle", 39900, "business=39900" },
        { "business=39900", "", "economy", "aisle", 12900, "economy=12900" },
        { "", "exit=1500", "economy", "", 12900, "economy=12900" },
        { "", "exit=1500", "economy", "aisle,exit", 14400, "economy=12900+exit=1500" },
        { "", "exit=1500,window=500", "economy", "exit,window", 14900, "economy=12900+exit=1500+window=500" },
        /* A name that begins like another one is not that one. */
        { "", "exit=1500", "economy", "exit-row,no-exit", 12900, "economy=12900" },
        { "eco=1", "", "economy", "", 12900, "economy=12900" },
        { "business=0", "exit=0", "business", "exit", 0, "business=0+exit=0" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tariff t;
        struct price_list prices;
        assert_true(tariff_read(12900, rows[i].fares, rows[i].surcharges, 0, &t));
        tariff_price(&t, rows[i].class, rows[i].features, 1, &prices);
        check(prices.cents[1] == rows[i].want, "row %zu costs %lld", i, (long long)prices.cents[1]);
        check(strcmp(prices.part[1], rows[i].part) == 0, "row %zu is made of \"%s\"", i, prices.part[1]);
    }
}

static void lists_are_read_and_written(void **state)
{
    static const char *const good[] = { "", "economy=0", "business=39900,premium-plus=1", "x=100000000000" };
    static const char *const bad[] = { ",",   "Economy", "economy=", "economy=1,",  "=1",          "Economy=1",
                                       "a b=1", "a=-1",  "a=1.5",    "a=1,,b=2",    "a=100000000001",
                                       "a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1", "a-name-that-is-too-long=1" };
    struct tariff t;
    char text[TARIFF_TEXT_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(tariff_read(1, good[i], "", 0, &t));
        assert_true(tariff_format(t.fare, t.fare_count, TARIFF_NO_BASE, text));
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check(!tariff_read(1, bad[i], "", 0, &t), "\"%s\" is no list of fares", bad[i]);
    /* A class without an amount is the one that price_cents is about; a feature without one is none. */
    assert_true(tariff_read(777, "business=39900,economy", "", 0, &t));
    assert_int_equal(tariff_fare(&t, "economy"), 777);
    assert_true(tariff_format(t.fare, t.fare_count, 1, text));
    assert_string_equal(text, "business=39900,economy");
    assert_false(tariff_read(777, "", "exit", 0, &t));
}

static void when_seats_are_for_sale(void **state)
{
    /* The times are seconds; the flight departs at 10,000 s, that is, 02:46:40. */
    static const struct {
        const char *status, *opens_s, *closes_s;
        int64_t now_s;
        enum result want;
    } rows[] = {
        { "ON_SALE", "", "", 9999, RESULT_OK },
        { "ON_SALE", "", "", 10000, RESULT_FLIGHT_DEPARTED },
        { "CANCELLED", "", "", 10000, RESULT_FLIGHT_DEPARTED },
        { "CANCELLED", "", "", 5, RESULT_FLIGHT_CANCELLED },
        { "CLOSED", "", "", 5, RESULT_FLIGHT_CLOSED },
        { "DRAFT", "", "", 5, RESULT_FLIGHT_NOT_FOUND },
        { "DRAFT", "", "", 10000, RESULT_FLIGHT_NOT_FOUND },
        { "ON_SALE", "5000", "", 4999, RESULT_FLIGHT_CLOSED },
        { "ON_SALE", "5000", "", 5000, RESULT_OK },
        { "ON_SALE", "", "3600", 6399, RESULT_OK },
        { "ON_SALE", "", "3600", 6400, RESULT_FLIGHT_CLOSED },
        { "CLOSED", "5000", "3600", 5500, RESULT_FLIGHT_CLOSED },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct flight_facts facts;
        char text[300];
        (void)snprintf(text, sizeof text,
                       "1970-01-01 02:46:40.000\n12900\nUSD\nFL1\nBOS\nDCA\nUTC\nUTC\n%s\n\n\n\n0\n%s\n%s",
                       rows[i].status, rows[i].opens_s, rows[i].closes_s);
        check(flight_facts_read(text, &facts), "row %zu cannot be read", i);
        enum result got = flight_facts_sale(&facts, rows[i].now_s * 1000);
        check(got == rows[i].want, "row %zu: %s", i, result_name(got));
    }
}

static void facts_with_everything(void **state)
{
    struct flight_facts facts;
    (void)state;
    assert_true(flight_facts_read("2026-03-15 10:00:00.000\n12900\nEUR\nLH1\nBER\nHAM\nEurope/Berlin\nUTC\nON_SALE\n"
                                  "2026-03-15 11:30:00.000\nbusiness=39900\nexit=1500\n1900\n86400\n3600",
                                  &facts));
    assert_int_equal(facts.flight.arrival_ms - facts.flight.departure_ms, 5400000);
    assert_int_equal(facts.flight.departure_ms - facts.sales_open_ms, 86400000);
    assert_int_equal(facts.flight.departure_ms - facts.sales_close_ms, 3600000);
    assert_int_equal(tariff_fare(&facts.tariff, "business"), 39900);
    assert_int_equal(facts.tariff.tax_basis_points, 1900);
    assert_string_equal(facts.flight.destination, "HAM");
    assert_false(flight_facts_read("2026-03-15 10:00:00.000\n12900\nEUR\nLH1\nBER\nLIS\nUTC\nUTC\nGONE\n\n\n\n0\n\n",
                                   &facts));
    assert_false(flight_facts_read(NULL, &facts));
}

RUN_TESTS(cmocka_unit_test(a_seat_costs_its_fare_and_surcharges), cmocka_unit_test(lists_are_read_and_written),
          cmocka_unit_test(when_seats_are_for_sale), cmocka_unit_test(facts_with_everything))
