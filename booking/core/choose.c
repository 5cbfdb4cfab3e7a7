/* SPDX-License-Identifier: MIT */
/* A candidate is a set of seats that could be chosen. Within a row, candidates are all runs of so many free seats, with
 * or without others between them. Where no row has enough, they are clusters in as few neighboring rows as possible:
 * of each column, the seats of those rows that are nearest to it.
 *
 * Each candidate has two numbers, smaller is better: how good it is, and where it is. Candidates that are equally good
 * differ only in their places, so any of them will do for the customer who comes second. */

#include "booking/core/choose.h"

#include <stdlib.h>
#include <string.h>

/* How many alternatives there are at most for those who ask at the same moment. */
#define RANKS 64
/* A cluster in more rows is not looked for: seats that are so far apart are taken as they come. */
#define CLUSTER_ROWS 4
/* A candidate in one row has no column that it gathers around. */
#define NO_ANCHOR (-1)

enum tier { SIDE_BY_SIDE, OVER_AISLE, IN_ONE_ROW, IN_SEVERAL_ROWS };

struct candidate {
    uint64_t good;
    uint64_t place;
    size_t first; /* the free seat that it begins with; a cluster: its rows' first seat */
    size_t end;   /* a cluster: behind its rows' last seat */
    int anchor;   /* a cluster: the column; else NO_ANCHOR, and it is the next free seats */
};

struct search {
    const struct seat_map *map;
    const struct choose_wish *wish;
    size_t from, to; /* the seats of the class */
    int64_t lowest_cents;
    struct candidate *candidate; /* room for as many as the map has seats */
    size_t count;
};

/* ── what a set of seats is like ────────────────────────────────────────── */

struct members {
    size_t count;
    size_t at[SEATS_MAX]; /* ascending */
};

static bool contains(const struct members *m, size_t at)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->at[i] == at)
            return true;
    }
    return false;
}

/* The neighbors of a seat without an aisle between: whether it has one, and whether that stays free. */
static bool is_left_free(const struct seat_map *map, const struct members *m, size_t at)
{
    const struct map_seat *s = &map->seat[at];
    return at > 0 && s->joins && !s->over_aisle && map->seat[at - 1].is_free && !contains(m, at - 1);
}

static bool is_right_free(const struct seat_map *map, const struct members *m, size_t at)
{
    const struct map_seat *s = &map->seat[at + 1];
    return at + 1 < map->count && s->joins && !s->over_aisle && s->is_free && !contains(m, at + 1);
}

/* The first seat that is left over alone beside one of these, or map->count; and how many there are. */
static size_t find_singles(const struct seat_map *map, const struct members *m, size_t *ret_count)
{
    size_t first = map->count;
    size_t count = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t at = m->at[i];
        bool left = is_left_free(map, m, at) && !is_left_free(map, m, at - 1);
        /* A seat between two of them is counted as the left neighbor of the right one. */
        bool right = is_right_free(map, m, at) && !is_right_free(map, m, at + 1) &&
                     !(at + 2 < map->count && map->seat[at + 2].joins && !map->seat[at + 2].over_aisle &&
                       contains(m, at + 2));
        if (first == map->count && (left || right))
            first = left ? at - 1 : at + 1;
        count += (left ? 1U : 0U) + (right ? 1U : 0U);
    }
    *ret_count = count;
    return first;
}

/* How far the seats are apart: columns and aisles between them, beyond what side by side needs. */
static size_t spread_in_row(const struct seat_map *map, const struct members *m, enum tier *ret_tier)
{
    size_t aisles = 0;
    size_t gaps = 0;
    for (size_t i = m->at[0] + 1; i <= m->at[m->count - 1]; i++) {
        aisles += map->seat[i].over_aisle ? 1 : 0;
        gaps += (map->seat[i].joins ? 0U : 1U) + (contains(m, i) ? 0U : 1U);
    }
    *ret_tier = gaps > 0 ? IN_ONE_ROW : aisles > 0 ? OVER_AISLE : SIDE_BY_SIDE;
    return aisles + gaps;
}

/* How many sit without any of the others beside them. */
static size_t count_lonely(const struct seat_map *map, const struct members *m)
{
    size_t lonely = 0;
    for (size_t i = 0; i < m->count; i++) {
        bool left = i > 0 && m->at[i - 1] + 1 == m->at[i] && map->seat[m->at[i]].joins;
        bool right = i + 1 < m->count && m->at[i] + 1 == m->at[i + 1] && map->seat[m->at[i + 1]].joins;
        lonely += left || right ? 0 : 1;
    }
    return lonely;
}

static bool is_preferred(const struct search *s, const struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct map_seat *seat = &s->map->seat[m->at[i]];
        if ((s->wish->prefer == CHOOSE_WINDOW && seat->is_window) ||
            (s->wish->prefer == CHOOSE_AISLE && seat->is_aisle))
            return true;
    }
    return s->wish->prefer != CHOOSE_WINDOW && s->wish->prefer != CHOOSE_AISLE;
}

/* ── how good it is ─────────────────────────────────────────────────────── */

static uint64_t at_most(uint64_t value, uint64_t max)
{
    return value < max ? value : max;
}

/* What the seats cost beyond the lowest price of the class; more than 2^37 counts as that. */
static uint64_t surcharge_of(const struct search *s, const struct members *m)
{
    int64_t cents = 0;
    for (size_t i = 0; i < m->count; i++)
        cents += s->map->seat[m->at[i]].price_cents - s->lowest_cents;
    return at_most((uint64_t)cents, (UINT64_C(1) << 37) - 1);
}

/* The row's number from the end that is asked for. */
static uint64_t row_of(const struct search *s, const struct members *m)
{
    const struct map_seat *seat = &s->map->seat[m->at[0]];
    size_t rows = s->map->class_rows[seat->cabin_class];
    return s->wish->prefer == CHOOSE_BACK ? rows - 1 - seat->row_count : seat->row_count;
}

/* How close together a set of seats is. */
struct shape {
    enum tier tier;
    size_t lonely;
    size_t spread;
};

static void judge(const struct search *s, const struct members *m, const struct shape *shape, struct candidate *c)
{
    size_t singles = 0;
    (void)find_singles(s->map, m, &singles);
    uint64_t price = surcharge_of(s, m);
    uint64_t spread = at_most(shape->spread, 63);
    uint64_t row = at_most(row_of(s, m), 1023);
    uint64_t first = s->wish->avoid_singles ? at_most(singles, 31) : 0;
    uint64_t last = s->wish->avoid_singles ? 0 : at_most(singles, 31);
    bool is_by_row = s->wish->prefer == CHOOSE_FRONT || s->wish->prefer == CHOOSE_BACK;

    /* 2, 6 and 5 bits; then 1, 37, 5 and 6. If a row is preferred, whatever counts less says where. */
    c->good = (uint64_t)shape->tier << 11 | at_most(shape->lonely, 63) << 5 | first;
    uint64_t rest = (is_preferred(s, m) ? 0 : UINT64_C(1)) << 48 | price << 11 | last << 6 | spread;
    if (is_by_row) {
        c->place = row << 49 | rest;
    } else {
        c->good = c->good << 49 | rest;
        c->place = row;
    }
}

/* ── candidates ─────────────────────────────────────────────────────────── */

static void add_row_candidate(struct search *s, const struct members *m)
{
    struct candidate *c = &s->candidate[s->count++];
    struct shape shape = { .lonely = 0 };
    shape.spread = spread_in_row(s->map, m, &shape.tier);
    *c = (struct candidate){ .first = m->at[0], .anchor = NO_ANCHOR };
    judge(s, m, &shape, c);
}

/* Adds all runs of free seats in the rows of the class. */
static void search_rows(struct search *s)
{
    struct members m = { .count = 0 };
    for (size_t i = s->from; i < s->to; i++) {
        const struct map_seat *seat = &s->map->seat[i];
        if (seat->begins_row)
            m.count = 0;
        if (!seat->is_free)
            continue;
        if (m.count == s->wish->count)
            memmove(m.at, m.at + 1, --m.count * sizeof *m.at);
        m.at[m.count++] = i;
        if (m.count == s->wish->count)
            add_row_candidate(s, &m);
    }
}

static size_t row_end(const struct search *s, size_t at)
{
    do
        at++;
    while (at < s->to && !s->map->seat[at].begins_row);
    return at;
}

static size_t count_free(const struct search *s, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = from; i < to; i++)
        count += s->map->seat[i].is_free ? 1 : 0;
    return count;
}

/* How many rows it takes at least, one behind the other, to have enough seats. */
static size_t fewest_rows(const struct search *s)
{
    size_t fewest = SIZE_MAX;
    size_t rows = 0;
    size_t have = 0;
    size_t begin = s->from;
    for (size_t at = s->from; at < s->to; at = row_end(s, at)) {
        have += count_free(s, at, row_end(s, at));
        rows++;
        while (have >= s->wish->count) {
            fewest = rows < fewest ? rows : fewest;
            have -= count_free(s, begin, row_end(s, begin));
            begin = row_end(s, begin);
            rows--;
        }
    }
    return fewest;
}

static size_t distance(const struct map_seat *seat, int anchor)
{
    return (size_t)(seat->column > anchor ? seat->column - anchor : anchor - seat->column);
}

/* The free seats of these rows that are nearest to a column; among equals the foremost. */
static void gather(const struct search *s, const struct candidate *c, struct members *ret_members)
{
    struct members m = { .count = 0 };
    size_t far[SEATS_MAX];
    for (size_t i = c->first; i < c->end; i++) {
        size_t d = distance(&s->map->seat[i], c->anchor);
        if (!s->map->seat[i].is_free || (m.count == s->wish->count && d >= far[m.count - 1]))
            continue;
        size_t at = m.count < s->wish->count ? m.count++ : m.count - 1;
        for (; at > 0 && far[at - 1] > d; at--) {
            far[at] = far[at - 1];
            m.at[at] = m.at[at - 1];
        }
        far[at] = d;
        m.at[at] = i;
    }
    *ret_members = m;
}

static int by_number(const void *left, const void *right)
{
    size_t a = *(const size_t *)left;
    size_t b = *(const size_t *)right;
    return a < b ? -1 : a > b;
}

/* The seats of a candidate. */
static void members_of(const struct search *s, const struct candidate *c, struct members *ret_members)
{
    if (c->anchor != NO_ANCHOR) {
        gather(s, c, ret_members);
        qsort(ret_members->at, ret_members->count, sizeof *ret_members->at, by_number);
        return;
    }
    ret_members->count = 0;
    for (size_t i = c->first; ret_members->count < s->wish->count; i++) {
        if (s->map->seat[i].is_free)
            ret_members->at[ret_members->count++] = i;
    }
}

static void add_cluster(struct search *s, size_t from, size_t to, int anchor)
{
    struct candidate c = { .first = from, .end = to, .anchor = anchor };
    struct shape shape = { .tier = IN_SEVERAL_ROWS };
    struct members m;
    members_of(s, &c, &m);
    for (size_t i = 0; anchor != NO_ANCHOR && i < m.count; i++)
        shape.spread += distance(&s->map->seat[m.at[i]], anchor);
    shape.lonely = count_lonely(s->map, &m);
    judge(s, &m, &shape, &c);
    s->candidate[s->count++] = c;
}

/* Adds the clusters in the rows from here on. There are no more of them than seats in the first row. */
static void search_window(struct search *s, size_t from, size_t rows)
{
    size_t to = from;
    for (size_t i = 0; i < rows; i++) {
        if (to == s->to)
            return;
        to = row_end(s, to);
    }
    if (count_free(s, from, to) < s->wish->count)
        return;
    if (rows > CLUSTER_ROWS) {
        add_cluster(s, from, to, NO_ANCHOR);
        return;
    }
    for (size_t i = from; i < row_end(s, from); i++)
        add_cluster(s, from, to, s->map->seat[i].column);
}

static void search_several_rows(struct search *s)
{
    size_t rows = fewest_rows(s);
    for (size_t at = s->from; at < s->to; at = row_end(s, at))
        search_window(s, at, rows);
}

/* ── the choice ─────────────────────────────────────────────────────────── */

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    return a->good != b->good ? a->good < b->good : a->place < b->place;
}

static bool overlaps(const struct members *m, const bool *is_given)
{
    for (size_t i = 0; i < m->count; i++) {
        if (is_given[m->at[i]])
            return true;
    }
    return false;
}

/* The best candidate that is as good as the very best and has no seat that is given already; NULL if there is none. */
static const struct candidate *next_best(const struct search *s, const struct candidate *best, const bool *is_given,
                                         struct members *ret_members)
{
    const struct candidate *found = NULL;
    struct members m;
    for (size_t i = 0; i < s->count; i++) {
        const struct candidate *c = &s->candidate[i];
        if ((best != NULL && c->good != best->good) || (found != NULL && !is_better(c, found)))
            continue;
        members_of(s, c, &m);
        if (overlaps(&m, is_given))
            continue;
        found = c;
        *ret_members = m;
    }
    return found;
}

/* Gives out seats as if to one customer after the other, until it is the turn of this one. If there are fewer, it
 * begins again with the first. */
static bool pick(const struct search *s, size_t rank, struct members *ret_members)
{
    struct members given[RANKS];
    size_t count = 0;
    bool *is_given = calloc(s->map->count, sizeof *is_given);
    const struct candidate *best = NULL;
    while (is_given != NULL && count < RANKS && count <= rank % RANKS) {
        const struct candidate *c = next_best(s, best, is_given, &given[count]);
        if (c == NULL)
            break;
        best = best == NULL ? c : best;
        for (size_t i = 0; i < given[count].count; i++)
            is_given[given[count].at[i]] = true;
        count++;
    }
    free(is_given);
    if (count > 0)
        *ret_members = given[rank % RANKS % count];
    return count > 0;
}

/* The seats of a class. */
static void set_range(struct search *s, size_t cabin_class)
{
    s->from = 0;
    while (s->from < s->map->count && s->map->seat[s->from].cabin_class != cabin_class)
        s->from++;
    s->to = s->from;
    while (s->to < s->map->count && s->map->seat[s->to].cabin_class == cabin_class)
        s->to++;
    s->lowest_cents = INT64_MAX;
    for (size_t i = s->from; i < s->to; i++) {
        if (s->map->seat[i].price_cents < s->lowest_cents)
            s->lowest_cents = s->map->seat[i].price_cents;
    }
}

static bool choose_in_class(struct search *s, size_t cabin_class, struct members *ret_members)
{
    set_range(s, cabin_class);
    s->count = 0;
    if (count_free(s, s->from, s->to) < s->wish->count)
        return false;
    search_rows(s);
    if (s->count == 0)
        search_several_rows(s);
    return pick(s, s->wish->rank, ret_members);
}

/* The classes by their lowest prices. */
static void sort_classes(struct search *s, size_t order[SEAT_MAP_CLASSES])
{
    int64_t cents[SEAT_MAP_CLASSES];
    for (size_t i = 0; i < s->map->class_count; i++) {
        size_t at = i;
        set_range(s, i);
        for (; at > 0 && cents[at - 1] > s->lowest_cents; at--) {
            cents[at] = cents[at - 1];
            order[at] = order[at - 1];
        }
        cents[at] = s->lowest_cents;
        order[at] = i;
    }
}

/* No class has enough: takes what there is, of the cheapest class first. */
static bool mix_classes(struct search *s, const size_t *order, struct members *ret_members)
{
    struct members m = { .count = 0 };
    for (size_t i = 0; i < s->map->class_count; i++) {
        set_range(s, order[i]);
        for (size_t at = s->from; at < s->to && m.count < s->wish->count; at++) {
            if (s->map->seat[at].is_free)
                m.at[m.count++] = at;
        }
    }
    *ret_members = m;
    return m.count == s->wish->count;
}

static bool choose_members(struct search *s, struct members *ret_members)
{
    size_t order[SEAT_MAP_CLASSES];
    if (s->wish->cabin_class != NULL)
        return choose_in_class(s, seat_map_class(s->map, s->wish->cabin_class), ret_members);
    sort_classes(s, order);
    for (size_t i = 0; i < s->map->class_count; i++) {
        if (choose_in_class(s, order[i], ret_members))
            return true;
    }
    return mix_classes(s, order, ret_members);
}

static bool begin_search(struct search *s, const struct seat_map *map, const struct choose_wish *wish)
{
    *s = (struct search){ .map = map, .wish = wish };
    if (wish->count == 0 || wish->count > SEATS_MAX || map->count == 0)
        return false;
    s->candidate = malloc(map->count * sizeof *s->candidate);
    return s->candidate != NULL;
}

bool choose_seats(const struct seat_map *map, const struct choose_wish *wish, struct seat_list *ret_seats)
{
    struct search s;
    struct members m = { .count = 0 };
    if (!begin_search(&s, map, wish))
        return false;
    bool found = choose_members(&s, &m);
    free(s.candidate);
    if (!found)
        return false;
    ret_seats->count = m.count;
    for (size_t i = 0; i < m.count; i++)
        memcpy(ret_seats->number[i], map->seat[m.at[i]].number, SEAT_NUMBER_SIZE);
    return true;
}

bool choose_prefer_parse(const char *text, enum choose_prefer *ret_prefer)
{
    static const char *const names[] = { "", "window", "aisle", "front", "back" };
    for (size_t i = 1; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *ret_prefer = (enum choose_prefer)i;
            return true;
        }
    }
    return false;
}

/* ── singles ────────────────────────────────────────────────────────────── */

/* The seats that a customer has named; false if one of them cannot be had, or they are of several classes. */
static bool named_members(const struct seat_map *map, const struct seat_list *seats, struct members *ret_members)
{
    struct members m = { .count = 0 };
    for (size_t i = 0; i < seats->count; i++) {
        const struct map_seat *seat = seat_map_find(map, seats->number[i]);
        if (seat == NULL || !seat->is_free)
            return false;
        if (m.count > 0 && seat->cabin_class != map->seat[m.at[0]].cabin_class)
            return false;
        m.at[m.count++] = (size_t)(seat - map->seat);
    }
    qsort(m.at, m.count, sizeof *m.at, by_number);
    *ret_members = m;
    return m.count > 0;
}

static enum tier tier_of(const struct seat_map *map, const struct members *m)
{
    enum tier tier = IN_SEVERAL_ROWS;
    if (map->seat[m->at[0]].row == map->seat[m->at[m->count - 1]].row)
        (void)spread_in_row(map, m, &tier);
    return tier;
}

/* Whether as many seats can be had that are at least as close together, cost no more, and leave none over. */
static bool has_better(struct search *s, const struct members *named)
{
    enum tier tier = tier_of(s->map, named);
    struct members m;
    set_range(s, s->map->seat[named->at[0]].cabin_class);
    search_rows(s);
    if (s->count == 0)
        search_several_rows(s);
    for (size_t i = 0; i < s->count; i++) {
        size_t singles = 0;
        members_of(s, &s->candidate[i], &m);
        (void)find_singles(s->map, &m, &singles);
        if (singles == 0 && tier_of(s->map, &m) <= tier && surcharge_of(s, &m) <= surcharge_of(s, named))
            return true;
    }
    return false;
}

bool choose_leaves_single(const struct seat_map *map, const struct seat_list *seats, char ret_single[SEAT_NUMBER_SIZE])
{
    struct choose_wish wish = { .count = seats->count, .avoid_singles = true };
    struct search s;
    struct members named;
    size_t singles = 0;
    if (!named_members(map, seats, &named))
        return false;
    size_t single = find_singles(map, &named, &singles);
    if (singles == 0 || !begin_search(&s, map, &wish))
        return false;
    bool is_needless = has_better(&s, &named);
    free(s.candidate);
    if (is_needless)
        memcpy(ret_single, map->seat[single].number, SEAT_NUMBER_SIZE);
    return is_needless;
}
