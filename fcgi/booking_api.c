/* SPDX-License-Identifier: MIT */
/* booking-api: the HTTP API as a FastCGI responder on file descriptor 0. */

#include "booking/config.h"
#include "booking/metrics.h"
#include "fcgi/router.h"

#include <errno.h>

int main(int argc, char **argv)
{
    struct config config;
    static const char usage[] = "booking-api [--check-config | --version | --help] < FastCGI socket";
    config_start_plain(argc, argv, usage, &config);

    struct router router = {
        .config = &config,
        .db = db_new(&config.database),
        .brief_db = db_new(&config.database),
    };
    db_set_patience(router.brief_db, DB_BRIEF);
    router.replica = (struct replica){ .primary = router.db };
    if (config.read_database.database[0] != '\0') {
        router.replica.db = db_new(&config.read_database);
        db_set_patience(router.replica.db, DB_BRIEF);
    }
    /* The pool for /health and /metrics runs this program under another name. */
    const char *name = program_invocation_short_name;
    metrics_open(config.metrics_file, name);
    int status = server_run(name, router_handle, &router);
    metrics_close();
    db_free(router.db);
    db_free(router.replica.db);
    db_free(router.brief_db);
    return status;
}
