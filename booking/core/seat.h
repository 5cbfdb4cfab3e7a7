/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_SEAT_H
#define BOOKING_CORE_SEAT_H

#include <stdbool.h>
#include <stddef.h>

/* "12A", "A12": letters and digits, upper case, and the NUL. */
#define SEAT_NUMBER_SIZE 11
/* The most seats a configuration may allow in one order. */
#define SEATS_MAX 32
/* 32 numbers of ten characters, commas, and the NUL. */
#define SEATS_TEXT_SIZE (SEATS_MAX * SEAT_NUMBER_SIZE + 1)

/* Seats in the order the customer named them. */
struct seat_list {
    size_t count;
    char number[SEATS_MAX][SEAT_NUMBER_SIZE];
};

/* Reads the seat number that a customer's text means: 1 to 10 letters and
 * digits with at least one of each, in either case, with white space at its
 * ends. Gives it in upper case. Returns false on anything else; ret_number is
 * then untouched. */
bool seat_number_parse(const char *text, char ret_number[SEAT_NUMBER_SIZE]);

/* Gives the same seat without the zeros in front of its row: "012A" is "12A". */
void seat_number_plain(const char *number, char ret_number[SEAT_NUMBER_SIZE]);

enum seat_list_error {
    SEAT_LIST_OK,
    SEAT_LIST_MALFORMED,
    SEAT_LIST_REPEATED,
    SEAT_LIST_FULL,
};

/* Adds one seat as the customer wrote it; "1A" and "01A" are the same seat. On
 * an error the list is unchanged. */
enum seat_list_error seat_list_add(struct seat_list *list, const char *text);

/* Gives the seats with their plain numbers. */
void seat_list_plain(const struct seat_list *list, struct seat_list *ret_list);

bool seat_list_contains(const struct seat_list *list, const char *number);

/* Whether both name the same seats, in whatever order. */
bool seat_list_equal_sets(const struct seat_list *a, const struct seat_list *b);

/* Writes a list as "A1,A2", and reads it back. seat_list_parse() takes what
 * seat_list_format() wrote and returns false on anything else. */
void seat_list_format(const struct seat_list *list, char ret_text[SEATS_TEXT_SIZE]);
bool seat_list_parse(const char *text, struct seat_list *ret_list);

#endif
