/* SPDX-License-Identifier: MIT */
#include "booking/store/persons.h"

#define AT_ONCE 100

#define WIPE                                                                                                  \
    "UPDATE persons SET name = NULL, given_name = NULL, family_name = NULL, family_key = NULL, email = NULL," \
    " email_key = NULL, forgotten_at = UTC_TIMESTAMP(3)"

DB_SQL(PERSONS_FORGET, WIPE " WHERE order_id = ? AND forgotten_at IS NULL");

/* Plain reads, which lock nothing of the audit log. */
DB_SQL(STAFF_TO_FORGET,
       "SELECT p.person_id FROM persons p LEFT JOIN staff_tokens t ON t.person_id = p.person_id"
       " WHERE p.known_by IN ('TOKEN', 'SIGN_ON', 'COMMAND') AND p.name IS NOT NULL"
       " AND (t.person_id IS NULL OR t.revoked_at <= TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3)))"
       " AND p.created_at <= TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3))"
       " AND NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.actor_id = p.person_id"
       " AND a.created_at > TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3))) LIMIT 100");

/* Not if the token was made valid again meanwhile. */
DB_SQL(STAFF_FORGET,
       WIPE " WHERE person_id = ? AND NOT EXISTS (SELECT 1 FROM staff_tokens t WHERE t.person_id = persons.person_id"
            " AND t.revoked_at IS NULL)");

enum result persons_forget(struct db *db, const char *order_id)
{
    return db_exec(db, &PERSONS_FORGET, DB_ARGS(db_text(order_id)), NULL);
}

enum result persons_forget_staff(struct db *db, int64_t for_ms, bool *reterr_more)
{
    const struct db_value ms = db_int(for_ms);
    struct db_rows *rows = NULL;
    int count = 0;
    enum result r = db_query(db, &STAFF_TO_FORGET, DB_ARGS(ms, ms, ms), &rows);
    while (db_more(rows, &r)) {
        count++;
        r = db_exec(db, &STAFF_FORGET, DB_ARGS(db_int(db_get_int(rows, "person_id"))), NULL);
    }
    *reterr_more = r == RESULT_OK && count == AT_ONCE;
    return r;
}
