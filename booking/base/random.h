/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_RANDOM_H
#define BOOKING_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Random numbers from the kernel (getrandom(2)), fit for identifiers that must
 * not be guessed. None of these functions fails: without a source of randomness
 * the process ends. */

#define UUID_SIZE 37

/* A UUID of version 7 (RFC 9562, section 5.7): 74 random bits after the
 * milliseconds, so that new rows go to the end of the primary key and their ids
 * still cannot be guessed. The time in it decides nothing. */
void random_uuid(char ret_uuid[UUID_SIZE]);

/* A token: a prefix of four characters, which tells what it is for, and 160 random bits in hexadecimal. */
#define TOKEN_SIZE 45
void random_token(const char *prefix, char ret_token[TOKEN_SIZE]);

/* A positive 63-bit number. */
int64_t random_id(void);

/* In [0, 1). */
double random_fraction(void);

#endif
