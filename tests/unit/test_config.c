/* SPDX-License-Identifier: MIT */
/* The environment: every variable's default, its other name, and the values that it accepts and refuses. */

#include "tests/unit/unit.h"

#include "booking/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One row for each variable: what --check-config shows when it is not set, and when it is. */
static const struct {
    const char *name;
    const char *alias;
    const char *unset;
    const char *value;
    const char *shown; /* NULL: the same as the value */
} variables[] = {
    { "SERVER_PORT", NULL, "8080", "65535", NULL },
    { "LISTEN_ADDRESS", NULL, "127.0.0.1", "0.0.0.0", NULL },
    { "DATABASE_DSN", "DATABASE_URL", "booking_user:****@tcp(localhost:3306)/flight_booking", "u:geheim@unix(/s)/d",
      "u:****@unix(/s)/d" },
    { "RESERVATION_TIMEOUT", "SEAT_RESERVATION_TIMEOUT", "15m", "1h30m", NULL },
    { "RESERVATION_LIMIT", NULL, "0s", "2h", NULL },
    { "PAYMENT_TIMEOUT", "PAYMENT_VALIDATION_TIMEOUT", "10s", "500ms", NULL },
    { "PAYMENT_MAX_RETRIES", "MAX_PAYMENT_RETRIES", "3", "5", NULL },
    { "PAYMENT_FAILURE_RATE", NULL, "0.15", "0.5", NULL },
    { "PAYMENT_MAX_DELAY", NULL, "5s", "0", "0s" },
    { "PAYMENT_GATEWAY", NULL, "", "", NULL },
    { "STRIPE_SECRET_KEY", NULL, "", "sk_live_geheimgeheim", "****" },
    { "STRIPE_WEBHOOK_SECRET", NULL, "", "whsec_geheimgeheim", "****" },
    { "STRIPE_WEBHOOK_SECRET_BEFORE", NULL, "", "whsec_geheimgeheim", "****" },
    { "STRIPE_API_URL", NULL, "https://api.stripe.com", "http://127.0.0.1:12111", NULL },
    { "PAYMENT_GATEWAY_URL", NULL, "http://127.0.0.1:8081", "https://pay.example/v1", NULL },
    { "PAYMENT_GATEWAY_TOKEN", NULL, "", "geheim-and-longer", "****" },
    { "PAYMENT_PENDING_TIMEOUT", NULL, "15m", "1h", NULL },
    { "PAYMENT_NOTIFY_SECRET", NULL, "", "geheim-and-longer", "****" },
    { "PAYMENT_CODE", NULL, "required", "none", NULL },
    { "KEEP_HOLD_AFTER_DECLINE", NULL, "false", "yes", "true" },
    { "PAYMENT_SIMULATOR", NULL, "false", "1", "true" },
    { "MAX_SEATS_PER_ORDER", NULL, "9", "32", NULL },
    { "MAX_OPEN_HOLDS_PER_USER", NULL, "0", "5", NULL },
    { "ALLOWED_ORIGIN", NULL, "", "https://page.example", NULL },
    { "ADMIN_TOKEN", NULL, "", "geheim-and-longer", "****" },
    { "ALLOW_RESET", NULL, "false", "true", NULL },
    { "TRUST_REMOTE_USER", NULL, "false", "yes", "true" },
    { "ROLE_GROUPS", NULL, "", "viewer:readers, admin:it:chiefs,admin:it", NULL },
    { "CUSTOMERS", NULL, "open", "signed-in", NULL },
    { "ORPHAN_RULE", NULL, "off", "refuse", NULL },
    { "PASSENGERS", NULL, "off", "required", NULL },
    { "NAME_CHANGE_UNTIL", NULL, "off", "24h", NULL },
    { "TERMS_URL", NULL, "", "https://air.example/terms", NULL },
    { "PRIVACY_URL", NULL, "", "https://air.example/privacy", NULL },
    { "SEAT_CHANGE_UNTIL", NULL, "off", "48h", NULL },
    { "RETENTION", NULL, "0s", "2160h", NULL },
    { "CONFIRMATION_URL", NULL, "", "http://localhost:9/x?key=geheim", "http://localhost:9/x?****" },
    { "WEBHOOK_URL", NULL, "", "", NULL },
    { "WEBHOOK_SECRET", NULL, "", "whsec_geheimgeheimgeheim", "****" },
    { "WEBHOOK_SECRET_BEFORE", NULL, "", "whsec_geheimgeheimgeheim", "****" },
    { "SMTP_URL", NULL, "", "", NULL },
    { "SMTP_TLS", NULL, "required", "opportunistic", NULL },
    { "SMTP_CA", NULL, "", "/etc/ssl/inner.pem", NULL },
    { "SMTP_CONNECTIONS", NULL, "16", "256", NULL },
    { "MAIL_FROM", NULL, "", "Air Example <booking@air.example>", NULL },
    { "MAIL_TEMPLATES", NULL, "", "/etc/booking/mail", NULL },
    { "PUBLIC_URL", NULL, "", "https://air.example/booking", NULL },
    { "LOG_LEVEL", NULL, "info", "debug", NULL },
    { "SWEEPER_MAX_IN_FLIGHT", NULL, "256", "1", NULL },
    { "SWEEPER_POLL_INTERVAL", NULL, "1s", "10ms", NULL },
    { "SWEEPER_WAKE_DIR", NULL, "", "/run/booking/wake", NULL },
    { "METRICS_FILE", NULL, "", "/run/booking/metrics", NULL },
    { "API_WORKERS", NULL, "16", "1000", NULL },
    { "GATEWAY_PORT", NULL, "8081", "65535", NULL },
    { "GATEWAY_WORKERS", NULL, "64", "512", NULL },
    { "SWEEPERS", NULL, "1", "0", NULL },
    { "DATABASE_READ_DSN", NULL, "", "r:geheim@tcp(h:1)/x", "r:****@tcp(h:1)/x" },
    { "MIGRATION_DSN", NULL, "booking_user:****@tcp(localhost:3306)/flight_booking", "o:geheim@tcp(h:1)/x",
      "o:****@tcp(h:1)/x" },
    { "GATEWAY_DATABASE_DSN", NULL, "booking_user:****@tcp(localhost:3306)/payment_gateway", "mysql://g@h/p",
      "g@tcp(h:3306)/p" },
    { "GATEWAY_MIGRATION_DSN", NULL, "booking_user:****@tcp(localhost:3306)/payment_gateway", "g:geheim@unix(/s)/p",
      "g:****@unix(/s)/p" },
};

static void clear_environment(void)
{
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        unsetenv(variables[i].name);
        if (variables[i].alias != NULL)
            unsetenv(variables[i].alias);
    }
}

static void load(struct config *config)
{
    char error[1024] = "";
    check(config_load(config, error, sizeof error), "refused: %s", error);
}

/* The output of --check-config. */
static const char *shown(const struct config *config)
{
    static char text[8192];
    FILE *f = fmemopen(text, sizeof text, "w");
    assert_non_null(f);
    config_print(config, f);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void expect_line(const struct config *config, const char *name, const char *value)
{
    char line[512];
    const char *all = shown(config);
    (void)snprintf(line, sizeof line, "%s=%s\n", name, value);
    const char *found = strstr(all, line);
    while (found != NULL && found != all && found[-1] != '\n') /* the end of another's name */
        found = strstr(found + 1, line);
    check(found != NULL && (found == all || found[-1] == '\n'), "no line %sin\n%s", line, all);
    check(strstr(all, "geheim") == NULL && strstr(all, "booking_pass") == NULL, "a secret is shown:\n%s", all);
}

static const char *shown_value(size_t i)
{
    return variables[i].shown != NULL ? variables[i].shown : variables[i].value;
}

static void defaults(void **state)
{
    struct config config;
    (void)state;
    clear_environment();
    load(&config);
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        expect_line(&config, variables[i].name, variables[i].unset);
}

/* The table above is complete: a new variable must be added to it. */
static void no_variable_is_missing_here(void **state)
{
    struct config config;
    size_t lines = 0;
    (void)state;
    clear_environment();
    load(&config);
    for (const char *p = shown(&config); *p != '\0'; p++)
        lines += *p == '\n' ? 1 : 0;
    assert_int_equal(lines, COUNT_OF(variables));
}

static void empty_means_unset(void **state)
{
    struct config config;
    (void)state;
    clear_environment();
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        setenv(variables[i].name, "", 1);
        if (variables[i].alias != NULL)
            setenv(variables[i].alias, "", 1);
    }
    load(&config);
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        expect_line(&config, variables[i].name, variables[i].unset);
}

static void each_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        struct config config;
        clear_environment();
        setenv(variables[i].name, variables[i].value, 1);
        load(&config);
        expect_line(&config, variables[i].name, shown_value(i));
    }
}

static void other_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        struct config config;
        if (variables[i].alias == NULL)
            continue;
        clear_environment();
        setenv(variables[i].alias, variables[i].value, 1);
        load(&config);
        expect_line(&config, variables[i].name, shown_value(i));

        /* The proper name has precedence over the other, unless it is empty. */
        setenv(variables[i].name, "", 1);
        load(&config);
        expect_line(&config, variables[i].name, shown_value(i));
        setenv(variables[i].alias, "nonsense", 1);
        setenv(variables[i].name, variables[i].value, 1);
        load(&config);
        expect_line(&config, variables[i].name, shown_value(i));
    }
}

static void fields(void **state)
{
    struct config config;
    (void)state;
    clear_environment();
    load(&config);
    assert_int_equal(config.server_port, 8080);
    assert_int_equal(config.reservation_timeout_ms, 900000);
    assert_int_equal(config.payment_timeout_ms, 10000);
    assert_int_equal(config.payment_max_attempts, 3);
    assert_true(config.payment_failure_rate > 0.149 && config.payment_failure_rate < 0.151);
    assert_int_equal(config.payment_max_delay_ms, 5000);
    assert_false(config.payment_simulator);
    assert_int_equal(config.max_seats_per_order, 9);
    assert_int_equal(config.sweeper_max_in_flight, 256);
    assert_int_equal(config.sweeper_poll_interval_ms, 1000);
    assert_int_equal(config.api_workers, 16);
    assert_string_equal(config.database.password, "booking_pass");
}

/* Databases that are not named default to those that are. */
static void databases_follow(void **state)
{
    struct config config;
    (void)state;
    clear_environment();
    setenv("DATABASE_DSN", "a:b@unix(/s)/d", 1);
    load(&config);
    expect_line(&config, "MIGRATION_DSN", "a:****@unix(/s)/d");
    expect_line(&config, "GATEWAY_DATABASE_DSN", "a:****@unix(/s)/payment_gateway");
    expect_line(&config, "GATEWAY_MIGRATION_DSN", "a:****@unix(/s)/payment_gateway");
    setenv("GATEWAY_DATABASE_DSN", "g@tcp(h)/books", 1);
    setenv("MIGRATION_DSN", "o@tcp(h)/d", 1);
    load(&config);
    expect_line(&config, "DATABASE_DSN", "a:****@unix(/s)/d");
    expect_line(&config, "MIGRATION_DSN", "o@tcp(h:3306)/d");
    expect_line(&config, "GATEWAY_MIGRATION_DSN", "g@tcp(h:3306)/books");
}

/* One word says what two settings said before, and wins over them. */
static void a_gateway_by_its_name(void **state)
{
    static const struct {
        const char *gateway;
        const char *url;
        const char *simulator;
    } rows[] = {
        { "simulator", "http://127.0.0.1:9091", "true" },
        { "stripe", "http://127.0.0.1:9091", "false" },
        { "https://pay.example/v1", "https://pay.example/v1", "false" },
        { "", "https://other.example", "true" },
    };
    struct config config;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        clear_environment();
        setenv("PAYMENT_GATEWAY_URL", "https://other.example", 1);
        setenv("PAYMENT_SIMULATOR", "true", 1);
        setenv("GATEWAY_PORT", "9091", 1);
        setenv("PAYMENT_GATEWAY", rows[i].gateway, 1);
        load(&config);
        expect_line(&config, "PAYMENT_GATEWAY", rows[i].gateway);
        expect_line(&config, "PAYMENT_GATEWAY_URL", rows[i].url);
        expect_line(&config, "PAYMENT_SIMULATOR", rows[i].simulator);
    }
}

static void refused(const char *name, const char *shown_name, const char *value)
{
    char error[1024] = "";
    struct config config;
    setenv(name, value, 1);
    check(!config_load(&config, error, sizeof error), "%s=\"%s\" is accepted", name, value);
    check(strncmp(error, shown_name, strlen(shown_name)) == 0 && error[strlen(shown_name)] == ':',
          "%s=\"%s\": the message does not begin with the name: %s", name, value, error);
    check(strchr(error, '\n') == NULL || strchr(value, '\n') != NULL, "%s=\"%s\": more than one line: %s", name, value,
          error);
    check(strlen(error) > strlen(shown_name) + 10, "%s=\"%s\": says nothing: %s", name, value, error);
    check(strstr(error, "geheim") == NULL, "%s=\"%s\": tells the secret: %s", name, value, error);
    unsetenv(name);
}

static void bad_values(void **state)
{
    static const struct {
        const char *name;
        const char *values[14];
    } rows[] = {
        { "SERVER_PORT", { "0", "65536", "-1", "80x", "eighty", "8080 ", "0x50", "80.0", "99999999999999999999" } },
        { "LISTEN_ADDRESS", { "a\nb", "\x7F" } },
        { "DATABASE_DSN", { "nonsense", "u:geheim@h/d", "u:geheim@tcp(h)/", "mysql://u:geheim@h", "http://h/d" } },
        { "RESERVATION_TIMEOUT",
          { "15", "15 m", "999ms", "0", "0s", "25h", "-15m", "15M", "1d", "fifteen", "86400001ms" } },
        { "RESERVATION_LIMIT", { "15", "-1h", "721h", "none", "1ms", "14m59s999ms" } },
        { "PAYMENT_TIMEOUT", { "10", "99ms", "0", "1h1ms", "10S", "ten" } },
        { "PAYMENT_MAX_RETRIES", { "0", "101", "-3", "3.0", "three" } },
        { "PAYMENT_FAILURE_RATE",
          { "-0.1", "1.1", "15%", ".", "1e-1", "nan", "inf", "0x1", "0.1.5", "0,15", "half" } },
        { "PAYMENT_MAX_DELAY", { "5", "1h1s", "-1s", "x" } },
        { "PAYMENT_GATEWAY_URL",
          { "127.0.0.1:8081", "ftp://h", "file:///etc/passwd", "HTTP//h", " http://h", "http://h\n" } },
        { "PAYMENT_GATEWAY", { "Stripe", "none", "stripe,simulator", "ftp://h", "127.0.0.1:8081" } },
        { "STRIPE_SECRET_KEY", { "geheim", "geheim and blanks" } },
        { "STRIPE_WEBHOOK_SECRET", { "geheim" } },
        { "STRIPE_WEBHOOK_SECRET_BEFORE", { "geheim" } },
        { "STRIPE_API_URL", { "api.stripe.com" } },
        { "PAYMENT_GATEWAY_TOKEN",
          { "geheim", "geheim-15-chars", "geheim and blanks", "geheim-and-longer\n", "geheim-and-l\xC3\xB6nger" } },
        { "PAYMENT_PENDING_TIMEOUT", { "999ms", "0s", "24h1ms", "15" } },
        { "PAYMENT_NOTIFY_SECRET", { "geheim", "geheim-15-chars", "geheim and blanks" } },
        { "PAYMENT_CODE", { "None", "optional", "required, none" } },
        { "KEEP_HOLD_AFTER_DECLINE", { "YES", "keep", "2" } },
        { "PAYMENT_SIMULATOR", { "YES", "TRUE", "on", "2", "truee" } },
        { "MAX_SEATS_PER_ORDER", { "0", "33", "nine" } },
        { "MAX_OPEN_HOLDS_PER_USER", { "-1", "1000001", "none" } },
        { "ALLOWED_ORIGIN", { "https://a\r\nX: y" } },
        { "ADMIN_TOKEN",
          { "geheim", "geheim-15-chars", "geheim and blanks", "geheim-and-longer\n", "geheim-and-l\xC3\xB6nger", "None" } },
        { "ALLOW_RESET", { "yess", "TRUE" } },
        { "TRUST_REMOTE_USER", { "Yes", "on" } },
        { "CUSTOMERS", { "signed", "Open", "open, signed-in", "open,", "n" } },
        { "ROLE_GROUPS", { "chief:it", "admin", "admin:", "admin:it,viewer", ":it", "admin:it;viewer:x:,:" } },
        { "ORPHAN_RULE", { "on", "Off", "warn,", "no" } },
        { "PASSENGERS", { "on", "Optional", "yes", "off, optional" } },
        { "NAME_CHANGE_UNTIL", { "Off", "-1s", "24", "8785h", "1d" } },
        { "TERMS_URL", { "air.example/terms", "javascript:alert(1)" } },
        { "PRIVACY_URL", { "/privacy", "https://a b" } },
        { "SEAT_CHANGE_UNTIL", { "Off", "-1s", "24", "8785h", "1d" } },
        { "RETENTION", { "-1s", "200000h", "1d" } },
        { "CONFIRMATION_URL", { "example.org", "javascript:alert(1)" } },
        { "WEBHOOK_URL", { "ftp://x", "http://" } },
        { "WEBHOOK_SECRET", { "short", "with a blank in it" } },
        { "WEBHOOK_SECRET_BEFORE", { "short" } },
        { "SMTP_URL", { "http://h", "smtp://", "smtp:h", "smtps//h", "mail.example:25", "smtp://h\n", "smtp://u:geheim@" } },
        { "SMTP_TLS", { "yes", "Required", "starttls" } },
        { "SMTP_CA", { "/etc/\x01" } },
        { "SMTP_CONNECTIONS", { "0", "257", "many" } },
        { "MAIL_FROM", { "Air", "Air <a@b", "a@b c", "a@b\r\nBcc: c@d", "a@b, c@d" } },
        { "MAIL_TEMPLATES", { "/etc/\n" } },
        { "PUBLIC_URL", { "air.example", "javascript:alert(1)", "https://" } },
        { "LOG_LEVEL", { "INFO", "warning", "2", "trace", " info" } },
        { "SWEEPER_MAX_IN_FLIGHT", { "0", "10001", "many" } },
        { "SWEEPER_POLL_INTERVAL", { "9ms", "0", "10m1ms", "1" } },
        { "SWEEPER_WAKE_DIR", { "/run/\x01" } },
        { "METRICS_FILE", { "/run/\x7F" } },
        { "API_WORKERS", { "0", "1001", "-1" } },
        { "GATEWAY_PORT", { "0", "65536" } },
        { "GATEWAY_WORKERS", { "0", "513" } },
        { "SWEEPERS", { "-1", "65" } },
        { "DATABASE_READ_DSN", { "nonsense", "u:geheim@tcp(h)" } },
        { "MIGRATION_DSN", { "nonsense", "u:geheim@tcp(h)" } },
        { "GATEWAY_DATABASE_DSN", { "nonsense" } },
        { "GATEWAY_MIGRATION_DSN", { "nonsense" } },
    };
    (void)state;
    assert_int_equal(COUNT_OF(rows), COUNT_OF(variables));
    clear_environment();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (size_t k = 0; k < COUNT_OF(rows[i].values) && rows[i].values[k] != NULL; k++)
            refused(rows[i].name, rows[i].name, rows[i].values[k]);
    }
    refused("SEAT_RESERVATION_TIMEOUT", "SEAT_RESERVATION_TIMEOUT", "1x");
    refused("PAYMENT_VALIDATION_TIMEOUT", "PAYMENT_VALIDATION_TIMEOUT", "1x");
    refused("MAX_PAYMENT_RETRIES", "MAX_PAYMENT_RETRIES", "x");
    refused("DATABASE_URL", "DATABASE_URL", "mysql://u:geheim@h");
}

/* An order must not be limited to less time than one hold lasts. */
static void two_that_do_not_agree(void **state)
{
    struct config config;
    (void)state;
    clear_environment();
    setenv("RESERVATION_TIMEOUT", "20m", 1);
    refused("RESERVATION_LIMIT", "RESERVATION_LIMIT", "19m");
    refused("WEBHOOK_URL", "WEBHOOK_SECRET", "https://receiver.example/unsigned");
    refused("SMTP_URL", "MAIL_FROM", "smtp://mail.example");
    setenv("RESERVATION_LIMIT", "20m", 1);
    load(&config);
    assert_int_equal(config.reservation_limit_ms, config.reservation_timeout_ms);
    setenv("RESERVATION_LIMIT", "0", 1);
    load(&config);
    clear_environment();
}

/* A mail server's password is shown no more than any other. */
static void mail_servers(void **state)
{
    static const char *const rows[][2] = { { "smtp://u:geheim@mail.example:587", "smtp://****@mail.example:587" },
                                           { "smtps://mail.example", "smtps://mail.example" } };
    (void)state;
    clear_environment();
    setenv("MAIL_FROM", "a@b", 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config config;
        setenv("SMTP_URL", rows[i][0], 1);
        load(&config);
        expect_line(&config, "SMTP_URL", rows[i][1]);
        assert_true(config_sends_mail(&config));
    }
    clear_environment();
}

static void values_too_long(void **state)
{
    static const char *const names[] = { "LISTEN_ADDRESS", "ALLOWED_ORIGIN", "ADMIN_TOKEN", "SWEEPER_WAKE_DIR" };
    char value[CONFIG_TEXT_SIZE + 1];
    (void)state;
    clear_environment();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct config config;
        memset(value, 'x', sizeof value);
        value[CONFIG_TEXT_SIZE - 1] = '\0';
        setenv(names[i], value, 1);
        load(&config);
        value[CONFIG_TEXT_SIZE - 1] = 'x';
        value[CONFIG_TEXT_SIZE] = '\0';
        refused(names[i], names[i], value);
    }
}

/* A value of any length gives one line, which fits the buffer. */
static void a_message_keeps_to_its_buffer(void **state)
{
    static char value[5000];
    char error[64];
    struct config config;
    (void)state;
    clear_environment();
    memset(value, '9', sizeof value - 1);
    memset(error, '#', sizeof error);
    setenv("SERVER_PORT", value, 1);
    assert_false(config_load(&config, error, 40));
    assert_int_equal(strlen(error), 39);
    assert_int_equal(error[40], '#');
    unsetenv("SERVER_PORT");
}

RUN_TESTS(cmocka_unit_test(defaults), cmocka_unit_test(no_variable_is_missing_here),
          cmocka_unit_test(empty_means_unset), cmocka_unit_test(each_is_read), cmocka_unit_test(other_names),
          cmocka_unit_test(fields), cmocka_unit_test(databases_follow),
        cmocka_unit_test(a_gateway_by_its_name), cmocka_unit_test(bad_values),
          cmocka_unit_test(two_that_do_not_agree), cmocka_unit_test(mail_servers), cmocka_unit_test(values_too_long), cmocka_unit_test(a_message_keeps_to_its_buffer))
