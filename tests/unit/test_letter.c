/* SPDX-License-Identifier: MIT */
/* Mails: the headers that no text can end, money, and the templates that we ship. */

#include "tests/unit/unit.h"

#include "sweeper/envelope.h"
#include "sweeper/letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const nothing = "";

static void money(void **state)
{
    static const struct {
        int64_t cents;
        const char *currency;
        char decimal;
        const char *text;
    } rows[] = { { 24900, "USD", '.', "249.00 USD" }, { 5, "EUR", ',', "0,05 EUR" },       { 12900, "JPY", '.', "12900 JPY" },
                 { 1234, "KWD", '.', "1.234 KWD" },   { -1, "USD", '.', "-0.01 USD" },     { 0, "USD", '.', "0.00 USD" },
                 { 12345, "???", '.', "123.45 ???" }, { INT64_MAX, "USD", '.', "92233720368547758.07 USD" } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = BUF_INIT;
        letter_money(rows[i].cents, rows[i].currency, rows[i].decimal, &out);
        assert_string_equal(buf_str(&out), rows[i].text);
        buf_done(&out);
    }
}

static void header_texts(void **state)
{
    static const struct {
        const char *text, *header;
    } rows[] = {
        { "Your booking", "Your booking" },
        { "", "" },
        { "Zo\xC3\xAB", "=?UTF-8?B?Wm/Dqw==?=" },
        { "a\r\nBcc: b", "=?UTF-8?B?YQ0KQmNjOiBi?=" },
        { "=?UTF-8?B?QQ==?=", "=?UTF-8?B?PT9VVEYtOD9CP1FRPT0/PQ==?=" },
        { "a\x7F", "=?UTF-8?B?YX8=?=" },
    };
    char lengthy[400];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = BUF_INIT;
        envelope_text(rows[i].text, &out);
        assert_string_equal(buf_str(&out), rows[i].header);
        buf_done(&out);
    }
    for (size_t n = 0; n < 90; n++) {
        struct buf out = BUF_INIT;
        for (size_t i = 0; i <= n; i++)
            memcpy(lengthy + i * 4, i < n ? "\xF0\x9F\x9B\xAB" : "\0\0\0", 4);
        envelope_text(lengthy, &out);
        for (const char *line = buf_str(&out); *line != '\0'; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
            check(strcspn(line, "\r") <= 67, "a line of %zu", strcspn(line, "\r"));
            check(line == buf_str(&out) || *line == ' ', "a line that is no continuation");
        }
        buf_done(&out);
    }
}

static void addresses(void **state)
{
    static const char *const rows[][2] = {
        { "", "<a@b>" },
        { "Air Example", "Air Example <a@b>" },
        { "Air, Example", "\"Air, Example\" <a@b>" },
        { "Zo\xC3\xAB", "=?UTF-8?B?Wm/Dqw==?=\r\n <a@b>" },
        { "a\"b", "=?UTF-8?B?YSJi?=\r\n <a@b>" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = BUF_INIT;
        envelope_address(rows[i][0], "a@b", &out);
        assert_string_equal(buf_str(&out), rows[i][1]);
        buf_done(&out);
    }
}

static void dates(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = { { 0, "Thu, 01 Jan 1970 00:00:00 +0000" },
                 { -1, "Wed, 31 Dec 1969 23:59:59 +0000" },
                 { INT64_C(1795724373000), "Thu, 26 Nov 2026 20:19:33 +0000" } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = BUF_INIT;
        envelope_date(rows[i].ms, &out);
        assert_string_equal(buf_str(&out), rows[i].text);
        buf_done(&out);
    }
}

static void replies(void **state)
{
    static const char *const rows[][2] = {
        { "550 5.1.1 <ada@example.org>: no such user\r\n", "550 5.1.1 (address) no such user" },
        { "550  ada@x\tunknown", "550 (address) unknown" },
        { "554 \xFF", "554" },
        { "", "" },
    };
    char lengthy[600];
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_clear(&out);
        envelope_reply(rows[i][0], &out);
        assert_string_equal(out.len == 0 ? nothing : buf_str(&out), rows[i][1]);
    }
    for (size_t i = 0; i < sizeof lengthy - 1; i++)
        lengthy[i] = i % 7 == 6 ? ' ' : 'x';
    lengthy[sizeof lengthy - 1] = '\0';
    buf_clear(&out);
    envelope_reply(lengthy, &out);
    assert_in_range(out.len, 150, 210);
    buf_done(&out);
}

/* Every language has all words, so that no mail is in two of them. */
static void the_templates_that_we_ship(void **state)
{
    char error[1024] = "";
    (void)state;
    struct templates *templates = templates_load("conf/mail", error, sizeof error);
    check(templates != NULL, "%s", error);
    check(letter_check(templates, error, sizeof error), "%s", error);
    assert_in_range(templates_count(templates), 4, 32);
    assert_string_equal(templates_language(templates, "de-AT"), "de");
    assert_string_equal(templates_language(templates, "DE"), "de");
    assert_string_equal(templates_language(templates, "xx"), "en");
    assert_string_equal(templates_language(templates, ""), "en");
    templates_free(templates);
}

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void expect_refused(const char *directory, const char *why)
{
    char error[1024] = "";
    struct templates *templates = templates_load(directory, error, sizeof error);
    check(templates == NULL || !letter_check(templates, error, sizeof error), "taken");
    check(strstr(error, why) != NULL, "not \"%s\" but \"%s\"", why, error);
    templates_free(templates);
}

static void remove_file(const char *directory, const char *name)
{
    char path[100];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    assert_int_equal(unlink(path), 0);
}

static void wrong_templates_are_named(void **state)
{
    char directory[] = "/tmp/booking-templates-XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(directory));
    expect_refused(directory, "message.txt");
    write_file(directory, "message.txt", "{{>title}}");
    expect_refused(directory, "message.html");
    write_file(directory, "message.html", "{{>title");
    expect_refused(directory, "en.words is missing");
    write_file(directory, "en.words", "title = a\nsubject\n");
    expect_refused(directory, "en.words");
    write_file(directory, "en.words", "title = a\nsubject = b\n");
    expect_refused(directory, "order.confirmed can be written in en");
    write_file(directory, "xx.words", "\xFF");
    expect_refused(directory, "xx.words");
    for (const char *const *name = (const char *const[]){ "message.txt", "message.html", "en.words", "xx.words", NULL };
         *name != NULL; name++)
        remove_file(directory, *name);
    assert_int_equal(rmdir(directory), 0);
    expect_refused(directory, "No such file");
}

RUN_TESTS(cmocka_unit_test(money), cmocka_unit_test(header_texts), cmocka_unit_test(addresses), cmocka_unit_test(dates),
          cmocka_unit_test(replies), cmocka_unit_test(the_templates_that_we_ship), cmocka_unit_test(wrong_templates_are_named))
