/* SPDX-License-Identifier: MIT */
/* Flights keep their own copy of a place's time zone: a moment that was sold does not move. */

#include "booking/base/crash_point.h"
#include "booking/base/json_writer.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/places.h"
#include "booking/store/txn.h"

#include <string.h>

struct putting {
    const struct caller *caller;
    const struct place *place; /* its code alone, to remove it */
    struct stored *stored;
};

static void describe(struct buf *out, const struct place *p)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    json_open_object(&w, NULL);
    json_add_text(&w, "name", p->name);
    json_add_text(&w, "city", p->city);
    json_add_text(&w, "timeZone", p->time_zone);
    json_close_object(&w);
}

static enum result audit(struct db *db, const struct caller *caller, const char *action, const struct place *was,
                         const struct place *became)
{
    struct buf before = BUF_INIT;
    struct buf after = BUF_INIT;
    enum result r = RESULT_INTERNAL;
    if (was != NULL)
        describe(&before, was);
    if (became != NULL)
        describe(&after, became);
    if (buf_ok(&before) && buf_ok(&after))
        r = step_audit(db, caller, action, AUDIT_OF_PLACE, was != NULL ? was->code : became->code,
                       was == NULL ? NULL : buf_str(&before), became == NULL ? NULL : buf_str(&after));
    buf_done(&before);
    buf_done(&after);
    return r;
}

static bool is_equal(const struct place *a, const struct place *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->city, b->city) == 0 && strcmp(a->time_zone, b->time_zone) == 0;
}

static enum result put_in_txn(struct db *db, void *context)
{
    const struct putting *p = context;
    struct place was = { .version = 0 };
    struct place became = *p->place;
    CRASH_SCOPE("put-place");
    enum result r = places_lock(db, became.code, &was);
    bool is_new = r == RESULT_NOT_FOUND;
    *p->stored = (struct stored){ .version = was.version };
    if (!is_new)
        TRY(r);
    TRY(step_check_stored(p->caller, was.version));
    if (!is_new && is_equal(&was, &became))
        return RESULT_OK;
    became.version = was.version + 1;
    r = is_new ? places_add(db, &became) : places_change(db, &became);
    if (r == RESULT_DUPLICATE)
        return RESULT_RETRY; /* somebody else was faster; the next try sees that place */
    TRY(r);
    *p->stored = (struct stored){ .version = became.version, .is_new = is_new };
    return audit(db, p->caller, AUDIT_PUT_PLACE, is_new ? NULL : &was, &became);
}

enum result booking_put_place(struct db *db, const struct caller *caller, const struct place *place,
                              struct stored *reterr_stored)
{
    struct putting p = { caller, place, reterr_stored };
    return txn_run(db, NULL, put_in_txn, &p);
}

static enum result remove_in_txn(struct db *db, void *context)
{
    const struct putting *p = context;
    struct place was = { .version = 0 };
    bool used = false;
    CRASH_SCOPE("delete-place");
    enum result r = places_lock(db, p->place->code, &was);
    *p->stored = (struct stored){ .version = was.version };
    TRY(r);
    TRY(step_check_stored(p->caller, was.version));
    TRY(places_is_used(db, was.code, &used));
    if (used)
        return RESULT_IN_USE;
    TRY(places_remove(db, was.code));
    return audit(db, p->caller, AUDIT_REMOVE_PLACE, &was, NULL);
}

enum result booking_remove_place(struct db *db, const struct caller *caller, const char *code,
                                 struct stored *reterr_stored)
{
    struct place place = { .version = 0 };
    struct putting p = { caller, &place, reterr_stored };
    text_copy(place.code, sizeof place.code, code);
    return txn_run(db, NULL, remove_in_txn, &p);
}
