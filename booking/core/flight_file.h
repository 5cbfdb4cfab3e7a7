/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_FLIGHT_FILE_H
#define BOOKING_CORE_FLIGHT_FILE_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A season of flights in a file: CSV (RFC 4180, with comma, semicolon or tab, as the header line has it) or NDJSON, one
 * flight a line. Either is read to JSON objects as the API takes them. docs/operations.md says how a file is written.
 *
 * A file is read as it comes, in pieces of any size, and little of it is held at a time. Whatever is wrong is a fault
 * with its line and its field, and the next line is read all the same. */

/* A row, with all lines it has, may have this many bytes, and a file this many flights. */
#define FLIGHT_FILE_ROW_MAX (64 * 1024)
#define FLIGHT_FILE_FLIGHTS_MAX 20000
#define FLIGHT_FILE_ID_SIZE 51

enum flight_file_format { FLIGHT_FILE_CSV, FLIGHT_FILE_NDJSON };

/* A flight of the file, valid only during the callback. */
struct flight_file_row {
    int64_t line; /* where it begins, from 1 */
    const char *id;
    const char *json;
    size_t json_len;
};

/* Who is told of what a file holds. A row() that returns false ends the reading. */
struct flight_file_sink {
    bool (*row)(const struct flight_file_row *row, void *context);
    void (*fault)(int64_t line, const char *field, const char *message, void *context);
    void *context;
};

struct flight_file;

/* NULL without memory. */
struct flight_file *flight_file_new(enum flight_file_format format, const struct flight_file_sink *sink);
void flight_file_free(struct flight_file *file);

/* Reads the next bytes of the file. False if no more need be read: the sink wants no more, the header is such that no
 * row can be understood, there are too many flights, or there is no memory (flight_file_failed()). */
bool flight_file_read(struct flight_file *file, const char *bytes, size_t len);

/* Reads what is left at the end, and finds out whether there was anything. */
void flight_file_end(struct flight_file *file);

/* Whether memory was lacking, so that the file was not read whole. */
bool flight_file_failed(const struct flight_file *file);

/* How many lines were read. */
int64_t flight_file_lines(const struct flight_file *file);

/* Writes the header line of a CSV file, and a flight, a JSON object as the API answers with it. A cell that a
 * spreadsheet would take for a formula gets an apostrophe, which reading removes. */
struct json_object;
void flight_file_write_header(struct buf *out);
void flight_file_write_row(struct buf *out, struct json_object *flight);

/* Writes only those fields of a flight that a file has, as a line of NDJSON. */
void flight_file_write_line(struct buf *out, struct json_object *flight);

#endif
