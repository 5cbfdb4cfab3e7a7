/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_DSN_H
#define BOOKING_BASE_DSN_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the connection is encrypted. */
enum dsn_tls {
    DSN_TLS_DEFAULT,     /* not given: the client library's default */
    DSN_TLS_OFF,         /* tls=false */
    DSN_TLS_PREFERRED,   /* encrypted if the server can */
    DSN_TLS_SKIP_VERIFY, /* always; the certificate is not checked */
    DSN_TLS_VERIFY,      /* tls=true: always, and the certificate is checked */
};

/* Where a database is, and the account to use there. */
struct dsn {
    char user[81];
    char password[129];
    char host[256]; /* empty: a Unix socket */
    int port;
    char socket[108]; /* empty: TCP */
    char database[65];
    enum dsn_tls tls;
    char tls_ca[256]; /* file of certificates to trust; empty: the system's */
};

/* The value of tls= for a setting; NULL for the default. */
const char *dsn_tls_name(enum dsn_tls tls);

/* Reads "user:pass@tcp(host:port)/db" or "user:pass@unix(/path)/db", as Go's
 * MySQL driver writes it, or the URL "mysql://user:pass@host:port/db" with
 * percent encoding. The port may be left out (3306), and so may the password.
 * Parameters after '?': tls=true|skip-verify|preferred|false, tls-ca=FILE
 * (percent encoded), and those of Go's driver that ask for what is done anyway
 * (parseTime, loc=UTC, charset and collation of utf8mb4). Any other is refused.
 *
 * On failure returns false and says in *reterr_error what was expected, never
 * the password; *ret_dsn is then untouched. */
bool dsn_parse(const char *text, struct dsn *ret_dsn, const char **reterr_error);

#endif
