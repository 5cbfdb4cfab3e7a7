/* SPDX-License-Identifier: MIT */
/* Addresses that mail can be sent to, and senders. */

#include "tests/unit/unit.h"

#include "booking/core/email.h"

#include <string.h>

#define L64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void addresses(void **state)
{
    static const char *const good[] = {
        "a@b", "ada@example.org", "ada.lovelace+air@mail.example.co.uk", "o'hara@example.org", "!#$%&'*+-/=?^_`{|}~@x.y",
        L64 "@example.org", "a@" L63 ".org", "a@1.2", "zo\xC3\xAB@example.org", "a@b\xC3\xBC" "cher.example",
        L64 "@" L63 "." L63 "." "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", /* 254 octets */
    };
    static const char *const bad[] = {
        "", "a", "@", "a@", "@b", "a@b@c", "a b@c", " a@b", "a@b ", "a@b\r\nBcc: c@d", "a\n@b", "a@b\x01", "a\x7F@b",
        "a@b.", "a@.b", "a@b..c", ".a@b", "a.@b", "a..b@c", "\"a b\"@c", "a@[127.0.0.1]", "<a@b>", "a@b>", "a,b@c", "a;b@c",
        "a:b@c", "a@-b", "a@b-", "a@b_c", "a(b)@c", "a\\@b", L64 "a@example.org", "a@" L63 "b.org", "a@b,c@d",
        "a@b\xC3", "a\xC0\x80@b", "a@b\xC2\x85", /* broken, overlong, a C1 control */
        L64 "@" L63 "." L63 "." "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", /* 255 octets */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        check(email_is_valid(good[i]), "refused: %s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check(!email_is_valid(bad[i]), "taken: %s", bad[i]);
    assert_string_equal(email_domain("a@b.c"), "b.c");
}

static void senders(void **state)
{
    static const struct {
        const char *text, *name, *address;
    } good[] = {
        { "a@b", "", "a@b" },
        { "<a@b>", "", "a@b" },
        { "Air Example <a@b>", "Air Example", "a@b" },
        { "\"Air, Example\" <a@b>", "Air, Example", "a@b" },
        { "Zo\xC3\xAB Air  <a@b>", "Zo\xC3\xAB Air", "a@b" },
    };
    static const char *const bad[] = { "", "Air", "Air a@b", "Air <a@b", "Air <a b>", "Air <>", "Air <a@b> x", "A\r\nB <a@b>",
                                       "\"A\"B\" <a@b>", "A\\ <a@b>", "A\x01 <a@b>", "\xC3 <a@b>" };
    char name[EMAIL_NAME_SIZE];
    char address[EMAIL_SIZE];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        check(email_read_sender(good[i].text, name, address), "refused: %s", good[i].text);
        assert_string_equal(name, good[i].name);
        assert_string_equal(address, good[i].address);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        check(!email_read_sender(bad[i], name, address), "taken: %s", bad[i]);
}

RUN_TESTS(cmocka_unit_test(addresses), cmocka_unit_test(senders))
