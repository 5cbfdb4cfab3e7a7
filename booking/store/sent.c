/* SPDX-License-Identifier: MIT */
#include "booking/store/sent.h"

#include "booking/store/slots.h"

#include <string.h>

DB_SQL(SENT_ORDERS,
       "SELECT order_id FROM orders FORCE INDEX (PRIMARY) WHERE order_id IN (" SLOTS_32 ")"
       " ORDER BY order_id FOR UPDATE SKIP LOCKED");

DB_SQL(SENT_MESSAGES,
       "UPDATE messages SET status = 'SENT', last_error = NULL, tries = tries + 1, updated_at = UTC_TIMESTAMP(3)"
       " WHERE message_id IN (" SLOTS_32 ") AND status = 'PENDING'");

DB_SQL(SENT_MORE,
       "SELECT DISTINCT order_id, channel FROM messages FORCE INDEX (idx_order) WHERE order_id IN (" SLOTS_32 ")"
       " AND status = 'PENDING'");

static const struct sent_message *at(const struct sent_message *list, size_t count, size_t i)
{
    return &list[i < count ? i : count - 1];
}

static void fill_orders(struct db_value args[SENT_MAX], const struct sent_message *list, size_t count)
{
    for (size_t i = 0; i < SENT_MAX; i++)
        args[i] = db_text(at(list, count, i)->job.order_id);
}

/* An order may be told of on both channels at once. */
static size_t count_orders(const struct sent_message *list, size_t count)
{
    size_t orders = 0;
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        while (before < i && strcmp(list[before].job.order_id, list[i].job.order_id) != 0)
            before++;
        orders += before == i ? 1 : 0;
    }
    return orders;
}

enum result sent_lock(struct db *db, const struct sent_message *list, size_t count)
{
    struct db_value args[SENT_MAX];
    struct db_rows *rows = NULL;
    size_t locked = 0;
    fill_orders(args, list, count);
    enum result r = db_query(db, &SENT_ORDERS, args, SENT_MAX, &rows);
    while (db_more(rows, &r))
        locked++;
    return r == RESULT_OK && locked != count_orders(list, count) ? RESULT_STALE : r;
}

enum result sent_settle(struct db *db, const struct sent_message *list, size_t count)
{
    struct db_value args[SENT_MAX];
    for (size_t i = 0; i < SENT_MAX; i++)
        args[i] = db_int(at(list, count, i)->message.message_id);
    return db_exec_expect(db, &SENT_MESSAGES, args, SENT_MAX, count);
}

enum result sent_look_ahead(struct db *db, struct sent_message *list, size_t count)
{
    struct db_value args[SENT_MAX];
    struct db_rows *rows = NULL;
    for (size_t i = 0; i < count; i++)
        list[i].has_more = false;
    fill_orders(args, list, count);
    enum result r = db_query(db, &SENT_MORE, args, SENT_MAX, &rows);
    while (db_more(rows, &r)) {
        bool is_mail = strcmp(db_get_text(rows, "channel"), CHANNEL_MAIL) == 0;
        for (size_t i = 0; i < count; i++) {
            if ((list[i].job.kind == JOB_SEND_MAIL) == is_mail &&
                strcmp(list[i].job.order_id, db_get_text(rows, "order_id")) == 0)
                list[i].has_more = true;
        }
    }
    return r;
}
