#include "fcgi/access.h"

#include <string.h>
#include <strings.h>

void access_allow_origin(struct exchange *x)
{
    const char *allowed = x->config->allowed_origin;
    const char *origin = request_header(x->request, "HTTP_ORIGIN");
    if (*allowed == '\0')
        return;
    buf_add_str(&x->response->headers, "Vary: Origin\r\n");
    if (origin == NULL || (strcmp(allowed, "*") != 0 && strcmp(allowed, origin) != 0))
        return;
    buf_addf(&x->response->headers,
             "Access-Control-Allow-Origin: %s\r\n"
             "Access-Control-Expose-Headers: ETag, Location, Retry-After, X-Request-Id, Idempotency-Replayed\r\n",
             allowed);
}

/* In a time that tells nothing about where they differ. */
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

bool access_is_operator(const struct exchange *x)
{
    const char *token = x->config->admin_token;
    return *token != '\0' && strcmp(token, "none") != 0 && access_has_token(x->request, token);
}

/* "localhost:8080" or "[::1]" or "127.0.0.1": what a browser on this machine
 * calls it. Any other name may belong to an attacker's page (DNS rebinding). */
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

static bool is_from_this_machine(const struct exchange *x)
{
    const char *address = x->request->remote_address;
    const char *host = request_header(x->request, "HTTP_HOST");
    const char *origin = request_header(x->request, "HTTP_ORIGIN");

    if (strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0)
        return false;
    /* Behind another proxy of this machine everyone looks local. */
    if (request_header(x->request, "HTTP_X_FORWARDED_FOR") != NULL ||
        request_header(x->request, "HTTP_FORWARDED") != NULL)
        return false;
    if (host == NULL || !is_local_authority(host))
        return false;
    /* A page of another site may make a browser send requests here. */
    return origin == NULL || (strncmp(origin, "http://", 7) == 0 && strcasecmp(origin + 7, host) == 0);
}

bool access_is_admin(struct exchange *x)
{
    if (*x->config->admin_token == '\0') {
        if (is_from_this_machine(x))
            return true;
        problem_say(x->response, x->request, PROBLEM_FORBIDDEN, NULL);
        return false;
    }
    if (access_has_token(x->request, x->config->admin_token))
        return true;
    problem_say(x->response, x->request, PROBLEM_UNAUTHORIZED, NULL);
    x->response->authenticate = "Bearer realm=\"booking admin\"";
    return false;
}
