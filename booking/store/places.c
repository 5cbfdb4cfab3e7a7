/* SPDX-License-Identifier: MIT */
#include "booking/store/places.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"
#include "booking/store/slots.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define FIND "SELECT code, name, city, time_zone, version FROM places WHERE code = ?"

DB_SQL(PLACE_FIND, FIND " LOCK IN SHARE MODE");
DB_SQL(PLACE_LOCK, FIND " FOR UPDATE");

DB_SQL(PLACE_NAMES, "SELECT (SELECT name FROM places WHERE code = ?) AS origin,"
                    " (SELECT name FROM places WHERE code = ?) AS destination");

DB_SQL(PLACE_ADD, "INSERT INTO places (code, name, city, time_zone, name_key, city_key, version, updated_at)"
                  " VALUES (?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))");

DB_SQL(PLACE_CHANGE,
       "UPDATE places SET name = ?, city = ?, time_zone = ?, name_key = ?, city_key = ?, version = ?,"
       " updated_at = UTC_TIMESTAMP(3) WHERE code = ? AND version = ?");

DB_SQL(PLACE_REMOVE, "DELETE FROM places WHERE code = ?");

DB_SQL(PLACE_USED, "SELECT EXISTS (SELECT 1 FROM flights WHERE origin = ?)"
                   " OR EXISTS (SELECT 1 FROM flights WHERE destination = ?) AS used");

DB_SQL(PLACES_LIST,
       "SELECT code, name, city, time_zone, version FROM places WHERE code > ?"
       " AND (? IS NULL OR code IN (" SLOTS_64 "," SLOTS_32 "," SLOTS_4 "))"
       " AND (? IS NULL OR code = ? OR name_key LIKE ? OR city_key LIKE ?) ORDER BY code LIMIT ?");

bool place_code_is_valid(const char *code)
{
    return strlen(code) == PLACE_SIZE - 1 && strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == PLACE_SIZE - 1;
}

static void read_place(struct db_rows *rows, struct place *ret_place)
{
    text_copy(ret_place->code, sizeof ret_place->code, db_get_text(rows, "code"));
    text_copy(ret_place->name, sizeof ret_place->name, db_get_text(rows, "name"));
    text_copy(ret_place->city, sizeof ret_place->city, db_get_text(rows, "city"));
    text_copy(ret_place->time_zone, sizeof ret_place->time_zone, db_get_text(rows, "time_zone"));
    ret_place->version = db_get_int(rows, "version");
}

static enum result find(struct db *db, const struct db_sql *sql, const char *code, struct place *ret_place)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, sql, DB_ARGS(db_text(code)), RESULT_NOT_FOUND, &rows));
    read_place(rows, ret_place);
    return RESULT_OK;
}

enum result places_find(struct db *db, const char *code, struct place *ret_place)
{
    return find(db, &PLACE_FIND, code, ret_place);
}

enum result places_lock(struct db *db, const char *code, struct place *ret_place)
{
    return find(db, &PLACE_LOCK, code, ret_place);
}

static void copy_if_any(char *to, size_t size, const char *text)
{
    text_copy(to, size, text == NULL ? "" : text);
}

enum result places_names(struct db *db, const char *origin, const char *destination, struct place_names *ret_names)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &PLACE_NAMES, DB_ARGS(db_text(origin), db_text(destination)), RESULT_INTERNAL, &rows));
    copy_if_any(ret_names->origin, sizeof ret_names->origin, db_get_text(rows, "origin"));
    copy_if_any(ret_names->destination, sizeof ret_names->destination, db_get_text(rows, "destination"));
    return RESULT_OK;
}

/* A name of which no key is left, such as "–", is found by nothing. */
static void key_of(const char *name, char ret_key[NAME_KEY_SIZE])
{
    if (!name_key(name, ret_key))
        ret_key[0] = '\0';
}

enum result places_add(struct db *db, const struct place *p)
{
    char name_of_key[NAME_KEY_SIZE];
    char city_key[NAME_KEY_SIZE];
    key_of(p->name, name_of_key);
    key_of(p->city, city_key);
    return db_exec(db, &PLACE_ADD,
                   DB_ARGS(db_text(p->code), db_text(p->name), db_text(p->city), db_text(p->time_zone),
                           db_text(name_of_key), db_text(city_key), db_int(p->version)),
                   NULL);
}

enum result places_change(struct db *db, const struct place *p)
{
    char name_of_key[NAME_KEY_SIZE];
    char city_key[NAME_KEY_SIZE];
    key_of(p->name, name_of_key);
    key_of(p->city, city_key);
    return db_exec_expect(db, &PLACE_CHANGE,
                          DB_ARGS(db_text(p->name), db_text(p->city), db_text(p->time_zone), db_text(name_of_key),
                                  db_text(city_key), db_int(p->version), db_text(p->code), db_int(p->version - 1)),
                          1);
}

enum result places_remove(struct db *db, const char *code)
{
    return db_exec(db, &PLACE_REMOVE, DB_ARGS(db_text(code)), NULL);
}

enum result places_is_used(struct db *db, const char *code, bool *ret_used)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &PLACE_USED, DB_ARGS(db_text(code), db_text(code)), RESULT_INTERNAL, &rows));
    *ret_used = db_get_int(rows, "used") != 0;
    return RESULT_OK;
}

/* The code and the pattern that a text may mean. A key has no wildcards in it. */
static bool read_search(const char *search, char ret_code[PLACE_SIZE], char ret_pattern[NAME_KEY_SIZE + 1])
{
    size_t len = 0;
    for (; search[len] != '\0' && len + 1 < PLACE_SIZE; len++)
        ret_code[len] = (char)toupper((unsigned char)search[len]);
    ret_code[search[len] == '\0' ? len : 0] = '\0';
    if (!place_code_is_valid(ret_code))
        ret_code[0] = '\0';
    if (!name_key(search, ret_pattern))
        return false;
    len = strlen(ret_pattern);
    ret_pattern[len] = '%';
    ret_pattern[len + 1] = '\0';
    return true;
}

#define LIST_ARGS (1 + 1 + PLACE_CODES_MAX + 4 + 1)

static void fill_list_args(struct db_value args[LIST_ARGS], const struct place_filter *f, const char *code,
                           const char *pattern, int limit)
{
    size_t n = 0;
    args[n++] = db_text(f->after_code);
    args[n++] = db_text(f->code_count == 0 ? NULL : f->codes[0]);
    for (size_t i = 0; i < PLACE_CODES_MAX; i++)
        args[n++] = db_text(f->code_count == 0 ? NULL : f->codes[i < f->code_count ? i : f->code_count - 1]);
    args[n++] = db_text(f->search);
    args[n++] = db_text(code);
    args[n++] = db_text(pattern);
    args[n++] = db_text(pattern);
    args[n] = db_int(limit);
}

enum result places_list(struct db *db, const struct place_filter *filter, int limit,
                        void (*each)(const struct place *, void *), void *context)
{
    struct db_rows *rows = NULL;
    struct db_value args[LIST_ARGS];
    char code[PLACE_SIZE] = "";
    char pattern[NAME_KEY_SIZE + 1] = "";
    if (filter->search != NULL && !read_search(filter->search, code, pattern))
        return RESULT_OK;
    fill_list_args(args, filter, code, pattern, limit);
    enum result r = db_query(db, &PLACES_LIST, args, LIST_ARGS, &rows);
    while (db_more(rows, &r)) {
        struct place place;
        read_place(rows, &place);
        each(&place, context);
    }
    return r;
}
