/* SPDX-License-Identifier: MIT */
/* Who may do an operator's work. With a token as its argument, this program only compares that token, so that
 * tests/api/security/test_token.py can count what the comparison costs. */

#include "tests/unit/unit.h"

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "fcgi/access.h"

#include <string.h>

#define TOKEN "correct-horse-battery-staple"

static struct {
    const char *authorization, *host, *origin, *name, *protocol, *site;
    const char *proxy; /* the name of a header that a proxy adds */
} sent;

static const char *header_of(const struct request *request, const char *name)
{
    (void)request;
    return strcmp(name, "HTTP_AUTHORIZATION") == 0                 ? sent.authorization
           : strcmp(name, "HTTP_HOST") == 0                        ? sent.host
           : strcmp(name, "HTTP_ORIGIN") == 0                      ? sent.origin
           : strcmp(name, "HTTP_SEC_FETCH_SITE") == 0              ? sent.site
           : strcmp(name, "SERVER_NAME") == 0                      ? sent.name
           : strcmp(name, "SERVER_PROTOCOL") == 0                  ? sent.protocol
           : sent.proxy != NULL && strcmp(name, sent.proxy) == 0   ? "127.0.0.1"
                                                                   : NULL;
}

/* The answer's status, or 0 when the request may pass. */
static int ask(const char *token, const char *address)
{
    static struct config config;
    struct request request = { .method = "GET", .path = "/", .id = "req-1", .remote_address = address,
                               .header_of = header_of };
    struct response response = {0};
    struct call x = { .config = &config, .request = &request, .response = &response };
    text_copy(config.admin_token, sizeof config.admin_token, token);
    response_clear(&response);
    int status = access_is_admin(&x) ? 0 : response.status;
    response_done(&response);
    return status;
}

static void by_token(void **state)
{
    static const struct {
        const char *authorization;
        int status;
    } rows[] = {
        { "Bearer " TOKEN, 0 },       { "bearer " TOKEN, 0 },    { "BEARER " TOKEN, 0 },
        { NULL, 401 },                { "", 401 },               { "Bearer", 401 },
        { "Bearer ", 401 },           { TOKEN, 401 },            { "Basic " TOKEN, 401 },
        { "Bearer  " TOKEN, 401 },    { "Bearer " TOKEN " ", 401 }, { "Bearer " TOKEN TOKEN, 401 },
        { "Bearer correct-horse-battery-stapl", 401 },           { "Bearer correct-horse-battery-staplE", 401 },
        { "Bearer Correct-horse-battery-staple", 401 },          { "Bearer c", 401 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sent.authorization = rows[i].authorization;
        const char *shown = rows[i].authorization == NULL ? "nothing" : rows[i].authorization;
        /* With a token, it does not matter where the request comes from. */
        check(ask(TOKEN, "203.0.113.9") == rows[i].status, "from afar with %s", shown);
        check(ask(TOKEN, "127.0.0.1") == rows[i].status, "from here with %s", shown);
    }
}

static void by_this_machine(void **state)
{
    static const struct {
        const char *address, *host, *origin, *name, *protocol, *proxy;
        int status;
    } rows[] = {
        { "127.0.0.1", "localhost:8080", NULL, "localhost", "HTTP/1.1", NULL, 0 },
        { "127.9.9.9", "127.0.0.1", NULL, "127.0.0.1", "HTTP/2.0", NULL, 0 },
        { "::1", "[::1]:8080", NULL, "[::1]", NULL, NULL, 0 },
        { "::1", "LOCALHOST", NULL, NULL, NULL, NULL, 0 },
        { "127.0.0.1", "localhost:8080", "http://localhost:8080", NULL, NULL, NULL, 0 },
        { "127.0.0.1", "localhost:8080", "http://LocalHost:8080", NULL, NULL, NULL, 0 },
        { "127.0.0.1", "localhost:8080", "http://localhost:8081", NULL, NULL, NULL, 403 },
        { "127.0.0.1", "localhost:8080", "https://localhost:8080", NULL, NULL, NULL, 403 },
        { "127.0.0.1", "localhost:8080", "null", NULL, NULL, NULL, 403 },
        { "127.0.0.1", "localhost:8080", "", NULL, NULL, NULL, 403 },
        /* Traces of proxies. */
        { "127.0.0.1", "localhost:8080", NULL, NULL, NULL, "HTTP_X_FORWARDED_FOR", 403 },
        { "127.0.0.1", "localhost:8080", NULL, NULL, NULL, "HTTP_X_FORWARDED_HOST", 403 },
        { "127.0.0.1", "localhost:8080", NULL, NULL, NULL, "HTTP_X_FORWARDED_PROTO", 403 },
        { "127.0.0.1", "localhost:8080", NULL, NULL, NULL, "HTTP_X_REAL_IP", 403 },
        { "127.0.0.1", "localhost:8080", NULL, NULL, NULL, "HTTP_VIA", 403 },
        { "127.0.0.1", "localhost:8080", NULL, NULL, NULL, "HTTP_FORWARDED", 403 },
        { "127.0.0.1", "localhost:8080", NULL, NULL, "HTTP/1.0", NULL, 403 },
        /* Other names and addresses. */
        { "127.0.0.1", NULL, NULL, NULL, NULL, NULL, 403 },
        { "127.0.0.1", NULL, NULL, "localhost", NULL, NULL, 403 },
        { "127.0.0.1", "localhost", NULL, "evil.example", NULL, NULL, 403 },
        { "127.0.0.1", "localhost.evil.example", NULL, NULL, NULL, NULL, 403 },
        { "127.0.0.1", "evil.example", NULL, NULL, NULL, NULL, 403 },
        { "203.0.113.9", "localhost", NULL, NULL, NULL, NULL, 403 },
        { "1127.0.0.1", "localhost", NULL, NULL, NULL, NULL, 403 },
        { "::ffff:127.0.0.1", "localhost", NULL, NULL, NULL, NULL, 403 },
        { "::2", "localhost", NULL, NULL, NULL, NULL, 403 },
        { "unix:", "localhost", NULL, NULL, NULL, NULL, 403 },
        { "", "localhost", NULL, NULL, NULL, NULL, 403 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memset(&sent, 0, sizeof sent);
        sent.host = rows[i].host;
        sent.origin = rows[i].origin;
        sent.name = rows[i].name;
        sent.protocol = rows[i].protocol;
        sent.proxy = rows[i].proxy;
        /* "none" is not a password that a client could send. */
        sent.authorization = i % 2 == 0 ? NULL : "Bearer none";
        int status = ask("none", rows[i].address);
        check(status == rows[i].status, "row %zu: %d, not %d", i, status, rows[i].status);
        /* Where nothing is set, no client is the operator. */
        sent.authorization = i % 2 == 0 ? NULL : "Bearer ";
        check(ask("", rows[i].address) == 403, "row %zu, without a token", i);
    }
}

static void by_site(void **state)
{
    static const char own[] = "http://booking.example:8080";
    static const char shop[] = "https://shop.example";
    static const char evil[] = "https://evil.example";
    static const struct {
        const char *allowed, *site, *origin;
        bool may, may_as_operator;
    } rows[] = {
        { "", NULL, NULL, true, true },           { "", "same-origin", own, true, true },
        { "", "none", NULL, true, true },         { "", NULL, own, true, true },
        { "", "", own, true, true },              { "", NULL, "http://Booking.example:8080", true, true },
        { "", "same-site", own, false, false },   { "", "cross-site", evil, false, false },
        { "", "cross-site", NULL, false, false }, { "", "cross-site", own, false, false },
        { "", NULL, evil, false, false },         { "", NULL, "null", false, false },
        { "", NULL, "", false, false },           { "", NULL, "http://booking.example", false, false },
        { "", "Same-Origin", evil, false, false },
        { shop, "cross-site", shop, true, true },  { shop, NULL, shop, true, true },
        { shop, "cross-site", evil, false, false }, { shop, NULL, evil, false, false },
        { shop, "cross-site", NULL, false, false },
        { "*", "cross-site", evil, true, false },  { "*", NULL, evil, true, false },
        { "*", "same-origin", own, true, true },   { "*", NULL, "*", true, false },
    };
    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        static struct config config;
        struct request request = { .method = "POST", .path = "/", .id = "req-1", .header_of = header_of };
        struct response response = {0};
        struct call x = { .config = &config, .request = &request, .response = &response };
        bool is_admin = i % 2 == 1;
        bool right = is_admin ? rows[i / 2].may_as_operator : rows[i / 2].may;
        memset(&sent, 0, sizeof sent);
        sent.host = "booking.example:8080";
        sent.site = rows[i / 2].site;
        sent.origin = rows[i / 2].origin;
        text_copy(config.allowed_origin, sizeof config.allowed_origin, rows[i / 2].allowed);
        check(access_may_change(&x, is_admin) == right, "row %zu, %s", i / 2, is_admin ? "an operator" : "a customer");
        check(right || response.status == 403, "row %zu: %d", i / 2, response.status);
        response_done(&response);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(by_token), cmocka_unit_test(by_this_machine),
                                        cmocka_unit_test(by_site) };
    log_start("error");
    if (argc != 2)
        return cmocka_run_group_tests(tests, NULL, NULL);
    sent.authorization = argv[1];
    return ask(TOKEN, "203.0.113.9") == 0 ? 0 : 1;
}
