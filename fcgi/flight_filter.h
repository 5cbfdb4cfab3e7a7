/* SPDX-License-Identifier: MIT */
#ifndef FCGI_FLIGHT_FILTER_H
#define FCGI_FLIGHT_FILTER_H

#include "booking/store/flight_rows.h"
#include "fcgi/call.h"

/* Which flights a query asks for: from, to, status and search. What the filter points to is the request's, or *text. */
#define SEARCH_MAX 50
#define PATTERN_SIZE (2 * SEARCH_MAX + 3)
struct flight_filter_text {
    char pattern[PATTERN_SIZE];
};

/* False, with the problem as the answer, if a parameter cannot be read. */
bool flight_filter_read(struct call *call, struct flight_filter_text *text, struct flight_row_filter *reterr_filter);

#endif
