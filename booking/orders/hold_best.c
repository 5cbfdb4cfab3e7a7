/* SPDX-License-Identifier: MIT */
/* A hold of the best seats that are free: chooses from the map of a moment ago, and holds what was chosen by number, as
 * a customer would who looks at the map. If another customer was quicker, it looks again. */

#include "booking/base/random.h"
#include "booking/booking.h"
#include "booking/flights/map.h"

/* Each time, somebody else has taken one of the seats that were chosen, so all customers together never wait for
 * nothing. The limit is only for what nobody foresees. */
#define TRIES_MAX 100
/* Among how many alternatives a customer chooses by chance who was not quick enough. */
#define RANKS 64

static enum result choose_from(const struct seat_map *map, const struct choose_wish *wish,
                               struct seat_list *reterr_seats)
{
    if (wish->cabin_class != NULL && seat_map_class(map, wish->cabin_class) == map->class_count)
        return RESULT_INVALID_SEATS;
    return choose_seats(map, wish, reterr_seats) ? RESULT_OK : RESULT_SEATS_UNAVAILABLE;
}

/* Nobody is refused by what is known from a moment ago: then all is read anew. */
static enum result choose(struct db *db, const char *flight_id, const struct choose_wish *wish, bool anew,
                          struct seat_list *reterr_seats)
{
    const struct seat_map *map = NULL;
    bool is_new = false;
    TRY(flight_map_borrow(db, flight_id, anew, &map, &is_new));
    enum result r = choose_from(map, wish, reterr_seats);
    if (r == RESULT_OK || is_new)
        return r;
    TRY(flight_map_borrow(db, flight_id, true, &map, &is_new));
    return choose_from(map, wish, reterr_seats);
}

enum result booking_hold_best(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                              const struct choose_wish *asked, const struct party_wish *persons,
                              struct order *reterr_order, struct refusal *reterr_refusal)
{
    struct choose_wish wish = *asked;
    struct seat_list seats;
    bool anew = false;
    *reterr_order = (struct order){ 0 };
    wish.avoid_singles = config_orphan_rule(caller->config) != ORPHANS_ALLOWED;
    for (int tries = 0;; tries++) {
        reterr_refusal->seats.count = 0;
        TRY(choose(db, flight_id, &wish, anew, &seats));
        enum result r = booking_hold(db, caller, flight_id, user_id, &seats, persons, reterr_order, reterr_refusal);
        /* INVALID_SEATS: the cabin is another one by now. */
        bool again = r == RESULT_SEATS_UNAVAILABLE || (r == RESULT_INVALID_SEATS && !anew);
        if (!again || tries == TRIES_MAX)
            return r;
        anew = r == RESULT_INVALID_SEATS;
        wish.rank = (size_t)random_id() % RANKS;
    }
}
