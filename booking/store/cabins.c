/* SPDX-License-Identifier: MIT */
#include "booking/store/cabins.h"

#include "booking/base/text.h"

DB_SQL(CABIN_FIND, "SELECT version, name, plan, seat_count FROM cabins WHERE cabin_id = ?"
                   " AND (? = 0 OR version = ?) ORDER BY version DESC LIMIT 1 LOCK IN SHARE MODE");

/* All versions, so that none of them gets a reference meanwhile; the first one is the newest. */
DB_SQL(CABIN_LOCK, "SELECT version, name, plan, seat_count FROM cabins WHERE cabin_id = ? ORDER BY version DESC"
                   " FOR UPDATE");

DB_SQL(CABIN_ADD, "INSERT INTO cabins (cabin_id, version, name, plan, seat_count, created_at)"
                  " VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(3))");

DB_SQL(CABIN_REMOVE, "DELETE FROM cabins WHERE cabin_id = ?");

DB_SQL(CABIN_FLIGHTS, "SELECT COUNT(*) AS flights FROM flights WHERE cabin_id = ?");

DB_SQL(CABINS_LIST,
       "SELECT c.cabin_id, c.version, c.name, c.seat_count,"
       " (SELECT COUNT(*) FROM flights f WHERE f.cabin_id = c.cabin_id) AS flights"
       " FROM cabins c WHERE c.cabin_id > ?"
       " AND c.version = (SELECT MAX(v.version) FROM cabins v WHERE v.cabin_id = c.cabin_id)"
       " ORDER BY c.cabin_id LIMIT ?");

void cabin_version_done(struct cabin_version *version)
{
    buf_done(&version->plan);
}

static void read_version(struct db_rows *rows, struct cabin_version *v)
{
    v->version = db_get_int(rows, "version");
    v->seat_count = db_get_int(rows, "seat_count");
    text_copy(v->name, sizeof v->name, db_get_text(rows, "name"));
    buf_clear(&v->plan);
    buf_add_str(&v->plan, db_get_text(rows, "plan"));
}

enum result cabins_find(struct db *db, const char *cabin_id, int64_t version, struct cabin_version *reterr_version)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &CABIN_FIND, DB_ARGS(db_text(cabin_id), db_int(version), db_int(version)), RESULT_NOT_FOUND,
                     &rows));
    read_version(rows, reterr_version);
    return buf_ok(&reterr_version->plan) ? RESULT_OK : RESULT_INTERNAL;
}

enum result cabins_read(struct db *db, const char *cabin_id, int64_t version, struct cabin *ret_cabin,
                        int64_t *ret_version)
{
    struct cabin_version found = CABIN_VERSION_INIT;
    struct faults faults = { 0 };
    struct cabin cabin = CABIN_INIT;
    enum result r = cabins_find(db, cabin_id, version, &found);
    if (r == RESULT_OK && !cabin_read_text(buf_str(&found.plan), &cabin, &faults))
        r = RESULT_INTERNAL;
    if (r == RESULT_OK) {
        text_copy(cabin.id, sizeof cabin.id, cabin_id);
        text_copy(cabin.name, sizeof cabin.name, found.name);
        *ret_cabin = cabin;
        *ret_version = found.version;
    } else {
        cabin_done(&cabin);
    }
    cabin_version_done(&found);
    return r;
}

enum result cabins_lock(struct db *db, const char *cabin_id, struct cabin_version *reterr_version)
{
    struct db_rows *rows = NULL;
    bool found = false;
    enum result r = db_query(db, &CABIN_LOCK, DB_ARGS(db_text(cabin_id)), &rows);
    while (db_more(rows, &r)) {
        if (!found)
            read_version(rows, reterr_version);
        found = true;
    }
    if (r == RESULT_OK && !found)
        return RESULT_NOT_FOUND;
    return r == RESULT_OK && !buf_ok(&reterr_version->plan) ? RESULT_INTERNAL : r;
}

enum result cabins_add(struct db *db, const char *cabin_id, const struct cabin_version *v)
{
    return db_exec(db, &CABIN_ADD,
                   DB_ARGS(db_text(cabin_id), db_int(v->version), db_text(v->name), db_text(buf_str(&v->plan)),
                           db_int(v->seat_count)),
                   NULL);
}

enum result cabins_remove(struct db *db, const char *cabin_id)
{
    return db_exec(db, &CABIN_REMOVE, DB_ARGS(db_text(cabin_id)), NULL);
}

enum result cabins_count_flights(struct db *db, const char *cabin_id, int64_t *ret_flights)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &CABIN_FLIGHTS, DB_ARGS(db_text(cabin_id)), RESULT_INTERNAL, &rows));
    *ret_flights = db_get_int(rows, "flights");
    return RESULT_OK;
}

enum result cabins_list(struct db *db, const char *after_id, int limit, void (*each)(const struct cabin_row *, void *),
                        void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &CABINS_LIST, DB_ARGS(db_text(after_id), db_int(limit)), &rows);
    while (db_more(rows, &r)) {
        struct cabin_row row = {
            .cabin_id = db_get_text(rows, "cabin_id"),
            .name = db_get_text(rows, "name"),
            .version = db_get_int(rows, "version"),
            .seat_count = db_get_int(rows, "seat_count"),
            .flights = db_get_int(rows, "flights"),
        };
        each(&row, context);
    }
    return r;
}
