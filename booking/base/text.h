/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_TEXT_H
#define BOOKING_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Checks and conversions of text from outside. All take bytes and a length, or
 * a NUL-terminated text, and none changes its input. */

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
bool text_is_utf8(const char *text, size_t len);

/* The number of code points of well-formed UTF-8. */
size_t text_utf8_length(const char *text);

/* No ASCII control characters, no DEL, no C1 controls. */
bool text_is_printable(const char *text);

/* 1 to max characters of [A-Za-z0-9._-], as our own identifiers have. */
bool text_is_identifier(const char *text, size_t max);

/* Trims the white space (Unicode's) at both ends of a text: moves the pointer
 * to where the rest begins and returns its length. */
size_t text_trim(const char **text);

/* Copies the trimmed text; false if it does not fit. */
bool text_trim_copy(char *to, size_t size, const char *text);

/* Reads a UUID as people and other programs write it, in either case and with
 * white space around it, and gives its canonical form. False if it is not
 * one. */
bool text_read_uuid(const char *text, char ret_uuid[37]);

/* A UUID in its canonical lower-case form (RFC 9562, section 4). */
bool text_is_uuid(const char *text);

/* The value of a hexadecimal digit, or -1. */
int text_hex_value(char c);

/* Copies into a buffer of the given size; a text that is too long is cut at a
 * code point. Always NUL-terminated. */
void text_copy(char *to, size_t size, const char *from);

/* Makes the LIKE pattern of what contains this text, whose wildcards are
 * taken literally: "%text%". Behind its first byte is the pattern of what
 * begins with the text. False if it does not fit. */
bool text_like_part(char *to, size_t size, const char *text);

/* Reads a decimal number without sign, in min..max. False otherwise; *ret is
 * then untouched. */
bool text_parse_int(const char *text, long long min, long long max, long long *ret);

#endif
