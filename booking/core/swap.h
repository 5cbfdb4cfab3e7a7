/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_SWAP_H
#define BOOKING_CORE_SWAP_H

#include "booking/core/cabin.h"
#include "booking/core/price.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where passengers sit when a flight gets another cabin. */

/* A party is one order's seats. Where seats are short, the ranks are served in this order. */
enum swap_rank { SWAP_BEING_PAID, SWAP_SOLD, SWAP_HELD };
#define SWAP_RANKS 3

enum swap_fate {
    SWAP_STAYS, /* the new cabin has the seat, in the same class */
    SWAP_MOVES,
    SWAP_CONFLICTS,
};

enum swap_why {
    SWAP_WHY_NONE,
    SWAP_NO_SUCH_CLASS,
    SWAP_NO_SEAT_LEFT,
    SWAP_PAYMENT_PENDING, /* its price would change, or it cannot be placed, while it is being paid */
};

/* A seat that an order has. */
struct swap_seat {
    char number[SEAT_NUMBER_SIZE];
    char cabin_class[CLASS_SIZE];
    int64_t row;
    bool is_window;
    bool is_aisle;
    size_t party; /* the index of its party; the seats of a party stand together, and parties begin with 0 */
    int64_t cents;
    char part[PRICE_PART_SIZE]; /* of what its price is made */

    /* The plan. */
    enum swap_fate fate;
    enum swap_why why;
    size_t to;          /* unless it conflicts: the index of its seat in the new cabin */
    int64_t lost_cents; /* unless it conflicts: the surcharges for what the new seat does not have */
};

/* Plans the swap: a seat that the new cabin has in the same class stays, whatever else becomes of it. The others move
 * within their class: parties together and near their seats that stay, then windows to windows and aisles to aisles,
 * then to where what was paid for is, then near to their rows. The same arguments always give the same plan. Seats of
 * the new cabin for which is_taken is true are not given to any party; those that are given become so. Returns false
 * without memory. */
bool swap_plan(struct swap_seat *seats, size_t count, const enum swap_rank *ranks, const struct cabin *cabin,
               bool *is_taken);

/* What of a price was paid for features that are not among these ("aisle,exit"). */
int64_t swap_lost_cents(const char *part, const char *features);

/* Writes of what a price is made without those. */
void swap_keep_parts(const char *part, const char *features, char ret_part[PRICE_PART_SIZE]);

/* "NO_SUCH_CLASS", "NO_SEAT_LEFT", "PAYMENT_PENDING"; empty for none. */
const char *swap_why_name(enum swap_why why);

#endif
