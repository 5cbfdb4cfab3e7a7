/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_CRASH_POINT_H
#define BOOKING_BASE_CRASH_POINT_H

/* Places at which a test can kill a process (SIGKILL) between one instruction
 * and the next, as if the power had failed. They exist only in programs built
 * with -DCRASH_POINTS; in the product these macros do nothing.
 *
 * CRASH_SCOPE says what is going on ("hold"), CRASH_POINT how far it has got
 * ("commit"); together they name the place: "hold.commit". A file of that name
 * in the directory $CRASH_POINTS arms it. The process that manages to remove
 * the file dies, so it happens once. Each place passed is noted in the
 * subdirectory "passed", so that a test knows them all. */
#ifdef CRASH_POINTS
void crash_scope(const char *scope);
void crash_point(const char *name);
#define CRASH_SCOPE(scope) crash_scope(scope)
#define CRASH_POINT(name) crash_point(name)
#else
#define CRASH_SCOPE(scope) ((void)0)
#define CRASH_POINT(name) ((void)0)
#endif

#endif
