/* SPDX-License-Identifier: MIT */
#ifndef FCGI_ACCESS_H
#define FCGI_ACCESS_H

#include "fcgi/call.h"

/* Adds the CORS headers (https://fetch.spec.whatwg.org/#http-cors-protocol) if
 * the request comes from ALLOWED_ORIGIN. */
void access_allow_origin(struct call *call);

/* Whether a request that changes something comes from a page of this site, from ALLOWED_ORIGIN, or from no page at all;
 * "*" lets no page do an operator's work. False, with the problem as the answer, if another site's page made a browser
 * send it. */
bool access_may_change(struct call *call, bool is_admin);

/* Whether the request carries this token: Authorization: Bearer TOKEN. */
bool access_has_token(const struct request *request, const char *token);

/* Whether the request carries the operator's token, on whatever path. */
bool access_is_operator(const struct call *call);

/* Whether the request may do an operator's work: it carries the token, or, with ADMIN_TOKEN=none, comes from this very
 * machine, neither through a proxy that can be recognized nor from another site's page. If not, logs that and returns
 * false, with the problem as the answer. */
bool access_is_admin(struct call *call);

#endif
