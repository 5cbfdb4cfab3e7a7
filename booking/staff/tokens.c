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
    const char *action;
    struct member *member; /* as it becomes */
};

static void describe(enum role role, char *ret_json, size_t size)
{
    (void)snprintf(ret_json, size, "{\"role\":\"%s\"}", role_name(role));
}

/* ROLE_NONE: there was no token, or is none any more. */
static enum result audit(struct db *db, const struct staffing *s, enum role was, enum role became)
{
    char id[24];
    char before[40];
    char after[40];
    (void)snprintf(id, sizeof id, "%lld", (long long)s->member->person_id);
    describe(was, before, sizeof before);
    describe(became, after, sizeof after);
    return step_audit(db, s->caller, s->action, AUDIT_OF_STAFF, id, was == ROLE_NONE ? NULL : before,
                      became == ROLE_NONE ? NULL : after);
}

static enum result add_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    struct staff_row before;
    CRASH_SCOPE("staff");
    enum result r = staff_lock(db, s->member->person_id, &before);
    if (r == RESULT_OK && before.revoked_at_ms == TIME_NONE)
        return RESULT_NAME_TAKEN;
    if (r != RESULT_NOT_FOUND)
        TRY(r);
    TRY(staff_put(db, s->member->person_id, s->member->role, s->member->token));
    return audit(db, s, ROLE_NONE, s->member->role);
}

enum result booking_add_staff(struct db *db, const struct caller *caller, const char *name, enum role role,
                              struct member *ret_member)
{
    struct member member = { .role = role };
    struct staffing s = { .caller = caller, .action = AUDIT_ADD_STAFF, .member = &member };
    /* A person without a token may do nothing, so one that is left over does no harm. */
    TRY(staff_person(db, STAFF_BY_TOKEN, name, &member.person_id));
    text_copy(member.name, sizeof member.name, name);
    random_token(STAFF_TOKEN_PREFIX, member.token);
    TRY(txn_run(db, NULL, add_in_txn, &s));
    *ret_member = member;
    return RESULT_OK;
}

/* Locks a member, and notes its name. A token that was revoked is as good as none. */
static enum result lock_valid(struct db *db, struct member *member, enum role *reterr_role)
{
    struct staff_row row;
    CRASH_SCOPE("staff");
    TRY(staff_lock(db, member->person_id, &row));
    text_copy(member->name, sizeof member->name, row.name == NULL ? "" : row.name);
    *reterr_role = row.role;
    return row.revoked_at_ms == TIME_NONE ? RESULT_OK : RESULT_NOT_FOUND;
}

static enum result rotate_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    TRY(lock_valid(db, s->member, &s->member->role));
    TRY(staff_put(db, s->member->person_id, s->member->role, s->member->token));
    return audit(db, s, s->member->role, s->member->role);
}

enum result booking_rotate_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 struct member *ret_member)
{
    struct member member = { .person_id = person_id };
    struct staffing s = { .caller = caller, .action = AUDIT_ROTATE_TOKEN, .member = &member };
    random_token(STAFF_TOKEN_PREFIX, member.token);
    TRY(txn_run(db, NULL, rotate_in_txn, &s));
    *ret_member = member;
    return RESULT_OK;
}

static enum result set_role_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    enum role was;
    TRY(lock_valid(db, s->member, &was));
    TRY(staff_set_role(db, s->member->person_id, s->member->role));
    return audit(db, s, was, s->member->role);
}

enum result booking_set_role(struct db *db, const struct caller *caller, int64_t person_id, enum role role,
                             struct member *ret_member)
{
    struct member member = { .person_id = person_id, .role = role };
    struct staffing s = { .caller = caller, .action = AUDIT_SET_ROLE, .member = &member };
    TRY(txn_run(db, NULL, set_role_in_txn, &s));
    *ret_member = member;
    return RESULT_OK;
}

static enum result revoke_in_txn(struct db *db, void *context)
{
    const struct staffing *s = context;
    enum role was;
    TRY(lock_valid(db, s->member, &was));
    TRY(staff_revoke(db, s->member->person_id));
    return audit(db, s, was, ROLE_NONE);
}

enum result booking_revoke_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 struct member *ret_member)
{
    struct member member = { .person_id = person_id };
    struct staffing s = { .caller = caller, .action = AUDIT_REVOKE_TOKEN, .member = &member };
    TRY(txn_run(db, NULL, revoke_in_txn, &s));
    *ret_member = member;
    return RESULT_OK;
}
