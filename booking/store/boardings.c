/* SPDX-License-Identifier: MIT */
#include "booking/store/boardings.h"

DB_SQL(BOARDING_ADD,
       "INSERT INTO boardings (order_id, passenger, flight_id, actor_id, boarded_at) VALUES (?, ?, ?, ?, ?)");

DB_SQL(BOARDINGS_REMOVE, "DELETE FROM boardings WHERE order_id = ?");

enum result boardings_add(struct db *db, const char *order_id, const char *passenger, const char *flight_id,
                          int64_t actor_id, int64_t at_ms)
{
    return db_exec(db, &BOARDING_ADD,
                   DB_ARGS(db_text(order_id), db_text(passenger), db_text(flight_id), db_id(actor_id), db_time(at_ms)),
                   NULL);
}

enum result boardings_remove(struct db *db, const char *order_id)
{
    return db_exec(db, &BOARDINGS_REMOVE, DB_ARGS(db_text(order_id)), NULL);
}
