/* SPDX-License-Identifier: MIT */
/* Columns have a place from left to right: their place in the flight's layout or, if they are not in it, after all of
 * those, by their letters. Two seats of a row are neighbors if their class has no column between theirs. So a row in
 * which a seat was left out has a gap there, and a class with fewer columns than the flight's layout has none.
 *
 * Where the aisles are is not kept with the seats, but which seats stand at one is. Of two neighbors that both do, an
 * aisle is between them; but in "AB CD EF", so do C and D. Aisles are therefore paired off from the left: with B at an
 * aisle and A not, the aisle is between B and C, and the next can only be after D. */

#include "booking/core/seat_map.h"

#include "booking/base/text.h"

#include <stdlib.h>
#include <string.h>

/* Layouts of up to 64 columns, then columns of one and two letters, then anything else. */
#define LAYOUT_MAX 64
#define LETTERS 26
#define COLUMN_COUNT 1024

static uint16_t column_at(const char *column, const char *layout)
{
    const char *found = column[0] != '\0' && column[1] == '\0' ? strchr(layout, column[0]) : NULL;
    bool first = column[0] >= 'A' && column[0] <= 'Z';
    if (found != NULL && found - layout < LAYOUT_MAX)
        return (uint16_t)(found - layout);
    if (first && column[1] == '\0')
        return (uint16_t)(LAYOUT_MAX + column[0] - 'A');
    if (first && column[1] >= 'A' && column[1] <= 'Z' && column[2] == '\0')
        return (uint16_t)(LAYOUT_MAX + LETTERS + (column[0] - 'A') * LETTERS + column[1] - 'A');
    return (uint16_t)(LAYOUT_MAX + LETTERS + LETTERS * LETTERS + (unsigned char)column[0]);
}

/* Whether "aisle,exit" has this name. */
static bool has_name(const char *features, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = features; (p = strstr(p, name)) != NULL; p += len) {
        if ((p == features || p[-1] == ',') && (p[len] == ',' || p[len] == '\0'))
            return true;
    }
    return false;
}

size_t seat_map_class(const struct seat_map *map, const char *name)
{
    size_t i = 0;
    while (i < map->class_count && strcmp(map->cabin_class[i], name) != 0)
        i++;
    return i;
}

static bool class_of(struct seat_map *map, const char *name, uint8_t *ret_class)
{
    size_t i = seat_map_class(map, name);
    if (i == SEAT_MAP_CLASSES)
        return false;
    if (i == map->class_count)
        text_copy(map->cabin_class[map->class_count++], SEAT_MAP_CLASS_SIZE, name);
    *ret_class = (uint8_t)i;
    return true;
}

static bool make_room(struct seat_map *map)
{
    size_t room = map->room == 0 ? 256 : map->room * 2;
    if (map->count < map->room)
        return true;
    struct map_seat *seat = realloc(map->seat, room * sizeof *seat);
    if (seat == NULL)
        return false;
    map->seat = seat;
    map->room = room;
    return true;
}

bool seat_map_add(struct seat_map *map, const struct seat_facts *facts)
{
    uint8_t cabin_class = 0;
    if (map->has_failed || !make_room(map) || !class_of(map, facts->cabin_class, &cabin_class)) {
        map->has_failed = true;
        return false;
    }
    struct map_seat *s = &map->seat[map->count++];
    *s = (struct map_seat){
        .cabin_class = cabin_class,
        .is_free = facts->is_free,
        .knows_place = facts->features != NULL,
        .is_window = facts->features != NULL && has_name(facts->features, "window"),
        .is_aisle = facts->features != NULL && has_name(facts->features, "aisle"),
        /* Without the layout, for now. */
        .column = column_at(facts->column, ""),
        .row = (int32_t)facts->row,
        .price_cents = facts->price_cents,
    };
    text_copy(s->number, sizeof s->number, facts->number);
    text_copy(s->letters, sizeof s->letters, facts->column);
    return true;
}

static int by_place(const void *left, const void *right)
{
    const struct map_seat *a = left;
    const struct map_seat *b = right;
    if (a->cabin_class != b->cabin_class)
        return a->cabin_class < b->cabin_class ? -1 : 1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

/* Most lists come in this order already. */
static void sort(struct seat_map *map)
{
    for (size_t i = 1; i < map->count; i++) {
        if (by_place(&map->seat[i - 1], &map->seat[i]) > 0) {
            qsort(map->seat, map->count, sizeof *map->seat, by_place);
            return;
        }
    }
}

/* The columns of a class. */
struct columns {
    bool exists[COLUMN_COUNT];
    bool is_aisle[COLUMN_COUNT]; /* as the seats' features say */
    bool knows_place;
};

static void note_columns(const struct seat_map *map, size_t from, size_t to, struct columns *c)
{
    memset(c, 0, sizeof *c);
    for (size_t i = from; i < to; i++) {
        const struct map_seat *s = &map->seat[i];
        c->exists[s->column] = true;
        c->is_aisle[s->column] = c->is_aisle[s->column] || s->is_aisle;
        c->knows_place = c->knows_place || s->knows_place;
    }
}

/* Whether an aisle is between neighboring columns that are both at one. *paired: the left one is at the aisle on its
 * other side, so that it needs no other. */
static bool is_aisle_between(const struct columns *c, int left, int right, int next, bool *paired)
{
    bool both = c->is_aisle[left] && c->is_aisle[right];
    /* The last of an odd number, as in "A B C", is at an aisle, too. */
    bool is_last = next < 0 || !c->is_aisle[next];
    bool found = both && (!*paired || is_last);
    *paired = found;
    return found;
}

/* Where a class has its aisles: right of which columns. */
static void find_aisles(const struct columns *c, const char *layout, bool aisle_after[COLUMN_COUNT])
{
    int at[COLUMN_COUNT];
    size_t count = 0;
    bool paired = false;
    memset(aisle_after, 0, COLUMN_COUNT * sizeof *aisle_after);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (c->exists[i])
            at[count++] = i;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        int left = at[i];
        int right = at[i + 1];
        if (c->knows_place)
            aisle_after[left] = is_aisle_between(c, left, right, i + 2 < count ? at[i + 2] : -1, &paired);
        else if (right < LAYOUT_MAX)
            aisle_after[left] = memchr(layout + left, ' ', (size_t)(right - left)) != NULL;
    }
}

/* The column of the same class to the left, or -1. */
static int column_before(const struct columns *c, int column)
{
    do
        column--;
    while (column >= 0 && !c->exists[column]);
    return column;
}

/* Without features, the seats at the ends of the layout are at a window. */
static void set_place(struct map_seat *s, const struct columns *c, const bool *aisle_after)
{
    int before = column_before(c, s->column);
    int after = s->column + 1;
    while (after < COLUMN_COUNT && !c->exists[after])
        after++;
    s->is_window = before < 0 || after == COLUMN_COUNT;
    s->is_aisle = aisle_after[s->column] || (before >= 0 && aisle_after[before]);
}

static void arrange_class(struct seat_map *map, size_t from, size_t to, const char *layout)
{
    struct columns c;
    bool aisle_after[COLUMN_COUNT];
    uint16_t row_count = 0;
    note_columns(map, from, to, &c);
    find_aisles(&c, layout, aisle_after);
    for (size_t i = from; i < to; i++) {
        struct map_seat *s = &map->seat[i];
        const struct map_seat *left = i > from ? s - 1 : NULL;
        s->begins_row = left == NULL || left->row != s->row;
        row_count = (uint16_t)(row_count + (left != NULL && s->begins_row ? 1 : 0));
        s->row_count = row_count;
        s->joins = !s->begins_row && column_before(&c, s->column) == left->column;
        s->over_aisle = s->joins && aisle_after[left->column];
        if (!s->knows_place)
            set_place(s, &c, aisle_after);
    }
    if (to > from)
        map->class_rows[map->seat[from].cabin_class] = (size_t)row_count + 1;
}

/* The columns as they were added, in the order of the layout. */
static void use_layout(struct seat_map *map, const char *layout)
{
    uint16_t place[LETTERS];
    for (int i = 0; i < LETTERS; i++) {
        char column[] = { (char)('A' + i), '\0' };
        place[i] = column_at(column, layout);
    }
    for (size_t i = 0; i < map->count; i++) {
        uint16_t column = map->seat[i].column;
        if (column >= LAYOUT_MAX && column < LAYOUT_MAX + LETTERS)
            map->seat[i].column = place[column - LAYOUT_MAX];
    }
}

bool seat_map_arrange(struct seat_map *map, const char *layout)
{
    if (map->has_failed)
        return false;
    use_layout(map, layout);
    sort(map);
    for (size_t from = 0, to = 0; from < map->count; from = to) {
        while (to < map->count && map->seat[to].cabin_class == map->seat[from].cabin_class)
            to++;
        arrange_class(map, from, to, layout);
    }
    return true;
}

void seat_map_done(struct seat_map *map)
{
    free(map->seat);
    *map = (struct seat_map)SEAT_MAP_INIT;
}

static void add_column(struct map_column *columns, size_t *count, size_t max, const struct map_seat *s)
{
    size_t at = *count;
    while (at > 0 && columns[at - 1].column > s->column)
        at--;
    if (at > 0 && columns[at - 1].column == s->column) {
        columns[at - 1].over_aisle = columns[at - 1].over_aisle || s->over_aisle;
        return;
    }
    if (*count == max)
        return;
    memmove(columns + at + 1, columns + at, ((*count)++ - at) * sizeof *columns);
    columns[at] = (struct map_column){ .over_aisle = s->over_aisle, .column = s->column };
    memcpy(columns[at].letters, s->letters, COLUMN_SIZE);
}

size_t seat_map_columns(const struct seat_map *map, size_t cabin_class, struct map_column *ret_columns, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (map->seat[i].cabin_class == cabin_class)
            add_column(ret_columns, &count, max, &map->seat[i]);
    }
    return count;
}

struct map_seat *seat_map_find(const struct seat_map *map, const char *number)
{
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->seat[i].number, number) == 0)
            return &map->seat[i];
    }
    return NULL;
}
