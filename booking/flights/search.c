/* SPDX-License-Identifier: MIT */
/* Finds flights in batches: the next ones on sale by departure; of these, those of the local day; of these, the seats
 * that are free, from the counts that the sweeper keeps or, where these are not to be had, counted now; and of these,
 * the ones with enough seats.
 *
 * On which day a departure falls is said with the flight or, where it is not, decided here, by the time zones of this
 * host, and not by the database: few servers have loaded time zones, and two would differ. */

#include "booking/flights/search.h"

#include "booking/base/text.h"
#include "booking/base/zone.h"
#include "booking/store/flight_counts.h"

#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
/* No clock is further from UTC than -12:00 or +14:00; this leaves some room. */
#define OFFSET_MAX_MS (15 * HOUR_MS)
#define BATCH FLIGHT_IDS_MAX
/* How many batches a page may take. */
#define BATCHES_MAX 8

struct batch {
    size_t count;
    struct flight flight[BATCH];
    bool is_meant[BATCH];
    bool is_counted[BATCH];
    bool is_forgotten[BATCH];
    struct flight_offer offer[BATCH];
};

/* ── the day ────────────────────────────────────────────────────────────── */

/* Judges the flights of one zone, of which b->flight[first] is the first. */
static void judge_zone(struct batch *b, size_t first, int64_t day_ms, bool *judged)
{
    const char *zone = b->flight[first].origin_time_zone;
    for (size_t i = first; i < b->count; i++) {
        int64_t departs_on_ms = b->flight[i].day_ms;
        if (judged[i] || strcmp(b->flight[i].origin_time_zone, zone) != 0)
            continue;
        if (departs_on_ms == TIME_NONE)
            zone_days(zone, &b->flight[i].departure_ms, 1, &departs_on_ms);
        b->is_meant[i] = departs_on_ms == day_ms;
        judged[i] = true;
    }
}

/* Judges zone by zone, since changing the zone is what costs time. */
static void judge_days(struct batch *b, int64_t day_ms)
{
    bool judged[BATCH] = { 0 };
    for (size_t i = 0; i < b->count; i++) {
        b->is_meant[i] = day_ms == TIME_NONE || b->is_meant[i];
        if (day_ms != TIME_NONE && !judged[i])
            judge_zone(b, i, day_ms, judged);
    }
}

/* ── the seats ──────────────────────────────────────────────────────────── */

static size_t class_of(struct flight_offer *offer, const char *name)
{
    size_t i = 0;
    while (i < offer->class_count && strcmp(offer->cabin_class[i].name, name) != 0)
        i++;
    if (i == offer->class_count && i < CLASSES_MAX) {
        int64_t fare = tariff_fare(&offer->flight.tariff, name);
        for (; i > 0 && offer->cabin_class[i - 1].fare_cents > fare; i--)
            offer->cabin_class[i] = offer->cabin_class[i - 1];
        text_copy(offer->cabin_class[i].name, CLASS_SIZE, name);
        offer->cabin_class[i].fare_cents = fare;
        offer->cabin_class[i].lowest_cents = -1;
        offer->cabin_class[i].total_seats = offer->cabin_class[i].free_seats = 0;
        offer->class_count++;
    }
    return i;
}

static void lower(int64_t *lowest_cents, const struct seat_count *count, int64_t cents)
{
    if (count->free > 0 && (*lowest_cents < 0 || cents < *lowest_cents))
        *lowest_cents = cents;
}

static void add_count(struct flight_offer *offer, const struct seat_count *count)
{
    size_t at = class_of(offer, count->cabin_class);
    int64_t cents = tariff_cents(&offer->flight.tariff, count->cabin_class, count->features);
    offer->total_seats += count->total;
    offer->free_seats += count->free;
    if (at < CLASSES_MAX) {
        offer->cabin_class[at].total_seats += count->total;
        offer->cabin_class[at].free_seats += count->free;
        lower(&offer->cabin_class[at].lowest_cents, count, cents);
    }
    lower(&offer->lowest_cents, count, cents);
}

static void begin_offer(struct flight_offer *offer, const struct flight *flight)
{
    *offer = (struct flight_offer){ .flight = *flight, .lowest_cents = -1 };
}

static void take_count(const struct seat_count *count, void *context)
{
    struct batch *b = context;
    for (size_t i = 0; i < b->count; i++) {
        if (!b->is_meant[i] || strcmp(b->flight[i].flight_id, count->flight_id) != 0)
            continue;
        b->is_counted[i] = true;
        if (*count->cabin_class == '\0')
            b->is_forgotten[i] = true;
        else
            add_count(&b->offer[i], count);
        return;
    }
}

/* Those that are meant and still have to be counted. */
static void list_uncounted(const struct batch *b, struct flight_ids *ids)
{
    ids->count = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (b->is_meant[i] && !b->is_counted[i])
            memcpy(ids->id[ids->count++], b->flight[i].flight_id, FLIGHT_ID_SIZE);
    }
}

static enum result count_seats(struct db *db, struct batch *b)
{
    struct flight_ids ids;
    for (size_t i = 0; i < b->count; i++) {
        begin_offer(&b->offer[i], &b->flight[i]);
        b->is_counted[i] = b->is_forgotten[i] = false;
    }
    list_uncounted(b, &ids);
    if (ids.count > 0)
        TRY(flight_counts_kept(db, &ids, take_count, b));
    for (size_t i = 0; i < b->count; i++) {
        if (!b->is_forgotten[i])
            continue;
        begin_offer(&b->offer[i], &b->flight[i]);
        b->is_counted[i] = false;
    }
    list_uncounted(b, &ids);
    return ids.count > 0 ? flight_counts_now(db, &ids, take_count, b) : RESULT_OK;
}

static bool has_enough(const struct flight_offer *offer, const struct flight_search *search)
{
    if (search->cabin_class == NULL)
        return offer->free_seats >= search->passengers;
    for (size_t i = 0; i < offer->class_count; i++) {
        if (strcmp(offer->cabin_class[i].name, search->cabin_class) == 0)
            return offer->cabin_class[i].free_seats >= search->passengers;
    }
    return false;
}

/* ── batches ────────────────────────────────────────────────────────────── */

static size_t batch_size(const struct flight_search *search)
{
    bool is_every_one = search->day_ms == TIME_NONE && search->passengers == 0 && search->cabin_class == NULL;
    return is_every_one && search->limit + 1 < BATCH ? search->limit + 1 : BATCH;
}

/* Gives what of a batch matches; *given counts up to the limit, and the first one that is left sets end->more. */
static void give_batch(const struct batch *b, const struct flight_search *search,
                       void (*each)(const struct flight_offer *, void *), void *context, size_t *given,
                       struct flight_search_end *end)
{
    for (size_t i = 0; i < b->count && !end->more; i++) {
        if (b->is_meant[i] && has_enough(&b->offer[i], search)) {
            if (*given == search->limit) {
                end->more = true;
                return;
            }
            each(&b->offer[i], context);
            (*given)++;
        }
        end->at.departure_ms = b->flight[i].departure_ms;
        memcpy(end->at.flight_id, b->flight[i].flight_id, FLIGHT_ID_SIZE);
    }
}

static enum result search_batches(struct db *db, const struct flight_search *search, struct batch *b,
                                  void (*each)(const struct flight_offer *, void *), void *context,
                                  struct flight_search_end *end)
{
    struct flight_filter filter = search->filter;
    size_t size = batch_size(search);
    size_t given = 0;
    if (search->day_ms != TIME_NONE) {
        filter.from_ms = search->day_ms - OFFSET_MAX_MS;
        filter.to_ms = search->day_ms + 24 * HOUR_MS + OFFSET_MAX_MS;
    }
    for (int i = 0; i < BATCHES_MAX; i++) {
        TRY(flights_page(db, &filter, size, b->flight, &b->count));
        judge_days(b, search->day_ms);
        TRY(count_seats(db, b));
        give_batch(b, search, each, context, &given, end);
        if (end->more || b->count < size)
            return RESULT_OK;
        filter.after_ms = end->at.departure_ms;
        filter.after_id = end->at.flight_id;
    }
    end->more = true;
    return RESULT_OK;
}

enum result booking_list_flights(struct db *db, const struct flight_search *search,
                                 void (*each)(const struct flight_offer *, void *), void *context,
                                 struct flight_search_end *reterr_end)
{
    struct batch *b = calloc(1, sizeof *b);
    *reterr_end = (struct flight_search_end){ .more = false };
    if (b == NULL)
        return RESULT_INTERNAL;
    enum result r = search_batches(db, search, b, each, context, reterr_end);
    free(b);
    return r;
}

static void take_one(const struct seat_count *count, void *context)
{
    add_count(context, count);
}

enum result booking_find_flight(struct db *db, const char *flight_id, struct flight_offer *reterr_offer)
{
    struct flight_ids ids = { .count = 1 };
    struct flight flight;
    TRY(flights_find(db, flight_id, &flight));
    begin_offer(reterr_offer, &flight);
    text_copy(ids.id[0], FLIGHT_ID_SIZE, flight_id);
    return flight_counts_now(db, &ids, take_one, reterr_offer);
}
