/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_SLOTS_H
#define BOOKING_STORE_SLOTS_H

/* An IN list has as many parameters as its SQL text. So that one prepared text
 * serves lists of any length up to that size, a shorter list repeats its last
 * value, which changes nothing. It costs the server time, though: what is
 * mostly asked for one or a few has a text of its own with four. */
#define SLOTS_4 "?,?,?,?"
#define SLOTS_16 SLOTS_4 "," SLOTS_4 "," SLOTS_4 "," SLOTS_4
#define SLOTS_32 SLOTS_16 "," SLOTS_16
#define SLOTS_64 SLOTS_16 "," SLOTS_16 "," SLOTS_16 "," SLOTS_16

#endif
