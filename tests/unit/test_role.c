/* SPDX-License-Identifier: MIT */
/* Roles: their names, and which ones groups give. */

#include "tests/unit/unit.h"

#include "booking/core/role.h"

#include <string.h>

static void names_and_back(void **state)
{
    static const char *const names[] = { "viewer", "agent", "operator", "admin" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        enum role role = ROLE_NONE;
        check(role_parse(names[i], &role), "%s is a role", names[i]);
        check(role == ROLE_VIEWER + i && strcmp(role_name(role), names[i]) == 0, "%s is %d", names[i], (int)role);
    }
    assert_string_equal(role_name(ROLE_NONE), "none");
    /* What may more has the higher number: access.c compares them. */
    assert_true(ROLE_NONE < ROLE_VIEWER && ROLE_VIEWER < ROLE_AGENT && ROLE_AGENT < ROLE_OPERATOR && ROLE_OPERATOR < ROLE_ADMIN);
}

static void what_is_no_role(void **state)
{
    static const char *const texts[] = { "", "none", "Admin", "ADMIN", "admin ", " admin", "admins", "admi", "root", "viewer,admin" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        enum role role = ROLE_AGENT;
        check(!role_parse(texts[i], &role), "\"%s\" is no role", texts[i]);
        check(role == ROLE_AGENT, "\"%s\" leaves the role alone", texts[i]);
    }
}

static void what_can_be_set(void **state)
{
    static const struct {
        const char *text;
        bool valid;
    } rows[] = {
        { "", true },
        { "admin:it", true },
        { "viewer:readers,agent:desk,operator:ops,admin:it", true },
        { " viewer:readers , agent:desk ", true },
        { "agent:desk,agent:airport", true },
        { "admin:cn=it", true },
        { "admin:a:b", true },
        { "admin:two words", true },
        { "agent:desk,", true },
        { "admin", false },
        { "admin:", false },
        { ":it", false },
        { "none:it", false },
        { "Admin:it", false },
        { "root:it", false },
        { "agent:desk,,admin:it", false },
        { "agent:desk;admin:it", true }, /* a group of this name */
        { ",", false },
        { "agent :desk", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(role_groups_are_valid(rows[i].text) == rows[i].valid, "\"%s\"", rows[i].text);
}

#define FOUR "viewer:readers,agent:desk,operator:ops,admin:it"

static void what_groups_give(void **state)
{
    static const struct {
        const char *role_groups, *groups;
        enum role role;
    } rows[] = {
        { FOUR, "readers", ROLE_VIEWER },
        { FOUR, "desk", ROLE_AGENT },
        { FOUR, "ops", ROLE_OPERATOR },
        { FOUR, "it", ROLE_ADMIN },
        { FOUR, "", ROLE_NONE },
        { FOUR, ",", ROLE_NONE },
        { FOUR, ",,,desk,", ROLE_AGENT },
        { FOUR, "staff,everybody", ROLE_NONE },
        /* The highest of several, in whatever order. */
        { FOUR, "readers,ops,desk", ROLE_OPERATOR },
        { FOUR, "ops,readers", ROLE_OPERATOR },
        { "admin:it,viewer:it", "it", ROLE_ADMIN },
        { "viewer:it,admin:it", "it", ROLE_ADMIN },
        { FOUR, " desk , readers ", ROLE_AGENT },
        /* A whole name, in its very spelling, and nothing that only begins or ends like it. */
        { FOUR, "IT", ROLE_NONE },
        { FOUR, "it2", ROLE_NONE },
        { FOUR, "i", ROLE_NONE },
        { FOUR, "audit", ROLE_NONE },
        { FOUR, "admin", ROLE_NONE },
        { FOUR, "admin:it", ROLE_NONE },
        { FOUR, "it readers", ROLE_NONE },
        { "admin:a:b", "a:b", ROLE_ADMIN },
        { "admin:a:b", "a", ROLE_NONE },
        { "admin:a:b", "b", ROLE_NONE },
        { "", "it", ROLE_NONE },
        { "", "", ROLE_NONE },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum role role = role_of_groups(rows[i].role_groups, rows[i].groups);
        check(role == rows[i].role, "\"%s\" of \"%s\" is %s", rows[i].groups, rows[i].role_groups, role_name(role));
    }
}

RUN_TESTS(cmocka_unit_test(names_and_back), cmocka_unit_test(what_is_no_role), cmocka_unit_test(what_can_be_set),
          cmocka_unit_test(what_groups_give))
