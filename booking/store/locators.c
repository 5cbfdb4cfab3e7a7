/* SPDX-License-Identifier: MIT */
#include "booking/store/locators.h"

#include "booking/base/text.h"
#include "booking/store/slots.h"

#include <string.h>

/* With a million orders, one draw in a hundred meets a locator that was given before. */
#define DRAWS 10

/* A duplicate key fails this statement alone, and the transaction goes on. */
DB_SQL(LOCATOR_ADD, "INSERT INTO locators (locator, order_id, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))");

DB_SQL(LOCATORS_GIVEN, "SELECT locator FROM locators WHERE locator IN (" SLOTS_16 "," SLOTS_16 ")");

DB_SQL(LOCATOR_FIND, "SELECT order_id FROM locators WHERE locator = ?");

enum result locators_give(struct db *db, const char *order_id, int64_t (*draw)(void), char ret_locator[LOCATOR_SIZE])
{
    char locator[LOCATOR_SIZE];
    enum result r = RESULT_DUPLICATE;
    for (int i = 0; r == RESULT_DUPLICATE && i < DRAWS; i++) {
        locator_make((uint64_t)draw(), locator);
        r = db_exec(db, &LOCATOR_ADD, DB_ARGS(db_text(locator), db_text(order_id)), NULL);
    }
    if (r == RESULT_OK)
        memcpy(ret_locator, locator, sizeof locator);
    return r == RESULT_DUPLICATE ? RESULT_INTERNAL : r;
}

/* Draws a locator for each order that has none yet, and takes those back that were given before. */
static enum result draw_many(struct db *db, struct order *const orders[], size_t count, int64_t (*draw)(void),
                             size_t *reterr_lacking)
{
    struct db_value args[LOCATORS_MAX];
    struct db_rows *rows = NULL;
    for (size_t i = 0; i < LOCATORS_MAX; i++) {
        struct order *o = orders[i < count ? i : count - 1];
        if (o->locator[0] == '\0')
            locator_make((uint64_t)draw(), o->locator);
        args[i] = db_text(o->locator);
    }
    *reterr_lacking = 0;
    enum result r = db_query(db, &LOCATORS_GIVEN, args, LOCATORS_MAX, &rows);
    while (db_more(rows, &r)) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(orders[i]->locator, db_get_text(rows, "locator")) != 0)
                continue;
            orders[i]->locator[0] = '\0';
            (*reterr_lacking)++;
        }
    }
    return r;
}

/* Looking first costs a round trip and saves the batch: one locator that was given before would undo all. */
enum result locators_give_many(struct db *db, struct order *const orders[], size_t count, int64_t (*draw)(void))
{
    struct db_value args[LOCATORS_MAX][2];
    size_t lacking = count;
    for (int i = 0; i < DRAWS && lacking > 0; i++)
        TRY(draw_many(db, orders, count, draw, &lacking));
    if (lacking > 0)
        return RESULT_INTERNAL;
    for (size_t i = 0; i < count; i++) {
        args[i][0] = db_text(orders[i]->locator);
        args[i][1] = db_text(orders[i]->order_id);
    }
    return db_exec_each(db, &LOCATOR_ADD, args[0], 2, count, count);
}

enum result locators_find(struct db *db, const char *locator, char ret_order_id[UUID_SIZE])
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &LOCATOR_FIND, DB_ARGS(db_text(locator)), RESULT_ORDER_NOT_FOUND, &rows));
    text_copy(ret_order_id, UUID_SIZE, db_get_text(rows, "order_id"));
    return RESULT_OK;
}
