/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_FLIGHTS_IMPORT_H
#define BOOKING_FLIGHTS_IMPORT_H

#include "booking/booking.h"
#include "booking/store/imports.h"

/* A season of flights from a file. An operator's request writes down what the file holds, and the sweeper does the rest
 * with a job, IMPORT_FLIGHTS, in small steps: it checks every flight, stages what is new and what becomes of the others
 * where neither customers nor staff see it, and publishes all of it in one transaction. */

/* Begins an import, on behalf of a member of staff. */
enum result booking_begin_import(struct db *db, const struct caller *caller, const struct import *import) MUST_CHECK;

/* Adds flights of the file. */
struct import_line {
    int64_t line;
    const char *flight_id;
    const char *flight;
    size_t len;
};
enum result booking_add_import(struct db *db, const char *import_id, const struct import_line *lines,
                               size_t count) MUST_CHECK;

/* The file was read to its end: adds its faults, of which only the first are kept, and the job. before_commit is called
 * without an order. */
struct import_faults {
    int64_t total;
    size_t count;
    struct file_fault {
        int64_t line;
        char field[81];
        char message[201];
    } fault[IMPORT_FAULTS_MAX];
};
enum result booking_submit_import(struct db *db, const struct caller *caller, const struct import *import,
                                  const struct import_faults *faults) MUST_CHECK;

/* Does the next step of a job. What the sweeper may keep from step to step, and may lose, is *hint. *reterr_over: the
 * job is done and gone. RESULT_STALE if the claim no longer stands. */
struct import_hint {
    char cabin_id[CABIN_ID_SIZE]; /* the cabin of the flight that was staged last */
    int64_t cabin_version;
    char flight_id[FLIGHT_ID_SIZE];
};
enum result booking_step_import(struct db *db, const struct config *config, const struct job *job,
                                struct import_hint *hint, struct import *reterr_import, bool *reterr_over) MUST_CHECK;

/* Writes a flight as a line of a file. */
void flight_row_write_file(struct buf *out, const struct flight_row *row, bool as_csv);

#endif
