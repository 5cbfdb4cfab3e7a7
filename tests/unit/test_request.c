/* SPDX-License-Identifier: MIT */
/* Targets and parameters, parsed as RFC 3986 and the URL standard say. */

#include "tests/unit/unit.h"

#include "fcgi/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "a|b" for the segments, then "?name=value&…" decoded, or the error. */
static const char *taken_apart(const char *target)
{
    static char text[4096];
    struct request r = {0};
    size_t len = 0;
    enum request_error e = request_parse_target(&r, target);
    text[0] = '\0';
    if (e != REQUEST_OK) {
        request_done(&r);
        return e == REQUEST_BAD_ENCODING ? "bad encoding" : "too many parts";
    }
    for (size_t i = 0; i < r.segment_count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i == 0 ? "" : "|", r.segment[i]);
    for (size_t i = 0; i < r.query.count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%c%s=%s", i == 0 ? '?' : '&', r.query.item[i].name,
                                r.query.item[i].value);
    request_done(&r);
    return text;
}

static void targets(void **state)
{
    static const struct {
        const char *target;
        const char *want;
    } rows[] = {
        { "", "" },
        { "/", "" },
        { "/health", "health" },
        { "/api/orders/x/seats", "api|orders|x|seats" },
        { "/api/orders/", "api|orders|" },
        { "//api", "|api" },
        { "/a//b", "a||b" },
        { "/.", "." },
        { "/api/../etc/passwd", "api|..|etc|passwd" },
        { "/a%2Fb/c", "a/b|c" },
        { "/a%2fb", "a/b" },
        { "/%41%62", "Ab" },
        { "/a+b", "a+b" },
        { "/a%20b", "a b" },
        { "/a%25b", "a%b" },
        { "/a%2541", "a%41" },
        { "/%C3%A4", "ä" },
        { "/\xC3\xA4", "ä" },
        { "/a?", "a" },
        { "/a?x", "a?x=" },
        { "/a?x=1", "a?x=1" },
        { "/a?x=1&y=2", "a?x=1&y=2" },
        { "/a?&&x=1&&", "a?x=1" },
        { "/a?=1", "a?=1" },
        { "/a?x=1=2", "a?x=1=2" },
        { "/a?x=a+b", "a?x=a b" },
        { "/a?x=a%2Bb", "a?x=a+b" },
        { "/a?x%3D=%26", "a?x==&" },
        { "/a?x=1?y=2", "a?x=1?y=2" },
        { "/a?x=%E6%BC%A2", "a?x=漢" },
        { "a", "bad encoding" },
        { "http://h/a", "bad encoding" },
        { "*", "bad encoding" },
        { "/%", "bad encoding" },
        { "/%4", "bad encoding" },
        { "/%zz", "bad encoding" },
        { "/%4g", "bad encoding" },
        { "/%g4", "bad encoding" },
        { "/% 41", "bad encoding" },
        { "/%+1", "bad encoding" },
        { "/%00", "bad encoding" },
        { "/a%00b", "bad encoding" },
        { "/%FF", "bad encoding" },
        { "/%C3", "bad encoding" },
        { "/%C0%AF", "bad encoding" },
        { "/%ED%A0%80", "bad encoding" },
        { "/%C3/%A4", "bad encoding" },
        { "/\xFF", "bad encoding" },
        { "/a#", "bad encoding" },
        { "/a?x=1#frag", "bad encoding" },
        { "/a#\xFF", "bad encoding" },
        { "/a?x=%", "bad encoding" },
        { "/a?%=x", "bad encoding" },
        { "/a?x=%00", "bad encoding" },
        { "/a?%00=x", "bad encoding" },
        { "/a?x=%FF", "bad encoding" },
        { "/a?x=%C3&y=%A4", "bad encoding" },
        { "/1/2/3/4/5/6/7/8", "1|2|3|4|5|6|7|8" },
        { "/1/2/3/4/5/6/7/8/9", "too many parts" },
        { "/////////", "too many parts" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(strcmp(taken_apart(rows[i].target), rows[i].want) == 0, "\"%s\" gives \"%s\", not \"%s\"",
              rows[i].target, taken_apart(rows[i].target), rows[i].want);
}

static void many_parameters(void **state)
{
    (void)state;
    for (int count = PARAMETERS_MAX; count <= PARAMETERS_MAX + 1; count++) {
        char text[1024] = "";
        size_t len = 0;
        struct buf b = BUF_INIT;
        struct parameters p;
        for (int i = 0; i < count; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "p%d=%d&", i, i);
        enum request_error e = request_parse_parameters(&b, text, len, &p);
        assert_int_equal(e, count <= PARAMETERS_MAX ? REQUEST_OK : REQUEST_TOO_MANY_PARTS);
        if (e == REQUEST_OK) {
            assert_string_equal(parameters_get(&p, "p0"), "0");
            assert_string_equal(parameters_get(&p, "p63"), "63");
        }
        buf_done(&b);
    }
}

static void the_first_of_a_name(void **state)
{
    static const char text[] = "a=1&A=2&a=3&b";
    struct buf b = BUF_INIT;
    struct parameters p;
    (void)state;
    assert_int_equal(request_parse_parameters(&b, text, strlen(text), &p), REQUEST_OK);
    assert_int_equal(p.count, 4);
    assert_string_equal(parameters_get(&p, "a"), "1");
    assert_string_equal(parameters_get(&p, "A"), "2");
    assert_string_equal(parameters_get(&p, "b"), "");
    assert_null(parameters_get(&p, "c"));
    assert_null(parameters_get(&p, ""));
    buf_done(&b);
}

/* The length says where a form ends. A NUL in a form is refused. */
static void forms_by_length(void **state)
{
    struct buf b = BUF_INIT;
    struct parameters p;
    (void)state;
    assert_int_equal(request_parse_parameters(&b, "a=1&b=2", 3, &p), REQUEST_OK);
    assert_int_equal(p.count, 1);
    assert_int_equal(request_parse_parameters(&b, "a=%41", 4, &p), REQUEST_BAD_ENCODING);
    assert_int_equal(request_parse_parameters(&b, "a\0b=1", 5, &p), REQUEST_BAD_ENCODING);
    assert_int_equal(request_parse_parameters(&b, "", 0, &p), REQUEST_OK);
    assert_int_equal(p.count, 0);
    buf_done(&b);
}

/* Parameters point into the buffer, so it must not move. Every size across its growth is tried. */
static void parts_stay_where_they_are(void **state)
{
    (void)state;
    for (size_t len = 1; len < 1200; len += 7) {
        char *target = malloc(2 * len + 16);
        assert_non_null(target);
        memset(target, 'a', len + 1);
        target[0] = '/';
        (void)snprintf(target + len + 1, len + 15, "?n=");
        memset(target + len + 4, 'b', len);
        target[2 * len + 4] = '\0';
        struct request r = {0};
        assert_int_equal(request_parse_target(&r, target), REQUEST_OK);
        assert_int_equal(r.segment_count, 1);
        assert_int_equal(strlen(r.segment[0]), len);
        assert_int_equal(strspn(r.segment[0], "a"), len);
        assert_string_equal(r.query.item[0].name, "n");
        assert_int_equal(strlen(r.query.item[0].value), len);
        request_done(&r);
        free(target);
    }
}

/* The server reuses one request structure for the next request. */
static void used_again(void **state)
{
    struct request r = {0};
    (void)state;
    for (int i = 0; i < 3; i++) {
        r.segment_count = 0;
        buf_clear(&r.decoded);
        assert_int_equal(request_parse_target(&r, "/a/b?c=d"), REQUEST_OK);
        assert_int_equal(r.segment_count, 2);
        assert_string_equal(r.segment[1], "b");
        assert_string_equal(parameters_get(&r.query, "c"), "d");
    }
    request_done(&r);
}

static void headers_without_a_server(void **state)
{
    struct request r = {0};
    (void)state;
    assert_null(request_header(&r, "HTTP_IF_MATCH"));
}

RUN_TESTS(cmocka_unit_test(targets), cmocka_unit_test(many_parameters), cmocka_unit_test(the_first_of_a_name),
          cmocka_unit_test(forms_by_length), cmocka_unit_test(parts_stay_where_they_are),
          cmocka_unit_test(used_again), cmocka_unit_test(headers_without_a_server))
