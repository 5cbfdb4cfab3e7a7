/* SPDX-License-Identifier: MIT */
#include "fcgi/access.h"

#include "booking/base/log.h"
#include "booking/store/order_tokens.h"
#include "booking/store/staff.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Whether this is an operator's path, whether or not there is anything at it. */
static bool is_for_staff(const struct request *request)
{
    return request->segment_count > 1 && strcmp(request->segment[1], "admin") == 0;
}

void access_allow_origin(struct call *call)
{
    const char *allowed = call->config->allowed_origin;
    const char *origin = request_header(call->request, "HTTP_ORIGIN");
    if (*allowed == '\0' || (strcmp(allowed, "*") == 0 && is_for_staff(call->request)))
        return;
    buf_add_str(&call->response->headers, "Vary: Origin\r\n");
    if (origin == NULL || (strcmp(allowed, "*") != 0 && strcmp(allowed, origin) != 0))
        return;
    buf_addf(&call->response->headers,
             "Access-Control-Allow-Origin: %s\r\n"
             "Access-Control-Expose-Headers: ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed\r\n",
             allowed);
}

/* Whether an origin such as "https://shop.example:8443" is on the host "shop.example:8443". */
static bool is_of_host(const char *origin, const char *host)
{
    const char *rest = strstr(origin, "://");
    return rest != NULL && host != NULL && strcasecmp(rest + 3, host) == 0;
}

/* Goes by what browsers send: every current one sends Sec-Fetch-Site where the site has TLS or is this machine, and
 * every one sends Origin. A request with neither comes from no browser, or from the site's own page. (Go's
 * http.CrossOriginProtection has the same rule.) */
static bool is_from_this_site(const struct request *request)
{
    const char *site = request_header(request, "HTTP_SEC_FETCH_SITE");
    const char *origin = request_header(request, "HTTP_ORIGIN");
    if (site != NULL && *site != '\0')
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    return origin == NULL || is_of_host(origin, request_header(request, "HTTP_HOST"));
}

bool access_may_change(struct call *call, enum access access)
{
    const char *allowed = call->config->allowed_origin;
    const char *origin = request_header(call->request, "HTTP_ORIGIN");
    bool is_allowed = strcmp(allowed, "*") == 0 ? access < ACCESS_VIEWER && call->who.user == NULL
                                                : origin != NULL && strcmp(origin, allowed) == 0;
    if (is_from_this_site(call->request) || (*allowed != '\0' && is_allowed))
        return true;
    problem_say(call->response, call->request, PROBLEM_FORBIDDEN,
                "Pages of other sites may not change anything here, but for those of ALLOWED_ORIGIN.");
    return false;
}

/* The time it takes tells nothing about where the two differ. */
static bool equal_in_constant_time(const char *given, const char *secret)
{
    size_t given_len = strlen(given);
    size_t len = strlen(secret);
    unsigned char difference = given_len == len ? 0 : 1;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(secret[i] ^ given[given_len == 0 ? 0 : i % given_len]);
    return difference == 0;
}

/* The token of Authorization: Bearer, or NULL. */
static const char *bearer_token(const struct request *request)
{
    const char *header = request_header(request, "HTTP_AUTHORIZATION");
    return header != NULL && strncasecmp(header, "Bearer ", 7) == 0 ? header + 7 : NULL;
}

bool access_has_token(const struct request *request, const char *token)
{
    const char *given = bearer_token(request);
    return given != NULL && equal_in_constant_time(given, token);
}

/* Whether a browser on this machine knows it by that name: "localhost:8080", "[::1]" or "127.0.0.1". Any other name may
 * belong to an attacker's page (DNS rebinding). */
static bool is_local_authority(const char *authority)
{
    static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(authority, names[i], len) == 0 && (authority[len] == '\0' || authority[len] == ':'))
            return true;
    }
    return false;
}

/* Whether a proxy added a header: then the client is not where the connection comes from. */
static bool came_through_a_proxy(const struct request *request)
{
    static const char *const names[] = {
        "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP", "HTTP_VIA",
        "HTTP_FORWARDED"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (request_header(request, names[i]) != NULL)
            return true;
    }
    /* A proxy may add no header at all. If it is nginx, it then speaks HTTP/1.0, unless configured otherwise. */
    const char *protocol = request_header(request, "SERVER_PROTOCOL");
    return protocol != NULL && strcmp(protocol, "HTTP/1.0") == 0;
}

/* The name in an absolute target counts before Host (RFC 9112, section 3.2.2). nginx passes it as SERVER_NAME. */
static bool is_for_this_machine(const struct request *request)
{
    const char *host = request_header(request, "HTTP_HOST");
    const char *name = request_header(request, "SERVER_NAME");
    return host != NULL && is_local_authority(host) && (name == NULL || is_local_authority(name));
}

static bool is_from_this_machine(const struct request *request)
{
    const char *address = request->remote_address;
    const char *origin = request_header(request, "HTTP_ORIGIN");
    if (strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0)
        return false;
    if (came_through_a_proxy(request) || !is_for_this_machine(request))
        return false;
    /* A page of another site may make a browser send requests here. */
    return origin == NULL ||
           (strncmp(origin, "http://", 7) == 0 && strcasecmp(origin + 7, request_header(request, "HTTP_HOST")) == 0);
}

/* Leaves out the token that was sent: a wrong one may be the right one for another server. */
static void log_refusal(const struct call *call, const char *needed)
{
    bool has_one = request_header(call->request, "HTTP_AUTHORIZATION") != NULL;
    log_warn("operator_refused", LOG_TEXT("request_id", call->request->id),
             LOG_TEXT("client", call->request->remote_address),
             LOG_TEXT("token", call->who.kind != IDENTITY_NOBODY ? "valid"
                               : has_one                         ? "wrong"
                                                                 : "missing"),
             LOG_TEXT("role", role_name(call->who.staff.role)), LOG_TEXT("needed", needed));
}

static bool refuse_unknown(struct call *call, const char *detail)
{
    problem_say(call->response, call->request, PROBLEM_UNAUTHORIZED, detail);
    call->response->authenticate = "Bearer realm=\"booking\"";
    return false;
}

static bool refuse_role(struct call *call, enum role needed)
{
    log_refusal(call, role_name(needed));
    call_refuse_role(call, needed);
    return false;
}

static void become_staff(struct identity *who, enum role role, const char *known_by, const char *name)
{
    who->kind = IDENTITY_STAFF;
    who->staff = (struct staff){ .role = role };
    who->known_by = known_by;
    who->name = name;
}

/* A token of ours begins with what it is for. Its time in the database tells nothing about it: it is looked for by its
 * hash. */
static enum result identify_token(struct call *call, const char *token)
{
    struct identity *who = &call->who;
    enum result r = RESULT_OK;
    if (strncmp(token, STAFF_TOKEN_PREFIX, 4) == 0) {
        r = staff_of_token(call->db, token, &who->staff);
        who->kind = r == RESULT_OK ? IDENTITY_STAFF : IDENTITY_NOBODY;
    } else if (strncmp(token, ORDER_TOKEN_PREFIX, 4) == 0) {
        r = order_tokens_find(call->db, token, who->order_id);
        who->kind = r == RESULT_OK ? IDENTITY_ORDER : IDENTITY_NOBODY;
    }
    return r;
}

/* What nginx says of a sign-on. An account that is too long or not text is nobody's. */
static void identify_remote_user(struct call *call)
{
    struct identity *who = &call->who;
    const char *user = request_header(call->request, "REMOTE_USER");
    const char *groups = request_header(call->request, "REMOTE_GROUPS");
    if (!call->config->trust_remote_user || user == NULL || !account_is_valid(user))
        return;
    enum role role = groups == NULL ? ROLE_NONE : role_of_groups(call->config->role_groups, groups);
    who->user = user;
    who->kind = IDENTITY_CUSTOMER;
    if (role != ROLE_NONE)
        become_staff(who, role, STAFF_BY_SIGN_ON, user);
}

bool access_identify(struct call *call, enum access access)
{
    const char *admin_token = call->config->admin_token;
    bool has_admin_token = *admin_token != '\0' && strcmp(admin_token, CONFIG_NONE) != 0;
    const char *token = bearer_token(call->request);
    if (access == ACCESS_PUBLIC)
        return true;
    if (has_admin_token && token != NULL && equal_in_constant_time(token, admin_token)) {
        become_staff(&call->who, ROLE_ADMIN, STAFF_BY_SETTING, "ADMIN_TOKEN");
        return true;
    }
    enum result r = token == NULL ? RESULT_OK : identify_token(call, token);
    if (r == RESULT_NOT_FOUND) {
        log_refusal(call, "");
        return refuse_unknown(call, "This token is not valid, or is not valid any more.");
    }
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return false;
    }
    if (call->who.kind == IDENTITY_NOBODY)
        identify_remote_user(call);
    bool is_admins = access >= ACCESS_VIEWER || access == ACCESS_ANYBODY;
    if (call->who.kind == IDENTITY_NOBODY && is_admins && strcmp(admin_token, CONFIG_NONE) == 0 &&
        is_from_this_machine(call->request))
        become_staff(&call->who, ROLE_ADMIN, STAFF_BY_SETTING, "this machine");
    return true;
}

static bool may_as_staff(struct call *call, enum role needed)
{
    if (call->who.staff.role >= needed)
        return true;
    if (call->who.kind != IDENTITY_NOBODY)
        return refuse_role(call, needed);
    log_refusal(call, role_name(needed));
    if (strcmp(call->config->admin_token, CONFIG_NONE) != 0)
        return refuse_unknown(call, NULL);
    problem_say(call->response, call->request, PROBLEM_FORBIDDEN,
                "With ADMIN_TOKEN=none, only clients on this machine may do this.");
    return false;
}

static bool may_as_customer(struct call *call, bool is_change)
{
    struct identity *who = &call->who;
    if (who->kind == IDENTITY_NOBODY && config_wants_sign_in(call->config))
        return refuse_unknown(call, "Please sign in.");
    if (who->kind != IDENTITY_STAFF || who->staff.role >= ROLE_AGENT || !is_change)
        return true;
    if (who->user == NULL)
        return refuse_role(call, ROLE_AGENT);
    who->kind = IDENTITY_CUSTOMER;
    who->staff = (struct staff){ 0 };
    return true;
}

bool access_may(struct call *call, enum access access, bool is_change)
{
    if (access >= ACCESS_VIEWER)
        return may_as_staff(call, (enum role)(access - ACCESS_VIEWER + ROLE_VIEWER));
    return access != ACCESS_CUSTOMER || may_as_customer(call, is_change);
}
