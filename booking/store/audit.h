/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_AUDIT_H
#define BOOKING_STORE_AUDIT_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* What members of staff changed: rows are only ever added, each in the transaction of its change. No row has a name in
 * it, but for the id of the person who acted. */

#define AUDIT_OF_ORDER "ORDER"
#define AUDIT_OF_JOB "JOB"
#define AUDIT_OF_KIND "KIND"
#define AUDIT_OF_STAFF "STAFF"
#define AUDIT_OF_FLIGHT "FLIGHT"
#define AUDIT_OF_IMPORT "IMPORT"
#define AUDIT_OF_CABIN "CABIN"
#define AUDIT_OF_PLACE "PLACE"
#define AUDIT_OF_DAY "DAY"

/* The list in audit.c and the one in html/api/openapi.json have the same. */
#define AUDIT_HOLD_SEATS "HOLD_SEATS"
#define AUDIT_CHANGE_SEATS "CHANGE_SEATS"
#define AUDIT_NAME_PASSENGERS "NAME_PASSENGERS"
#define AUDIT_SUBMIT_PAYMENT "SUBMIT_PAYMENT"
#define AUDIT_CANCEL_ORDER "CANCEL_ORDER"
#define AUDIT_FREE_SEATS "FREE_SEATS"
#define AUDIT_REFUND "REFUND"
#define AUDIT_EXTEND_HOLD "EXTEND_HOLD"
#define AUDIT_RESEND "RESEND"
#define AUDIT_FORGET_PERSONS "FORGET_PERSONS"
#define AUDIT_RETRY_JOB "RETRY_JOB"
#define AUDIT_RELEASE_JOB "RELEASE_JOB"
#define AUDIT_SET_ASIDE_JOB "SET_ASIDE_JOB"
#define AUDIT_PAUSE_KIND "PAUSE_KIND"
#define AUDIT_RESUME_KIND "RESUME_KIND"
#define AUDIT_ADD_STAFF "ADD_STAFF"
#define AUDIT_ROTATE_TOKEN "ROTATE_TOKEN"
#define AUDIT_SET_ROLE "SET_ROLE"
#define AUDIT_REVOKE_TOKEN "REVOKE_TOKEN"
#define AUDIT_CANCEL_FLIGHT "CANCEL_FLIGHT"
#define AUDIT_BLOCK_SEATS "BLOCK_SEATS"
#define AUDIT_UNBLOCK_SEATS "UNBLOCK_SEATS"
#define AUDIT_BOARD "BOARD"
#define AUDIT_IMPORT_FLIGHTS "IMPORT_FLIGHTS"
#define AUDIT_PUT_CABIN "PUT_CABIN"
#define AUDIT_REMOVE_CABIN "REMOVE_CABIN"
#define AUDIT_PUT_PLACE "PUT_PLACE"
#define AUDIT_REMOVE_PLACE "REMOVE_PLACE"
#define AUDIT_SWAP_CABIN "SWAP_CABIN"
#define AUDIT_PUT_FLIGHT "PUT_FLIGHT"
#define AUDIT_REMOVE_FLIGHT "REMOVE_FLIGHT"
#define AUDIT_CLOSE_FLIGHT "CLOSE_FLIGHT"
#define AUDIT_OPEN_FLIGHT "OPEN_FLIGHT"
#define AUDIT_RECONCILE "RECONCILE"

struct audit_row {
    int64_t audit_id; /* only from audit_list() */
    int64_t actor_id;
    const char *actor; /* only from audit_list(): the person's name, NULL if it was forgotten */
    const char *role;  /* the one that the person had then */
    const char *action;
    const char *object_kind;
    const char *object_id;
    const char *was; /* JSON, or NULL */
    const char *became;
    const char *reason;
    const char *request_id;
    int64_t created_at_ms; /* only from audit_list(); so is what follows */
    bool has_flight;       /* the flight that was changed, or of the order that was */
    struct order_flight flight;
};

enum result audit_add(struct db *db, const struct audit_row *row) MUST_CHECK;

/* Whether this is one of the actions above, which the list can be filtered by. */
bool audit_is_action(const char *text);

/* Which rows to list, the newest first. NULL, 0 and TIME_NONE: any. */
struct audit_filter {
    int64_t actor_id;
    const char *action;
    const char *object_id;
    int64_t from_ms;
    int64_t before_ms; /* before this moment, or at it with a lower id than the next */
    int64_t before_id;
    int limit;
};

/* Calls back for each row, which is valid only during the call. */
enum result audit_list(struct db *db, const struct audit_filter *filter, void (*each)(const struct audit_row *, void *),
                       void *context) MUST_CHECK;

#endif
