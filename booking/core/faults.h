/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_FAULTS_H
#define BOOKING_CORE_FAULTS_H

#include <stddef.h>

/* What is wrong with something that was sent as a whole, such as a seating plan: every fault with its place in it. */

#define FAULTS_MAX 50
#define FAULT_PATH_SIZE 80
#define FAULT_MESSAGE_SIZE 200

struct fault {
    char path[FAULT_PATH_SIZE];       /* "sections[1].rows" */
    char message[FAULT_MESSAGE_SIZE]; /* a sentence */
};

struct faults {
    size_t count; /* up to FAULTS_MAX; more are not kept */
    struct fault fault[FAULTS_MAX];
};

/* Adds a fault, if there is room. Texts that are too long are cut at a code point. */
void faults_add(struct faults *faults, const char *path, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
