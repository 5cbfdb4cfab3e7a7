/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/base/random.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/staff.h"
#include "booking/store/txn.h"

#include <stdio.h>

/* What is done to one member of staff. */
struct staffing {
    const struct caller *caller;
    int64_t person_id;
    enum role role;
    const char *token; /* NULL: it stays */
    const char *action;
};

static void describe(enum role role, char *ret_json, size_t size)
{
    (void)snprintf(ret_json, size, "{\"role\":\"%s\"}", role_name(role));
}

static enum result audit(struct db *db, const struct staffing *s, const enum role *was, const enum role *became)
{
    char id[24];
    char before[40];
    char after[40];
    (void)snprintf(id, sizeof id, "%lld", (long long)s->person_id);
    if (was != NULL)
        describe(*was, before, sizeof before);
    if (became != NULL)
        describe(*became, after, sizeof after);
    return step_audit(db, s->caller, s->action, AUDIT_OF_STAFF, id, was == NULL ? NULL : before,
                      became == NULL ? NULL : after);
}

static enum result add_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    struct staff_row before;
    CRASH_SCOPE("staff");
    enum result r = staff_lock(db, s->person_id, &before);
    if (r == RESULT_OK && before.revoked_at_ms == TIME_NONE)
        return RESULT_NAME_TAKEN;
    if (r != RESULT_NOT_FOUND)
        TRY(r);
    TRY(staff_put(db, s->person_id, s->role, s->token));
    return audit(db, s, NULL, &s->role);
}

enum result booking_add_staff(struct db *db, const struct caller *caller, const char *name, enum role role,
                              char ret_token[STAFF_TOKEN_SIZE], int64_t *ret_person_id)
{
    char token[STAFF_TOKEN_SIZE];
    int64_t person_id = 0;
    /* A person without a token may do nothing, so one that is left over does no harm. */
    TRY(staff_person(db, STAFF_BY_TOKEN, name, &person_id));
    random_token(STAFF_TOKEN_PREFIX, token);
    struct staffing s = {
        .caller = caller, .person_id = person_id, .role = role, .token = token, .action = AUDIT_ADD_STAFF
    };
    TRY(txn_run(db, NULL, add_in_txn, &s));
    text_copy(ret_token, STAFF_TOKEN_SIZE, token);
    *ret_person_id = person_id;
    return RESULT_OK;
}

/* A token that was revoked is as good as none. */
static enum result lock_valid(struct db *db, int64_t person_id, struct staff_row *reterr_row)
{
    TRY(staff_lock(db, person_id, reterr_row));
    return reterr_row->revoked_at_ms == TIME_NONE ? RESULT_OK : RESULT_NOT_FOUND;
}

static enum result rotate_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    struct staff_row before;
    TRY(lock_valid(db, s->person_id, &before));
    TRY(staff_put(db, s->person_id, before.role, s->token));
    return audit(db, s, &before.role, &before.role);
}

enum result booking_rotate_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 char ret_token[STAFF_TOKEN_SIZE])
{
    char token[STAFF_TOKEN_SIZE];
    random_token(STAFF_TOKEN_PREFIX, token);
    struct staffing s = { .caller = caller, .person_id = person_id, .token = token, .action = AUDIT_ROTATE_TOKEN };
    TRY(txn_run(db, NULL, rotate_in_txn, &s));
    text_copy(ret_token, STAFF_TOKEN_SIZE, token);
    return RESULT_OK;
}

static enum result set_role_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    struct staff_row before;
    TRY(lock_valid(db, s->person_id, &before));
    TRY(staff_set_role(db, s->person_id, s->role));
    return audit(db, s, &before.role, &s->role);
}

enum result booking_set_role(struct db *db, const struct caller *caller, int64_t person_id, enum role role)
{
    struct staffing s = { .caller = caller, .person_id = person_id, .role = role, .action = AUDIT_SET_ROLE };
    return txn_run(db, NULL, set_role_in_txn, &s);
}

static enum result revoke_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    struct staff_row before;
    TRY(lock_valid(db, s->person_id, &before));
    TRY(staff_revoke(db, s->person_id));
    return audit(db, s, &before.role, NULL);
}

enum result booking_revoke_token(struct db *db, const struct caller *caller, int64_t person_id)
{
    struct staffing s = { .caller = caller, .person_id = person_id, .action = AUDIT_REVOKE_TOKEN };
    return txn_run(db, NULL, revoke_in_txn, &s);
}
