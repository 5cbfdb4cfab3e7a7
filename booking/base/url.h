/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_URL_H
#define BOOKING_BASE_URL_H

#include "booking/base/buf.h"

#include <stdbool.h>

/* A URL that a browser may be sent to. */
#define URL_SIZE 2001

/* Whether the text is an http or https URL with a host and without a user, in ASCII, shorter than URL_SIZE, and without
 * the characters that a URL must encode: it can stand in a header or an attribute. */
bool url_is_web(const char *text);

/* The same, and what is sent there cannot be read on the way: https, or this machine. */
bool url_is_private(const char *text);

/* Adds a text to a query or a form, with all that stands for itself in neither percent-encoded (RFC 3986: all but the
 * unreserved characters). */
void url_encode(const char *text, struct buf *out);

#endif
