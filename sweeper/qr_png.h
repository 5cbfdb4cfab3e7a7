/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_QR_PNG_H
#define SWEEPER_QR_PNG_H

#include "booking/base/buf.h"

#include <stdbool.h>

/* A QR code of a text as a PNG. No SVG: Gmail and Outlook show none in a mail. */
bool qr_png(const char *text, struct buf *out);

#endif
