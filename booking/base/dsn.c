/* SPDX-License-Identifier: MIT */
#include "booking/base/dsn.h"

#include "booking/base/text.h"

#include <stdio.h>
#include <string.h>

#define FORMS                                                                             \
    "expected user:password@tcp(host:port)/database, user:password@unix(/path)/database " \
    "or mysql://user:password@host:port/database"

#define PARAMETERS "after '?', expected only tls=true, tls=skip-verify, tls=preferred or tls=false, and tls-ca=/file"

/* Copies len bytes into a field; false if they do not fit. */
static bool put(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* Percent-decodes in place; refuses a NUL byte. */
static bool decode_percent(char *text)
{
    char *to = text;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '%') {
            *to++ = *p;
            continue;
        }
        int high = text_hex_value(p[1]);
        int low = high < 0 ? -1 : text_hex_value(p[2]);
        if (low < 0 || (high == 0 && low == 0))
            return false;
        *to++ = (char)(high * 16 + low);
        p += 2;
    }
    *to = '\0';
    return true;
}

static bool put_credentials(struct dsn *dsn, const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    size_t user_len = colon == NULL ? len : (size_t)(colon - text);
    if (user_len == 0 || !put(dsn->user, sizeof dsn->user, text, user_len))
        return false;
    return colon == NULL || put(dsn->password, sizeof dsn->password, colon + 1, len - user_len - 1);
}

/* "host", "host:3306", "[::1]:3306" */
static bool put_address(struct dsn *dsn, const char *text, size_t len)
{
    size_t host_len = len;
    const char *port = NULL;

    dsn->port = 3306;
    if (len > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', len);
        if (end == NULL)
            return false;
        host_len = (size_t)(end - text) + 1;
        if (host_len < len && text[host_len] != ':')
            return false;
        if (host_len < len)
            port = text + host_len + 1;
        if (!put(dsn->host, sizeof dsn->host, text + 1, host_len - 2))
            return false;
    } else {
        const char *colon = memchr(text, ':', len);
        if (colon != NULL) {
            host_len = (size_t)(colon - text);
            port = colon + 1;
        }
        if (!put(dsn->host, sizeof dsn->host, text, host_len))
            return false;
    }
    if (port != NULL) {
        char digits[6];
        long long n = 0;
        if (!put(digits, sizeof digits, port, len - (size_t)(port - text)) || !text_parse_int(digits, 1, 65535, &n))
            return false;
        dsn->port = (int)n;
    }
    return dsn->host[0] != '\0';
}

static const char *const tls_names[] = {
    [DSN_TLS_OFF] = "false",
    [DSN_TLS_PREFERRED] = "preferred",
    [DSN_TLS_SKIP_VERIFY] = "skip-verify",
    [DSN_TLS_VERIFY] = "true",
};

const char *dsn_tls_name(enum dsn_tls tls)
{
    return tls_names[tls];
}

static bool put_tls(struct dsn *dsn, const char *value)
{
    for (int tls = DSN_TLS_OFF; tls <= DSN_TLS_VERIFY; tls++) {
        if (strcmp(value, tls_names[tls]) == 0) {
            dsn->tls = (enum dsn_tls)tls;
            return true;
        }
    }
    return false;
}

/* Whether a parameter, which Go programs write, asks for what is done here anyway. */
static bool goes_without_saying(const char *name, const char *value)
{
    return strcmp(name, "parseTime") == 0 || (strcmp(name, "loc") == 0 && strcmp(value, "UTC") == 0) ||
           ((strcmp(name, "charset") == 0 || strcmp(name, "collation") == 0) && strncmp(value, "utf8mb4", 7) == 0);
}

static bool put_parameter(struct dsn *dsn, char *text)
{
    char *value = strchr(text, '=');
    if (value == NULL)
        return false;
    *value++ = '\0';
    if (strcmp(text, "tls") == 0)
        return put_tls(dsn, value);
    if (strcmp(text, "tls-ca") == 0)
        return decode_percent(value) && put(dsn->tls_ca, sizeof dsn->tls_ca, value, strlen(value));
    return goes_without_saying(text, value);
}

/* "?a=b&c=d", or nothing. */
static bool put_parameters(struct dsn *dsn, const char *text)
{
    while (*text != '\0' && text[1] != '\0') {
        char one[300];
        size_t len = strcspn(++text, "&");
        if (!put(one, sizeof one, text, len) || !put_parameter(dsn, one))
            return false;
        text += len;
    }
    return true;
}

static bool put_database(struct dsn *dsn, const char *text, const char **reterr_error)
{
    size_t len = strcspn(text, "?");
    if (len == 0 || !put(dsn->database, sizeof dsn->database, text, len))
        return false;
    *reterr_error = PARAMETERS;
    return put_parameters(dsn, text + len);
}

static bool parse_url(const char *text, struct dsn *dsn, const char **reterr_error)
{
    size_t authority = strcspn(text, "/");
    if (text[authority] != '/')
        return false;

    /* The last '@' counts: a careless password may contain one. */
    size_t at = authority;
    while (at > 0 && text[at - 1] != '@')
        at--;
    return at > 0 && put_credentials(dsn, text, at - 1) && decode_percent(dsn->user) && decode_percent(dsn->password) &&
           put_address(dsn, text + at, authority - at) && put_database(dsn, text + authority + 1, reterr_error) &&
           decode_percent(dsn->database);
}

static bool parse_go(const char *text, struct dsn *dsn, const char **reterr_error)
{
    /* Passwords may contain '@' and '('; the last "@tcp(" or "@unix(" counts. */
    const char *at = NULL;
    for (const char *p = text; *p != '\0'; p++) {
        if (strncmp(p, "@tcp(", 5) == 0 || strncmp(p, "@unix(", 6) == 0)
            at = p;
    }
    if (at == NULL || !put_credentials(dsn, text, (size_t)(at - text)))
        return false;

    const char *open = strchr(at, '(');
    const char *close = strrchr(at, ')');
    if (close == NULL || close[1] != '/')
        return false;
    size_t len = (size_t)(close - open) - 1;
    if (at[1] == 't') {
        if (!put_address(dsn, open + 1, len))
            return false;
    } else if (len == 0 || !put(dsn->socket, sizeof dsn->socket, open + 1, len)) {
        return false;
    }
    return put_database(dsn, close + 2, reterr_error);
}

bool dsn_parse(const char *text, struct dsn *ret_dsn, const char **reterr_error)
{
    static const char scheme[] = "mysql://";
    struct dsn dsn = { 0 };
    bool is_url = strncmp(text, scheme, sizeof scheme - 1) == 0;
    const char *error = FORMS;
    if (!(is_url ? parse_url(text + sizeof scheme - 1, &dsn, &error) : parse_go(text, &dsn, &error))) {
        *reterr_error = error;
        return false;
    }
    *ret_dsn = dsn;
    return true;
}
