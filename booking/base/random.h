/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_RANDOM_H
#define BOOKING_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Chance, from the kernel (getrandom(2)); fit for identifiers nobody may
 * guess. None of these fails: without a source of chance the process ends. */

#define UUID_SIZE 37

/* A UUID of version 7 (RFC 9562, section 5.7): 74 random bits after the
 * milliseconds, so new rows go to the end of the primary key and still no one
 * can guess another's. The clock in it decides nothing. */
void random_uuid(char ret_uuid[UUID_SIZE]);

/* A positive 63-bit number. */
int64_t random_id(void);

/* In [0, 1). */
double random_fraction(void);

#endif
