/* SPDX-License-Identifier: MIT */
/* Database addresses. */

#include "tests/unit/unit.h"

#include "booking/base/dsn.h"

#include <stdio.h>
#include <string.h>

#define AS_USUAL DSN_TLS_DEFAULT, ""

static void valid(void **state)
{
    static const struct {
        const char *text;
        struct dsn want;
    } rows[] = {
        { "u:p@tcp(db.example:3307)/d", { "u", "p", "db.example", 3307, "", "d", AS_USUAL } },
        { "u:p@tcp(db)/d", { "u", "p", "db", 3306, "", "d", AS_USUAL } },
        { "u@tcp(127.0.0.1:3306)/d", { "u", "", "127.0.0.1", 3306, "", "d", AS_USUAL } },
        { "u:@tcp(h)/d", { "u", "", "h", 3306, "", "d", AS_USUAL } },
        { "u:p@tcp([::1]:3308)/d", { "u", "p", "::1", 3308, "", "d", AS_USUAL } },
        { "u:p@tcp([::1])/d", { "u", "p", "::1", 3306, "", "d", AS_USUAL } },
        { "u:p@tcp(h:65535)/d?parseTime=true&loc=UTC", { "u", "p", "h", 65535, "", "d", AS_USUAL } },
        { "u:p@unix(/run/mysqld/mysqld.sock)/d", { "u", "p", "", 0, "/run/mysqld/mysqld.sock", "d", AS_USUAL } },
        { "u:p@unix(/a (b)/c)/d", { "u", "p", "", 0, "/a (b)/c", "d", AS_USUAL } },
        { "u:p:q@tcp(h)/d", { "u", "p:q", "h", 3306, "", "d", AS_USUAL } },
        { "u:p@q@tcp(h)/d", { "u", "p@q", "h", 3306, "", "d", AS_USUAL } },
        { "u:a@tcp(x)/y@tcp(h:1)/d", { "u", "a@tcp(x)/y", "h", 1, "", "d", AS_USUAL } },
        { "u:p%40@tcp(h)/d", { "u", "p%40", "h", 3306, "", "d", AS_USUAL } },
        { "mysql://u:p@h:3307/d", { "u", "p", "h", 3307, "", "d", AS_USUAL } },
        { "mysql://u@h/d", { "u", "", "h", 3306, "", "d", AS_USUAL } },
        { "u:p@tcp(h)/d?charset=utf8mb4&collation=utf8mb4_bin&parseTime=True", { "u", "p", "h", 3306, "", "d", AS_USUAL } },
        { "u:p?q@tcp(h)/d?", { "u", "p?q", "h", 3306, "", "d", AS_USUAL } },
        { "u:p@tcp(h)/d?tls=true", { "u", "p", "h", 3306, "", "d", DSN_TLS_VERIFY, "" } },
        { "u:p@tcp(h)/d?tls=false", { "u", "p", "h", 3306, "", "d", DSN_TLS_OFF, "" } },
        { "u:p@unix(/s)/d?tls=preferred", { "u", "p", "", 0, "/s", "d", DSN_TLS_PREFERRED, "" } },
        { "u:p@tcp(h)/d?tls=true&tls-ca=/etc/a%20b.pem", { "u", "p", "h", 3306, "", "d", DSN_TLS_VERIFY, "/etc/a b.pem" } },
        { "mysql://u:p@h/d?tls=skip-verify&tls-ca=/c", { "u", "p", "h", 3306, "", "d", DSN_TLS_SKIP_VERIFY, "/c" } },
        { "mysql://u:p@[::1]:3307/d", { "u", "p", "::1", 3307, "", "d", AS_USUAL } },
        { "mysql://u%40x:p%3a%2F%25@h/d%2d1", { "u@x", "p:/%", "h", 3306, "", "d-1", AS_USUAL } },
        { "mysql://u:p@q@h/d", { "u", "p@q", "h", 3306, "", "d", AS_USUAL } },
        { "mysql://u:%C3%A4@h/d", { "u", "ä", "h", 3306, "", "d", AS_USUAL } },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *error = NULL;
        const struct dsn *want = &rows[i].want;
        struct dsn got;
        check(dsn_parse(rows[i].text, &got, &error), "\"%s\": %s", rows[i].text, error);
        check(strcmp(got.user, want->user) == 0 && strcmp(got.password, want->password) == 0,
              "\"%s\": user \"%s\", password \"%s\"", rows[i].text, got.user, got.password);
        check(strcmp(got.host, want->host) == 0 && got.port == want->port && strcmp(got.socket, want->socket) == 0,
              "\"%s\": host \"%s\", port %d, socket \"%s\"", rows[i].text, got.host, got.port, got.socket);
        check(strcmp(got.database, want->database) == 0, "\"%s\": database \"%s\"", rows[i].text, got.database);
        check(got.tls == want->tls && strcmp(got.tls_ca, want->tls_ca) == 0, "\"%s\": tls %d, \"%s\"", rows[i].text,
              (int)got.tls, got.tls_ca);
    }
}

static void refuse(const char *text)
{
    const char *error = NULL;
    struct dsn dsn;
    struct dsn before;
    memset(&dsn, '#', sizeof dsn);
    before = dsn;
    check(!dsn_parse(text, &dsn, &error), "\"%s\" is no DSN", text);
    check(error != NULL && strstr(error, "expected") != NULL, "\"%s\": says what is expected", text);
    check(strstr(error, "secret") == NULL, "\"%s\": tells the password", text);
    check(memcmp(&dsn, &before, sizeof dsn) == 0, "\"%s\": refused, but the result was written", text);
}

static void invalid(void **state)
{
    static const char *const rows[] = {
        "", "/", "d", "u", "u:secret", "u:secret@", "u:secret@h/d", "u:secret@tcp/d", "u:secret@tcp(h)",
        "u:secret@tcp(h)/", "u:secret@tcp(h)/?x", "u:secret@tcp()/d", "u:secret@tcp(:3306)/d", "u:secret@tcp(h:)/d",
        "u:secret@tcp(h:0)/d", "u:secret@tcp(h:65536)/d", "u:secret@tcp(h:99999999)/d", "u:secret@tcp(h:-1)/d",
        "u:secret@tcp(h:+1)/d", "u:secret@tcp(h: 1)/d", "u:secret@tcp(h:3306x)/d", "u:secret@tcp(h:33:06)/d",
        "u:secret@tcp(h/d", "u:secret@tcp(h)d", "u:secret@tcp(h)x/d", "u:secret@tcp([::1)/d", "u:secret@tcp([])/d",
        "u:secret@tcp([::1]x)/d", "u:secret@tcp([::1]3306)/d", "u:secret@unix()/d", "u:secret@unix(/s)",
        "u:secret@unix(/s)/", "u:secret@udp(h)/d", "@tcp(h)/d", ":secret@tcp(h)/d", "tcp(h)/d", "u:secret@TCP(h)/d",
        "mysql:", "mysql://", "mysql://h", "mysql://h/d", "mysql://@h/d", "mysql://:secret@h/d", "mysql://u:secret@/d",
        "mysql://u:secret@h", "mysql://u:secret@h/", "mysql://u:secret@h:0/d", "mysql://u:secret@h:x/d",
        "mysql://u:secret%@h/d", "mysql://u:secret%4@h/d", "mysql://u:secret%zz@h/d", "mysql://u:secret%00@h/d",
        "u:secret@tcp(h)/d?tls=maybe", "u:secret@tcp(h)/d?tls", "u:secret@tcp(h)/d?ssl=0", "u:secret@tcp(h)/d?charset=latin1",
        "u:secret@tcp(h)/d?loc=Local", "u:secret@tcp(h)/d?tls=true&timeout=5s", "u:secret@tcp(h)/d?tls-ca=%zz",
        "mysql://u:secret@h/d?sslmode=require", "mysql://u:secret@h/d?TLS=true", "mysql://u:secret@h/d%0", "mysql://u:secret@[::1/d", "postgres://u:secret@h/d", "MYSQL://u:secret@h/d",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        refuse(rows[i]);
}

/* Each part may be as long as its field, and not a byte longer: nothing is cut silently. */
static void lengths(void **state)
{
    static const struct {
        const char *before, *after;
        size_t max;
    } rows[] = {
        { "", ":secret@tcp(h)/d", 80 },         { "u:", "@tcp(h)/d", 128 },
        { "u:secret@tcp(", ")/d", 255 },        { "u:secret@tcp(h)/", "", 64 },         { "u:secret@tcp(h)/d?tls-ca=", "", 255 },
        { "u:secret@unix(", ")/d", 107 },       { "mysql://", ":secret@h/d", 80 },
        { "mysql://u:", "@h/d", 128 },          { "mysql://u:secret@", "/d", 255 },
        { "mysql://u:secret@h/", "", 64 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t len = rows[i].max; len <= rows[i].max + 1; len++) {
            const char *error = NULL;
            char part[300] = "";
            char text[400];
            struct dsn dsn;
            memset(part, 'x', len);
            (void)snprintf(text, sizeof text, "%s%s%s", rows[i].before, part, rows[i].after);
            if (len > rows[i].max)
                refuse(text);
            else
                check(dsn_parse(text, &dsn, &error), "%s…%s with %zu bytes", rows[i].before, rows[i].after, len);
        }
    }
}

RUN_TESTS(cmocka_unit_test(valid), cmocka_unit_test(invalid), cmocka_unit_test(lengths))
