/* SPDX-License-Identifier: MIT */
#include "booking/booking.h"
#include "booking/core/calendar.h"
#include "booking/store/places.h"

static void add_place(struct buf *out, const char *code, const char *name)
{
    if (*name == '\0')
        buf_add_str(out, code);
    else
        buf_addf(out, "%s (%s)", name, code);
}

static void add_seats(struct buf *out, const struct seat_list *seats)
{
    for (size_t i = 0; i < seats->count; i++)
        buf_addf(out, "%s%s", i == 0 ? "" : ", ", seats->number[i]);
}

enum result booking_write_calendar(struct db *db, const struct order *o, const char *public_url, struct buf *reterr_out)
{
    struct place_names names;
    struct buf summary = BUF_INIT;
    struct buf location = BUF_INIT;
    struct buf description = BUF_INIT;
    if (o->locator[0] == '\0')
        return RESULT_NOT_FOUND;
    TRY(places_names(db, o->flight.origin, o->flight.destination, &names));
    buf_addf(&summary, "Flight %s to ", o->flight.number);
    add_place(&summary, o->flight.destination, names.destination);
    add_place(&location, o->flight.origin, names.origin);
    buf_addf(&description, "Booking reference %s, seats ", o->locator);
    add_seats(&description, &o->seats);
    const struct calendar_event event = {
        .uid = o->order_id,
        .sequence = calendar_sequence(o->created_at_ms, o->read_at_ms),
        .stamp_ms = o->read_at_ms,
        .start_ms = o->flight.departure_ms,
        .end_ms = o->flight.arrival_ms,
        .cancelled = o->status != ORDER_CONFIRMED || o->flight.status == FLIGHT_CANCELLED,
        .summary = buf_str(&summary),
        .location = buf_str(&location),
        .description = buf_str(&description),
        .url = public_url,
    };
    calendar_write(reterr_out, &event);
    bool ok = buf_ok(&summary) && buf_ok(&location) && buf_ok(&description) && buf_ok(reterr_out);
    buf_done(&summary);
    buf_done(&location);
    buf_done(&description);
    return ok ? RESULT_OK : RESULT_INTERNAL;
}
