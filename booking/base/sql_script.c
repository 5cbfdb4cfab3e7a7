/* SPDX-License-Identifier: MIT */
#include "booking/base/sql_script.h"

#include <string.h>
#include <strings.h>

#define REPEAT "-- repeat"
#define BLANKS " \t\r\n"

/* Returns the end of the comment or quoted text that begins at p; p itself if none begins there. */
static const char *skip_quoted(const char *p)
{
    const char *end = NULL;
    if (strncmp(p, "--", 2) == 0 || *p == '#')
        return p + strcspn(p, "\n");
    if (strncmp(p, "/*", 2) == 0) {
        end = strstr(p + 2, "*/");
        return end == NULL ? p + strlen(p) : end + 2;
    }
    if (*p == '\0' || strchr("'\"`", *p) == NULL)
        return p;
    for (end = p + 1; *end != '\0' && *end != *p; end++) {
        if (*end == '\\' && *p != '`' && end[1] != '\0')
            end++;
    }
    return *end == '\0' ? end : end + 1;
}

/* Skips blanks and comments, up to where a statement begins; sets *ret_repeat if one of the comments asks for it. */
static const char *skip_comments(const char *p, bool *ret_repeat)
{
    for (;;) {
        p += strspn(p, BLANKS);
        if (strncmp(p, REPEAT, sizeof REPEAT - 1) == 0)
            *ret_repeat = true;
        bool is_comment = strncmp(p, "--", 2) == 0 || *p == '#' || (strncmp(p, "/*", 2) == 0 && p[2] != '!');
        if (!is_comment)
            return p;
        p = skip_quoted(p);
    }
}

static bool ends_here(const char *semicolon, bool is_trigger)
{
    const char *p = semicolon + 1;
    if (!is_trigger)
        return true;
    p += strspn(p, " \t\r");
    if (*p == '\n')
        p += 1 + strspn(p + 1, " \t\r");
    return *p == '\n' || *p == '\0';
}

bool sql_script_next(const char **cursor, struct sql_statement *ret_statement)
{
    bool repeat = false;
    const char *begin = skip_comments(*cursor, &repeat);
    bool is_trigger = strncasecmp(begin, "CREATE TRIGGER", 14) == 0;
    const char *p = begin;
    while (*p != '\0' && !(*p == ';' && ends_here(p, is_trigger))) {
        const char *behind = skip_quoted(p);
        p = behind > p ? behind : p + 1;
    }
    *cursor = *p == ';' ? p + 1 : p;
    if (p == begin)
        return *p != '\0' && sql_script_next(cursor, ret_statement);
    *ret_statement = (struct sql_statement){ begin, (size_t)(p - begin), repeat };
    return true;
}
