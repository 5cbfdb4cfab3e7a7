/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_USER_ID_H
#define BOOKING_CORE_USER_ID_H

#include <stdbool.h>

/* 50 characters of UTF-8, and the NUL. */
#define USER_ID_SIZE 201
#define USER_ID_MAX 50

/* The user id that a text means, so that it is one id wherever and however it was
 * typed: without white space at its ends, each white space within it a single
 * blank, without what only says where a line may end, in Unicode's normalization
 * form C. The text is well-formed UTF-8. False,
 * and ret_id is untouched, unless that leaves 1 to 50 characters of which one can
 * be seen, no control characters, and none that turn the direction of what is
 * written around them. */
bool user_id_read(const char *text, char ret_id[USER_ID_SIZE]);

#endif
