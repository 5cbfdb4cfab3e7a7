/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_QR_H
#define BOOKING_BASE_QR_H

#include "booking/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* A QR code (ISO/IEC 18004): side × side modules, row by row, without the quiet zone. */
struct qr {
    size_t side;
    bool *dark;
};

/* The white frame, in modules, without which readers need not find a code. */
#define QR_QUIET ((size_t)4)

/* The code of a text, which is read even where 15 % of it is dirty. False if the text is too long, or there is no
 * memory. qr_done() is due if it succeeds. */
bool qr_encode(const char *text, struct qr *ret_code);
void qr_done(struct qr *code);

/* The code of a text as an SVG image with its quiet zone, black on white in any color scheme, that has one unit a
 * module. For a page: Gmail and Outlook show none in a mail. */
bool qr_svg(const char *text, struct buf *out);

#endif
