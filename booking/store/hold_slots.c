/* SPDX-License-Identifier: MIT */
#include "booking/store/hold_slots.h"

/* Names that differ only by spaces at their end are one name to the database. */
DB_SQL(HOLD_SLOT_LOCK, "SELECT slot FROM hold_slots WHERE slot = CRC32(RTRIM(?)) % 256 FOR UPDATE");

enum result hold_slots_lock(struct db *db, const char *user_id)
{
    struct db_rows *rows = NULL;
    return db_query_one(db, &HOLD_SLOT_LOCK, DB_ARGS(db_text(user_id)), RESULT_INTERNAL, &rows);
}
