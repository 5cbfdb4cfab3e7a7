/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_ENVELOPE_H
#define SWEEPER_ENVELOPE_H

#include "booking/base/buf.h"

#include <stdint.h>

/* The headers of a mail that the sweeper sends, so that no text of a client or an operator can end one. */

/* The value of a header that is text: as it is, or as encoded words (RFC 2047) on lines of their own. */
void envelope_text(const char *text, struct buf *out);

/* A sender or a recipient; the name may be empty. */
void envelope_address(const char *name, const char *address, struct buf *out);

/* "Thu, 26 Nov 2026 20:19:33 +0000" */
void envelope_date(int64_t ms, struct buf *out);

/* What a mail server said, for the operator and the history: on one line, and without addresses, which are no business
 * of either. */
void envelope_reply(const char *reply, struct buf *out);

#endif
