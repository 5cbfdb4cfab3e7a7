/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_CSV_WRITER_H
#define BOOKING_BASE_CSV_WRITER_H

#include "booking/base/buf.h"

#include <stdbool.h>

/* Writes CSV (RFC 4180). A cell that a spreadsheet would take for a formula, one that begins with = + - @, a tab or a
 * line end, gets an apostrophe in front, whether a client, an operator or the program wrote its text. */
struct csv_writer {
    struct buf *out;
    bool in_row;
};
#define CSV_WRITER_INIT(buf) ((struct csv_writer){ .out = (buf) })

/* NULL is an empty cell. */
void csv_add_cell(struct csv_writer *w, const char *text);
void csv_end_row(struct csv_writer *w);

#endif
