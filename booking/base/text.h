/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_TEXT_H
#define BOOKING_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Checks of what strangers send. All take bytes and a length or a
 * NUL-terminated text, and none of them changes anything. */

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing
 * above U+10FFFF. */
bool text_is_utf8(const char *text, size_t len);

/* The number of code points of well-formed UTF-8. */
size_t text_utf8_length(const char *text);

/* No ASCII control characters, no DEL, no C1 controls. */
bool text_is_printable(const char *text);

/* 1 to max characters of [A-Za-z0-9._-]. What our own identifiers are made of. */
bool text_is_identifier(const char *text, size_t max);

/* What is left of a text without the white space (Unicode's) at both ends: moves
 * the pointer to where it begins and returns its length. */
size_t text_trim(const char **text);

/* The trimmed text, or false if that does not fit. */
bool text_trim_copy(char *to, size_t size, const char *text);

/* A UUID as people and other programs write it, in its canonical form: trimmed,
 * without regard to case. False if it is none. */
bool text_read_uuid(const char *text, char ret_uuid[37]);

/* A UUID in its canonical lower-case form (RFC 9562, section 4). */
bool text_is_uuid(const char *text);

/* The value of a hexadecimal digit, or -1. */
int text_hex_value(char c);

/* Copies into a buffer of the given size, cutting at a code point if it is too
 * long. Always NUL-terminated. */
void text_copy(char *to, size_t size, const char *from);

/* A decimal number without sign, in min..max. False otherwise; *ret untouched. */
bool text_parse_int(const char *text, long long min, long long max, long long *ret);

#endif
