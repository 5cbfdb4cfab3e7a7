/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_CURRENCY_H
#define BOOKING_CORE_CURRENCY_H

#include <stdbool.h>

/* The currencies of ISO 4217, list one (https://www.iso.org/iso-4217-currency-codes.html), without precious metals,
 * test codes and units of account. Money is integer minor units everywhere; how many of them make one unit is said only
 * here. */

/* How many decimals the currency's minor unit stands for: 2 for EUR, 0 for JPY, 3 for KWD. -1: there is no such
 * currency. */
int currency_decimals(const char *code);

#endif
