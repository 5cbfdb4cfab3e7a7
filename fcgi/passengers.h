/* SPDX-License-Identifier: MIT */
#ifndef FCGI_PASSENGERS_H
#define FCGI_PASSENGERS_H

#include "fcgi/body.h"
#include "fcgi/call.h"

/* Reads "passengers", "contact" and "consent" of a new order on so many seats. With PASSENGERS=off nobody is read. In a
 * form the passengers are repeated fields: givenName, familyName, kind, assistance and passengerId, the first of each
 * for the first passenger; email, phone and language are the contact. False, with the problem and all its faults as the
 * answer, if anything in it cannot be. */
bool passengers_read_new(struct call *call, const struct body *body, size_t seats, struct party_wish *reterr_wish);

/* Reads "passengers" of a change of seats: the ids of those who stay, in an array or, in a form, repeated or with
 * commas between them. *ret_stay is NULL if it is absent. False, with the problem as the answer, if it is anything
 * else. */
bool passengers_read_stay(struct call *call, const struct body *body, struct stay_list *room,
                          const struct stay_list **ret_stay);

#endif
