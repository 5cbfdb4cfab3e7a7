/* SPDX-License-Identifier: MIT */
/* A plan is never changed: flights keep the version that they have. An operator's request that removes a cabin locks
 * all of its versions, and one that gives a cabin to a flight locks the version (cabins_find()), so no flight is left
 * without its plan. */

#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/cabins.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

struct putting {
    const struct caller *caller;
    const struct cabin *cabin;
    struct stored *stored;
};

static enum result audit(struct db *db, const struct caller *caller, const char *action, const char *cabin_id,
                         const struct cabin_version *was, const struct cabin_version *became)
{
    static const char form[] = "{\"version\":%lld,\"seatCount\":%lld}";
    char before[80] = "";
    char after[80] = "";
    if (was != NULL)
        (void)snprintf(before, sizeof before, form, (long long)was->version, (long long)was->seat_count);
    if (became != NULL)
        (void)snprintf(after, sizeof after, form, (long long)became->version, (long long)became->seat_count);
    return step_audit(db, caller, action, AUDIT_OF_CABIN, cabin_id, was == NULL ? NULL : before,
                      became == NULL ? NULL : after);
}

static enum result add_version(struct db *db, const struct putting *p, const struct cabin_version *was,
                               struct cabin_version *became)
{
    bool is_equal = was->version > 0 && strcmp(was->name, became->name) == 0 &&
                    strcmp(buf_str(&was->plan), buf_str(&became->plan)) == 0;
    if (!buf_ok(&became->plan))
        return RESULT_INTERNAL;
    p->stored->version = was->version;
    if (is_equal)
        return RESULT_OK;
    became->version = was->version + 1;
    enum result r = cabins_add(db, p->cabin->id, became);
    if (r == RESULT_DUPLICATE)
        return RESULT_RETRY; /* another operator was faster; the next try sees that version */
    TRY(r);
    p->stored->version = became->version;
    p->stored->is_new = was->version == 0;
    return audit(db, p->caller, AUDIT_PUT_CABIN, p->cabin->id, was->version == 0 ? NULL : was, became);
}

static enum result put_in_txn(struct db *db, void *context)
{
    const struct putting *p = context;
    struct cabin_version was = CABIN_VERSION_INIT;
    struct cabin_version became = { .seat_count = (int64_t)p->cabin->seat_count };
    CRASH_SCOPE("put-cabin");
    *p->stored = (struct stored){ 0 };
    text_copy(became.name, sizeof became.name, p->cabin->name);
    cabin_write_plan(&became.plan, p->cabin);
    enum result r = cabins_lock(db, p->cabin->id, &was);
    p->stored->version = was.version;
    if (r == RESULT_OK || r == RESULT_NOT_FOUND)
        r = step_check_stored(p->caller, was.version);
    if (r == RESULT_OK)
        r = add_version(db, p, &was, &became);
    cabin_version_done(&was);
    cabin_version_done(&became);
    return r;
}

enum result booking_put_cabin(struct db *db, const struct caller *caller, const struct cabin *cabin,
                              struct stored *reterr_stored)
{
    struct putting p = { caller, cabin, reterr_stored };
    return txn_run(db, NULL, put_in_txn, &p);
}

struct removing {
    const struct caller *caller;
    const char *cabin_id;
    struct stored *stored;
};

static enum result remove_locked(struct db *db, const struct removing *r, const struct cabin_version *was)
{
    int64_t flights = 0;
    TRY(step_check_stored(r->caller, was->version));
    TRY(cabins_count_flights(db, r->cabin_id, &flights));
    if (flights > 0)
        return RESULT_IN_USE;
    TRY(cabins_remove(db, r->cabin_id));
    return audit(db, r->caller, AUDIT_REMOVE_CABIN, r->cabin_id, was, NULL);
}

static enum result remove_in_txn(struct db *db, void *context)
{
    const struct removing *removing = context;
    struct cabin_version was = CABIN_VERSION_INIT;
    CRASH_SCOPE("delete-cabin");
    enum result r = cabins_lock(db, removing->cabin_id, &was);
    *removing->stored = (struct stored){ .version = was.version };
    if (r == RESULT_OK)
        r = remove_locked(db, removing, &was);
    cabin_version_done(&was);
    return r;
}

enum result booking_remove_cabin(struct db *db, const struct caller *caller, const char *cabin_id,
                                 struct stored *reterr_stored)
{
    struct removing r = { caller, cabin_id, reterr_stored };
    return txn_run(db, NULL, remove_in_txn, &r);
}
