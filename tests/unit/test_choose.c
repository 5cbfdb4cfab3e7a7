/* SPDX-License-Identifier: MIT */
/* The best seats that are free, and seats that are left over, on drawings of cabins. */

#include "tests/unit/unit.h"

#include "booking/core/choose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A drawing has a string for each row, from row 1 on, with a character for each column of the layout:
 *   .  free       +  free, with a surcharge       x  taken       _  no seat       *  chosen
 * "b:" in front of a row says that it is business, which costs more than economy. */
#define ROWS_MAX 12

static const char *seats_of(const char *row)
{
    return row[1] == ':' ? row + 2 : row;
}

static bool is_column(const char *layout, size_t at)
{
    return layout[at] >= 'A' && layout[at] <= 'Z';
}

/* What a plan would say of a column: at a window, at an aisle. */
static const char *features_of(const char *layout, size_t at)
{
    bool window = at == 0 || layout[at + 1] == '\0';
    bool aisle = layout[at + 1] == ' ' || (at > 0 && layout[at - 1] == ' ');
    return window && aisle ? "aisle,window" : window ? "quiet,window" : aisle ? "aisle" : "";
}

static void add_row(struct seat_map *map, const char *layout, const char *row, int number, bool with_features)
{
    const char *seats = seats_of(row);
    bool business = seats != row;
    for (size_t i = 0; seats[i] != '\0'; i++) {
        char name[SEAT_NUMBER_SIZE];
        const char column[] = { layout[i], '\0' };
        if (!is_column(layout, i) || seats[i] == '_')
            continue;
        (void)snprintf(name, sizeof name, "%d%s", number, column);
        const struct seat_facts facts = {
            .number = name,
            .row = number,
            .column = column,
            .cabin_class = business ? "business" : "economy",
            .features = with_features ? features_of(layout, i) : NULL,
            .price_cents = (business ? 39900 : 12900) + (seats[i] == '+' ? 1500 : 0),
            .is_free = seats[i] == '.' || seats[i] == '+',
        };
        assert_true(seat_map_add(map, &facts));
    }
}

static struct seat_map drawn(const char *layout, const char *const *rows, bool with_features)
{
    struct seat_map map = SEAT_MAP_INIT;
    /* From the back, so that they have to be sorted. */
    for (int i = ROWS_MAX - 1; i >= 0; i--) {
        if (rows[i] != NULL)
            add_row(&map, layout, rows[i], i + 1, with_features);
    }
    assert_true(seat_map_arrange(&map, layout));
    return map;
}

/* The drawing with the chosen seats in it, rows joined by newlines. */
static void draw(const char *layout, const char *const *rows, const struct seat_list *chosen, char *text, size_t size)
{
    size_t len = 0;
    for (int i = 0; i < ROWS_MAX && rows[i] != NULL; i++) {
        size_t prefix = (size_t)(seats_of(rows[i]) - rows[i]);
        for (size_t k = 0; rows[i][k] != '\0' && len + 2 < size; k++) {
            char name[SEAT_NUMBER_SIZE] = "";
            if (k >= prefix && layout[k - prefix] != ' ')
                (void)snprintf(name, sizeof name, "%d%c", i + 1, layout[k - prefix]);
            text[len++] = seat_list_contains(chosen, name) ? '*' : rows[i][k];
        }
        text[len++] = '\n';
    }
    text[len] = '\0';
}

struct row {
    const char *what;
    const char *layout;
    const char *rows[ROWS_MAX];
    struct choose_wish wish;
    const char *want; /* rows with newlines; NULL: nothing can be chosen */
};

static void check_choice(const struct row *row, bool with_features)
{
    char got[400] = "nothing\n";
    struct seat_list list = { .count = 0 };
    struct seat_map map = drawn(row->layout, row->rows, with_features);
    if (choose_seats(&map, &row->wish, &list)) {
        draw(row->layout, row->rows, &list, got, sizeof got);
        check(list.count == row->wish.count, "%s: %zu seats", row->what, list.count);
    }
    check(strcmp(got, row->want == NULL ? "nothing\n" : row->want) == 0, "%s%s:\n%swanted\n%s", row->what,
          with_features ? "" : ", from the layout", got, row->want == NULL ? "nothing\n" : row->want);
    seat_map_done(&map);
}

#define ROW_3_3 "ABC DEF"
#define WINDOW .prefer = CHOOSE_WINDOW
#define AISLE .prefer = CHOOSE_AISLE
#define FRONT .prefer = CHOOSE_FRONT
#define BACK .prefer = CHOOSE_BACK
#define NO_SINGLES .avoid_singles = true

static void the_best_that_are_free(void **state)
{
    static const struct row rows[] = {
        { "one", ROW_3_3, { "... ...", "... ..." }, { .count = 1 }, "*.. ...\n... ...\n" },
        { "two side by side", ROW_3_3, { "x.x .x.", "x.. x.." }, { .count = 2 }, "x.x .x.\nx** x..\n" },
        { "not across the aisle, if there are others", ROW_3_3, { "xx. .xx", "xxx x.." }, { .count = 2 }, "xx. .xx\nxxx x**\n" },
        { "across the aisle", ROW_3_3, { "xx. .xx", "x.x x.x" }, { .count = 2 }, "xx* *xx\nx.x x.x\n" },
        { "in one row, with others between", ROW_3_3, { "x.x x.x", ".xx xxx" }, { .count = 2 }, "x*x x*x\n.xx xxx\n" },
        { "the narrowest of these", ROW_3_3, { ".xx xx.", "x.x .xx" }, { .count = 2 }, ".xx xx.\nx*x *xx\n" },
        { "four in a row of six", ROW_3_3, { "... ..x", "x.. ..." }, { .count = 4 }, "*** *.x\nx.. ...\n" },
        { "seven in rows of six", ROW_3_3, { "... ...", "... ..." }, { .count = 7 }, "*** *..\n*** ...\n" },
        { "in neighboring rows, not in distant ones", ROW_3_3, { "xxx xx.", "xxx xxx", "x.x xxx", "xx. xxx" }, { .count = 2 },
          "xxx xx.\nxxx xxx\nx*x xxx\nxx* xxx\n" },
        { "two pairs", ROW_3_3, { "xx. ..x", "xxx ..x", "x.x x.x" }, { .count = 4 }, "xx. **x\nxxx **x\nx.x x.x\n" },
        { "what is left", ROW_3_3, { "xxx xx.", "xxx xxx", "xxx xxx", "xxx xxx", "xxx xxx", ".xx xxx" }, { .count = 2 },
          "xxx xx*\nxxx xxx\nxxx xxx\nxxx xxx\nxxx xxx\n*xx xxx\n" },
        { "too few", ROW_3_3, { "xxx xx.", "x.x xxx" }, { .count = 3 }, NULL },
        { "none", ROW_3_3, { "xxx xxx" }, { .count = 1 }, NULL },
        { "the cheapest class", ROW_3_3, { "b:... ...", "x.x x.x", "... ..." }, { .count = 2 },
          "b:... ...\nx.x x.x\n**. ...\n" },
        { "the class that has enough", ROW_3_3, { "b:..x x..", "x.x xxx" }, { .count = 2 }, "b:**x x..\nx.x xxx\n" },
        { "no class has enough", ROW_3_3, { "b:x.x xxx", "x.x xxx" }, { .count = 2 }, "b:x*x xxx\nx*x xxx\n" },
        { "a class", ROW_3_3, { "b:.xx xx.", "... ..." }, { .count = 2, .cabin_class = "business" }, "b:*xx xx*\n... ...\n" },
        { "too few of a class", ROW_3_3, { "b:.xx xxx", "... ..." }, { .count = 2, .cabin_class = "business" }, NULL },
        { "a class that is not there", ROW_3_3, { "... ..." }, { .count = 1, .cabin_class = "first" }, NULL },
        { "no surcharge", ROW_3_3, { "+++ +++", "x.. ..." }, { .count = 2 }, "+++ +++\nx** ...\n" },
        { "a surcharge rather than apart", ROW_3_3, { "+++ xxx", ".x. x.x" }, { .count = 2 }, "**+ xxx\n.x. x.x\n" },
        { "at a window", ROW_3_3, { "x.. ..x", "x.. .xx", ".xx xx." }, { .count = 1, WINDOW }, "x.. ..x\nx.. .xx\n*xx xx.\n" },
        { "two, one at a window", ROW_3_3, { "x.. ..x", "x.. ..." }, { .count = 2, WINDOW }, "x.. ..x\nx.. .**\n" },
        { "no window is left", ROW_3_3, { "x.. ..x" }, { .count = 1, WINDOW }, "x*. ..x\n" },
        { "a window for a surcharge", ROW_3_3, { "x.. ..+" }, { .count = 1, WINDOW }, "x.. ..*\n" },
        { "at an aisle", ROW_3_3, { "... x..", "..x ..." }, { .count = 1, AISLE }, "..* x..\n..x ...\n" },
        { "two, one at an aisle", ROW_3_3, { "..x ...", "..x x.." }, { .count = 2, AISLE }, "..x **.\n..x x..\n" },
        { "in front", ROW_3_3, { "xxx xx+", "... ..." }, { .count = 1, FRONT }, "xxx xx*\n... ...\n" },
        { "at the back", ROW_3_3, { "... ...", "... ...", "+xx xxx" }, { .count = 1, BACK }, "... ...\n... ...\n*xx xxx\n" },
        { "two at the back", ROW_3_3, { "... ...", "... ...", "+xx xx." }, { .count = 2, BACK }, "... ...\n**. ...\n+xx xx.\n" },
        { "side by side beyond a missing column", "ABC DEF", { "b:._. ._." }, { .count = 2, .cabin_class = "business" },
          "b:*_* ._.\n" },
        { "not beyond a missing seat", "ABC DEF", { "._. x..", "xxx x.x", "x.x xxx" }, { .count = 2 },
          "._. x**\nxxx x.x\nx.x xxx\n" },
        { "blocks of two", "AB CD EF", { "x. .. x.", "x. x. .x" }, { .count = 2 }, "x. ** x.\nx. x. .x\n" },
        { "three aisles", "A B C", { "x . .", ". x ." }, { .count = 2 }, "x * *\n. x .\n" },
        { "one beside two", "A BC", { ". .x", "x .." }, { .count = 2 }, ". .x\nx **\n" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_choice(&rows[i], true);
        check_choice(&rows[i], false);
    }
}

static void singles_are_avoided(void **state)
{
    static const struct row rows[] = {
        { "beside a pair", "ABCD", { "x...", "xx.." }, { .count = 2, NO_SINGLES }, "x...\nxx**\n" },
        { "else the first", "ABCD", { "x...", "xx.." }, { .count = 2 }, "x...\nxx**\n" },
        { "a cheaper one all the same, without the rule", "ABCD", { "x...", "xx++" }, { .count = 2 }, "x**.\nxx++\n" },
        { "not with it", "ABCD", { "x...", "xx++" }, { .count = 2, NO_SINGLES }, "x...\nxx**\n" },
        { "a single that is there", "ABCD", { "..x.", "...." }, { .count = 1, NO_SINGLES }, "..x*\n....\n" },
        { "nothing else is left", "ABC", { "x..", "xxx" }, { .count = 1, NO_SINGLES }, "x*.\nxxx\n" },
        { "together all the same", ROW_3_3, { "... ..." }, { .count = 2, NO_SINGLES }, "**. ...\n" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_choice(&rows[i], true);
        check_choice(&rows[i], false);
    }
}

static void others_for_those_who_come_second(void **state)
{
    static const struct row rows[] = {
        { "the second pair", ROW_3_3, { "... ...", "... ..." }, { .count = 2, .rank = 1 }, "... **.\n... ...\n" },
        { "the third", ROW_3_3, { "... ...", "... ..." }, { .count = 2, .rank = 2 }, "... ...\n**. ...\n" },
        { "begins again", ROW_3_3, { "... ...", "... ..." }, { .count = 2, .rank = 4 }, "**. ...\n... ...\n" },
        { "nothing worse", ROW_3_3, { "xx. ...", "x.x .xx" }, { .count = 2, .rank = 1 }, "xx. **.\nx.x .xx\n" },
        { "the only ones", ROW_3_3, { "xxx x..", "x.x .xx" }, { .count = 2, .rank = 5 }, "xxx x**\nx.x .xx\n" },
        { "the next row", ROW_3_3, { "... ...", "... ...", "... ..." }, { .count = 5, BACK, .rank = 1 },
          "... ...\n*** **.\n... ...\n" },
        { "the second cluster", "ABC", { "xx.", "x..", "xxx", "xx.", "x.." }, { .count = 3, .rank = 1 },
          "xx.\nx..\nxxx\nxx*\nx**\n" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_choice(&rows[i], true);
}

static void seats_that_are_left_over(void **state)
{
    /* Chosen seats are marked by *; others say what is left over. */
    static const struct {
        const char *what;
        const char *layout;
        const char *rows[ROWS_MAX];
        const char *single; /* "": none, or none that could be avoided */
    } rows[] = {
        { "the middle", ROW_3_3, { ".*. ...", "... ..." }, "1A" },
        { "the window", ROW_3_3, { "*.. ...", "... ..." }, "" },
        { "a pair beside a pair", ROW_3_3, { "**. ...", "x.. xxx" }, "1C" },
        { "every pair leaves one", ROW_3_3, { "**. ...", "... ..." }, "" },
        { "a seat that was alone before", ROW_3_3, { "*x. ...", "... ..." }, "" },
        { "across the aisle nobody is a neighbor", ROW_3_3, { "xx* .x.", "... ..." }, "" },
        { "the others are further apart", ROW_3_3, { "**. xxx", "x.x .xx" }, "" },
        { "the others cost more", ROW_3_3, { "**. xxx", "x++ xxx" }, "" },
        { "these cost more", ROW_3_3, { "x** .xx", "xx. .xx" }, "" },
        { "apart, and there are better ones", ROW_3_3, { "*.x x.*", "x.. xxx" }, "1B" },
        { "one is left between two", "ABCDE", { "*.*xx", "..xxx" }, "1B" },
        { "several rows", ROW_3_3, { "x*. xxx", "x*. xxx" , "x.. x.."}, "1C" },
        { "the end of a row", "ABCD", { ".***", "x..." }, "1A" },
        { "nothing else is left", "ABCD", { ".***", "xx.." }, "" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char single[SEAT_NUMBER_SIZE] = "";
        char free_rows[ROWS_MAX][20];
        const char *drawing[ROWS_MAX] = { NULL };
        struct seat_list chosen = { .count = 0 };
        for (size_t k = 0; k < ROWS_MAX && rows[i].rows[k] != NULL; k++) {
            (void)snprintf(free_rows[k], sizeof free_rows[k], "%s", rows[i].rows[k]);
            drawing[k] = free_rows[k];
            for (size_t at = 0; free_rows[k][at] != '\0'; at++) {
                if (free_rows[k][at] != '*')
                    continue;
                free_rows[k][at] = '.';
                (void)snprintf(chosen.number[chosen.count++], SEAT_NUMBER_SIZE, "%zu%c", k + 1, rows[i].layout[at]);
            }
        }
        struct seat_map map = drawn(rows[i].layout, drawing, true);
        bool left = choose_leaves_single(&map, &chosen, single);
        check(left == (*rows[i].single != '\0') && strcmp(single, rows[i].single) == 0, "%s: %s, not %s", rows[i].what,
              single, rows[i].single);
        seat_map_done(&map);
    }
}

static void seats_that_cannot_be_had_leave_none(void **state)
{
    static const char *const rows[ROWS_MAX] = { "b:...", "x..", "..." };
    static const char *const texts[] = { "2A", "9A", "1A,2B", "" };
    struct seat_map map = drawn("ABC", rows, true);
    struct seat_map empty = SEAT_MAP_INIT;
    char single[SEAT_NUMBER_SIZE];
    struct seat_list list;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_true(seat_list_parse(texts[i], &list));
        check(!choose_leaves_single(&map, &list, single), "%s leaves a single", texts[i]);
    }
    assert_true(seat_list_parse("1A", &list));
    assert_false(choose_leaves_single(&empty, &list, single));
    seat_map_done(&map);
}

/* Columns of two letters, which no layout has, are known by their features alone. */
static void columns_of_two_letters(void **state)
{
    static const struct { const char *column, *features; } columns[] = {
        { "AA", "window" }, { "AB", "aisle" }, { "AC", "aisle" }, { "AD", "window" },
    };
    struct seat_map map = SEAT_MAP_INIT;
    struct seat_list list = { .count = 0 };
    char text[SEATS_TEXT_SIZE];
    (void)state;
    for (size_t i = COUNT_OF(columns); i-- > 0;) {
        char name[SEAT_NUMBER_SIZE];
        (void)snprintf(name, sizeof name, "7%s", columns[i].column);
        struct seat_facts facts = { name, 7, columns[i].column, "economy", columns[i].features, 100, i > 0 };
        assert_true(seat_map_add(&map, &facts));
    }
    assert_true(seat_map_arrange(&map, ""));
    assert_true(choose_seats(&map, &(struct choose_wish){ .count = 2 }, &list));
    seat_list_format(&list, text);
    assert_string_equal(text, "7AC,7AD");
    seat_map_done(&map);
}

static void more_classes_than_fit(void **state)
{
    struct seat_map map = SEAT_MAP_INIT;
    (void)state;
    for (int i = 0; i <= SEAT_MAP_CLASSES; i++) {
        char name[SEAT_MAP_CLASS_SIZE];
        (void)snprintf(name, sizeof name, "class-%d", i);
        struct seat_facts facts = { "1A", 1, "A", name, NULL, 100, true };
        assert_true(seat_map_add(&map, &facts) == (i < SEAT_MAP_CLASSES));
    }
    assert_false(seat_map_arrange(&map, "A"));
    seat_map_done(&map);
}

static void preferences_have_names(void **state)
{
    enum choose_prefer prefer = CHOOSE_ANY;
    (void)state;
    assert_true(choose_prefer_parse("window", &prefer) && prefer == CHOOSE_WINDOW);
    assert_true(choose_prefer_parse("aisle", &prefer) && prefer == CHOOSE_AISLE);
    assert_true(choose_prefer_parse("front", &prefer) && prefer == CHOOSE_FRONT);
    assert_true(choose_prefer_parse("back", &prefer) && prefer == CHOOSE_BACK);
    assert_false(choose_prefer_parse("", &prefer));
    assert_false(choose_prefer_parse("middle", &prefer));
}

/* ── a wide-body ────────────────────────────────────────────────────────── */

#define LAYOUT_WIDE "ABC DEF GHJ"

/* 450 seats, of which every n-th is taken, by a simple rule without a pattern that a row would show. */
static struct seat_map wide_body(unsigned taken_percent)
{
    struct seat_map map = SEAT_MAP_INIT;
    uint32_t dice = 7;
    for (int row = 1; row <= 50; row++) {
        for (size_t i = 0; LAYOUT_WIDE[i] != '\0'; i++) {
            char name[SEAT_NUMBER_SIZE];
            const char column[] = { LAYOUT_WIDE[i], '\0' };
            if (column[0] == ' ')
                continue;
            dice = dice * 1664525U + 1013904223U;
            (void)snprintf(name, sizeof name, "%d%s", row, column);
            struct seat_facts facts = { name,  row, column, row < 8 ? "business" : "economy", features_of(LAYOUT_WIDE, i),
                                        12900, (dice >> 16) % 100 >= taken_percent };
            assert_true(seat_map_add(&map, &facts));
        }
    }
    assert_true(seat_map_arrange(&map, LAYOUT_WIDE));
    return map;
}

/* Whatever is asked for, as long as so many are free: these are free and different; and never fewer. */
static void nobody_is_refused_while_enough_are_free(void **state)
{
    struct seat_map map = wide_body(50);
    size_t left = 0;
    uint32_t dice = 3;
    (void)state;
    for (size_t i = 0; i < map.count; i++)
        left += map.seat[i].is_free ? 1 : 0;
    while (left > 0) {
        dice = dice * 1664525U + 1013904223U;
        struct choose_wish wish = { .count = 1 + (dice >> 16) % 9, .prefer = (enum choose_prefer)((dice >> 8) % 5),
                                    .rank = dice >> 24, .avoid_singles = (dice & 0x80U) != 0 };
        struct seat_list list = { .count = 0 };
        bool found = choose_seats(&map, &wish, &list);
        check(found == (wish.count <= left), "%zu of %zu: %d", wish.count, left, found);
        for (size_t i = 0; found && i < list.count; i++) {
            struct map_seat *seat = seat_map_find(&map, list.number[i]);
            check(seat != NULL && seat->is_free, "%s is not free", list.number[i]);
            seat->is_free = false;
            left--;
        }
    }
    seat_map_done(&map);
}

static double now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Processor time for the slowest of all kinds of wishes. The limit leaves room for sanitizers and valgrind; the figure
 * itself is in docs/performance.md. */
static void a_choice_takes_no_time(void **state)
{
    static const unsigned taken[] = { 0, 50, 90, 98 };
    double worst_us = 0;
    (void)state;
    for (size_t t = 0; t < COUNT_OF(taken); t++) {
        struct seat_map map = wide_body(taken[t]);
        for (size_t count = 1; count <= 9; count++) {
            struct choose_wish wish = { .count = count, .rank = 16, .avoid_singles = true };
            struct seat_list list;
            double best_us = 1e9;
            for (int i = 0; i < 5; i++) {
                double begun_us = now_us();
                (void)choose_seats(&map, &wish, &list);
                double took_us = now_us() - begun_us;
                best_us = took_us < best_us ? took_us : best_us;
            }
            worst_us = best_us > worst_us ? best_us : worst_us;
        }
        seat_map_done(&map);
    }
    print_message("the slowest choice among 450 seats: %.0f us\n", worst_us);
    check(worst_us < 5000, "a choice among 450 seats takes %.0f us", worst_us);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_that_are_free),
        cmocka_unit_test(singles_are_avoided),
        cmocka_unit_test(others_for_those_who_come_second),
        cmocka_unit_test(seats_that_are_left_over),
        cmocka_unit_test(seats_that_cannot_be_had_leave_none),
        cmocka_unit_test(columns_of_two_letters),
        cmocka_unit_test(more_classes_than_fit),
        cmocka_unit_test(preferences_have_names),
        cmocka_unit_test(nobody_is_refused_while_enough_are_free),
        cmocka_unit_test(a_choice_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
