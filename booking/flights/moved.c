/* SPDX-License-Identifier: MIT */
#include "booking/flights/moved.h"

#include "booking/base/text.h"
#include "booking/core/order.h"
#include "booking/core/said_time.h"
#include "booking/store/timetable.h"

#define PAGE 500

struct search {
    void (*each)(const struct moved_time *, void *);
    void *context;
    int found; /* on this page */
    int64_t last_ms;
    char last_id[FLIGHT_ID_SIZE];
};

static void compare(const struct search *s, const char *flight_id, const char *text, int64_t kept_ms, bool is_arrival)
{
    struct moved_time time = { .flight_id = flight_id, .said = text, .is_arrival = is_arrival, .kept_ms = kept_ms };
    struct said_time said;
    char kept[SAID_TIME_SIZE];
    /* SQL by hand can write a text that says nothing; then the moment is all there is. */
    if (!said_time_read(text, &said))
        return;
    time.answer = said_time_resolve(&said, "", &time.ms, kept);
    if (time.answer != ZONE_OK || time.ms != kept_ms)
        s->each(&time, s->context);
}

static void look_at(const struct timetable_flight *flight, void *context)
{
    struct search *s = context;
    s->found++;
    s->last_ms = flight->departure_ms;
    text_copy(s->last_id, sizeof s->last_id, flight->flight_id);
    compare(s, flight->flight_id, flight->departure_said, flight->departure_ms, false);
    if (flight->arrival_ms != TIME_NONE)
        compare(s, flight->flight_id, flight->arrival_said, flight->arrival_ms, true);
}

enum result booking_moved_flights(struct db *db, void (*each)(const struct moved_time *, void *), void *context)
{
    struct search s = { .each = each, .context = context, .found = PAGE };
    while (s.found == PAGE) {
        s.found = 0;
        enum result r = timetable_page(db, s.last_ms, s.last_id, PAGE, look_at, &s);
        if (r != RESULT_OK)
            return r;
    }
    return RESULT_OK;
}
