/* SPDX-License-Identifier: MIT */
/* The growing byte string. */

#include "tests/unit/unit.h"

#include "booking/base/buf.h"

#include <limits.h>
#include <string.h>

static void empty(void **state)
{
    struct buf b = BUF_INIT;
    (void)state;
    assert_true(buf_ok(&b));
    assert_string_equal(buf_str(&b), "");
    buf_clear(&b);
    buf_add(&b, NULL, 0);
    buf_add_str(&b, "");
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.len, 0);
    buf_done(&b);
    buf_done(&b); /* once more, now that it is empty */
    assert_string_equal(buf_str(&b), "");
}

static void every_way_to_add(void **state)
{
    struct buf b = BUF_INIT;
    (void)state;
    buf_add_str(&b, "one ");
    buf_add(&b, "two!!", 3);
    buf_add_char(&b, ' ');
    buf_add_int(&b, -3);
    buf_addf(&b, " %s-%03d", "four", 5);
    buf_add_char(&b, ' ');
    buf_add_int(&b, LLONG_MIN);
    buf_add_char(&b, ' ');
    buf_add_int(&b, LLONG_MAX);
    assert_string_equal(buf_str(&b), "one two -3 four-005 -9223372036854775808 9223372036854775807");
    assert_int_equal(b.len, strlen(buf_str(&b)));
    buf_done(&b);
}

static void bytes_are_bytes(void **state)
{
    struct buf b = BUF_INIT;
    (void)state;
    buf_add(&b, "a\0b", 3);
    buf_add_char(&b, '\0');
    assert_int_equal(b.len, 4);
    assert_memory_equal(buf_str(&b), "a\0b\0", 5);
    buf_done(&b);
}

/* The string grows across every boundary, and always ends with a NUL. */
static void growing(void **state)
{
    struct buf b = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        buf_add_char(&b, (char)('a' + i % 26));
        assert_int_equal(b.len, i + 1);
        assert_true(b.len < b.cap);
        assert_int_equal(b.data[b.len], '\0');
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
    buf_done(&b);
}

static void additions_of_any_size(void **state)
{
    static char text[3000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    for (size_t len = 0; len < sizeof text; len += 1 + len / 8) {
        struct buf by_bytes = BUF_INIT;
        struct buf by_format = BUF_INIT;
        buf_add(&by_bytes, text, len);
        buf_addf(&by_format, "%.*s", (int)len, text);
        assert_int_equal(by_bytes.len, len);
        assert_int_equal(by_format.len, len);
        assert_int_equal(strlen(buf_str(&by_format)), len);
        assert_string_equal(buf_str(&by_bytes), buf_str(&by_format));
        buf_done(&by_bytes);
        buf_done(&by_format);
    }
}

static void clearing_keeps_the_memory(void **state)
{
    struct buf b = BUF_INIT;
    (void)state;
    buf_add_str(&b, "something");
    size_t cap = b.cap;
    const char *data = b.data;
    buf_clear(&b);
    assert_int_equal(b.len, 0);
    assert_string_equal(buf_str(&b), "");
    buf_add_str(&b, "other");
    assert_string_equal(buf_str(&b), "other");
    assert_int_equal(b.cap, cap);
    assert_ptr_equal(b.data, data);
    buf_done(&b);
}

/* After a failed allocation nothing more is added, and nothing is added in part. */
static void failure_is_remembered(void **state)
{
    struct buf b = BUF_INIT;
    (void)state;
    buf_add_str(&b, "kept");
    buf_add(&b, "x", (size_t)1 << 60);
    assert_false(buf_ok(&b));
    buf_add_str(&b, "more");
    buf_addf(&b, "%d", 1);
    assert_false(buf_ok(&b));
    assert_string_equal(buf_str(&b), "kept");
    buf_clear(&b);
    assert_true(buf_ok(&b));
    buf_add_str(&b, "again");
    assert_string_equal(buf_str(&b), "again");
    buf_done(&b);
}

RUN_TESTS(cmocka_unit_test(empty), cmocka_unit_test(every_way_to_add), cmocka_unit_test(bytes_are_bytes),
          cmocka_unit_test(growing), cmocka_unit_test(additions_of_any_size),
          cmocka_unit_test(clearing_keeps_the_memory), cmocka_unit_test(failure_is_remembered))
