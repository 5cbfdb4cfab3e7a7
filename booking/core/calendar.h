/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_CALENDAR_H
#define BOOKING_CORE_CALENDAR_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* A flight for a customer's calendar (RFC 5545). The same uid with a greater sequence takes the place of what the
 * calendar has. */
struct calendar_event {
    const char *uid;
    int64_t sequence;
    int64_t stamp_ms; /* when what is told was so */
    int64_t start_ms;
    int64_t end_ms; /* TIME_NONE: not known */
    bool cancelled;
    const char *summary; /* texts are UTF-8 of any kind; NULL or "": none */
    const char *location;
    const char *description;
    const char *url;
};

/* One VCALENDAR with the event. */
void calendar_write(struct buf *out, const struct calendar_event *event);

/* The sequence of an order: the seconds from its creation to the moment that is told. It grows with everything that
 * happens, also to the flight, which the order's version does not. */
int64_t calendar_sequence(int64_t created_ms, int64_t told_ms);

#endif
