/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_IMPORTS_H
#define BOOKING_STORE_IMPORTS_H

#include "booking/base/random.h"
#include "booking/core/order.h"
#include "booking/core/role.h"
#include "booking/store/db.h"
#include "booking/store/flight_rows.h"

/* Seasons of flights from files: sql/0012_imports.sql says what is kept of them. */

/* The most faults that are kept; all are counted. */
#define IMPORT_FAULTS_MAX 100

enum import_status {
    IMPORT_UPLOADING, /* the file is being read; nobody sees it yet */
    IMPORT_CHECKING,
    IMPORT_STAGING,
    IMPORT_CHECKED, /* a dry run without faults; this and the next two are final */
    IMPORT_REFUSED,
    IMPORT_PUBLISHED,
};
const char *import_status_name(enum import_status status);

struct import {
    char import_id[UUID_SIZE];
    enum import_status status;
    bool is_dry_run;
    int64_t line_count;
    int64_t flights; /* of the file, as far as it could be read */
    int64_t done;    /* of those, in this stage */
    int64_t made, changed, unchanged;
    int64_t faults;
    int64_t next_line;
    bool has_drafts;
    int64_t tries;
    struct staff actor;
    char request_id[65];
    int64_t created_ms, updated_ms;
};

/* Begins one; its rows are added while the file is read, and then it is ready to be checked. */
enum result imports_begin(struct db *db, const struct import *import) MUST_CHECK;
enum result imports_add_row(struct db *db, const char *import_id, int64_t line, const char *flight_id,
                            const char *flight, size_t len) MUST_CHECK;
/* RESULT_STALE if it is not being uploaded any more. */
enum result imports_ready(struct db *db, const struct import *import) MUST_CHECK;

/* RESULT_OK or RESULT_NOT_FOUND, also while it is being uploaded. */
enum result imports_find(struct db *db, const char *import_id, struct import *ret_import) MUST_CHECK;
/* The same, locked. */
enum result imports_lock(struct db *db, const char *import_id, struct import *ret_import) MUST_CHECK;

/* Writes how far it has come; the row is locked. */
enum result imports_save(struct db *db, const struct import *import) MUST_CHECK;

/* Adds a fault; the number is how many there were before. Those after the hundredth are not kept. */
enum result imports_add_fault(struct db *db, const char *import_id, int64_t number, int64_t line, const char *field,
                              const char *message) MUST_CHECK;

struct import_fault {
    int64_t line;
    const char *field;
    const char *message;
};
enum result imports_faults(struct db *db, const char *import_id, void (*each)(const struct import_fault *, void *),
                           void *context) MUST_CHECK;

/* A flight of the file, valid until the next call. */
struct import_row {
    int64_t line;
    const char *flight_id;
    const char *flight; /* JSON, as it was sent */
    const char *action; /* NEW, CHANGE or SAME; NULL: not found yet */
    int64_t version;
};
#define IMPORT_NEW "NEW"
#define IMPORT_CHANGE "CHANGE"
#define IMPORT_SAME "SAME"

/* The first row from that line on; RESULT_NOT_FOUND. */
enum result imports_next_row(struct db *db, const char *import_id, int64_t from_line,
                             struct import_row *ret_row) MUST_CHECK;

/* What the check of a row has found. */
struct import_finding {
    const char *action;
    int64_t version;    /* of the flight as it is; 0: a new one */
    const char *status; /* to be */
    const char *shadow_id;
    int64_t moves;
    const char *was; /* JSON for the audit log, or NULL */
    const char *became;
};
enum result imports_note(struct db *db, const char *import_id, int64_t line,
                         const struct import_finding *finding) MUST_CHECK;

/* What is staged becomes what there is: the new flights, and the changed ones if each still has the version that it had
 * when it was checked. RESULT_STALE otherwise. */
enum result imports_publish(struct db *db, const struct import *import) MUST_CHECK;

/* Adds to the audit log what was made and changed. */
enum result imports_audit_rows(struct db *db, const struct import *import, const char *action) MUST_CHECK;

/* The published flights whose times have changed, after that line. */
struct import_move {
    int64_t line;
    char flight_id[FLIGHT_ID_SIZE];
    bool departs_anew;
};
enum result imports_moved(struct db *db, const char *import_id, void (*each)(const struct import_move *, void *),
                          void *context) MUST_CHECK;

/* The import that stages a flight of this id, "" if there is none. */
enum result imports_stager(struct db *db, const char *flight_id, char reterr_import_id[UUID_SIZE]) MUST_CHECK;

/* Makes the seats of a flight like those of another one. *reterr_count is how many. */
enum result imports_copy_seats(struct db *db, const char *to_id, const char *from_id, int64_t *reterr_count) MUST_CHECK;

/* Gives some flights that the import still has staged. */
#define IMPORT_DRAFTS_AT_ONCE 4
enum result imports_drafts(struct db *db, const char *import_id, char (*reterr_ids)[FLIGHT_ID_SIZE],
                           size_t *reterr_count) MUST_CHECK;

/* Removes some of the rows. */
enum result imports_remove_rows(struct db *db, const char *import_id, bool *reterr_more) MUST_CHECK;

/* Forgets some of what is a week old, or was never sent to its end. */
enum result imports_purge(struct db *db, bool *reterr_more) MUST_CHECK;

#endif
