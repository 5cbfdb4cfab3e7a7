/* SPDX-License-Identifier: MIT */
#ifndef FCGI_ACCESS_H
#define FCGI_ACCESS_H

#include "fcgi/call.h"

/* Adds the CORS headers (https://fetch.spec.whatwg.org/#http-cors-protocol) if
 * the request comes from ALLOWED_ORIGIN. */
void access_allow_origin(struct call *call);

/* Who may call a route. */
enum access {
    ACCESS_PUBLIC,   /* anybody; who it is does not matter and is not looked up */
    ACCESS_ANYBODY,  /* anybody, but it matters who it is */
    ACCESS_CUSTOMER, /* anybody, but with CUSTOMERS=signed-in only who is known */
    ACCESS_VIEWER,   /* staff with this role or a higher one */
    ACCESS_AGENT,
    ACCESS_OPERATOR,
    ACCESS_ADMIN,
};

/* Finds out who makes the call, into call->who:
 *
 * - Authorization: Bearer with the ADMIN_TOKEN, a staff member's token, or the token of one order. One that looks like
 *   ours but is none (any more) is refused.
 * - With TRUST_REMOTE_USER the CGI variable REMOTE_USER (RFC 3875, section 4.1.11), which nginx sets when it has
 *   checked a sign-on, and REMOTE_GROUPS, which ROLE_GROUPS maps to a role. No header of a client's has these names.
 * - With ADMIN_TOKEN=none a client on this very machine is an admin on the operator's paths, and where it only asks who
 *   it is, unless it comes through a proxy that can be recognized, or from another site's page.
 *
 * False, with the problem as the answer, if a token is refused or the database cannot be asked. */
bool access_identify(struct call *call, enum access access);

/* Whether whoever it is may call the route; is_change says whether it changes anything. If not, logs that and returns
 * false, with the problem as the answer: 401 if nobody is known, else 403 with the role that may. A viewer who signed
 * in is a customer where something is changed for customers. */
bool access_may(struct call *call, enum access access, bool is_change);

/* Whether a request that changes something comes from a page of this site, from ALLOWED_ORIGIN, or from no page at all;
 * "*" lets no page do an operator's work, nor anything as somebody who has signed in. False, with the problem as the
 * answer, if another site's page made a browser send it. */
bool access_may_change(struct call *call, enum access access);

/* Whether the request carries this token: Authorization: Bearer TOKEN. Its time tells nothing about where two tokens
 * differ. */
bool access_has_token(const struct request *request, const char *token);

#endif
