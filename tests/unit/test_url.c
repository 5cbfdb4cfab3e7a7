/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "booking/base/url.h"

#include <string.h>

static void urls(void **state)
{
    static const struct {
        const char *text;
        bool is_web, is_private;
    } rows[] = {
        { "https://bank.example", true, true },
        { "https://bank.example:8443/3ds?a=b&c=%20#d", true, true },
        { "https://[2001:db8::1]/", true, true },
        { "http://127.0.0.1:8081/charges/k/page", true, true },
        { "http://localhost/", true, true },
        { "http://localhost", true, true },
        { "http://[::1]:80?x", true, true },
        { "http://bank.example/", true, false },
        { "http://127.0.0.1.bank.example/", true, false },
        { "http://localhost.example", true, false },
        { "http://127.0.0.1@bank.example/", false, false },
        { "https://user:word@bank.example/", false, false },
        { "https://", false, false },
        { "https:///path", false, false },
        { "https://:443/", false, false },
        { "https://?x", false, false },
        { "HTTPS://bank.example", false, false },
        { "javascript:alert(1)", false, false },
        { "data:text/html,x", false, false },
        { "//bank.example/", false, false },
        { "/path", false, false },
        { "", false, false },
        { "https://bank.example/a b", false, false },
        { "https://bank.example/\"><script>", false, false },
        { "https://bank.example/'", false, false },
        { "https://bank.example/\r\nSet-Cookie: a", false, false },
        { "https://bank.example\\@evil.example/", false, false },
        { "https://bank.example/\x7f", false, false },
        { "https://b\xc3\xa4nk.example/", false, false },
        { "ftp://bank.example/", false, false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(url_is_web(rows[i].text) == rows[i].is_web, "%s: for a browser?", rows[i].text);
        check(url_is_private(rows[i].text) == rows[i].is_private, "%s: private?", rows[i].text);
    }
}

static void how_long(void **state)
{
    char text[URL_SIZE + 1] = "https://bank.example/";
    (void)state;
    memset(text + strlen(text), 'x', sizeof text - 1 - strlen(text));
    text[URL_SIZE] = '\0';
    assert_false(url_is_web(text));
    text[URL_SIZE - 1] = '\0';
    assert_true(url_is_private(text));
}

static void encoded(void **state)
{
    struct buf out = BUF_INIT;
    (void)state;
    url_encode("aZ09-._~", &out);
    url_encode("[a b&c=d+e%/?#]", &out);
    url_encode("\xC3\xA9\x7F", &out);
    assert_string_equal(buf_str(&out), "aZ09-._~%5Ba%20b%26c%3Dd%2Be%25%2F%3F%23%5D%C3%A9%7F");
    buf_done(&out);
}

RUN_TESTS(cmocka_unit_test(urls), cmocka_unit_test(how_long), cmocka_unit_test(encoded))
