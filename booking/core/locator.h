/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_LOCATOR_H
#define BOOKING_CORE_LOCATOR_H

#include <stdbool.h>
#include <stdint.h>

/* The short reference of an order, which its customer reads out, types and writes down: six characters, of which no two
 * look alike. There are no vowels in it, so that it spells no word. */
#define LOCATOR_SIZE 7

/* Makes a locator of random bits. All of the 113 million are equally likely, but for a few parts in 10^11. */
void locator_make(uint64_t random, char ret_locator[LOCATOR_SIZE]);

/* Reads a locator as people type it: regardless of case, and of blanks and dashes. False, and ret_locator is untouched,
 * if the text can be none. */
bool locator_read(const char *text, char ret_locator[LOCATOR_SIZE]);

#endif
