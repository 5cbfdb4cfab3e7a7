/* SPDX-License-Identifier: MIT */
#include "booking/store/messages.h"

#include "booking/base/text.h"
#include "booking/store/slots.h"

#include <string.h>

DB_SQL(MESSAGE_ADD,
       "INSERT INTO messages (public_id, order_id, channel, type, body, status, created_at, updated_at)"
       " VALUES (?, ?, ?, ?, ?, 'PENDING', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))");

DB_SQL(MAIL_ADDRESSEES,
       "SELECT DISTINCT p.order_id FROM persons p FORCE INDEX (idx_order) WHERE p.order_id IN (" SLOTS_64 ")"
       " AND p.kind = 'CONTACT' AND p.email IS NOT NULL"
       " AND EXISTS (SELECT 1 FROM payments y WHERE y.order_id = p.order_id AND y.status = 'APPROVED')");

#define READ                                                     \
    "SELECT order_id, message_id, public_id, type, body, tries," \
    " TIMESTAMPDIFF(MICROSECOND, created_at, UTC_TIMESTAMP(3)) DIV 1000 AS age_ms FROM messages"
DB_SQL(MESSAGE_NEXT, READ " WHERE order_id = ? AND channel = ? AND status = 'PENDING' ORDER BY message_id LIMIT 1");
DB_SQL(MESSAGES_NEXT,
       READ " FORCE INDEX (idx_order) WHERE order_id IN (" SLOTS_64 ") AND channel = ? AND status = 'PENDING'"
            " ORDER BY order_id, message_id");
DB_SQL(MESSAGE_FIND, READ " WHERE order_id = ? AND public_id = ?");

DB_SQL(MAIL_FACTS,
       "SELECT o.order_id, a.name AS origin, b.name AS destination,"
       " CAST(COALESCE((SELECT SUM(r.amount_cents) FROM refunds r WHERE r.order_id = o.order_id"
       " AND r.status = 'REFUNDED'), 0) AS SIGNED) AS refunded"
       " FROM orders o JOIN flights f ON f.flight_id = o.flight_id"
       " LEFT JOIN places a ON a.code = f.origin LEFT JOIN places b ON b.code = f.destination"
       " WHERE o.order_id IN (" SLOTS_64 ")");

DB_SQL(MESSAGE_SETTLE,
       "UPDATE messages SET status = ?, last_error = ?, tries = tries + 1, updated_at = UTC_TIMESTAMP(3)"
       " WHERE message_id = ? AND status IN ('PENDING', 'FAILED')");

DB_SQL(MESSAGES_REPLACE, "UPDATE messages SET body = REPLACE(body, ?, ?) WHERE order_id = ?");

DB_SQL(MESSAGE_LAST_TYPE, "SELECT type FROM messages WHERE order_id = ? ORDER BY message_id DESC LIMIT 1");

#define PURGED_AT_ONCE 1000
DB_SQL(MESSAGES_PURGE,
       "DELETE FROM messages WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 7 DAY AND status <> 'PENDING' LIMIT 1000");

/* Repeats the last id to the end. */
static void fill_ids(struct db_value args[MESSAGES_AHEAD], const char *const *order_ids, size_t count)
{
    for (size_t i = 0; i < MESSAGES_AHEAD; i++)
        args[i] = db_text(order_ids[i < count ? i : count - 1]);
}

enum result messages_mail_addressees(struct db *db, const char *const *order_ids, size_t count,
                                     void (*each)(const char *order_id, void *), void *context)
{
    struct db_value args[MESSAGES_AHEAD];
    struct db_rows *rows = NULL;
    fill_ids(args, order_ids, count);
    enum result r = db_query(db, &MAIL_ADDRESSEES, args, MESSAGES_AHEAD, &rows);
    while (db_more(rows, &r))
        each(db_get_text(rows, "order_id"), context);
    return r;
}

#define MESSAGE_VALUES 5

enum result messages_add_all(struct db *db, const struct new_message *list, size_t count)
{
    struct db_value values[MESSAGES_ADDED][MESSAGE_VALUES];
    char public_ids[MESSAGES_ADDED][UUID_SIZE];
    for (size_t i = 0; i < count; i++) {
        random_uuid(public_ids[i]);
        values[i][0] = db_text(public_ids[i]);
        values[i][1] = db_text(list[i].order_id);
        values[i][2] = db_text(list[i].channel);
        values[i][3] = db_text(list[i].type);
        values[i][4] = db_text(list[i].body);
    }
    return db_exec_each(db, &MESSAGE_ADD, values[0], MESSAGE_VALUES, count, count);
}

static void read_message(struct db_rows *rows, struct message *ret_message, struct buf *reterr_body)
{
    ret_message->message_id = db_get_int(rows, "message_id");
    ret_message->tries = db_get_int(rows, "tries");
    ret_message->age_ms = db_get_int(rows, "age_ms");
    text_copy(ret_message->public_id, sizeof ret_message->public_id, db_get_text(rows, "public_id"));
    text_copy(ret_message->type, sizeof ret_message->type, db_get_text(rows, "type"));
    if (reterr_body != NULL) {
        buf_clear(reterr_body);
        buf_add_str(reterr_body, db_get_text(rows, "body"));
    }
}

enum result messages_next(struct db *db, const char *order_id, const char *channel, struct message *ret_message,
                          struct buf *reterr_body)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &MESSAGE_NEXT, DB_ARGS(db_text(order_id), db_text(channel)), RESULT_NOT_FOUND, &rows));
    read_message(rows, ret_message, reterr_body);
    return RESULT_OK;
}

enum result messages_find(struct db *db, const char *order_id, const char *public_id, struct message *ret_message,
                          struct buf *reterr_body)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &MESSAGE_FIND, DB_ARGS(db_text(order_id), db_text(public_id)), RESULT_NOT_FOUND, &rows));
    read_message(rows, ret_message, reterr_body);
    return RESULT_OK;
}

enum result messages_last_type(struct db *db, const char *order_id, char ret_type[MESSAGE_TYPE_SIZE])
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &MESSAGE_LAST_TYPE, DB_ARGS(db_text(order_id)), RESULT_NOT_FOUND, &rows));
    text_copy(ret_type, MESSAGE_TYPE_SIZE, db_get_text(rows, "type"));
    return RESULT_OK;
}

static void copy_if_any(char *to, size_t size, const char *text)
{
    text_copy(to, size, text == NULL ? "" : text);
}

enum result messages_next_of(struct db *db, const char *const *order_ids, size_t count, const char *channel,
                             void (*each)(const char *order_id, const struct message *, const struct buf *body, void *),
                             void *context)
{
    struct db_value args[MESSAGES_AHEAD + 1];
    struct db_rows *rows = NULL;
    struct message message;
    struct buf body = BUF_INIT;
    char told[UUID_SIZE] = "";
    fill_ids(args, order_ids, count);
    args[MESSAGES_AHEAD] = db_text(channel);
    enum result r = db_query(db, &MESSAGES_NEXT, args, MESSAGES_AHEAD + 1, &rows);
    while (db_more(rows, &r)) {
        const char *order_id = db_get_text(rows, "order_id");
        if (strcmp(order_id, told) == 0)
            continue;
        text_copy(told, sizeof told, order_id);
        read_message(rows, &message, &body);
        each(told, &message, &body, context);
    }
    buf_done(&body);
    return r;
}

enum result messages_mail_facts(struct db *db, const char *const *order_ids, size_t count,
                                void (*each)(const char *order_id, const struct mail_facts *, void *), void *context)
{
    struct db_value args[MESSAGES_AHEAD];
    struct db_rows *rows = NULL;
    fill_ids(args, order_ids, count);
    enum result r = db_query(db, &MAIL_FACTS, args, MESSAGES_AHEAD, &rows);
    while (db_more(rows, &r)) {
        struct mail_facts facts = { .refunded_cents = db_get_int(rows, "refunded") };
        copy_if_any(facts.origin, sizeof facts.origin, db_get_text(rows, "origin"));
        copy_if_any(facts.destination, sizeof facts.destination, db_get_text(rows, "destination"));
        each(db_get_text(rows, "order_id"), &facts, context);
    }
    return r;
}

enum result messages_settle(struct db *db, int64_t message_id, const char *status, const char *last_error)
{
    return db_exec_expect(db, &MESSAGE_SETTLE, DB_ARGS(db_text(status), db_text(last_error), db_int(message_id)), 1);
}

enum result messages_replace(struct db *db, const char *order_id, const char *from, const char *to)
{
    return db_exec(db, &MESSAGES_REPLACE, DB_ARGS(db_text(from), db_text(to), db_text(order_id)), NULL);
}

enum result messages_purge(struct db *db, bool *reterr_more)
{
    uint64_t matched = 0;
    enum result r = db_exec(db, &MESSAGES_PURGE, DB_NO_ARGS, &matched);
    *reterr_more = r == RESULT_OK && matched >= PURGED_AT_ONCE;
    return r;
}
