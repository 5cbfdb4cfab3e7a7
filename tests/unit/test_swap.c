/* SPDX-License-Identifier: MIT */
/* Who sits where when a flight gets another cabin, on small cabins and on large ones by chance. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"
#include "booking/core/swap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PEOPLE_MAX 500

/* A swap: who sits where, and the new cabin. */
struct scene {
    size_t count;
    size_t parties;
    struct swap_seat seat[PEOPLE_MAX];
    enum swap_rank rank[PEOPLE_MAX];
    struct cabin cabin;
    bool is_taken[CABIN_SEATS_MAX];
};

static struct scene scene;

static void begin(const char *sections)
{
    struct faults faults = { .count = 0 };
    char plan[1000];
    cabin_done(&scene.cabin);
    scene = (struct scene){ .count = 0 };
    (void)snprintf(plan, sizeof plan, "{\"numbering\":\"row-column\",\"sections\":[%s]}", sections);
    check(cabin_read_text(plan, &scene.cabin, &faults), "%s: %s", plan, faults.fault[0].message);
}

/* Adds a party: "12A 12Bw" are two seats, w at a window, a at an aisle, x in the exit row, which costs 1500 more. */
static void party(enum swap_rank rank, const char *cabin_class, const char *seats)
{
    scene.rank[scene.parties] = rank;
    for (size_t len = 0; *seats != '\0'; seats += len + (seats[len] == ' ' ? 1 : 0)) {
        struct swap_seat *s = &scene.seat[scene.count++];
        len = strcspn(seats, " ");
        size_t name_len = strspn(seats, "0123456789ABCDEFGHIJK");
        *s = (struct swap_seat){ .row = strtol(seats, NULL, 10), .party = scene.parties, .cents = 12900 };
        memcpy(s->number, seats, name_len);
        text_copy(s->cabin_class, sizeof s->cabin_class, cabin_class);
        s->is_window = memchr(seats, 'w', len) != NULL;
        s->is_aisle = memchr(seats, 'a', len) != NULL;
        bool has_paid = memchr(seats, 'x', len) != NULL;
        s->cents += has_paid ? 1500 : 0;
        (void)snprintf(s->part, sizeof s->part, "%s=12900%s", cabin_class, has_paid ? "+exit=1500" : "");
    }
    scene.parties++;
}

static const char *seat_of(size_t i)
{
    return scene.seat[i].fate == SWAP_CONFLICTS ? swap_why_name(scene.seat[i].why)
                                                : scene.cabin.seat[scene.seat[i].to].number;
}

/* Plans, and compares where everybody is: "12A 14B NO_SEAT_LEFT". */
static void expect(const char *want)
{
    char got[2000] = "";
    size_t len = 0;
    assert_true(swap_plan(scene.seat, scene.count, scene.rank, &scene.cabin, scene.is_taken));
    for (size_t i = 0; i < scene.count; i++)
        len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", i > 0 ? " " : "", seat_of(i));
    assert_string_equal(got, want);
}

static void block(const char *number)
{
    for (size_t i = 0; i < scene.cabin.seat_count; i++) {
        if (strcmp(scene.cabin.seat[i].number, number) == 0)
            scene.is_taken[i] = true;
    }
}

#define ECONOMY(rows, columns) "{\"class\":\"economy\",\"rows\":\"" rows "\",\"columns\":\"" columns "\"}"
#define BUSINESS(rows, columns) "{\"class\":\"business\",\"rows\":\"" rows "\",\"columns\":\"" columns "\"}"

static void seats_that_exist_stay(void **state)
{
    (void)state;
    begin(ECONOMY("1-4", "ABC DEF"));
    party(SWAP_SOLD, "economy", "2A 2B");
    party(SWAP_HELD, "economy", "4Fw");
    expect("2A 2B 4F");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(scene.seat[i].fate, SWAP_STAYS);
}

static void a_seat_that_is_written_otherwise_is_the_same(void **state)
{
    (void)state;
    begin(ECONOMY("1-4", "ABC DEF"));
    party(SWAP_SOLD, "economy", "02A");
    expect("2A");
    assert_int_equal(scene.seat[0].fate, SWAP_MOVES);
}

static void nobody_leaves_their_class(void **state)
{
    (void)state;
    begin(BUSINESS("1", "AC DF") "," ECONOMY("2-3", "ABC DEF"));
    party(SWAP_SOLD, "business", "2Aw");
    party(SWAP_SOLD, "economy", "1Aw");
    party(SWAP_SOLD, "premium", "1B");
    expect("1A 2A NO_SUCH_CLASS");
}

static void parties_stay_together(void **state)
{
    (void)state;
    begin(ECONOMY("1-4", "ABC DEF"));
    party(SWAP_SOLD, "economy", "1B 2A 3A 3E"); /* they stay, and leave three together in few places */
    party(SWAP_SOLD, "economy", "9Aw 9B 9Ca");
    party(SWAP_SOLD, "economy", "8C");
    expect("1B 2A 3A 3E 4A 4B 4C 4E");
}

static void a_large_party_takes_neighboring_rows(void **state)
{
    (void)state;
    begin(ECONOMY("1-6", "ABCDEF"));
    party(SWAP_SOLD, "economy", "1A 1B 1C 1D 2A 2B 2C 2D 3A 3B 3C 3D 3E 3F 4A 4B 4C 4D 4E 4F 6C 6D 6E 6F 5C 5D 5E");
    party(SWAP_SOLD, "economy", "9A 9B 10A 10B");
    /* 5A 5B 6A 6B are a block; in the order of rows and columns, 5F is between them. */
    assert_true(swap_plan(scene.seat, scene.count, scene.rank, &scene.cabin, scene.is_taken));
    for (size_t i = scene.count - 4; i < scene.count; i++)
        check(seat_of(i)[0] >= '5' && seat_of(i)[1] <= 'B', "%s is not in the block", seat_of(i));
}

static void who_moves_sits_near_those_who_stay(void **state)
{
    (void)state;
    begin(ECONOMY("1-8", "ABC DEF"));
    party(SWAP_SOLD, "economy", "2Aw 9B");
    party(SWAP_SOLD, "economy", "7F 9A");
    expect("2A 2B 7F 7E");
}

static void windows_go_to_windows_and_aisles_to_aisles(void **state)
{
    (void)state;
    begin(ECONOMY("1-2", "ABC DEF"));
    party(SWAP_SOLD, "economy", "9Ca");
    party(SWAP_SOLD, "economy", "9B");
    party(SWAP_SOLD, "economy", "9Aw");
    expect("2C 2B 2A");
    begin(ECONOMY("1-2", "ABC DEF"));
    party(SWAP_SOLD, "economy", "9Ca 9Aw 9B"); /* in whatever order they are listed */
    expect("2C 2A 2B");
}

static void what_was_paid_for_is_kept_or_given_back(void **state)
{
    static const char plan[] = "{\"class\":\"economy\",\"rows\":\"1-4\",\"columns\":\"ABC\",\"features\":{\"exit\":\"2\"}}";
    (void)state;
    begin(plan);
    party(SWAP_SOLD, "economy", "9Bx"); /* moves to an exit row */
    party(SWAP_SOLD, "economy", "4Bx"); /* stays, but its row is none any more */
    party(SWAP_SOLD, "economy", "2A");  /* gains one */
    expect("2B 4B 2A");
    assert_int_equal(scene.seat[0].lost_cents, 0);
    assert_int_equal(scene.seat[1].lost_cents, 1500);
    assert_int_equal(scene.seat[2].lost_cents, 0);
}

static void a_price_without_parts_loses_nothing(void **state)
{
    char part[PRICE_PART_SIZE];
    (void)state;
    assert_int_equal(swap_lost_cents("", "aisle"), 0);
    assert_int_equal(swap_lost_cents("economy=12900+exit=1500+window=500", "exit"), 500);
    assert_int_equal(swap_lost_cents("economy=12900+exit=1500+window=500", ""), 2000);
    assert_int_equal(swap_lost_cents("economy=12900+exit=1500", "exit-row,no-exit"), 1500);
    swap_keep_parts("economy=12900+exit=1500+window=500", "aisle,window", part);
    assert_string_equal(part, "economy=12900+window=500");
    swap_keep_parts("economy=12900+exit=1500", "", part);
    assert_string_equal(part, "economy=12900");
    swap_keep_parts("", "exit", part);
    assert_string_equal(part, "");
}

static void who_has_paid_goes_first(void **state)
{
    (void)state;
    begin(ECONOMY("1", "AB"));
    party(SWAP_HELD, "economy", "9A 9B");
    party(SWAP_SOLD, "economy", "8A");
    expect("1B NO_SEAT_LEFT 1A");
}

static void a_party_that_fits_goes_before_one_that_does_not(void **state)
{
    (void)state;
    begin(ECONOMY("1", "ABC"));
    party(SWAP_SOLD, "economy", "9A 9B 9C 9D");
    party(SWAP_SOLD, "economy", "8B 8C");
    expect("1C NO_SEAT_LEFT NO_SEAT_LEFT NO_SEAT_LEFT 1B 1A");
}

static void a_payment_on_its_way_keeps_its_amount(void **state)
{
    (void)state;
    begin(ECONOMY("1-2", "AB"));
    party(SWAP_BEING_PAID, "economy", "1A");  /* stays */
    party(SWAP_BEING_PAID, "economy", "9B");  /* moves for the same price */
    party(SWAP_BEING_PAID, "economy", "1Bx"); /* would get something back */
    party(SWAP_BEING_PAID, "business", "3A"); /* has no place */
    expect("1A 2A PAYMENT_PENDING PAYMENT_PENDING");
}

static void blocked_seats_are_not_given(void **state)
{
    (void)state;
    begin(ECONOMY("1", "ABC"));
    block("1A");
    block("1B");
    party(SWAP_SOLD, "economy", "9A");
    party(SWAP_SOLD, "economy", "9B");
    expect("1C NO_SEAT_LEFT");
}

/* ── by chance ──────────────────────────────────────────────────────────── */

static unsigned long long seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(seed >> 33) % below;
}

/* Fills the rows from 1 on with parties, or leaves seats out. */
static void fill(int rows, const char *letters, int business_rows, unsigned largest)
{
    size_t left = 0;
    for (int row = 1; row <= rows; row++) {
        for (const char *column = letters; *column != '\0' && scene.count < PEOPLE_MAX; column++) {
            char text[24];
            if (chance(10) == 0)
                continue;
            (void)snprintf(text, sizeof text, "%d%c%s", row, *column, chance(4) == 0 ? "x" : column == letters ? "w" : "");
            party((enum swap_rank)chance(SWAP_RANKS), row <= business_rows ? "business" : "economy", text);
            /* One more of the party before. */
            if (left > 0) {
                scene.seat[scene.count - 1].party = --scene.parties - 1;
                left--;
            } else {
                left = chance(largest);
            }
        }
    }
}

static void check_plan(unsigned long long of)
{
    bool is_given[CABIN_SEATS_MAX] = { false };
    for (size_t i = 0; i < scene.count; i++) {
        const struct swap_seat *s = &scene.seat[i];
        if (s->fate == SWAP_CONFLICTS) {
            check(s->why != SWAP_WHY_NONE, "%llu: no reason", of);
            continue;
        }
        check(!is_given[s->to], "%llu: %s is given twice", of, seat_of(i));
        is_given[s->to] = true;
        check(strcmp(scene.cabin.seat[s->to].cabin_class, s->cabin_class) == 0, "%llu: another class", of);
        check((s->fate == SWAP_STAYS) == (strcmp(s->number, seat_of(i)) == 0), "%llu: %s stays", of, s->number);
        check(s->lost_cents >= 0 && s->lost_cents <= s->cents, "%llu: what is lost", of);
    }
    for (size_t i = 0; i < scene.count; i++) {
        for (size_t k = 0; k < scene.cabin.seat_count && scene.seat[i].why == SWAP_NO_SEAT_LEFT; k++)
            check(scene.is_taken[k] || strcmp(scene.cabin.seat[k].cabin_class, scene.seat[i].cabin_class) != 0,
                  "%llu: %s is free", of, scene.cabin.seat[k].number);
    }
}

static void no_plan_gives_a_seat_twice(void **state)
{
    static const char *const cabins[] = {
        BUSINESS("1-2", "AC DF") "," ECONOMY("3-9,11-14", "ABC DEF"),
        ECONOMY("1-20", "AB CD"),
        BUSINESS("1-6", "A B") "," ECONOMY("7-10", "ABC DEFG HJK"),
    };
    (void)state;
    for (unsigned long long of = 1; of <= 300; of++) {
        seed = of;
        begin(cabins[chance(COUNT_OF(cabins))]);
        fill(3 + (int)chance(12), chance(2) == 0 ? "ABCDEF" : "ACDFGH", (int)chance(4), 1 + chance(6));
        assert_true(swap_plan(scene.seat, scene.count, scene.rank, &scene.cabin, scene.is_taken));
        check_plan(of);
    }
}

static void equal_swaps_have_equal_plans(void **state)
{
    struct swap_seat *before = calloc(PEOPLE_MAX, sizeof *before);
    (void)state;
    assert_non_null(before);
    for (int run = 0; run < 2; run++) {
        seed = 42;
        begin(ECONOMY("5-60", "ABC DEF"));
        fill(50, "ABCDEFGHI", 0, 5);
        assert_true(swap_plan(scene.seat, scene.count, scene.rank, &scene.cabin, scene.is_taken));
        if (run == 0)
            memcpy(before, scene.seat, sizeof scene.seat);
    }
    for (size_t i = 0; i < scene.count; i++)
        check(before[i].fate == scene.seat[i].fate && before[i].to == scene.seat[i].to, "seat %zu", i);
    free(before);
}

/* 450 people, all of whom have to move, alone or in parties. A plan takes a few milliseconds; a machine that is busy
 * has a second. */
static void a_large_aircraft_is_planned_at_once(void **state)
{
    (void)state;
    for (unsigned largest = 1; largest <= 31; largest += 10) {
        struct timespec from;
        struct timespec to;
        seed = largest;
        begin(ECONOMY("101-150", "ABC DEF GHJ"));
        fill(50, "ABCDEFGHI", 0, largest);
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        assert_true(swap_plan(scene.seat, scene.count, scene.rank, &scene.cabin, scene.is_taken));
        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        double s = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
        check(s < 1, "%zu people in parties of up to %u took %.3f s", scene.count, largest, s);
        if (getenv("SHOW_TIMES") != NULL)
            print_message("%zu people in parties of up to %u: %.4f s\n", scene.count, largest, s);
        check_plan(largest);
    }
}

RUN_TESTS(cmocka_unit_test(seats_that_exist_stay), cmocka_unit_test(a_seat_that_is_written_otherwise_is_the_same),
          cmocka_unit_test(nobody_leaves_their_class), cmocka_unit_test(parties_stay_together),
          cmocka_unit_test(a_large_party_takes_neighboring_rows), cmocka_unit_test(who_moves_sits_near_those_who_stay),
          cmocka_unit_test(windows_go_to_windows_and_aisles_to_aisles),
          cmocka_unit_test(what_was_paid_for_is_kept_or_given_back),
          cmocka_unit_test(a_price_without_parts_loses_nothing), cmocka_unit_test(who_has_paid_goes_first),
          cmocka_unit_test(a_party_that_fits_goes_before_one_that_does_not),
          cmocka_unit_test(a_payment_on_its_way_keeps_its_amount), cmocka_unit_test(blocked_seats_are_not_given),
          cmocka_unit_test(no_plan_gives_a_seat_twice), cmocka_unit_test(equal_swaps_have_equal_plans),
          cmocka_unit_test(a_large_aircraft_is_planned_at_once))
