#ifndef BOOKING_CORE_DSN_H
#define BOOKING_CORE_DSN_H

#include <stdbool.h>
#include <stddef.h>

/* Where a database is and who we are there. */
struct dsn {
    char user[81];
    char password[129];
    char host[256];    /* empty: a Unix socket */
    int port;
    char socket[108];  /* empty: TCP */
    char database[65];
};

/* Reads "user:pass@tcp(host:port)/db" or "user:pass@unix(/path)/db", as Go's
 * MySQL driver has it, or the URL "mysql://user:pass@host:port/db" with percent
 * encoding. The port may be left out (3306), the password too. Parameters
 * after '?' are accepted and ignored.
 *
 * On failure returns false and says in ret_error (never the password) what was
 * expected; *ret_dsn is then untouched. */
bool dsn_parse(const char *text, struct dsn *ret_dsn, const char **ret_error);

#endif
