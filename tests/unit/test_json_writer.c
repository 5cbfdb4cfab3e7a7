/* SPDX-License-Identifier: MIT */
/* The written JSON, as json-c, an independent parser, reads it. */

#include "tests/unit/unit.h"

#include "booking/base/json_writer.h"
#include "booking/base/timestamp.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static void text_becomes(const char *text, const char *want)
{
    struct buf b = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&b);
    json_add_text(&w, NULL, text);
    check(strcmp(buf_str(&b), want) == 0, "%s is written where %s is wanted", buf_str(&b), want);
    buf_done(&b);
}

static void escapes(void **state)
{
    (void)state;
    text_becomes("", "\"\"");
    text_becomes("plain", "\"plain\"");
    text_becomes("a\"b", "\"a\\\"b\"");
    text_becomes("a\\b", "\"a\\\\b\"");
    text_becomes("\\\"", "\"\\\\\\\"\"");
    text_becomes("\n\r\t", "\"\\n\\r\\t\"");
    text_becomes("\b\f\x01\x1F", "\"\\u0008\\u000c\\u0001\\u001f\"");
    text_becomes("</script>", "\"</script>\"");
    text_becomes("Zoë 漢字 🛫", "\"Zoë 漢字 🛫\"");
    text_becomes("\x7F", "\"\x7F\"");
    text_becomes(NULL, "null");
}

/* Another parser reads back every value as it was written. */
static void every_byte_comes_back(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        struct buf b = BUF_INIT;
        struct json_writer w = JSON_WRITER_INIT(&b);
        char text[4] = { 'x', (char)c, 'y', '\0' };
        json_open_array(&w, NULL);
        json_add_text(&w, NULL, text);
        json_close_array(&w);
        struct json_object *json = json_tokener_parse(buf_str(&b));
        check(json != NULL, "byte %d: %s is not JSON", c, buf_str(&b));
        assert_string_equal(json_object_get_string(json_object_array_get_idx(json, 0)), text);
        json_object_put(json);
        buf_done(&b);
    }
}

static void commas_and_nesting(void **state)
{
    struct buf b = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&b);
    (void)state;
    json_open_object(&w, NULL);
    json_open_object(&w, "empty");
    json_close_object(&w);
    json_open_array(&w, "none");
    json_close_array(&w);
    json_open_array(&w, "list");
    json_add_int(&w, NULL, 1);
    json_open_object(&w, NULL);
    json_add_bool(&w, "a", true);
    json_add_bool(&w, "b", false);
    json_close_object(&w);
    json_open_array(&w, NULL);
    json_add_null(&w, NULL);
    json_add_text(&w, NULL, "x");
    json_close_array(&w);
    json_close_array(&w);
    json_add_raw(&w, "raw", "{\"k\":[]}");
    json_add_null(&w, "end");
    json_close_object(&w);
    assert_string_equal(buf_str(&b), "{\"empty\":{},\"none\":[],\"list\":[1,{\"a\":true,\"b\":false},[null,\"x\"]],"
                                     "\"raw\":{\"k\":[]},\"end\":null}");
    buf_done(&b);
}

static void numbers_and_times(void **state)
{
    struct buf b = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&b);
    (void)state;
    json_open_array(&w, NULL);
    json_add_int(&w, NULL, 0);
    json_add_int(&w, NULL, INT64_MIN);
    json_add_int(&w, NULL, INT64_MAX);
    json_add_number(&w, NULL, 0.15);
    json_add_number(&w, NULL, 0);
    json_add_number(&w, NULL, 1);
    json_add_number(&w, NULL, 0.000001);
    json_add_time(&w, NULL, 0);
    json_add_time(&w, NULL, 1773568800123);
    json_add_time(&w, NULL, TIME_NONE);
    json_close_array(&w);
    assert_string_equal(buf_str(&b), "[0,-9223372036854775808,9223372036854775807,0.15,0,1,1e-06,"
                                     "\"1970-01-01T00:00:00.000Z\",\"2026-03-15T10:00:00.123Z\",null]");
    buf_done(&b);
}

RUN_TESTS(cmocka_unit_test(escapes), cmocka_unit_test(every_byte_comes_back), cmocka_unit_test(commas_and_nesting),
          cmocka_unit_test(numbers_and_times))
