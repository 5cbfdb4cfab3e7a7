/* SPDX-License-Identifier: MIT */
#include "booking/store/staff.h"

#include "booking/base/text.h"
#include "booking/store/token_hash.h"

DB_SQL(STAFF_PERSON, "SELECT person_id FROM persons WHERE known_by = ? AND name = ?");

DB_SQL(STAFF_NAME, "SELECT name FROM persons WHERE person_id = ?");

DB_SQL(STAFF_PERSON_ADD,
       "INSERT INTO persons (kind, known_by, name, created_at) VALUES ('STAFF', ?, ?, UTC_TIMESTAMP(3))");

DB_SQL(STAFF_OF_TOKEN, "SELECT person_id, role FROM staff_tokens WHERE token_hash = " TOKEN_HASH
                       " AND revoked_at IS NULL");

#define STAFF_COLUMNS "p.person_id, p.name, t.role, t.created_at, t.revoked_at"
/* The person is locked even without a token, so that two who give one to the same person come one after the other. */
DB_SQL(STAFF_LOCK, "SELECT " STAFF_COLUMNS " FROM persons p LEFT JOIN staff_tokens t ON t.person_id = p.person_id"
                   " WHERE p.person_id = ? FOR UPDATE");
DB_SQL(STAFF_LIST, "SELECT " STAFF_COLUMNS " FROM staff_tokens t JOIN persons p ON p.person_id = t.person_id"
                   " ORDER BY p.name, t.person_id");

DB_SQL(STAFF_PUT,
       "INSERT INTO staff_tokens (person_id, role, token_hash, created_at) VALUES (?, ?, " TOKEN_HASH
       ", UTC_TIMESTAMP(3)) ON DUPLICATE KEY UPDATE role = VALUES(role), token_hash = VALUES(token_hash),"
       " created_at = VALUES(created_at), revoked_at = NULL");

DB_SQL(STAFF_SET_ROLE, "UPDATE staff_tokens SET role = ? WHERE person_id = ? AND revoked_at IS NULL");

DB_SQL(STAFF_REVOKE,
       "UPDATE staff_tokens SET revoked_at = UTC_TIMESTAMP(3) WHERE person_id = ? AND revoked_at IS NULL");

enum result staff_find(struct db *db, const char *known_by, const char *name, int64_t *ret_person_id)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STAFF_PERSON, DB_ARGS(db_text(known_by), db_text(name)), RESULT_NOT_FOUND, &rows));
    *ret_person_id = db_get_int(rows, "person_id");
    return RESULT_OK;
}

enum result staff_person(struct db *db, const char *known_by, const char *name, int64_t *ret_person_id)
{
    enum result r = staff_find(db, known_by, name, ret_person_id);
    if (r != RESULT_NOT_FOUND)
        return r;
    r = db_exec(db, &STAFF_PERSON_ADD, DB_ARGS(db_text(known_by), db_text(name)), NULL);
    /* Another request may have added the person meanwhile. */
    return r == RESULT_OK || r == RESULT_DUPLICATE ? staff_find(db, known_by, name, ret_person_id) : r;
}

enum result staff_of_token(struct db *db, const char *token, struct staff *ret_staff)
{
    struct db_rows *rows = NULL;
    enum role role;
    TRY(db_query_one(db, &STAFF_OF_TOKEN, DB_ARGS(db_text(token)), RESULT_NOT_FOUND, &rows));
    if (!role_parse(db_get_text(rows, "role"), &role))
        return RESULT_INTERNAL;
    *ret_staff = (struct staff){ .person_id = db_get_int(rows, "person_id"), .role = role };
    return RESULT_OK;
}

enum result staff_name(struct db *db, int64_t person_id, char ret_name[ACCOUNT_SIZE])
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STAFF_NAME, DB_ARGS(db_int(person_id)), RESULT_NOT_FOUND, &rows));
    const char *name = db_get_text(rows, "name");
    text_copy(ret_name, ACCOUNT_SIZE, name == NULL ? "" : name);
    return RESULT_OK;
}

static enum result read_row(struct db_rows *rows, struct staff_row *ret_row)
{
    struct staff_row row = {
        .person_id = db_get_int(rows, "person_id"),
        .name = db_get_text(rows, "name"),
        .created_at_ms = db_get_time(rows, "created_at"),
        .revoked_at_ms = db_get_time(rows, "revoked_at"),
    };
    if (!role_parse(db_get_text(rows, "role"), &row.role))
        return RESULT_INTERNAL;
    *ret_row = row;
    return RESULT_OK;
}

enum result staff_lock(struct db *db, int64_t person_id, struct staff_row *reterr_row)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &STAFF_LOCK, DB_ARGS(db_int(person_id)), RESULT_NOT_FOUND, &rows));
    return db_get_text(rows, "role") == NULL ? RESULT_NOT_FOUND : read_row(rows, reterr_row);
}

enum result staff_put(struct db *db, int64_t person_id, enum role role, const char *token)
{
    return db_exec(db, &STAFF_PUT, DB_ARGS(db_int(person_id), db_text(role_name(role)), db_text(token)), NULL);
}

enum result staff_set_role(struct db *db, int64_t person_id, enum role role)
{
    return db_exec_expect(db, &STAFF_SET_ROLE, DB_ARGS(db_text(role_name(role)), db_int(person_id)), 1);
}

enum result staff_revoke(struct db *db, int64_t person_id)
{
    return db_exec_expect(db, &STAFF_REVOKE, DB_ARGS(db_int(person_id)), 1);
}

enum result staff_list(struct db *db, void (*each)(const struct staff_row *, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &STAFF_LIST, DB_NO_ARGS, &rows);
    while (db_more(rows, &r)) {
        struct staff_row row;
        r = read_row(rows, &row);
        if (r == RESULT_OK)
            each(&row, context);
    }
    return r;
}
