/* SPDX-License-Identifier: MIT */
/* Which passengers stay is settled first, so that none is moved to the seat of one who stays. Then the parties that
 * have to move choose one after the other, those with the higher rank first and among these the largest, since they
 * need most room. A party that finds no room as a whole waits until the others of its rank have chosen, and takes what
 * is left.
 *
 * A party compares sets of as many free seats of its class as it needs: those that follow each other in the order of
 * rows and columns, and blocks of two neighboring rows. There are about two for each free seat, so the whole plan takes
 * time in proportion to the square of the cabin's size, and not more. */

#include "booking/core/swap.h"

#include <stdlib.h>
#include <string.h>

/* What is bad about a set of seats. Being apart outweighs everything else. */
#define COST_ROW 4000  /* for each row between two passengers of a party */
#define COST_GAP 1200  /* for each seat between two of one row */
#define COST_ACROSS 60 /* an aisle between neighbors */
#define COST_OFFSET 80 /* for each column that those in the next row sit further left or right */
#define COST_PLACE 150 /* a window that is lost, or an aisle */
#define COST_PAID 120  /* something that was paid for is lost */
#define COST_WASTE 15  /* a window or an aisle for a passenger who had none */
#define COST_AWAY 2    /* for each row from where they sat */
#define ROWS_AWAY_MAX 40

/* A seat of the new cabin. */
struct place {
    const struct cabin_seat *seat;
    int column; /* which of its row it is, from 0 */
    bool is_window;
    bool is_aisle;
};

struct planner {
    struct swap_seat *seats;
    size_t count;
    const struct cabin *cabin;
    struct place *places; /* one for each seat of the cabin */
    bool *is_taken;
    size_t *free; /* room for the free places of a class */
};

/* Some seats of a party that look for places, and the places they may get. */
struct group {
    size_t count;
    struct swap_seat *member[SEATS_MAX];
    size_t near_count; /* places that others of the party have */
    size_t near[SEATS_MAX];
};
struct choice {
    size_t count;
    size_t place[SEATS_MAX]; /* ascending */
    size_t of[SEATS_MAX];    /* the place of each member of the group */
    int64_t cost;
};

/* Whether "aisle,exit" has this name, which has a length. */
static bool have(const char *features, const char *name, size_t len)
{
    for (const char *p = features; *p != '\0'; p += strcspn(p, ",")) {
        p += *p == ',' ? 1 : 0;
        if (strncmp(p, name, len) == 0 && (p[len] == ',' || p[len] == '\0'))
            return true;
    }
    return false;
}

int64_t swap_lost_cents(const char *part, const char *features)
{
    struct price_part p;
    int64_t cents = 0;
    while (price_part_next(&part, &p))
        cents += p.is_fare || have(features, p.name, strlen(p.name)) ? 0 : p.cents;
    return cents;
}

void swap_keep_parts(const char *part, const char *features, char ret_part[PRICE_PART_SIZE])
{
    char kept[PRICE_PART_SIZE];
    struct price_part p;
    size_t len = 0;
    for (const char *from = part; price_part_next(&part, &p) && len + (size_t)(part - from) < sizeof kept;
         from = part) {
        if (!p.is_fare && !have(features, p.name, strlen(p.name)))
            continue;
        memcpy(kept + len, from, (size_t)(part - from));
        len += (size_t)(part - from);
    }
    kept[len] = '\0';
    memcpy(ret_part, kept, len + 1);
}

const char *swap_why_name(enum swap_why why)
{
    switch (why) {
    case SWAP_WHY_NONE: return "";
    case SWAP_NO_SUCH_CLASS: return "NO_SUCH_CLASS";
    case SWAP_NO_SEAT_LEFT: return "NO_SEAT_LEFT";
    case SWAP_PAYMENT_PENDING: return "PAYMENT_PENDING";
    }
    return "";
}

/* ── what a choice costs ────────────────────────────────────────────────── */

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

/* How far two passengers of a party are from each other. */
static int64_t apart(const struct planner *p, size_t a, size_t b)
{
    const struct place *one = &p->places[a];
    const struct place *other = &p->places[b];
    if (one->seat->row != other->seat->row)
        return distance(one->seat->row, other->seat->row) * COST_ROW +
               distance(one->column, other->column) * COST_OFFSET;
    return (distance(one->column, other->column) - 1) * COST_GAP + (one->is_aisle && other->is_aisle ? COST_ACROSS : 0);
}

static int64_t spread(const struct planner *p, const struct group *g, const struct choice *c)
{
    int64_t cost = 0;
    size_t row_begin = 0;
    for (size_t i = 1; i < c->count; i++) {
        bool same_row = p->places[c->place[i]].seat->row == p->places[c->place[i - 1]].seat->row;
        cost += apart(p, same_row ? c->place[i - 1] : c->place[row_begin], c->place[i]);
        row_begin = same_row ? row_begin : i;
    }
    for (size_t i = 0; i < c->count && g->near_count > 0; i++) {
        int64_t least = INT64_MAX;
        for (size_t k = 0; k < g->near_count; k++) {
            int64_t d = apart(p, g->near[k], c->place[i]);
            least = d < least ? d : least;
        }
        cost += least;
    }
    return cost;
}

static int64_t fit(const struct swap_seat *s, const struct place *place)
{
    int64_t away = distance(s->row, place->seat->row);
    int64_t cost = (away < ROWS_AWAY_MAX ? away : ROWS_AWAY_MAX) * COST_AWAY;
    cost += s->is_window && !place->is_window ? COST_PLACE : 0;
    cost += s->is_aisle && !place->is_aisle ? COST_PLACE : 0;
    cost += place->is_window && !s->is_window ? COST_WASTE : 0;
    cost += place->is_aisle && !s->is_aisle ? COST_WASTE : 0;
    return cost + (swap_lost_cents(s->part, place->seat->features) > 0 ? COST_PAID : 0);
}

static bool is_choosy(const struct swap_seat *s)
{
    return s->is_window || s->is_aisle || strchr(s->part, '+') != NULL;
}

/* Gives each member one of the places: first to those who have something to lose, each the best that is left. */
static int64_t seat_members(const struct planner *p, const struct group *g, struct choice *c)
{
    bool is_given[SEATS_MAX] = { false };
    int64_t sum = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < c->count; i++) {
            size_t best = SEATS_MAX;
            int64_t least = INT64_MAX;
            if (is_choosy(g->member[i]) != (turn == 0))
                continue;
            for (size_t k = 0; k < c->count; k++) {
                int64_t cost = is_given[k] ? INT64_MAX : fit(g->member[i], &p->places[c->place[k]]);
                best = cost < least ? k : best;
                least = cost < least ? cost : least;
            }
            is_given[best] = true;
            c->of[i] = c->place[best];
            sum += least;
        }
    }
    return sum;
}

/* Lets two members change places as long as that is better for both together. */
static void improve(const struct planner *p, const struct group *g, struct choice *c)
{
    for (bool goes_on = true; goes_on;) {
        goes_on = false;
        for (size_t i = 0; i < c->count; i++) {
            for (size_t k = i + 1; k < c->count; k++) {
                const struct place *a = &p->places[c->of[i]];
                const struct place *b = &p->places[c->of[k]];
                if (fit(g->member[i], b) + fit(g->member[k], a) >= fit(g->member[i], a) + fit(g->member[k], b))
                    continue;
                size_t other = c->of[i];
                c->of[i] = c->of[k];
                c->of[k] = other;
                goes_on = true;
            }
        }
    }
}

/* ── choosing ───────────────────────────────────────────────────────────── */

static void consider(const struct planner *p, const struct group *g, struct choice *c, struct choice *best)
{
    c->cost = spread(p, g, c);
    if (c->cost >= best->cost)
        return;
    c->cost += seat_members(p, g, c);
    if (c->cost < best->cost)
        *best = *c;
}

/* Seats side by side in two rows that follow each other, from this free place on: (count + 1) / 2 in each. */
static bool take_block(const struct planner *p, size_t free_count, size_t from, size_t count, struct choice *ret_choice)
{
    const struct place *first = &p->places[p->free[from]];
    const int width = (int)((count + 1) / 2);
    struct choice c = { .count = 0 };
    int rows = 1;
    int row = first->seat->row;
    for (size_t i = from; i < free_count && c.count < count; i++) {
        const struct place *place = &p->places[p->free[i]];
        rows += place->seat->row != row ? 1 : 0;
        row = place->seat->row;
        if (rows > 2)
            return false;
        if (place->column >= first->column && place->column < first->column + width)
            c.place[c.count++] = p->free[i];
    }
    *ret_choice = c;
    return c.count == count;
}

static size_t list_free(const struct planner *p, const char *cabin_class)
{
    size_t count = 0;
    for (size_t i = 0; i < p->cabin->seat_count; i++) {
        if (!p->is_taken[i] && strcmp(p->cabin->seat[i].cabin_class, cabin_class) == 0)
            p->free[count++] = i;
    }
    return count;
}

/* Finds the best places for the first so many of the group, all of one class. */
static void choose(const struct planner *p, const struct group *g, size_t free_count, size_t count,
                   struct choice *ret_best)
{
    struct choice best = { .cost = INT64_MAX };
    for (size_t from = 0; from + count <= free_count; from++) {
        struct choice c = { .count = count };
        memcpy(c.place, p->free + from, count * sizeof *c.place);
        consider(p, g, &c, &best);
        if (count > 2 && take_block(p, free_count, from, count, &c))
            consider(p, g, &c, &best);
    }
    improve(p, g, &best);
    *ret_best = best;
}

static void settle(struct planner *p, struct swap_seat *s, enum swap_fate fate, size_t to)
{
    int64_t lost_cents = swap_lost_cents(s->part, p->cabin->seat[to].features);
    s->fate = fate;
    s->why = SWAP_WHY_NONE;
    s->to = to;
    s->lost_cents = lost_cents < s->cents ? lost_cents : s->cents;
    p->is_taken[to] = true;
}

/* The members of a party who have no place yet and are of the class of the first of them; and where the others are. */
static void gather(const struct planner *p, size_t begin, size_t end, struct group *ret_group)
{
    struct group g = { .count = 0 };
    for (size_t i = begin; i < end && i < begin + SEATS_MAX; i++) {
        struct swap_seat *s = &p->seats[i];
        if (s->fate != SWAP_CONFLICTS)
            g.near[g.near_count++] = s->to;
        else if (s->why == SWAP_WHY_NONE && (g.count == 0 || strcmp(g.member[0]->cabin_class, s->cabin_class) == 0))
            g.member[g.count++] = s;
    }
    *ret_group = g;
}

static bool has_class(const struct planner *p, const char *cabin_class)
{
    for (size_t i = 0; i < p->cabin->seat_count; i++) {
        if (strcmp(p->cabin->seat[i].cabin_class, cabin_class) == 0)
            return true;
    }
    return false;
}

/* Places those of a party who have to move, class by class. Unless some_will_do, only as a whole. */
static void place_party(struct planner *p, size_t begin, size_t end, bool some_will_do)
{
    for (;;) {
        struct group g;
        struct choice best;
        gather(p, begin, end, &g);
        if (g.count == 0)
            return;
        size_t free_count = list_free(p, g.member[0]->cabin_class);
        size_t count = g.count < free_count ? g.count : free_count;
        if (count < g.count && !some_will_do)
            return; /* in its next turn */
        if (count > 0)
            choose(p, &g, free_count, count, &best);
        for (size_t i = 0; i < count; i++)
            settle(p, g.member[i], SWAP_MOVES, best.of[i]);
        for (size_t i = count; i < g.count; i++)
            g.member[i]->why = has_class(p, g.member[i]->cabin_class) ? SWAP_NO_SEAT_LEFT : SWAP_NO_SUCH_CLASS;
    }
}

/* ── the plan ───────────────────────────────────────────────────────────── */

/* A party that has to move, and when it chooses. */
struct turn {
    size_t begin, end; /* its seats */
    enum swap_rank rank;
    size_t movers;
    size_t choosy;
};

static int compare_turns(const void *a, const void *b)
{
    const struct turn *one = a;
    const struct turn *other = b;
    if (one->rank != other->rank)
        return one->rank < other->rank ? -1 : 1;
    if (one->movers != other->movers)
        return one->movers > other->movers ? -1 : 1;
    if (one->choosy != other->choosy)
        return one->choosy > other->choosy ? -1 : 1;
    return one->begin < other->begin ? -1 : 1;
}

/* Keeps those in their seats whose seats there still are. A number with zeros before the row is written anew. */
static void keep_seats(struct planner *p)
{
    for (size_t i = 0; i < p->count; i++) {
        struct swap_seat *s = &p->seats[i];
        char plain[SEAT_NUMBER_SIZE];
        size_t to = 0;
        s->fate = SWAP_CONFLICTS;
        s->why = SWAP_WHY_NONE;
        s->lost_cents = 0;
        seat_number_plain(s->number, plain);
        while (to < p->cabin->seat_count && strcmp(p->cabin->seat[to].number, plain) != 0)
            to++;
        if (to == p->cabin->seat_count || p->is_taken[to] ||
            strcmp(p->cabin->seat[to].cabin_class, s->cabin_class) != 0)
            continue;
        settle(p, s, strcmp(plain, s->number) == 0 ? SWAP_STAYS : SWAP_MOVES, to);
    }
}

static size_t list_turns(const struct planner *p, const enum swap_rank *ranks, struct turn *turns)
{
    size_t count = 0;
    for (size_t begin = 0, end = 0; begin < p->count; begin = end) {
        struct turn t = { .begin = begin, .rank = ranks[p->seats[begin].party] };
        for (; end < p->count && p->seats[end].party == p->seats[begin].party; end++) {
            t.movers += p->seats[end].fate == SWAP_CONFLICTS ? 1 : 0;
            t.choosy += p->seats[end].fate == SWAP_CONFLICTS && is_choosy(&p->seats[end]) ? 1 : 0;
        }
        t.end = end;
        if (t.movers > 0)
            turns[count++] = t;
    }
    qsort(turns, count, sizeof *turns, compare_turns);
    return count;
}

static void move_others(struct planner *p, struct turn *turns, size_t count)
{
    for (size_t rank = 0; rank < SWAP_RANKS; rank++) {
        for (int some_will_do = 0; some_will_do < 2; some_will_do++) {
            for (size_t i = 0; i < count; i++) {
                if (turns[i].rank == rank)
                    place_party(p, turns[i].begin, turns[i].end, some_will_do == 1);
            }
        }
    }
}

/* The amount of a payment cannot change any more. */
static void check_payments(struct planner *p, const enum swap_rank *ranks)
{
    for (size_t i = 0; i < p->count; i++) {
        struct swap_seat *s = &p->seats[i];
        if (ranks[s->party] != SWAP_BEING_PAID || (s->fate != SWAP_CONFLICTS && s->lost_cents == 0))
            continue;
        s->fate = SWAP_CONFLICTS;
        s->why = SWAP_PAYMENT_PENDING;
    }
}

static void describe_places(const struct cabin *cabin, struct place *places)
{
    for (size_t i = 0; i < cabin->seat_count; i++) {
        const struct cabin_seat *s = &cabin->seat[i];
        bool begins = i == 0 || s[-1].row != s->row;
        places[i] = (struct place){
            .seat = s,
            .column = begins ? 0 : places[i - 1].column + 1,
            .is_window = have(s->features, "window", 6),
            .is_aisle = have(s->features, "aisle", 5),
        };
    }
}

bool swap_plan(struct swap_seat *seats, size_t count, const enum swap_rank *ranks, const struct cabin *cabin,
               bool *is_taken)
{
    struct planner p = { .seats = seats, .count = count, .cabin = cabin, .is_taken = is_taken };
    struct turn *turns = calloc(count + 1, sizeof *turns);
    p.places = calloc(cabin->seat_count + 1, sizeof *p.places);
    p.free = calloc(cabin->seat_count + 1, sizeof *p.free);
    bool ok = turns != NULL && p.places != NULL && p.free != NULL;
    if (ok) {
        describe_places(cabin, p.places);
        keep_seats(&p);
        move_others(&p, turns, list_turns(&p, ranks, turns));
        check_payments(&p, ranks);
    }
    free(turns);
    free(p.places);
    free(p.free);
    return ok;
}
