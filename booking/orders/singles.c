/* SPDX-License-Identifier: MIT */
#include "booking/booking.h"
#include "booking/flights/map.h"

#include <string.h>

enum result booking_find_single(struct db *db, const struct config *config, const char *flight_id,
                                const struct seat_list *seats, const struct seat_list *before,
                                char ret_single[SEAT_NUMBER_SIZE])
{
    struct seat_map map;
    struct seat_list plain;
    char single[SEAT_NUMBER_SIZE] = "";
    if (config_orphan_rule(config) != ORPHANS_ALLOWED) {
        seat_list_plain(seats, &plain);
        TRY(flight_map_read(db, flight_id, &map));
        for (size_t i = 0; before != NULL && i < before->count; i++) {
            struct map_seat *own = seat_map_find(&map, before->number[i]);
            if (own != NULL)
                own->is_free = true;
        }
        if (!choose_leaves_single(&map, &plain, single))
            single[0] = '\0';
        seat_map_done(&map);
    }
    memcpy(ret_single, single, sizeof single);
    return RESULT_OK;
}
