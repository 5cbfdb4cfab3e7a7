/* SPDX-License-Identifier: MIT */
#include "booking/store/db_errors.h"

/* An error that is not listed is a defect, such as a column that does not exist (RESULT_INTERNAL), or in one of the
 * ranges below. */
static const struct {
    unsigned int number;
    struct db_meaning meaning;
} errors[] = {
    { 1015, { RESULT_UNAVAILABLE, false } }, /* a file cannot be locked */
    { 1020, { RESULT_RETRY, false } },       /* MariaDB: a row has changed since it was read */
    { 1021, { RESULT_UNAVAILABLE, false } }, /* disk full */
    { 1026, { RESULT_UNAVAILABLE, false } }, /* a file cannot be written */
    { 1028, { RESULT_UNAVAILABLE, false } }, /* sorting was aborted */
    { 1030, { RESULT_UNAVAILABLE, false } }, /* an error of the storage engine */
    { 1036, { RESULT_UNAVAILABLE, true } },  /* the table is read-only */
    { 1037, { RESULT_UNAVAILABLE, false } }, /* out of memory */
    { 1038, { RESULT_UNAVAILABLE, false } }, /* out of memory for sorting */
    { 1040, { RESULT_UNAVAILABLE, false } }, /* too many connections */
    { 1041, { RESULT_UNAVAILABLE, false } }, /* out of resources */
    { 1042, { RESULT_UNAVAILABLE, true } },  /* the host's name cannot be resolved */
    { 1043, { RESULT_UNAVAILABLE, true } },  /* bad handshake */
    { 1044, { RESULT_UNAVAILABLE, true } },  /* no right to this database, which may be being restored */
    { 1045, { RESULT_UNAVAILABLE, true } },  /* access denied */
    { 1047, { RESULT_UNAVAILABLE, true } },  /* Galera: the node is not ready */
    { 1049, { RESULT_UNAVAILABLE, true } },  /* no such database; it may be being restored */
    { 1053, { RESULT_UNAVAILABLE, true } },  /* the server is shutting down */
    { 1062, { RESULT_DUPLICATE, false } },   /* duplicate key */
    { 1077, { RESULT_UNAVAILABLE, true } },  /* shut down */
    { 1079, { RESULT_UNAVAILABLE, true } },  /* shut down */
    { 1080, { RESULT_UNAVAILABLE, true } },  /* the server is closing the connection */
    { 1114, { RESULT_UNAVAILABLE, false } }, /* the table is full */
    { 1129, { RESULT_UNAVAILABLE, true } },  /* this host is blocked */
    { 1130, { RESULT_UNAVAILABLE, true } },  /* this host may not connect */
    { 1135, { RESULT_UNAVAILABLE, false } }, /* no thread can be created */
    { 1152, { RESULT_UNAVAILABLE, true } },  /* the server has closed the connection */
    { 1153, { RESULT_UNAVAILABLE, true } },  /* the packet is too large; the server hangs up */
    { 1154, { RESULT_UNAVAILABLE, true } },  /* read error */
    { 1155, { RESULT_UNAVAILABLE, true } },  /* socket error */
    { 1156, { RESULT_UNAVAILABLE, true } },  /* packets out of order */
    { 1157, { RESULT_UNAVAILABLE, true } },  /* a packet cannot be unpacked */
    { 1158, { RESULT_UNAVAILABLE, true } },  /* read error */
    { 1159, { RESULT_UNAVAILABLE, true } },  /* read timeout */
    { 1160, { RESULT_UNAVAILABLE, true } },  /* write error */
    { 1161, { RESULT_UNAVAILABLE, true } },  /* write timeout */
    { 1180, { RESULT_UNAVAILABLE, false } }, /* an error during COMMIT; Galera: the node has left its cluster */
    { 1184, { RESULT_UNAVAILABLE, true } },  /* the server has closed the connection */
    { 1192, { RESULT_UNAVAILABLE, false } }, /* locked tables or a transaction are in the way */
    { 1197, { RESULT_UNAVAILABLE, false } }, /* the transaction is too large for the binary log's cache */
    { 1203, { RESULT_UNAVAILABLE, false } }, /* too many connections for this account */
    { 1205, { RESULT_RETRY, false } },       /* the wait for a lock timed out: on a row, or on a table's metadata */
    { 1206, { RESULT_UNAVAILABLE, false } }, /* no room for more locks */
    { 1213, { RESULT_RETRY, false } },       /* deadlock; Galera: the change was not certified */
    { 1223, { RESULT_UNAVAILABLE, false } }, /* a global read lock is in the way */
    { 1226, { RESULT_UNAVAILABLE, false } }, /* this account has reached one of its limits */
    { 1243, { RESULT_RETRY, true } },        /* unknown statement handle: this is another session */
    { 1290, { RESULT_UNAVAILABLE, true } },  /* read-only: another server writes now */
    { 1317, { RESULT_UNAVAILABLE, false } }, /* an operator killed the statement */
    { 1412, { RESULT_RETRY, false } },       /* the table's definition has changed */
    { 1461, { RESULT_UNAVAILABLE, true } },  /* too many prepared statements: ours go with the connection */
    { 1586, { RESULT_DUPLICATE, false } },   /* duplicate key, named */
    { 1613, { RESULT_RETRY, false } },       /* rolled back: it took too long */
    { 1614, { RESULT_RETRY, false } },       /* rolled back: deadlock */
    { 1615, { RESULT_RETRY, true } },        /* the statement must be prepared again */
    { 1637, { RESULT_UNAVAILABLE, false } }, /* too many transactions at once */
    { 1689, { RESULT_RETRY, false } },       /* the wait for a lock was aborted in favor of another session */
    { 1698, { RESULT_UNAVAILABLE, true } },  /* access denied */
    { 1705, { RESULT_UNAVAILABLE, false } }, /* the binary log's cache is full */
    { 1792, { RESULT_UNAVAILABLE, true } },  /* the transaction is read-only */
    { 1820, { RESULT_UNAVAILABLE, true } },  /* the password has expired */
    { 1836, { RESULT_UNAVAILABLE, true } },  /* read-only: another server writes now */
    { 1862, { RESULT_UNAVAILABLE, true } },  /* the password has expired */
    { 1874, { RESULT_UNAVAILABLE, true } },  /* InnoDB is read-only */
    { 1927, { RESULT_UNAVAILABLE, true } },  /* an operator killed the connection */
    { 1969, { RESULT_UNAVAILABLE, false } }, /* MariaDB: the statement took too long */
    { 3015, { RESULT_UNAVAILABLE, false } }, /* the engine is out of memory */
    { 3019, { RESULT_UNAVAILABLE, false } }, /* the undo log is full */
    { 3024, { RESULT_UNAVAILABLE, false } }, /* MySQL: the statement took too long */
    { 3032, { RESULT_UNAVAILABLE, true } },  /* the server is offline for all but its administrators */
    { 3058, { RESULT_RETRY, false } },       /* deadlock of named locks */
    { 3098, { RESULT_UNAVAILABLE, true } },  /* group replication refuses the table */
    { 3100, { RESULT_UNAVAILABLE, true } },  /* group replication: the member cannot write now */
    { 3101, { RESULT_RETRY, false } },       /* group replication rolled the transaction back */
    { 3118, { RESULT_UNAVAILABLE, true } },  /* MySQL: the account is locked */
    { 3132, { RESULT_RETRY, false } },       /* locking service: deadlock */
    { 3133, { RESULT_RETRY, false } },       /* locking service: timeout */
    { 3159, { RESULT_UNAVAILABLE, true } },  /* the server requires TLS */
    { 3168, { RESULT_UNAVAILABLE, true } },  /* the server is not available */
    { 3169, { RESULT_UNAVAILABLE, true } },  /* the session was killed */
    { 3170, { RESULT_UNAVAILABLE, false } }, /* a memory limit was reached */
    { 3572, { RESULT_RETRY, false } },       /* a lock was not available at once */
    { 3675, { RESULT_UNAVAILABLE, false } }, /* disk full */
    { 3796, { RESULT_UNAVAILABLE, true } },  /* group replication: a new primary took too long */
    { 3797, { RESULT_UNAVAILABLE, true } },  /* group replication: the wait for a new primary was aborted */
    { 3955, { RESULT_UNAVAILABLE, true } },  /* MySQL: the account is blocked after wrong passwords */
    { 4031, { RESULT_UNAVAILABLE, true } },  /* MySQL: the connection idled too long */
    { 4145, { RESULT_UNAVAILABLE, false } }, /* a backup has the lock */
    { 4150, { RESULT_UNAVAILABLE, true } },  /* MariaDB: the account is blocked after wrong passwords */
    { 4151, { RESULT_UNAVAILABLE, true } },  /* MariaDB: the account is locked */
    { 4166, { RESULT_UNAVAILABLE, false } }, /* switched off on this server */
};
#define ERROR_COUNT (sizeof errors / sizeof errors[0])

/* The client library's own errors: a connection that cannot be made, has broken, or no longer makes sense. Also those
 * of ProxySQL (9001 …) and RDS Proxy (9501 …), which have no server for us at the moment. */
static bool is_lost(unsigned int number)
{
    return (number >= 2000 && number < 3000) || (number >= 9000 && number < 10000);
}

struct db_meaning db_error_meaning(unsigned int number)
{
    for (size_t i = 0; i < ERROR_COUNT; i++) {
        if (errors[i].number == number)
            return errors[i].meaning;
    }
    return (struct db_meaning){ is_lost(number) ? RESULT_UNAVAILABLE : RESULT_INTERNAL, is_lost(number) };
}

const unsigned int *db_error_numbers(size_t *ret_count)
{
    static unsigned int numbers[ERROR_COUNT];
    for (size_t i = 0; i < ERROR_COUNT; i++)
        numbers[i] = errors[i].number;
    *ret_count = ERROR_COUNT;
    return numbers;
}
