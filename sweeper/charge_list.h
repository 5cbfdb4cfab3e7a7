/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_CHARGE_LIST_H
#define SWEEPER_CHARGE_LIST_H

#include "booking/payments/reconcile.h"
#include "sweeper/gateway_answer.h"

/* What a page of the gateway's list of charges says. Pure. The text is not trusted: a page of which one charge cannot
 * be understood is none, and is asked for again. */
void charge_list_read(const struct gateway_answer *answer, struct charge_page *ret_page);

#endif
