/* SPDX-License-Identifier: MIT */
#include "booking/flights/map.h"

#include "booking/base/monotonic.h"
#include "booking/base/text.h"
#include "booking/store/flights.h"
#include "booking/store/seats.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct seat_map *map;
    const struct tariff *tariff;
};

static void add_seat(const struct seat *seat, void *context)
{
    struct reading *reading = context;
    const char *cabin_class = seat->cabin_class == NULL ? CLASS_ECONOMY : seat->cabin_class;
    const struct seat_facts facts = {
        .number = seat->number,
        .row = seat->row,
        .column = seat->column,
        .cabin_class = cabin_class,
        .features = seat->features,
        .price_cents = tariff_cents(reading->tariff, cabin_class, seat->features == NULL ? "" : seat->features),
        .is_free = seat->status == SEAT_AVAILABLE,
    };
    (void)seat_map_add(reading->map, &facts); /* seat_map_arrange() tells if it failed */
}

enum result flight_map_read(struct db *db, const char *flight_id, struct seat_map *ret_map)
{
    struct flight_sale sale;
    struct seat_map map = SEAT_MAP_INIT;
    struct reading reading = { .map = &map, .tariff = &sale.facts.tariff };
    TRY(flights_sale(db, flight_id, &sale));
    enum result r = seats_of_flight(db, flight_id, add_seat, &reading);
    if (r == RESULT_OK && !seat_map_arrange(&map, sale.seat_layout))
        r = RESULT_INTERNAL;
    if (r == RESULT_OK)
        *ret_map = map;
    else
        seat_map_done(&map);
    return r;
}

/* ── maps that are kept ─────────────────────────────────────────────────── */

/* Reading a cabin takes the server longer than holding seats, and most of it never changes. So a process keeps the maps
 * of the flights that it was asked for lately, and reads only which seats are free. A map that does not fit is noticed:
 * a free seat is not in it, or the hold does not find a seat. */

#define KEPT_MS 60000
#define KEPT_FLIGHTS 64

struct by_number {
    struct map_seat *seat;
};

struct kept_map {
    char flight_id[FLIGHT_ID_SIZE]; /* empty: none */
    int64_t read_ms;
    int64_t used_ms;
    struct seat_map map;
    struct by_number *by_number;
    bool is_wrong;
};

static struct kept_map kept[KEPT_FLIGHTS];

static void drop(struct kept_map *k)
{
    seat_map_done(&k->map);
    free(k->by_number);
    *k = (struct kept_map){ .map = SEAT_MAP_INIT };
}

/* The flight's map, or the place of the one that was not asked for for the longest time. */
static struct kept_map *find_kept(const char *flight_id)
{
    struct kept_map *oldest = &kept[0];
    for (size_t i = 0; i < KEPT_FLIGHTS; i++) {
        if (strcmp(kept[i].flight_id, flight_id) == 0)
            return &kept[i];
        if (kept[i].used_ms < oldest->used_ms)
            oldest = &kept[i];
    }
    return oldest;
}

static int compare(const void *left, const void *right)
{
    const struct by_number *a = left;
    const struct by_number *b = right;
    return strcmp(a->seat->number, b->seat->number);
}

static int compare_number(const void *number, const void *seat)
{
    const struct by_number *s = seat;
    return strcmp(number, s->seat->number);
}

static enum result read_anew(struct db *db, const char *flight_id, struct kept_map *k)
{
    drop(k);
    int64_t now_ms = monotonic_ms();
    TRY(flight_map_read(db, flight_id, &k->map));
    k->by_number = calloc(k->map.count + 1, sizeof *k->by_number);
    if (k->by_number == NULL) {
        drop(k);
        return RESULT_INTERNAL;
    }
    for (size_t i = 0; i < k->map.count; i++)
        k->by_number[i].seat = &k->map.seat[i];
    qsort(k->by_number, k->map.count, sizeof *k->by_number, compare);
    text_copy(k->flight_id, sizeof k->flight_id, flight_id);
    k->read_ms = k->used_ms = now_ms;
    return RESULT_OK;
}

static void mark_free(const char *number, void *context)
{
    struct kept_map *k = context;
    const struct by_number *found = bsearch(number, k->by_number, k->map.count, sizeof *k->by_number, compare_number);
    if (found == NULL)
        k->is_wrong = true;
    else
        found->seat->is_free = true;
}

static enum result read_free(struct db *db, struct kept_map *k)
{
    k->used_ms = monotonic_ms();
    for (size_t i = 0; i < k->map.count; i++)
        k->map.seat[i].is_free = false;
    return seats_free(db, k->flight_id, mark_free, k);
}

enum result flight_map_borrow(struct db *db, const char *flight_id, bool anew, const struct seat_map **ret_map,
                              bool *ret_anew)
{
    struct kept_map *k = find_kept(flight_id);
    bool is_kept = !anew && strcmp(k->flight_id, flight_id) == 0 && monotonic_ms() - k->read_ms < KEPT_MS;
    if (is_kept)
        TRY(read_free(db, k));
    is_kept = is_kept && !k->is_wrong;
    if (!is_kept)
        TRY(read_anew(db, flight_id, k));
    *ret_map = &k->map;
    *ret_anew = !is_kept;
    return RESULT_OK;
}
