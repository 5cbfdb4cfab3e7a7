/* SPDX-License-Identifier: MIT */
#include "booking/core/role.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [ROLE_NONE] = "none",         [ROLE_VIEWER] = "viewer", [ROLE_AGENT] = "agent",
    [ROLE_OPERATOR] = "operator", [ROLE_ADMIN] = "admin",
};

const char *role_name(enum role role)
{
    return names[role];
}

static bool parse(const char *text, size_t len, enum role *ret_role)
{
    for (enum role role = ROLE_VIEWER; role <= ROLE_ADMIN; role++) {
        if (strlen(names[role]) == len && memcmp(names[role], text, len) == 0) {
            *ret_role = role;
            return true;
        }
    }
    return false;
}

bool role_parse(const char *text, enum role *ret_role)
{
    return parse(text, strlen(text), ret_role);
}

/* The next item of a list with commas, without the blanks around it. False after the last one. */
static bool next_item(const char **list, const char **ret_item, size_t *ret_len)
{
    const char *item = *list;
    if (*item == '\0')
        return false;
    size_t len = strcspn(item, ",");
    *list = item + len + (item[len] == ',' ? 1 : 0);
    while (len > 0 && *item == ' ') {
        item++;
        len--;
    }
    while (len > 0 && item[len - 1] == ' ')
        len--;
    *ret_item = item;
    *ret_len = len;
    return true;
}

/* Takes "agent:desk" apart. A group's name may have a colon in it. */
static bool read_pair(const char *item, size_t len, enum role *ret_role, const char **ret_group, size_t *ret_group_len)
{
    const char *colon = memchr(item, ':', len);
    if (colon == NULL || colon + 1 == item + len || !parse(item, (size_t)(colon - item), ret_role))
        return false;
    *ret_group = colon + 1;
    *ret_group_len = len - (size_t)(colon + 1 - item);
    return true;
}

bool role_groups_are_valid(const char *role_groups)
{
    const char *item;
    const char *group;
    size_t len;
    size_t group_len;
    enum role role;
    while (next_item(&role_groups, &item, &len)) {
        if (!read_pair(item, len, &role, &group, &group_len))
            return false;
    }
    return true;
}

static bool names_group(const char *groups, const char *group, size_t group_len)
{
    const char *item;
    size_t len;
    while (next_item(&groups, &item, &len)) {
        if (len == group_len && memcmp(item, group, len) == 0)
            return true;
    }
    return false;
}

enum role role_of_groups(const char *role_groups, const char *groups)
{
    const char *item;
    const char *group;
    size_t len;
    size_t group_len;
    enum role role;
    enum role highest = ROLE_NONE;
    while (next_item(&role_groups, &item, &len)) {
        if (read_pair(item, len, &role, &group, &group_len) && role > highest && names_group(groups, group, group_len))
            highest = role;
    }
    return highest;
}
