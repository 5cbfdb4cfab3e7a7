/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_SCHEDULE_H
#define BOOKING_FLIGHTS_SCHEDULE_H

#include "booking/flights/put.h"

/* A season: the same flight on some days of the week between two days. Each flight's id follows from its day by a rule,
 * so that the same season can be sent twice. */

#define SCHEDULE_DAYS_MAX 400

struct schedule {
    struct flight_plan template; /* without id, departure and arrival */
    const char *id_rule;         /* "LH123-{date}" */
    int64_t from_ms, to_ms;      /* days, as timestamp_parse_date() reads them; both are part of it */
    bool weekday[8];             /* 1 is Monday, 7 is Sunday */
    const char *departure;       /* "07:30", by the clocks of the origin */
    const char *arrival;         /* by those of the destination; NULL: not known */
    int64_t arrival_day;         /* so many days after that of the departure */
};

enum schedule_outcome { SCHEDULE_MADE, SCHEDULE_CHANGED, SCHEDULE_UNCHANGED };

/* Makes the flights of a season, each in a transaction of its own, or with dry_run says what it would make. If there is
 * anything wrong with any of them, every fault is named with its day, and none is made: INVALID_REQUEST. A season that
 * was interrupted is completed by sending it again. Otherwise as booking_put_flight(). Calls back for each flight. */
enum result booking_schedule(struct db *db, const struct caller *caller, const struct schedule *schedule, bool dry_run,
                             void (*each)(const struct flight_row *row, enum schedule_outcome outcome, void *context),
                             void *context, struct faults *faults) MUST_CHECK;

#endif
