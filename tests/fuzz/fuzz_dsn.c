/* SPDX-License-Identifier: MIT */
/* Database addresses: an accepted DSN names a user, a database and one place, and a refusal never
 * shows the password. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/dsn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct dsn dsn = {0};
    const char *error = NULL;
    if (dsn_parse(text, &dsn, &error)) {
        PROMISE(dsn.user[0] != '\0' && dsn.database[0] != '\0');
        PROMISE((dsn.host[0] != '\0') != (dsn.socket[0] != '\0'));
        PROMISE(dsn.host[0] == '\0' || (dsn.port >= 1 && dsn.port <= 65535));
    } else {
        PROMISE(error != NULL && dsn.user[0] == '\0');
        /* The error is one of two fixed sentences, whatever the input was. */
        struct dsn other;
        const char *forms = NULL;
        const char *parameters = NULL;
        PROMISE(!dsn_parse("", &other, &forms) && !dsn_parse("u@tcp(h)/d?x=y", &other, &parameters));
        PROMISE(error == forms || error == parameters);
    }
    free(text);
    return 0;
}
