/* SPDX-License-Identifier: MIT */
/* The grammar of JSON, RFC 8259, case by case. */

#include "tests/unit/unit.h"

#include "booking/base/json_check.h"
#include "booking/base/json_parse.h"

#include <string.h>

static bool is_valid(const char *text)
{
    size_t at = 0;
    return json_is_valid(text, strlen(text), 16, &at);
}

static void valid(void **state)
{
    static const char *const rows[] = {
        "{}", "[]", "\"\"", "0", "-0", "1", "-1", "10", "1.5", "0.5", "-0.0", "1e1", "1E1", "1e+1", "1e-1", "1.5e10",
        "123456789012345678901234567890", "true", "false", "null", " \t\r\n1 \t\r\n", "[1,2,3]", "[ ]", "{ }",
        "[1 , 2]", "{\"a\":1}", "{\"a\" : 1 , \"b\":2}", "{\"\":0}", "{\"a\":1,\"a\":2}", "[[],{},[{}]]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0000\\uFFFF\\uabcd\"", "\"\\ud83d\\ude00\"", "\"Zoë 漢字 🛫\"",
        "\"\x7F\"", "\"/\"", "[\"a\",null,true,{\"b\":[false]}]",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(is_valid(rows[i]), "%s is JSON", rows[i]);
}

/* Each row has the position of the first invalid byte. */
static void invalid(void **state)
{
    static const struct {
        const char *text;
        size_t at;
    } rows[] = {
        { "", 0 },           { " ", 1 },           { "{", 1 },          { "}", 0 },          { "[", 1 },
        { "]", 0 },          { "[1", 2 },          { "[1,", 3 },        { "[1,]", 3 },       { "[,1]", 1 },
        { "[1 2]", 3 },      { "[1;2]", 2 },       { "{\"a\"}", 4 },    { "{\"a\":}", 5 },   { "{\"a\":1,}", 7 },
        { "{,}", 1 },        { "{a:1}", 1 },       { "{'a':1}", 1 },    { "{1:1}", 1 },      { "{\"a\" 1}", 5 },
        { "{\"a\":1]", 6 },  { "[1}", 2 },         { "01", 1 },         { "-", 1 },          { "+1", 0 },
        { "1.", 2 },         { ".5", 0 },          { "1.e1", 2 },       { "1e", 2 },         { "1e+", 3 },
        { "0x1", 1 },        { "1_000", 1 },       { "--1", 1 },        { "NaN", 0 },        { "Infinity", 0 },
        { "-Infinity", 1 },  { "nul", 3 },         { "nulL", 3 },       { "True", 0 },       { "truex", 4 },
        { "\"", 1 },         { "\"a", 2 },         { "'a'", 0 },        { "\"\\x\"", 2 },    { "\"\\\"", 3 },
        { "\"\\", 2 },       { "\"\\u\"", 3 },     { "\"\\u123\"", 6 }, { "\"\\u12g4\"", 5 }, { "\"\\U0041\"", 2 },
        { "\"a\nb\"", 2 },   { "\"\t\"", 1 },      { "\"\x1F\"", 1 },   { "{} {}", 3 },      { "1 2", 2 },
        { "[]x", 2 },        { "// c\n1", 0 },     { "/**/1", 0 },      { "1/**/", 1 },      { "\xEF\xBB\xBF{}", 0 },
        { "\xC2\xA0{}", 0 }, { "\v1", 0 },         { "\f1", 0 },        { "undefined", 0 },  { "(1)", 0 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t at = 99;
        check(!json_is_valid(rows[i].text, strlen(rows[i].text), 16, &at), "%s is not JSON", rows[i].text);
        check(at == rows[i].at, "%s: wrong at byte %zu, not %zu", rows[i].text, rows[i].at, at);
    }
}

static void bytes_that_are_not_text(void **state)
{
    static const char *const rows[] = { "\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xC3\"", "\"\x80\"",
                                        "{\"\xFF\":1}", "[\"\xF4\x90\x80\x80\"]" };
    size_t at = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(!is_valid(rows[i]), "row %zu is not UTF-8", i);
    assert_false(json_is_valid("1\0", 2, 16, &at));
    assert_false(json_is_valid("\0", 1, 16, &at));
    assert_false(json_is_valid("\"a\0b\"", 5, 16, &at));
    assert_false(json_is_valid("[1,\0]", 5, 16, &at));
}

/* The length says where the text ends, whatever follows in memory. */
static void cut_anywhere(void **state)
{
    static const char text[] = "{\"a\":[1.5e+2,\"\\u00e4ä\",true,null],\"b\":{\"c\":-0}}";
    size_t at = 0;
    (void)state;
    for (size_t len = 0; len < strlen(text); len++) {
        check(!json_is_valid(text, len, 16, &at), "cut to %zu bytes", len);
        assert_true(at <= len);
    }
    assert_true(json_is_valid(text, strlen(text), 16, &at));
}

static void depth(void **state)
{
    static const struct {
        const char *text;
        int depth;
    } rows[] = { { "1", 1 }, { "[]", 1 }, { "[1]", 2 }, { "{\"a\":1}", 2 }, { "[[]]", 2 }, { "{\"a\":[{}]}", 3 },
                 { "[[[[[[[[[[]]]]]]]]]]", 10 } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t at = 0;
        check(json_is_valid(rows[i].text, strlen(rows[i].text), rows[i].depth, &at), "%s at depth %d", rows[i].text,
              rows[i].depth);
        check(!json_is_valid(rows[i].text, strlen(rows[i].text), rows[i].depth - 1, &at), "%s at depth %d",
              rows[i].text, rows[i].depth - 1);
    }
}

static void parsed(void **state)
{
    size_t at = 0;
    (void)state;
    struct json_object *json = json_parse(" [1, 2] ", 8, 2, &at);
    assert_int_equal(json_object_array_length(json), 2);
    json_object_put(json);
    assert_null(json_parse("[1, NaN]", 8, 2, &at));
    assert_int_equal(at, 4);
    assert_null(json_parse("[[1]]", 5, 2, &at));
    assert_null(json_parse_object("[]", 2, 2));
    assert_null(json_parse_object("{} {}", 5, 2));
    json = json_parse_object("{}", 2, 1);
    assert_non_null(json);
    json_object_put(json);
}

RUN_TESTS(cmocka_unit_test(valid), cmocka_unit_test(invalid), cmocka_unit_test(bytes_that_are_not_text),
          cmocka_unit_test(cut_anywhere), cmocka_unit_test(depth), cmocka_unit_test(parsed))
