/* SPDX-License-Identifier: MIT */
#include "booking/store/locators.h"

#include <string.h>

/* With a million orders, one draw in a hundred meets a locator that was given before. */
#define DRAWS 10

/* A duplicate key fails this statement alone, and the transaction goes on. */
DB_SQL(LOCATOR_ADD, "INSERT INTO locators (locator, order_id, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))");

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
