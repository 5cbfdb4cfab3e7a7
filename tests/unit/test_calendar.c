/* SPDX-License-Identifier: MIT */
/* Calendar entries: RFC 5545's escapes and folds, whatever the texts are. tests/api/test_mail.py has others read them. */

#include "tests/unit/unit.h"

#include "booking/base/text.h"
#include "booking/base/timestamp.h"
#include "booking/core/calendar.h"

#include <stdlib.h>
#include <string.h>

static const struct calendar_event plain = {
    .uid = "01a2199b-cee3-759c-9e65-177b67c9a352",
    .sequence = 7,
    .stamp_ms = INT64_C(1773568800000),
    .start_ms = INT64_C(1773655200123),
    .end_ms = INT64_C(1773658800000),
    .summary = "Flight XX1",
};

static const char *written(const struct calendar_event *event)
{
    static struct buf out;
    buf_clear(&out);
    calendar_write(&out, event);
    assert_true(buf_ok(&out));
    return buf_str(&out);
}

static void a_whole_entry(void **state)
{
    (void)state;
    assert_string_equal(written(&plain), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//flight booking//EN\r\nMETHOD:PUBLISH\r\n"
                                         "BEGIN:VEVENT\r\nUID:01a2199b-cee3-759c-9e65-177b67c9a352\r\nSEQUENCE:7\r\n"
                                         "DTSTAMP:20260315T100000Z\r\nDTSTART:20260316T100000Z\r\nDTEND:20260316T110000Z\r\n"
                                         "STATUS:CONFIRMED\r\nSUMMARY:Flight XX1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
}

static void what_is_not_known_is_left_out(void **state)
{
    struct calendar_event event = plain;
    (void)state;
    event.end_ms = TIME_NONE;
    event.cancelled = true;
    event.location = "";
    assert_null(strstr(written(&event), "DTEND"));
    assert_null(strstr(written(&event), "LOCATION"));
    assert_non_null(strstr(written(&event), "\r\nSTATUS:CANCELLED\r\n"));
}

static void texts_are_escaped(void **state)
{
    struct calendar_event event = plain;
    (void)state;
    event.summary = "a,b;c\\d\ne\r\nEND:VEVENT\x01\x7F";
    assert_non_null(strstr(written(&event), "\r\nSUMMARY:a\\,b\\;c\\\\d\\ne\\nEND:VEVENT\r\n"));
}

/* Takes the folds out again, and checks every line. */
static void unfold(const char *text, char *ret)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\r\n");
        check(len <= 75, "a line of %zu octets: %.80s", len, text);
        check(text_is_utf8(text, len), "a fold within a character: %.80s", text);
        memcpy(ret, text, len);
        ret += len;
        assert_memory_equal(text + len, "\r\n", 2);
        text += len + 2;
        if (*text == ' ')
            text++;
        else
            *ret++ = '\n';
    }
    *ret = '\0';
}

static void lines_are_folded_between_characters(void **state)
{
    static const char *const characters[] = { "x", "\xC3\xAB", "\xE2\x82\xAC", "\xF0\x9F\x9B\xAB" };
    char text[600];
    char flat[2000];
    (void)state;
    for (size_t c = 0; c < COUNT_OF(characters); c++) {
        for (size_t n = 0; n <= 140; n++) {
            struct calendar_event event = plain;
            text[0] = '\0';
            for (size_t i = 0; i < n; i++)
                memcpy(text + i * strlen(characters[c]), characters[c], strlen(characters[c]) + 1);
            event.summary = text;
            event.url = "https://example.org/a/path/that/is/longer/than/one/line/of/a/calendar/entry/may/be/at/all";
            unfold(written(&event), flat);
            check(n == 0 || strstr(flat, text) != NULL, "%zu characters of %zu octets", n, strlen(characters[c]));
            assert_non_null(strstr(flat, event.url));
        }
    }
}

static void sequences_grow(void **state)
{
    (void)state;
    assert_int_equal(calendar_sequence(1000, 1000), 0);
    assert_int_equal(calendar_sequence(1000, 61000), 60);
    assert_int_equal(calendar_sequence(61000, 1000), 0);
}

RUN_TESTS(cmocka_unit_test(a_whole_entry), cmocka_unit_test(what_is_not_known_is_left_out),
          cmocka_unit_test(texts_are_escaped), cmocka_unit_test(lines_are_folded_between_characters),
          cmocka_unit_test(sequences_grow))
