/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_STAFF_H
#define BOOKING_STORE_STAFF_H

#include "booking/core/role.h"
#include "booking/core/user_id.h"
#include "booking/store/db.h"

/* Members of staff: persons with a name, and perhaps with a token and a role. */

/* How a member of staff is known. */
#define STAFF_BY_TOKEN "TOKEN"
#define STAFF_BY_SIGN_ON "SIGN_ON" /* REMOTE_USER; the role is in REMOTE_GROUPS */
#define STAFF_BY_SETTING "SETTING" /* ADMIN_TOKEN; the migration made these */
#define STAFF_BY_COMMAND "COMMAND" /* booking-admin, by the name of the system's account */

/* The person of this name; or RESULT_NOT_FOUND. */
enum result staff_find(struct db *db, const char *known_by, const char *name, int64_t *ret_person_id) MUST_CHECK;

/* The same, who is added if there is none yet. */
enum result staff_person(struct db *db, const char *known_by, const char *name, int64_t *ret_person_id) MUST_CHECK;

/* Whose token this is; RESULT_NOT_FOUND if it was never given or is revoked. */
enum result staff_of_token(struct db *db, const char *token, struct staff *ret_staff) MUST_CHECK;

/* The name of a person; "" if it was forgotten. RESULT_NOT_FOUND: there is no such person. */
enum result staff_name(struct db *db, int64_t person_id, char ret_name[ACCOUNT_SIZE]) MUST_CHECK;

struct staff_row {
    int64_t person_id;
    const char *name; /* NULL if it was forgotten */
    enum role role;
    int64_t created_at_ms;
    int64_t revoked_at_ms; /* TIME_NONE: the token is valid */
};

/* Locks a person and the token, also a revoked one; RESULT_NOT_FOUND if the person has had none yet. */
enum result staff_lock(struct db *db, int64_t person_id, struct staff_row *reterr_row) MUST_CHECK;

/* Gives the person this role and this token instead of any before. */
enum result staff_put(struct db *db, int64_t person_id, enum role role, const char *token) MUST_CHECK;
enum result staff_set_role(struct db *db, int64_t person_id, enum role role) MUST_CHECK;
enum result staff_revoke(struct db *db, int64_t person_id) MUST_CHECK;

/* Everybody who has or had a token, by name. The row is valid only during the call. */
enum result staff_list(struct db *db, void (*each)(const struct staff_row *, void *), void *context) MUST_CHECK;

#endif
