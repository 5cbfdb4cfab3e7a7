/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_USER_ID_H
#define BOOKING_CORE_USER_ID_H

#include <stdbool.h>
#include <stddef.h>

/* 50 characters of UTF-8, and the NUL. */
#define USER_ID_SIZE 201
#define USER_ID_MAX 50

/* An account's name, as a sign-on gives it: 255 characters of UTF-8, and the NUL. */
#define ACCOUNT_SIZE 1021
#define ACCOUNT_MAX 255

/* Whether a text can be an account: well-formed, 1 to 255 characters, none of them a control character. */
bool account_is_valid(const char *text);

/* The user id that stands for an account where there is no room for all of it: its first 50 characters. */
void account_to_user_id(const char *account, char ret_id[USER_ID_SIZE]);

/* Reads the user id that a text means, so that it is the same id wherever and
 * however it was typed: without white space at its ends, with each white space
 * within it made a single blank, without marks for line breaks, and in
 * Unicode's normalization form C. The text must be well-formed UTF-8.
 *
 * Returns false unless that leaves 1 to 50 characters, at least one of them
 * visible, no control characters, and none that change the direction of the
 * text around them; ret_id is then untouched. */
bool user_id_read(const char *text, char ret_id[USER_ID_SIZE]);

/* Reads the name of a member of staff by the same rules: 1 to 255 characters. */
bool staff_name_read(const char *text, char ret_name[ACCOUNT_SIZE]);

/* The same for anything that people type, of 1 to max characters (up to ACCOUNT_MAX); ret_name has room for four bytes
 * each, and the NUL. */
bool typed_name_read(const char *text, size_t max, char *ret_name);

#endif
