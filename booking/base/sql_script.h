/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_SQL_SCRIPT_H
#define BOOKING_BASE_SQL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* Splits a migration into its statements, so that one that fails halfway can go
 * on where it stopped. */
struct sql_statement {
    const char *text; /* within the script, without the comments before it */
    size_t len;       /* without the semicolon */
    bool repeat;      /* "-- repeat" stands on a line before it: run it until it matches no row */
};

/* Finds the next statement from *cursor on and moves *cursor past it; returns
 * false at the end. A statement ends with a semicolon outside quotes and
 * comments; one that begins with CREATE TRIGGER, whose body has semicolons,
 * ends with one before an empty line. */
bool sql_script_next(const char **cursor, struct sql_statement *ret_statement);

#endif
