/* SPDX-License-Identifier: MIT */
#ifndef FCGI_SIMULATOR_PAGE_H
#define FCGI_SIMULATOR_PAGE_H

#include "fcgi/request.h"
#include "fcgi/response.h"
#include "fcgi/simulator/charges.h"

/* The simulator's own page, as a bank has one: the customer comes from the booking page, decides about one charge, and
 * goes back. The charge's key, which is not to be guessed, is all that opens it. */

/* GET: the page with its two buttons, or what was decided. */
void page_show(struct db *db, const struct request *request, struct response *response, const char *key);

/* POST of its form: decides, unless the charge is decided, and says so on the way back. */
void page_decide(struct db *db, const struct request *request, struct response *response, const char *key);

#endif
