/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_NAME_KEY_H
#define BOOKING_CORE_NAME_KEY_H

#include <stdbool.h>

/* The keys by which a look-up finds people, however a customer typed the names. The program computes both, here and
 * never by the database, whose collations differ between servers and versions. The texts must be well-formed UTF-8. */

/* 255 characters of UTF-8, and the NUL. */
#define NAME_KEY_MAX 255
#define NAME_KEY_SIZE (4 * NAME_KEY_MAX + 1)

#define EMAIL_MAX 254
#define EMAIL_KEY_SIZE (4 * EMAIL_MAX + 1)

/* The key of a name: regardless of case and of accents, and without blanks, hyphens, apostrophes or any other
 * punctuation. Letters that only some alphabets have count as the ones that people type instead: "Øster-Strauß" and
 * "oster strauss" are the same. A key that is too long is cut. False, and ret_key is untouched, if nothing is left. */
bool name_key(const char *name, char ret_key[NAME_KEY_SIZE]);

/* The key of an e-mail address: regardless of case and of white space at its ends. False, and ret_key is untouched, if
 * it is empty or too long. */
bool email_key(const char *email, char ret_key[EMAIL_KEY_SIZE]);

#endif
