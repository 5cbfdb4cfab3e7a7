/* SPDX-License-Identifier: MIT */
/* Seat numbers and lists of them. */

#include "tests/unit/unit.h"

#include "booking/core/seat.h"

#include <stdio.h>
#include <string.h>

static void numbers(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: refused */
    } rows[] = {
        { "A1", "A1" },         { "a1", "A1" },         { "12A", "12A" },       { "12a", "12A" },
        { "z99", "Z99" },       { "AB12", "AB12" },     { "1A2B", "1A2B" },     { "A123456789", "A123456789" },
        { "a01", "A01" },       { "A1234567890", NULL }, { "", NULL },          { "A", NULL },
        { "1", NULL },          { "12", NULL },         { "AB", NULL },         { " A1", "A1" },
        { "A1 ", "A1" },        { "A 1", NULL },        { "A-1", NULL },        { "A1,A2", NULL },
        { "\tA1\n", "A1" },       { "A1;", NULL },        { "A1'", NULL },        { "Ä1", NULL },
        { "A\xC2\xB9", NULL },  { "А1", NULL },         { "A１", NULL },        { "[1", NULL },
        { "{1", NULL },         { "@1", NULL },         { "`1", NULL },         { "A/", NULL },
        { "A:", NULL },         { "A\x80", NULL },      { "\xFF" "1", NULL },   { "A1\x7F", NULL },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char number[SEAT_NUMBER_SIZE] = "?";
        bool ok = seat_number_parse(rows[i].text, number);
        check(ok == (rows[i].want != NULL), "\"%s\": %s", rows[i].text, ok ? "accepted" : "refused");
        check(strcmp(number, ok ? rows[i].want : "?") == 0, "\"%s\" reads \"%s\"", rows[i].text, number);
    }
}

/* Boarding passes and airlines' messages write rows with leading zeros. */
static void plain_numbers(void **state)
{
    static const char *const rows[][2] = {
        { "12A", "12A" }, { "012A", "12A" },   { "0012A", "12A" }, { "A01", "A1" },   { "A1", "A1" },
        { "A10", "A10" }, { "A100", "A100" },  { "10A", "10A" },   { "001A", "1A" },  { "0A", "0A" },
        { "00A", "0A" },  { "A00", "A0" },     { "AB007", "AB7" }, { "1A02", "1A2" }, { "A000000010", "A10" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char plain[SEAT_NUMBER_SIZE];
        seat_number_plain(rows[i][0], plain);
        check(strcmp(plain, rows[i][1]) == 0, "%s is %s, not %s", rows[i][0], rows[i][1], plain);
    }
}

/* Of all bytes, only the 26 letters, in either case, form a seat with a digit. */
static void every_byte_beside_a_digit(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[3] = { (char)c, '1', '\0' };
        char number[SEAT_NUMBER_SIZE];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        check(seat_number_parse(text, number) == is_letter, "byte %d before a digit", c);
    }
}

static void adding(void **state)
{
    struct seat_list list = {0};
    (void)state;
    assert_int_equal(seat_list_add(&list, "b2"), SEAT_LIST_OK);
    assert_int_equal(seat_list_add(&list, "A1"), SEAT_LIST_OK);
    assert_int_equal(seat_list_add(&list, "a1"), SEAT_LIST_REPEATED);
    assert_int_equal(seat_list_add(&list, "B2"), SEAT_LIST_REPEATED);
    assert_int_equal(seat_list_add(&list, "A001"), SEAT_LIST_REPEATED);
    assert_int_equal(seat_list_add(&list, "nowhere"), SEAT_LIST_MALFORMED);
    assert_int_equal(seat_list_add(&list, ""), SEAT_LIST_MALFORMED);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.number[0], "B2");
    assert_string_equal(list.number[1], "A1");
    assert_true(seat_list_contains(&list, "A1"));
    assert_false(seat_list_contains(&list, "A2"));
    assert_false(seat_list_contains(&list, "A"));
}

static void a_full_list(void **state)
{
    struct seat_list list = {0};
    (void)state;
    for (int i = 0; i < SEATS_MAX; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "A%09d", i);
        assert_int_equal(seat_list_add(&list, number), SEAT_LIST_OK);
    }
    assert_int_equal(seat_list_add(&list, "B1"), SEAT_LIST_FULL);
    assert_int_equal(seat_list_add(&list, "A000000000"), SEAT_LIST_REPEATED);
    assert_int_equal(list.count, SEATS_MAX);

    /* The longest possible text fits, and is read back. */
    char text[SEATS_TEXT_SIZE + 1];
    struct seat_list back = {0};
    text[SEATS_TEXT_SIZE] = '#';
    seat_list_format(&list, text);
    assert_int_equal(strlen(text), SEATS_MAX * SEAT_NUMBER_SIZE - 1);
    assert_int_equal(text[SEATS_TEXT_SIZE], '#');
    assert_true(seat_list_parse(text, &back));
    assert_true(seat_list_equal_sets(&list, &back));
}

static void lists_as_text(void **state)
{
    static const char *const same[] = { "", "A1", "A2,A1", "12A,12B,1C", "A01", "01A,1A" };
    static const char *const wrong[] = { ",", "A1,", ",A1", "A1,,A2", "A1, A2", "A1 ", "A1,A1", "A1,a1", "a1", "A", "1",
                                         "A1;A2", "A12345678901", "A1,B23456789012" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        struct seat_list list;
        char text[SEATS_TEXT_SIZE];
        check(seat_list_parse(same[i], &list), "\"%s\" is a list", same[i]);
        seat_list_format(&list, text);
        assert_string_equal(text, same[i]);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct seat_list list = { .count = 7 };
        check(!seat_list_parse(wrong[i], &list) && list.count == 7, "\"%s\" is no list", wrong[i]);
    }
}

static void a_text_with_too_many_seats(void **state)
{
    char text[(SEATS_MAX + 1) * 4 + 1] = "";
    size_t len = 0;
    struct seat_list list;
    (void)state;
    for (int i = 0; i <= SEATS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%sA%02d", i == 0 ? "" : ",", i);
    assert_false(seat_list_parse(text, &list));
}

static void sets(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        { "", "", true },         { "A1", "A1", true },        { "A1,A2", "A2,A1", true },
        { "A1,A2,A3", "A3,A1,A2", true }, { "A1", "", false }, { "A1", "A2", false },
        { "A1,A2", "A1", false }, { "A1,A2", "A1,A3", false }, { "A1", "1A", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct seat_list a, b;
        assert_true(seat_list_parse(rows[i].a, &a) && seat_list_parse(rows[i].b, &b));
        check(seat_list_equal_sets(&a, &b) == rows[i].equal, "{%s} and {%s}", rows[i].a, rows[i].b);
        check(seat_list_equal_sets(&b, &a) == rows[i].equal, "{%s} and {%s}", rows[i].b, rows[i].a);
    }
}

RUN_TESTS(cmocka_unit_test(numbers), cmocka_unit_test(plain_numbers), cmocka_unit_test(every_byte_beside_a_digit), cmocka_unit_test(adding),
          cmocka_unit_test(a_full_list), cmocka_unit_test(lists_as_text),
          cmocka_unit_test(a_text_with_too_many_seats), cmocka_unit_test(sets))
