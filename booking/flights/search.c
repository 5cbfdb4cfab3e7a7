/* SPDX-License-Identifier: MIT */
#include "booking/flights/search.h"

#include "booking/base/text.h"
#include "booking/base/zone.h"

#include <string.h>

/* Finds the flights of one local day. On which day a departure falls is decided
 * here, by the time zones of this host, and not by the database: few servers
 * have loaded time zones, and two would differ. The database first gives the
 * flights that may match, a few columns each, by departure; those that do match
 * are then read whole. */

#define HOUR_MS INT64_C(3600000)
/* No clock is further from UTC than -12:00 or +14:00; this leaves some room. */
#define OFFSET_MAX_MS (15 * HOUR_MS)
#define BATCH 256

struct candidates {
    size_t count;
    struct flight_departure flight[BATCH];
    bool meant[BATCH];
};

static void add_candidate(const struct flight_departure *flight, void *context)
{
    struct candidates *c = context;
    if (c->count < BATCH)
        c->flight[c->count++] = *flight;
}

/* Judges the flights of one zone, of which c->flight[first] is the first. */
static void judge_zone(struct candidates *c, size_t first, int64_t day_ms, bool *judged)
{
    const char *zone = c->flight[first].origin_time_zone;
    for (size_t i = first; i < c->count; i++) {
        int64_t departs_on_ms = 0;
        if (judged[i] || strcmp(c->flight[i].origin_time_zone, zone) != 0)
            continue;
        zone_days(zone, &c->flight[i].departure_ms, 1, &departs_on_ms);
        c->meant[i] = departs_on_ms == day_ms;
        judged[i] = true;
    }
}

/* Judges zone by zone, since changing the zone is what costs time. */
static void judge(struct candidates *c, int64_t day_ms)
{
    bool judged[BATCH] = { 0 };
    for (size_t i = 0; i < c->count; i++) {
        if (!judged[i])
            judge_zone(c, i, day_ms, judged);
    }
}

/* Finds the next flights of the day, up to the filter's limit. */
static enum result find_of_day(struct db *db, const struct flight_filter *asked, int64_t day_ms,
                               struct flight_ids *reterr_ids)
{
    struct candidates c;
    struct flight_filter filter = *asked;
    char after_id[FLIGHT_ID_SIZE];
    size_t limit = (size_t)asked->limit < FLIGHT_IDS_MAX ? (size_t)asked->limit : FLIGHT_IDS_MAX;

    filter.from_ms = day_ms - OFFSET_MAX_MS;
    filter.to_ms = day_ms + 24 * HOUR_MS + OFFSET_MAX_MS;
    filter.limit = BATCH;
    reterr_ids->count = 0;
    do {
        c.count = 0;
        enum result r = flights_departures(db, &filter, add_candidate, &c);
        if (r != RESULT_OK)
            return r;
        judge(&c, day_ms);
        for (size_t i = 0; i < c.count && reterr_ids->count < limit; i++) {
            if (c.meant[i])
                memcpy(reterr_ids->id[reterr_ids->count++], c.flight[i].flight_id, FLIGHT_ID_SIZE);
        }
        if (c.count > 0) {
            filter.after_ms = c.flight[c.count - 1].departure_ms;
            memcpy(after_id, c.flight[c.count - 1].flight_id, sizeof after_id);
            filter.after_id = after_id;
        }
    } while (c.count == BATCH && reterr_ids->count < limit);
    return RESULT_OK;
}

enum result booking_list_flights(struct db *db, const struct flight_filter *filter, int64_t day_ms,
                                 void (*each)(const struct flight *, void *), void *context)
{
    struct flight_ids ids;
    if (day_ms == TIME_NONE)
        return flights_list(db, filter, each, context);
    enum result r = find_of_day(db, filter, day_ms, &ids);
    if (r != RESULT_OK || ids.count == 0)
        return r;
    return flights_named(db, &ids, each, context);
}
