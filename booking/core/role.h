/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_ROLE_H
#define BOOKING_CORE_ROLE_H

#include <stdbool.h>
#include <stdint.h>

/* What a member of staff may do. Each role may do all that the ones before it may. */
enum role {
    ROLE_NONE,     /* no staff */
    ROLE_VIEWER,   /* reads */
    ROLE_AGENT,    /* serves customers, and boards them */
    ROLE_OPERATOR, /* runs flights, cabins, jobs and refunds */
    ROLE_ADMIN,    /* all, tokens included */
};

/* A member of staff. person_id is 0, and the role ROLE_NONE, for everybody else. */
struct staff {
    int64_t person_id;
    enum role role;
};

/* "viewer" and so on; "none". */
const char *role_name(enum role role);

/* Reads the name of a role that staff can have. */
bool role_parse(const char *text, enum role *ret_role);

/* Whether a text says which groups have which role: "viewer:readers,agent:desk,admin:it", or nothing. */
bool role_groups_are_valid(const char *role_groups);

/* The highest role that role_groups (which is valid) gives to one of these groups, which are separated by commas. */
enum role role_of_groups(const char *role_groups, const char *groups);

#endif
