/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_PERSONS_H
#define BOOKING_STORE_PERSONS_H

#include "booking/core/party.h"
#include "booking/store/db.h"

#include <stdbool.h>
#include <stdint.h>

/* All names are in one table. To forget a person empties the row, which stays, since audit and events have its id. */

/* A person of an order; texts may be NULL, and are gone with the next row. */
struct person_row {
    const char *order_id;
    int64_t person_id;
    int64_t position; /* of a passenger */
    bool is_contact;
    const char *given_name;
    const char *family_name;
    const char *passenger_kind; /* adult, child, infant */
    const char *assistance;
    const char *email;
    const char *phone;
    const char *language;
};

/* The persons of an order that are not forgotten, in the order in which seats go to them. */
enum result persons_list(struct db *db, const char *order_id, void (*each)(const struct person_row *, void *),
                         void *context) MUST_CHECK;

/* The same for several orders, one after the other, up to PERSONS_ORDERS. */
#define PERSONS_ORDERS 64
enum result persons_list_of(struct db *db, const char *const *order_ids, size_t count,
                            void (*each)(const struct person_row *, void *), void *context) MUST_CHECK;

/* The passenger of an order who is at this place, from 1, flies no more, and is wiped; those behind move up. There may
 * be none. Lock the order first. */
enum result persons_dismiss(struct db *db, const char *order_id, int64_t position) MUST_CHECK;

/* The same as a whole. */
enum result persons_read(struct db *db, const char *order_id, struct party *ret_party) MUST_CHECK;

/* These change the persons of an order, which must be locked. persons_add() adds those that have no id yet, of up to
 * ten in one statement; the others are refused with RESULT_STALE if there is no such person of the order. Those who
 * leave are wiped. */
enum result persons_add(struct db *db, const char *order_id, const struct party *party) MUST_CHECK;
enum result persons_change(struct db *db, const char *order_id, const struct passenger *passenger) MUST_CHECK;
enum result persons_change_contact(struct db *db, const char *order_id, const struct contact *contact) MUST_CHECK;
enum result persons_leave(struct db *db, const char *order_id, const int64_t *ids, size_t count) MUST_CHECK;

/* Wipes the persons of an order. */
enum result persons_forget(struct db *db, const char *order_id) MUST_CHECK;

/* Wipes some of the staff who have done nothing for so long: whose token was revoked before that, or who had none and
 * changed nothing since. *reterr_more says whether there may be more. */
enum result persons_forget_staff(struct db *db, int64_t for_ms, bool *reterr_more) MUST_CHECK;

#endif
