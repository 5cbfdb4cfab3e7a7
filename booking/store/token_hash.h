/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_TOKEN_HASH_H
#define BOOKING_STORE_TOKEN_HASH_H

/* What the database keeps of a token. No slow hash is needed: a token has 160 random bits, so no attacker can try them
 * all, however fast. */
#define TOKEN_HASH "UNHEX(SHA2(?, 256))"

#endif
