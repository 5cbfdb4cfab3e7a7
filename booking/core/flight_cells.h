/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_FLIGHT_CELLS_H
#define BOOKING_CORE_FLIGHT_CELLS_H

#include "booking/base/buf.h"
#include "booking/base/json_writer.h"

#include <stdbool.h>
#include <stddef.h>

/* The columns of a CSV file of flights: how a cell is read to a field of the API's flight, and written from it. */

struct json_object;

struct flight_column {
    const char *name; /* as the field's */
    bool is_required; /* the header line must name it */
    /* Writes the field. False, and *reterr_why is a sentence, if the cell, which is not empty, cannot be read. */
    bool (*write)(struct json_writer *w, const char *name, const char *cell, const char **reterr_why);
    /* Writes the cell of a field that is not null, without quotes. */
    void (*format)(struct buf *out, struct json_object *field);
};

extern const struct flight_column flight_columns[];
extern const size_t flight_column_count;

/* NULL: there is no such column. */
const struct flight_column *flight_column_find(const char *name);

/* Whether a spreadsheet would take a cell that begins like this for a formula; also an apostrophe, since reading
 * removes one that stands before such a beginning. */
bool flight_cell_is_formula(const char *cell);

#endif
