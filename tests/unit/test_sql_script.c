/* SPDX-License-Identifier: MIT */
/* Splitting migrations into statements. */

#include "tests/unit/unit.h"

#include "booking/base/sql_script.h"

#include <stdio.h>
#include <string.h>

/* The statements of a script, each in brackets, with "*" before one that is repeated. */
static void take_apart(const char *script, char *ret_text, size_t size)
{
    struct sql_statement s;
    size_t len = 0;
    ret_text[0] = '\0';
    while (sql_script_next(&script, &s))
        len += (size_t)snprintf(ret_text + len, size - len, "%s[%.*s]", s.repeat ? "*" : "", (int)s.len, s.text);
}

static void scripts(void **state)
{
    static const struct {
        const char *script, *want;
    } rows[] = {
        { "", "" },
        { " \n-- nothing\n/* at all */\n", "" },
        { ";;\n;", "" },
        { "A", "[A]" },
        { "A;", "[A]" },
        { "A;B;\nC", "[A][B][C]" },
        { "-- why; it is\nA\n b; -- and; so\nB;", "[A\n b][B]" },
        { "/* a;b */ A; # x;y\nB;", "[A][B]" },
        { "A ';' \";\" `;` x;B;", "[A ';' \";\" `;` x][B]" },
        { "A 'it''s; \\'; x';B", "[A 'it''s; \\'; x'][B]" },
        { "A /*!80000 ; */;B", "[A /*!80000 ; */][B]" },
        { "-- why\n-- repeat\nA;B;", "*[A][B]" },
        { "CREATE TRIGGER t BEFORE DELETE ON s FOR EACH ROW\n IF x THEN\n  A;\n END IF;\n\nB;",
          "[CREATE TRIGGER t BEFORE DELETE ON s FOR EACH ROW\n IF x THEN\n  A;\n END IF][B]" },
        { "create trigger t A; B;\n", "[create trigger t A; B]" },
        { "A 'unfinished;", "[A 'unfinished;]" },
        { "A /* unfinished;", "[A /* unfinished;]" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char got[400];
        take_apart(rows[i].script, got, sizeof got);
        check(strcmp(got, rows[i].want) == 0, "%s: %s", rows[i].script, got);
    }
}

RUN_TESTS(cmocka_unit_test(scripts))
