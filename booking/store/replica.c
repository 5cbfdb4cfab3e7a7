/* SPDX-License-Identifier: MIT */
#include "booking/store/replica.h"

#include "booking/base/buf.h"
#include "booking/base/log.h"
#include "booking/base/monotonic.h"

#include <string.h>

/* How long the knowledge lasts that the replica has caught up, and how long it is left out after a failure. With the
 * wait for the replica this stays below REPLICA_STALE_MS. */
#define CHECK_MS 1000

/* How far the primary has come: its transactions' ids. MariaDB and MySQL name them differently; each takes the other's
 * words for a comment. Empty: the server keeps no binary log. */
DB_SQL(REPLICA_POSITION,
       "SELECT /*!80000 @@global.gtid_executed */ /*M!100300 @@global.gtid_binlog_pos */ AS position");

/* 0: the replica has come as far, after 0.2 s at most. */
DB_SQL(REPLICA_WAIT,
       "SELECT /*!80000 WAIT_FOR_EXECUTED_GTID_SET(?, 0.2) */ /*M!100300 MASTER_GTID_WAIT(?, 0.2) */ AS outcome");

/* A node of a Galera cluster can itself wait for all that the others have committed. */
DB_SQL(REPLICA_IS_GALERA, "SELECT /*M!100300 @@wsrep_on + */ 0 AS is_galera");

static enum result is_galera(struct db *db, bool *reterr_is)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &REPLICA_IS_GALERA, DB_NO_ARGS, RESULT_INTERNAL, &rows);
    *reterr_is = r == RESULT_OK && db_get_int(rows, "is_galera") != 0;
    return r;
}

static enum result read_position(struct db *db, struct buf *reterr_position)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &REPLICA_POSITION, DB_NO_ARGS, RESULT_INTERNAL, &rows);
    const char *text = r == RESULT_OK ? db_get_text(rows, "position") : NULL;
    if (r == RESULT_OK)
        buf_add(reterr_position, text == NULL ? "" : text, text == NULL ? 0 : strlen(text));
    return r;
}

/* NULL once the replica has all that the primary had when this began, or why not. */
static const char *catch_up(struct replica *replica)
{
    struct buf position = BUF_INIT;
    struct db_rows *rows = NULL;
    bool galera = false;
    const char *why = NULL;
    if (is_galera(replica->db, &galera) != RESULT_OK)
        return "the replica does not answer";
    if (galera)
        return db_catch_up(replica->db) == RESULT_OK ? NULL : "the node has not caught up";
    if (read_position(replica->primary, &position) != RESULT_OK)
        why = "the primary does not answer";
    else if (!buf_ok(&position) || position.len == 0)
        why = "the primary keeps no binary log";
    else if (db_query_one(replica->db, &REPLICA_WAIT, DB_ARGS(db_text(buf_str(&position))), RESULT_INTERNAL, &rows) !=
             RESULT_OK)
        why = "the replica does not answer";
    else if (db_is_null(rows, "outcome") || db_get_int(rows, "outcome") != 0)
        why = "the replica is behind";
    buf_done(&position);
    return why;
}

void replica_failed(struct replica *replica, const char *why)
{
    replica->fresh_until_ms = 0;
    replica->try_again_ms = monotonic_ms() + CHECK_MS;
    if (!replica->is_left_out)
        log_warn("replica_left_out", LOG_TEXT("why", why));
    replica->is_left_out = true;
}

struct db *replica_choose(struct replica *replica)
{
    int64_t now_ms = monotonic_ms();
    if (replica->db == NULL || now_ms < replica->try_again_ms)
        return replica->primary;
    if (now_ms < replica->fresh_until_ms)
        return replica->db;
    const char *why = catch_up(replica);
    if (why != NULL) {
        replica_failed(replica, why);
        return replica->primary;
    }
    /* Counted from the moment of which the replica is known to have everything. */
    replica->fresh_until_ms = now_ms + CHECK_MS;
    if (replica->is_left_out)
        log_info("replica_is_back", LOG_TEXT("why", "it has caught up"));
    replica->is_left_out = false;
    return replica->db;
}
