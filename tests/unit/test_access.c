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
    const char *user, *groups; /* what nginx says of a sign-on */
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
           : strcmp(name, "REMOTE_USER") == 0                      ? sent.user
           : strcmp(name, "REMOTE_GROUPS") == 0                    ? sent.groups
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
    /* Nothing here may ask the database: there is none. */
    int status = access_identify(&x, ACCESS_ADMIN) && access_may(&x, ACCESS_ADMIN, false) ? 0 : response.status;
    /* Whoever asks who it is, is told what the operator's paths go by. */
    x.who = (struct identity){ 0 };
    check(access_identify(&x, ACCESS_ANYBODY) && (x.who.staff.role == ROLE_ADMIN) == (status == 0), "%d", status);
    /* A customer's path does not: there, whoever is at this machine is a customer like any other. */
    x.who = (struct identity){ 0 };
    bool has_token = status == 0 && strcmp(token, "none") != 0;
    check(access_identify(&x, ACCESS_CUSTOMER) && (x.who.staff.role == ROLE_ADMIN) == has_token, "%d for a customer", status);
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
        check(ask("", rows[i].address) == 401, "row %zu, without a token", i);
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
        x.who.user = NULL;
        check(access_may_change(&x, is_admin ? ACCESS_VIEWER : ACCESS_CUSTOMER) == right, "row %zu, %s", i / 2, is_admin ? "an operator" : "a customer");
        check(right || response.status == 403, "row %zu: %d", i / 2, response.status);
        /* Whoever has signed in is as well protected as an operator: a browser sends the sign-on by itself. */
        x.who.user = "ada@example.com";
        check(access_may_change(&x, ACCESS_CUSTOMER) == rows[i / 2].may_as_operator, "row %zu, signed in", i / 2);
        response_done(&response);
    }
}

/* What a sign-on lets somebody do, and that nobody is believed without TRUST_REMOTE_USER. */
static void by_sign_on(void **state)
{
    static const char name_255[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                                   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                                   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
    static const struct {
        const char *user, *groups;
        enum identity_kind kind;
        enum role role;
    } rows[] = {
        { NULL, NULL, IDENTITY_NOBODY, ROLE_NONE },
        { "", "it", IDENTITY_NOBODY, ROLE_NONE },
        { "ada@example.com", NULL, IDENTITY_CUSTOMER, ROLE_NONE },
        { "ada@example.com", "", IDENTITY_CUSTOMER, ROLE_NONE },
        { "ada@example.com", "friends,desks", IDENTITY_CUSTOMER, ROLE_NONE },
        { "ada@example.com", "friends, desk", IDENTITY_STAFF, ROLE_AGENT },
        { "ada@example.com", "readers,it,desk", IDENTITY_STAFF, ROLE_ADMIN },
        { "ada@example.com", "a:b", IDENTITY_STAFF, ROLE_OPERATOR },
        { "ada\n", "it", IDENTITY_NOBODY, ROLE_NONE },
        { "ada\xff", "it", IDENTITY_NOBODY, ROLE_NONE },
        { name_255, NULL, IDENTITY_CUSTOMER, ROLE_NONE },
    };
    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        static struct config config = { .role_groups = "viewer:readers,agent:desk,operator:a:b,admin:it" };
        struct request request = { .method = "GET", .path = "/", .id = "req-1", .header_of = header_of };
        struct response response = {0};
        struct call x = { .config = &config, .request = &request, .response = &response };
        bool trusts = i % 2 == 1;
        config.trust_remote_user = trusts;
        memset(&sent, 0, sizeof sent);
        sent.user = rows[i / 2].user;
        sent.groups = rows[i / 2].groups;
        check(access_identify(&x, ACCESS_ANYBODY), "row %zu", i / 2);
        check(x.who.kind == (trusts ? rows[i / 2].kind : IDENTITY_NOBODY), "row %zu: kind %d", i / 2, (int)x.who.kind);
        check(x.who.staff.role == (trusts ? rows[i / 2].role : ROLE_NONE), "row %zu: role %d", i / 2, (int)x.who.staff.role);
        response_done(&response);
    }
}

/* Each role may what the ones before it may, and is told which one may more. */
static void by_role(void **state)
{
    (void)state;
    for (enum role has = ROLE_NONE; has <= ROLE_ADMIN; has++) {
        for (enum role needed = ROLE_VIEWER; needed <= ROLE_ADMIN; needed++) {
            static struct config config;
            struct request request = { .method = "GET", .path = "/", .id = "req-1", .header_of = header_of };
            struct response response = {0};
            struct call x = { .config = &config, .request = &request, .response = &response,
                              .who = { .kind = has == ROLE_NONE ? IDENTITY_NOBODY : IDENTITY_STAFF, .staff = { 0, has } } };
            enum access access = (enum access)(ACCESS_VIEWER + (needed - ROLE_VIEWER));
            memset(&sent, 0, sizeof sent);
            bool may = access_may(&x, access, true);
            check(may == (has >= needed), "%s for %s", role_name(has), role_name(needed));
            check(may || response.status == (has == ROLE_NONE ? 401 : 403), "%s: %d", role_name(has), response.status);
            check(may || has == ROLE_NONE || strstr(buf_str(&response.body), role_name(needed)) != NULL, "names the role");
            response_done(&response);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(by_token), cmocka_unit_test(by_this_machine),
                                        cmocka_unit_test(by_site), cmocka_unit_test(by_sign_on), cmocka_unit_test(by_role) };
    log_start("error");
    if (argc != 2)
        return cmocka_run_group_tests(tests, NULL, NULL);
    sent.authorization = argv[1];
    return ask(TOKEN, "203.0.113.9") == 0 ? 0 : 1;
}
