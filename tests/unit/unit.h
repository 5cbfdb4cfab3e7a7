/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/* cmocka, and the headers that have to be included before its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Fails with a message, because the row of a table has no line number. */
#define check(condition, ...)                                                     \
    do {                                                                          \
        if (!(condition)) {                                                       \
            print_error(__VA_ARGS__);                                             \
            print_error("\n");                                                    \
            fail();                                                               \
        }                                                                         \
    } while (0)

/* Runs the tests of a program and is its main(). */
#define RUN_TESTS(...)                                                            \
    int main(void)                                                                \
    {                                                                             \
        const struct CMUnitTest tests[] = { __VA_ARGS__ };                        \
        return cmocka_run_group_tests(tests, NULL, NULL);                         \
    }

#endif
