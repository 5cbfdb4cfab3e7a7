/* SPDX-License-Identifier: MIT */
#include "fcgi/access.h"

#include "booking/base/log.h"

#include <string.h>
#include <strings.h>

void access_allow_origin(struct call *call)
{
    const char *allowed = call->config->allowed_origin;
    const char *origin = request_header(call->request, "HTTP_ORIGIN");
    if (*allowed == '\0')
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

bool access_may_change(struct call *call, bool is_admin)
{
    const char *allowed = call->config->allowed_origin;
    const char *origin = request_header(call->request, "HTTP_ORIGIN");
    bool is_allowed = strcmp(allowed, "*") == 0 ? !is_admin : origin != NULL && strcmp(origin, allowed) == 0;
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

bool access_has_token(const struct request *request, const char *token)
{
    const char *header = request_header(request, "HTTP_AUTHORIZATION");
    return header != NULL && strncasecmp(header, "Bearer ", 7) == 0 && equal_in_constant_time(header + 7, token);
}

bool access_is_operator(const struct call *call)
{
    const char *token = call->config->admin_token;
    return *token != '\0' && strcmp(token, CONFIG_NONE) != 0 && access_has_token(call->request, token);
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
static void log_refusal(const struct call *call)
{
    bool has_one = request_header(call->request, "HTTP_AUTHORIZATION") != NULL;
    log_warn("operator_refused", LOG_TEXT("request_id", call->request->id),
             LOG_TEXT("client", call->request->remote_address), LOG_TEXT("token", has_one ? "wrong" : "missing"));
}

static bool refuse(struct call *call, enum problem_code code, const char *detail)
{
    log_refusal(call);
    problem_say(call->response, call->request, code, detail);
    return false;
}

bool access_is_admin(struct call *call)
{
    const char *token = call->config->admin_token;
    if (*token == '\0')
        return refuse(call, PROBLEM_FORBIDDEN, "This server has no ADMIN_TOKEN, so nobody may do this.");
    if (strcmp(token, CONFIG_NONE) == 0)
        return is_from_this_machine(call->request) || refuse(call, PROBLEM_FORBIDDEN, NULL);
    if (access_has_token(call->request, token))
        return true;
    (void)refuse(call, PROBLEM_UNAUTHORIZED, NULL);
    call->response->authenticate = "Bearer realm=\"booking admin\"";
    return false;
}
