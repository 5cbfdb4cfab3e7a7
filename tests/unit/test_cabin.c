/* SPDX-License-Identifier: MIT */
/* Seating plans: what seats follow from one, what is wrong with one, and the plans of flights that have none. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"
#include "booking/core/cabin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define A320                                                                                                      \
    "{\"id\": \"a320\", \"name\": \" Airbus A320 \", \"numbering\": \"row-column\", \"sections\": ["              \
    "{\"class\": \"business\", \"rows\": \"1-4\", \"columns\": \"AC DF\"},"                                       \
    "{\"class\": \"economy\", \"rows\": \"5-12, 14-33\", \"columns\": \"ABC  DEF\", \"without\": [\"33C\", \"33D\"]," \
    "\"features\": {\"exit\": \"12,14\", \"extra-legroom\": \"12,14\", \"no-recline\": \"11\"}}]}"

static const struct cabin_seat *seat_of(const struct cabin *cabin, const char *number)
{
    for (size_t i = 0; i < cabin->seat_count; i++) {
        if (strcmp(cabin->seat[i].number, number) == 0)
            return &cabin->seat[i];
    }
    return NULL;
}

static void the_contracts_example(void **state)
{
    static const struct {
        const char *number, *class, *features;
    } want[] = {
        { "1A", "business", "window" },  { "1C", "business", "aisle" },
        { "4F", "business", "window" },  { "5B", "economy", "" },
        { "11D", "economy", "aisle,no-recline" }, { "12A", "economy", "exit,extra-legroom,window" },
        { "14C", "economy", "aisle,exit,extra-legroom" }, { "33B", "economy", "" },
    };
    struct cabin cabin;
    struct faults faults = { 0 };
    char layout[CABIN_LAYOUT_SIZE];
    char exits[CABIN_EXIT_ROWS_SIZE];
    (void)state;
    assert_true(cabin_read_text(A320, &cabin, &faults));
    assert_int_equal(faults.count, 0);
    assert_string_equal(cabin.id, "a320");
    assert_string_equal(cabin.name, "Airbus A320");
    assert_int_equal(cabin.seat_count, 4 * 4 + 28 * 6 - 2);
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        const struct cabin_seat *seat = seat_of(&cabin, want[i].number);
        assert_non_null(seat);
        assert_string_equal(seat->cabin_class, want[i].class);
        check(strcmp(seat->features, want[i].features) == 0, "%s: %s", want[i].number, seat->features);
    }
    assert_null(seat_of(&cabin, "33C"));
    assert_null(seat_of(&cabin, "13A"));
    cabin_layout(&cabin, layout);
    cabin_exit_rows(&cabin, exits);
    assert_string_equal(layout, "ABC DEF");
    assert_string_equal(exits, "12,14");
    assert_int_equal(cabin_last_row(&cabin), 33);
    cabin_done(&cabin);
}

/* A plan with one section, of which the parts are given. */
static void make(char *to, size_t size, const char *numbering, const char *rows, const char *columns, const char *more)
{
    (void)snprintf(to, size,
                   "{\"numbering\": \"%s\", \"sections\": [{\"class\": \"economy\", \"rows\": \"%s\", \"columns\": \"%s\"%s}]}",
                   numbering, rows, columns, more);
}

static void equal_plans_have_one_spelling(void **state)
{
    static const struct {
        const char *numbering, *rows, *columns, *more, *want;
    } rows[] = {
        { "row-column", " 3 , 1-2,5", "  AB  C ", "", "\"rows\":\"1-3,5\",\"columns\":\"AB C\"" },
        { "row-column", "1", "A,B, AA", ",\"without\":[\"1AA\",\"1A\"]",
          "\"rows\":\"1\",\"columns\":\"A,B, AA\",\"without\":[\"1A\",\"1AA\"]" },
        { "row-column", "1", "AA,", "", "\"rows\":\"1\",\"columns\":\"AA,\"" },
        { "column-row", "9-10", "A", ",\"without\":[\"A10\"],\"features\":{\"x\":\"10,9\",\"exit\":\"9\"}",
          "\"rows\":\"9-10\",\"columns\":\"A\",\"without\":[\"A10\"],\"features\":{\"exit\":\"9\",\"x\":\"9-10\"}" },
        { "row-column", "1", "A", ",\"without\":[],\"features\":{}", "\"rows\":\"1\",\"columns\":\"A\"}" },
        { "row-column", "1", "A", ",\"without\":null,\"features\":null", "\"rows\":\"1\",\"columns\":\"A\"}" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[600];
        struct buf plan = BUF_INIT;
        struct buf again = BUF_INIT;
        struct faults faults = { 0 };
        struct cabin cabin;
        make(json, sizeof json, rows[i].numbering, rows[i].rows, rows[i].columns, rows[i].more);
        check(cabin_read_text(json, &cabin, &faults), "row %zu: %s", i, faults.fault[0].message);
        cabin_write_plan(&plan, &cabin);
        cabin_done(&cabin);
        check(strstr(buf_str(&plan), rows[i].want) != NULL, "row %zu: %s", i, buf_str(&plan));
        assert_true(cabin_read_text(buf_str(&plan), &cabin, &faults));
        cabin_write_plan(&again, &cabin);
        assert_string_equal(buf_str(&plan), buf_str(&again));
        cabin_done(&cabin);
        buf_done(&plan);
        buf_done(&again);
    }
}

#define SECTION "{\"class\":\"economy\",\"rows\":\"1\",\"columns\":\"A\"}"
#define PLAN(sections) "{\"numbering\":\"row-column\",\"sections\":[" sections "]}"
#define WITH(more) PLAN("{\"class\":\"economy\",\"rows\":\"1-2\",\"columns\":\"AB\"," more "}")
#define ROWS(rows) PLAN("{\"class\":\"economy\",\"rows\":\"" rows "\",\"columns\":\"A\"}")
#define COLUMNS(columns) PLAN("{\"class\":\"economy\",\"rows\":\"1\",\"columns\":\"" columns "\"}")

static void every_fault_has_its_place(void **state)
{
    static const struct {
        const char *json, *path, *message;
    } rows[] = {
        { "{", "", "not valid JSON" },
        { "[]", "", "must be a JSON object" },
        { "{\"sections\":[" SECTION "]}", "numbering", "is missing" },
        { "{\"numbering\":\"A1\",\"sections\":[" SECTION "]}", "numbering", "row-column" },
        { "{\"numbering\":1,\"sections\":[" SECTION "]}", "numbering", "must be a text" },
        { "{\"id\":\"a b\",\"numbering\":\"row-column\",\"sections\":[" SECTION "]}", "id", "letters, digits" },
        { "{\"name\":\" \",\"numbering\":\"row-column\",\"sections\":[" SECTION "]}", "name", "1 to 100" },
        { "{\"name\":\"a\\nb\",\"numbering\":\"row-column\",\"sections\":[" SECTION "]}", "name", "control" },
        { "{\"numbering\":\"row-column\"}", "sections", "1 to 50 sections" },
        { "{\"numbering\":\"row-column\",\"seats\":[],\"sections\":[" SECTION "]}", "seats", "no such field" },
        { PLAN(""), "sections", "1 to 50 sections" },
        { PLAN("1"), "sections[0]", "must be an object" },
        { PLAN(SECTION ",{\"class\":\"economy\",\"columns\":\"A\"}"), "sections[1].rows", "rows is missing" },
        { PLAN(SECTION ",{\"class\":\"economy\",\"rows\":7,\"columns\":\"A\"}"), "sections[1].rows", "must be a text" },
        { PLAN(SECTION "," SECTION), "sections[1].rows", "in two sections: 1." },
        { PLAN("{\"rows\":\"1\",\"columns\":\"A\"}"), "sections[0].class", "is missing" },
        { PLAN("{\"class\":\"First\",\"rows\":\"1\",\"columns\":\"A\"}"), "sections[0].class", "lower-case" },
        { PLAN("{\"class\":\"economy\",\"rows\":\"1\"}"), "sections[0].columns", "is missing" },
        { ROWS(""), "sections[0].rows", "written as" },      { ROWS("0"), "sections[0].rows", "written as" },
        { ROWS("1000"), "sections[0].rows", "written as" },  { ROWS("7-5"), "sections[0].rows", "written as" },
        { ROWS("1,"), "sections[0].rows", "written as" },    { ROWS("1;2"), "sections[0].rows", "written as" },
        { ROWS("1-2-3"), "sections[0].rows", "written as" }, { ROWS("-3"), "sections[0].rows", "written as" },
        { ROWS("1-5,4"), "sections[0].rows", "named twice here: 4." },
        { COLUMNS(""), "sections[0].columns", "written as" },     { COLUMNS(" "), "sections[0].columns", "written as" },
        { COLUMNS("a"), "sections[0].columns", "written as" },    { COLUMNS("A1"), "sections[0].columns", "written as" },
        { COLUMNS("ABA"), "sections[0].columns", "column A is named twice" },
        { COLUMNS("AA"), "sections[0].columns", "column A is named twice" },
        { COLUMNS("AB,AB"), "sections[0].columns", "column AB is named twice" },
        { COLUMNS("ABC,D"), "sections[0].columns", "written as" }, { COLUMNS("A,,B"), "sections[0].columns", "written as" },
        { COLUMNS(",A"), "sections[0].columns", "written as" },
        { WITH("\"withuot\":[]"), "sections[0].withuot", "no such field" },
        { WITH("\"without\":\"1A\""), "sections[0].without", "list of seats" },
        { WITH("\"without\":[\"1A\",\"1A\"]"), "sections[0].without[1]", "left out twice" },
        { WITH("\"without\":[\"3A\"]"), "sections[0].without[0]", "has no seat 3A" },
        { WITH("\"without\":[\"1C\"]"), "sections[0].without[0]", "has no seat 1C" },
        { WITH("\"without\":[\"A1\"]"), "sections[0].without[0]", "has no seat A1" },
        { WITH("\"without\":[\"01A\"]"), "sections[0].without[0]", "has no seat 01A" },
        { WITH("\"without\":[1]"), "sections[0].without[0]", "is a text" },
        { WITH("\"without\":[\"1A\",\"1B\",\"2A\",\"2B\"]"), "sections", "at least one seat" },
        { WITH("\"features\":[]"), "sections[0].features", "object of names" },
        { WITH("\"features\":{\"Exit\":\"1\"}"), "sections[0].features.Exit", "lower-case" },
        { WITH("\"features\":{\"window\":\"1\"}"), "sections[0].features.window", "follows from the columns" },
        { WITH("\"features\":{\"exit\":1}"), "sections[0].features.exit", "has rows" },
        { WITH("\"features\":{\"exit\":\"1-3\"}"), "sections[0].features.exit", "not in this section: 3." },
        { WITH("\"features\":{\"exit\":\"x\"}"), "sections[0].features.exit", "written as" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct cabin cabin;
        struct faults faults = { 0 };
        bool found = false;
        check(!cabin_read_text(rows[i].json, &cabin, &faults), "row %zu has no fault", i);
        for (size_t k = 0; k < faults.count; k++)
            found = found || (strcmp(faults.fault[k].path, rows[i].path) == 0 &&
                              strstr(faults.fault[k].message, rows[i].message) != NULL);
        check(found, "row %zu: %s: %s", i, faults.fault[0].path, faults.fault[0].message);
        check(faults.count == 1, "row %zu has %zu faults", i, faults.count);
        cabin_done(&cabin);
    }
}

/* What a plan may have at most. */
static void plans_are_bounded(void **state)
{
    static char json[64 * 1024];
    struct cabin cabin;
    struct faults faults = { 0 };
    size_t len = 0;
    (void)state;
    make(json, sizeof json, "row-column", "1-999", "AB", "");
    assert_true(cabin_read_text(json, &cabin, &faults));
    assert_int_equal(cabin.seat_count, 1998);
    cabin_done(&cabin);
    make(json, sizeof json, "row-column", "1-999", "ABC", "");
    assert_false(cabin_read_text(json, &cabin, &faults));
    assert_int_equal(cabin.seat_count, 0);
    assert_string_equal(faults.fault[0].path, "sections");
    cabin_done(&cabin);

    /* Twenty features of the longest name are too many for a section, and ten for a seat. */
    len = (size_t)snprintf(json, sizeof json, "{\"numbering\":\"row-column\",\"sections\":[{\"class\":\"economy\",\"rows\":"
                                              "\"1\",\"columns\":\"A\",\"features\":{");
    for (int i = 0; i < 20; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s\"feature-that-is-l%03d\":\"1\"", i > 0 ? "," : "", i);
    (void)snprintf(json + len, sizeof json - len, "}}]}");
    faults.count = 0;
    assert_false(cabin_read_text(json, &cabin, &faults));
    assert_int_equal(faults.count, 5);
    assert_non_null(strstr(faults.fault[3].message, "at most 16 features"));
    assert_non_null(strstr(faults.fault[4].message, "too many features"));
    cabin_done(&cabin);

    /* No more than fifty faults are told, and no more than fifty sections read. */
    len = (size_t)snprintf(json, sizeof json, "{\"numbering\":\"row-column\",\"sections\":[");
    for (int i = 0; i < 50; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s{\"class\":\"c%d\",\"rows\":\"x\",\"columns\":\"y\"}",
                                i > 0 ? "," : "", i);
    (void)snprintf(json + len, sizeof json - len, "]}");
    faults.count = 0;
    assert_false(cabin_read_text(json, &cabin, &faults));
    assert_int_equal(faults.count, FAULTS_MAX);
    cabin_done(&cabin);
    (void)snprintf(json + len, sizeof json - len, ",1]}");
    faults.count = 0;
    assert_false(cabin_read_text(json, &cabin, &faults));
    assert_int_equal(faults.count, 1);
    cabin_done(&cabin);
}

static void too_many_classes(void **state)
{
    char json[2000];
    struct cabin cabin;
    struct faults faults = { 0 };
    size_t len = (size_t)snprintf(json, sizeof json, "{\"numbering\":\"row-column\",\"sections\":[");
    (void)state;
    for (int i = 1; i <= 9; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%s{\"class\":\"c%d\",\"rows\":\"%d\",\"columns\":\"A\"}",
                                i > 1 ? "," : "", i, i);
    (void)snprintf(json + len, sizeof json - len, "]}");
    assert_false(cabin_read_text(json, &cabin, &faults));
    assert_int_equal(faults.count, 1);
    assert_non_null(strstr(faults.fault[0].message, "at most 8 classes"));
    assert_int_equal(cabin.seat_count, 9); /* they are drawn all the same */
    cabin_done(&cabin);
}

static size_t fill(struct cabin_found *found, const char *columns, int rows, bool is_column_first)
{
    size_t count = 0;
    for (int row = 1; row <= rows; row++) {
        for (const char *c = columns; *c != '\0'; c++) {
            struct cabin_found *f = &found[count++];
            *f = (struct cabin_found){ .row = row, .letters = { *c } };
            if (is_column_first)
                (void)snprintf(f->number, sizeof f->number, "%c%d", *c, row);
            else
                (void)snprintf(f->number, sizeof f->number, "%d%c", row, *c);
        }
    }
    return count;
}

static void old_flights_have_plans(void **state)
{
    static const struct {
        const char *layout, *exits, *columns;
        int rows;
        bool is_column_first;
        const char *id, *name, *plan;
    } rows[] = {
        { "A BC", "5", "ABC", 10, true, "cabin-a-bc-10", "A BC, 10 rows",
          "{\"numbering\":\"column-row\",\"sections\":[{\"class\":\"economy\",\"rows\":\"1-10\",\"columns\":\"A BC\","
          "\"features\":{\"exit\":\"5\"}}]}" },
        { "ABC DEF", "10,11", "ABCDEF", 20, false, "cabin-abc-def-20", "ABC DEF, 20 rows",
          "{\"numbering\":\"row-column\",\"sections\":[{\"class\":\"economy\",\"rows\":\"1-20\",\"columns\":\"ABC DEF\","
          "\"features\":{\"exit\":\"10-11\"}}]}" },
        { "AB CD", "", "ABC", 1, false, "cabin-ab-cd-1", "AB CD, 1 row",
          "{\"numbering\":\"row-column\",\"sections\":[{\"class\":\"economy\",\"rows\":\"1\",\"columns\":\"AB CD\","
          "\"without\":[\"1D\"]}]}" },
        { "A", "7,x", "A", 2, false, "cabin-a-2", "A, 2 rows",
          "{\"numbering\":\"row-column\",\"sections\":[{\"class\":\"economy\",\"rows\":\"1-2\",\"columns\":\"A\"}]}" },
    };
    static struct cabin_found found[500];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char why[CABIN_WHY_SIZE];
        struct cabin cabin;
        struct buf plan = BUF_INIT;
        size_t count = fill(found, rows[i].columns, rows[i].rows, rows[i].is_column_first);
        const char *other = cabin_derive(rows[i].layout, rows[i].exits, found, count, &cabin, why);
        check(other == NULL, "row %zu: %s", i, other);
        cabin_write_plan(&plan, &cabin);
        assert_string_equal(buf_str(&plan), rows[i].plan);
        assert_string_equal(cabin.id, rows[i].id);
        assert_string_equal(cabin.name, rows[i].name);
        assert_int_equal(cabin.seat_count, count);
        cabin_done(&cabin);
        buf_done(&plan);
    }
}

static void some_flights_follow_no_plan(void **state)
{
    static struct cabin_found found[CABIN_SEATS_MAX + 1];
    char why[CABIN_WHY_SIZE];
    struct cabin cabin;
    size_t count = fill(found, "ABC", 2, false);
    (void)state;
    assert_non_null(strstr(cabin_derive("A BC", "", found, 0, &cabin, why), "no seats"));
    assert_non_null(strstr(cabin_derive("A BC", "", found, CABIN_SEATS_MAX + 1, &cabin, why), "more than 2000"));
    assert_non_null(strstr(cabin_derive("A BB", "", found, count, &cabin, why), "layout"));
    assert_non_null(strstr(cabin_derive("", "", found, count, &cabin, why), "layout"));
    assert_non_null(strstr(cabin_derive("a bc", "", found, count, &cabin, why), "layout"));
    assert_non_null(strstr(cabin_derive("A B", "", found, count, &cabin, why), "1C has a column that is not in the layout"));
    text_copy(found[4].number, sizeof found[4].number, "B2");
    assert_non_null(strstr(cabin_derive("A BC", "", found, count, &cabin, why), "B2 has another number"));
    count = fill(found, "ABC", 2, false);
    found[3].row = 1000;
    assert_non_null(strstr(cabin_derive("A BC", "", found, count, &cabin, why), "beyond 999"));
    count = fill(found, "ABC", 2, false);
    text_copy(found[5].cabin_class, CLASS_SIZE, "business");
    assert_non_null(strstr(cabin_derive("A BC", "", found, count, &cabin, why), "2C has a class or features of its own"));
    text_copy(found[5].cabin_class, CLASS_SIZE, "economy");
    found[5].knows_features = true;
    assert_non_null(strstr(cabin_derive("A BC", "", found, count, &cabin, why), "2C has a class"));
    /* What an interrupted run has filled in is no reason. */
    text_copy(found[5].features, FEATURES_SIZE, "window");
    assert_null(cabin_derive("A BC", "", found, count, &cabin, why));
    cabin_done(&cabin);
}

RUN_TESTS(cmocka_unit_test(the_contracts_example), cmocka_unit_test(equal_plans_have_one_spelling),
          cmocka_unit_test(every_fault_has_its_place), cmocka_unit_test(plans_are_bounded),
          cmocka_unit_test(too_many_classes), cmocka_unit_test(old_flights_have_plans),
          cmocka_unit_test(some_flights_follow_no_plan))
