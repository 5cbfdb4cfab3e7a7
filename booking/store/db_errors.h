/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_DB_ERRORS_H
#define BOOKING_STORE_DB_ERRORS_H

#include "booking/core/result.h"

#include <stdbool.h>
#include <stddef.h>

/* What an error number of a server, of a proxy in front of it, or of the client
 * library means for us. The numbers are those of MySQL 8 and 9, MariaDB 10.6 to
 * 11.8, Galera, group replication, ProxySQL and RDS Proxy
 * (https://dev.mysql.com/doc/mysql-errors/en/,
 * https://mariadb.com/kb/en/mariadb-error-code-reference/). Pure. */
struct db_meaning {
    /* RESULT_RETRY: run the transaction again. RESULT_UNAVAILABLE: not now.
     * RESULT_DUPLICATE. RESULT_INTERNAL: a defect of ours. */
    enum result result;
    /* The connection is gone, or leads to a server that will not serve us, or has forgotten our statements: connect
     * again before anything else. */
    bool anew;
};

struct db_meaning db_error_meaning(unsigned int number);

/* The table's numbers, ascending, for the test that walks them. */
const unsigned int *db_error_numbers(size_t *ret_count);

#endif
