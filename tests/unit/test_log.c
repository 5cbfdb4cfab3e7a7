/* SPDX-License-Identifier: MIT */
/* The log: each event is one line, and each line is one JSON object, whatever its values are. */

#include "tests/unit/unit.h"

#include "booking/base/log.h"
#include "booking/base/text.h"

#include <json-c/json.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The text that one call writes to standard error. */
static const char *written(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    static char text[8192];
    int ends[2];
    int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    log_write(level, event, fields, n);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    (void)close(ends[1]);
    ssize_t len = read(ends[0], text, sizeof text - 1);
    (void)close(ends[0]);
    assert_true(len >= 0);
    text[len] = '\0';
    return text;
}

static struct json_object *parsed(const char *line)
{
    size_t len = strlen(line);
    check(len > 0 && line[len - 1] == '\n' && strchr(line, '\n') == line + len - 1, "not one line: %s", line);
    check(text_is_utf8(line, len), "not UTF-8: %s", line);
    struct json_object *json = json_tokener_parse(line);
    check(json != NULL && json_object_is_type(json, json_type_object), "not a JSON object: %s", line);
    return json;
}

static const char *text_of(struct json_object *json, const char *name)
{
    return json_object_get_string(json_object_object_get(json, name));
}

static void a_line(void **state)
{
    const struct log_field fields[] = { LOG_TEXT("order", "abc"), LOG_NUMBER("status", -409) };
    (void)state;
    struct json_object *json = parsed(written(LOG_WARN, "request", fields, 2));
    assert_int_equal(json_object_object_length(json), 5);
    assert_int_equal(strlen(text_of(json, "time")), 24);
    assert_string_equal(text_of(json, "level"), "warn");
    assert_string_equal(text_of(json, "event"), "request");
    assert_string_equal(text_of(json, "order"), "abc");
    assert_int_equal(json_object_get_int(json_object_object_get(json, "status")), -409);
    json_object_put(json);
}

/* No value from a client can make a second line or another field. */
static void hostile_values(void **state)
{
    static const char *const values[] = { "", "\"", "\\", "\\\"", "a\nlevel=error", "\r\n{\"event\":\"forged\"}", "\x01\x1F\x7F",
                                          "Zoë 漢字 🛫", "\",\"event\":\"forged" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        const struct log_field field = LOG_TEXT("value", values[i]);
        struct json_object *json = parsed(written(LOG_INFO, "request", &field, 1));
        assert_string_equal(text_of(json, "value"), values[i]);
        assert_string_equal(text_of(json, "event"), "request");
        json_object_put(json);
    }
    const struct log_field broken = LOG_TEXT("value", "a\xFF\xC3z");
    json_object_put(parsed(written(LOG_INFO, "request", &broken, 1)));
}

/* Long values are cut properly, wherever the cut falls. */
static void long_values(void **state)
{
    static const char *const fillings[] = { "x", "ä", "漢", "🛫", "\"", "\n", "a\xFF" };
    static char value[6000];
    (void)state;
    for (size_t f = 0; f < COUNT_OF(fillings); f++) {
        for (size_t shift = 0; shift < 12; shift++) {
            size_t len = shift;
            memset(value, '.', shift);
            for (; len + strlen(fillings[f]) < sizeof value; len += strlen(fillings[f]))
                memcpy(value + len, fillings[f], strlen(fillings[f]));
            value[len] = '\0';
            const struct log_field fields[] = { LOG_TEXT("value", value), LOG_TEXT("next", value), LOG_NUMBER("n", 1) };
            const char *line = written(LOG_INFO, "request", fields, 3);
            assert_true(strlen(line) <= 2048 && strlen(line) > 1000);
            json_object_put(parsed(line));
        }
    }
}

static void levels(void **state)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    (void)state;
    for (int least = LOG_DEBUG; least <= LOG_ERROR; least++) {
        log_start(names[least]);
        for (int level = LOG_DEBUG; level <= LOG_ERROR; level++)
            check((*written((enum log_level)level, "event", NULL, 0) != '\0') == (level >= least), "%s at %s",
                  names[level], names[least]);
    }
    log_start("info");
}

/* errno is kept even when nothing can be written. */
static void errno_is_kept(void **state)
{
    (void)state;
    int saved = dup(STDERR_FILENO);
    (void)close(STDERR_FILENO);
    errno = ENOENT;
    log_write(LOG_ERROR, "event", NULL, 0);
    int after = errno;
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    assert_int_equal(after, ENOENT);
}

RUN_TESTS(cmocka_unit_test(a_line), cmocka_unit_test(hostile_values), cmocka_unit_test(long_values),
          cmocka_unit_test(levels), cmocka_unit_test(errno_is_kept))
