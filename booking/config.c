/* SPDX-License-Identifier: MIT */
#include "booking/config.h"

#include "booking/base/duration.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/core/email.h"
#include "booking/core/role.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    NUMBER,
    DURATION,
    DURATION_OR_OFF,
    FRACTION,
    FLAG,
    TEXT,
    TOKEN,
    TOKEN_OR_NONE,
    URL,
    GATEWAY,
    MAIL_URL,
    SENDER,
    CHOICE,
    ROLE_MAP,
    DSN
};

/* One variable. The field is found by its offset, so that reading, checking
 * and printing are one loop each over one table. */
struct setting {
    const char *name;
    const char *alias; /* another name users know it by, or NULL */
    enum kind kind;
    size_t offset;
    const char *fallback;
    long long min, max; /* NUMBER; DURATION in milliseconds */
    bool secret;
    const char *choices; /* CHOICE: the words it may be, with ", " between them */
};

#define AT(field) offsetof(struct config, field)
#define HOUR_MS INT64_C(3600000)

static const struct setting settings[] = {
    { "SERVER_PORT", NULL, NUMBER, AT(server_port), "8080", 1, 65535, false, NULL },
    { "LISTEN_ADDRESS", NULL, TEXT, AT(listen_address), "127.0.0.1", 0, 0, false, NULL },
    { "DATABASE_DSN", "DATABASE_URL", DSN, AT(database), "booking_user:booking_pass@tcp(localhost:3306)/flight_booking",
      0, 0, false, NULL },
    { "DATABASE_READ_DSN", NULL, DSN, AT(read_database), "", 0, 0, false, NULL },
    { "RESERVATION_TIMEOUT", "SEAT_RESERVATION_TIMEOUT", DURATION, AT(reservation_timeout_ms), "15m", 1000,
      24 * HOUR_MS, false, NULL },
    { "RESERVATION_LIMIT", NULL, DURATION, AT(reservation_limit_ms), "0s", 0, 720 * HOUR_MS, false, NULL },
    { "PAYMENT_TIMEOUT", "PAYMENT_VALIDATION_TIMEOUT", DURATION, AT(payment_timeout_ms), "10s", 100, HOUR_MS, false,
      NULL },
    { "PAYMENT_MAX_RETRIES", "MAX_PAYMENT_RETRIES", NUMBER, AT(payment_max_attempts), "3", 1, 100, false, NULL },
    { "PAYMENT_FAILURE_RATE", NULL, FRACTION, AT(payment_failure_rate), "0.15", 0, 0, false, NULL },
    { "PAYMENT_MAX_DELAY", NULL, DURATION, AT(payment_max_delay_ms), "5s", 0, HOUR_MS, false, NULL },
    { "PAYMENT_GATEWAY", NULL, GATEWAY, AT(payment_gateway), "", 0, 0, false, NULL },
    { "PAYMENT_GATEWAY_URL", NULL, URL, AT(payment_gateway_url), "http://127.0.0.1:8081", 0, 0, false, NULL },
    { "PAYMENT_GATEWAY_TOKEN", NULL, TOKEN, AT(payment_gateway_token), "", 0, 0, true, NULL },
    { "PAYMENT_PENDING_TIMEOUT", NULL, DURATION, AT(payment_pending_timeout_ms), "15m", 1000, 24 * HOUR_MS, false,
      NULL },
    { "PAYMENT_NOTIFY_SECRET", NULL, TOKEN, AT(payment_notify_secret), "", 0, 0, true, NULL },
    { "PAYMENT_CODE", NULL, CHOICE, AT(payment_code), "required", 0, 0, false, "required, none" },
    { "KEEP_HOLD_AFTER_DECLINE", NULL, FLAG, AT(keep_hold_after_decline), "false", 0, 0, false, NULL },
    { "PAYMENT_SIMULATOR", NULL, FLAG, AT(payment_simulator), "false", 0, 0, false, NULL },
    { "STRIPE_SECRET_KEY", NULL, TOKEN, AT(stripe_secret_key), "", 0, 0, true, NULL },
    { "STRIPE_WEBHOOK_SECRET", NULL, TOKEN, AT(stripe_webhook_secret), "", 0, 0, true, NULL },
    { "STRIPE_WEBHOOK_SECRET_BEFORE", NULL, TOKEN, AT(stripe_webhook_secret_before), "", 0, 0, true, NULL },
    { "STRIPE_API_URL", NULL, URL, AT(stripe_api_url), "https://api.stripe.com", 0, 0, false, NULL },
    { "MAX_SEATS_PER_ORDER", NULL, NUMBER, AT(max_seats_per_order), "9", 1, 32, false, NULL },
    { "MAX_OPEN_HOLDS_PER_USER", NULL, NUMBER, AT(max_open_holds_per_user), "0", 0, 1000000, false, NULL },
    { "ALLOWED_ORIGIN", NULL, TEXT, AT(allowed_origin), "", 0, 0, false, NULL },
    { "ADMIN_TOKEN", NULL, TOKEN_OR_NONE, AT(admin_token), "", 0, 0, true, NULL },
    { "ALLOW_RESET", NULL, FLAG, AT(allow_reset), "false", 0, 0, false, NULL },
    { "TRUST_REMOTE_USER", NULL, FLAG, AT(trust_remote_user), "false", 0, 0, false, NULL },
    { "ROLE_GROUPS", NULL, ROLE_MAP, AT(role_groups), "", 0, 0, false, NULL },
    { "CUSTOMERS", NULL, CHOICE, AT(customers), "open", 0, 0, false, "open, signed-in" },
    { "ORPHAN_RULE", NULL, CHOICE, AT(orphan_rule), "off", 0, 0, false, "off, warn, refuse" },
    { "PASSENGERS", NULL, CHOICE, AT(passengers), "off", 0, 0, false, "off, optional, required" },
    { "NAME_CHANGE_UNTIL", NULL, DURATION_OR_OFF, AT(name_change_until_ms), "off", 0, 366 * 24 * HOUR_MS, false, NULL },
    { "TERMS_URL", NULL, URL, AT(terms_url), "", 0, 0, false, NULL },
    { "PRIVACY_URL", NULL, URL, AT(privacy_url), "", 0, 0, false, NULL },
    { "SEAT_CHANGE_UNTIL", NULL, DURATION_OR_OFF, AT(seat_change_until_ms), "off", 0, 366 * 24 * HOUR_MS, false, NULL },
    { "RETENTION", NULL, DURATION, AT(retention_ms), "0s", 0, 10 * 366 * 24 * HOUR_MS, false, NULL },
    { "CONFIRMATION_URL", NULL, URL, AT(confirmation_url), "", 0, 0, false, NULL },
    { "WEBHOOK_URL", NULL, URL, AT(webhook_url), "", 0, 0, false, NULL },
    { "WEBHOOK_SECRET", NULL, TOKEN, AT(webhook_secret), "", 0, 0, true, NULL },
    { "WEBHOOK_SECRET_BEFORE", NULL, TOKEN, AT(webhook_secret_before), "", 0, 0, true, NULL },
    { "SMTP_URL", NULL, MAIL_URL, AT(smtp_url), "", 0, 0, false, NULL },
    { "SMTP_TLS", NULL, CHOICE, AT(smtp_tls), "required", 0, 0, false, "required, opportunistic, off" },
    { "SMTP_CA", NULL, TEXT, AT(smtp_ca), "", 0, 0, false, NULL },
    { "SMTP_CONNECTIONS", NULL, NUMBER, AT(smtp_connections), "16", 1, 256, false, NULL },
    { "MAIL_FROM", NULL, SENDER, AT(mail_from), "", 0, 0, false, NULL },
    { "MAIL_TEMPLATES", NULL, TEXT, AT(mail_templates), "", 0, 0, false, NULL },
    { "PUBLIC_URL", NULL, URL, AT(public_url), "", 0, 0, false, NULL },
    { "LOG_LEVEL", NULL, CHOICE, AT(log_level), "info", 0, 0, false, "debug, info, warn, error" },
    { "SWEEPER_MAX_IN_FLIGHT", NULL, NUMBER, AT(sweeper_max_in_flight), "256", 1, 10000, false, NULL },
    { "SWEEPER_POLL_INTERVAL", NULL, DURATION, AT(sweeper_poll_interval_ms), "1s", 10, 600000, false, NULL },
    { "SWEEPER_WAKE_DIR", NULL, TEXT, AT(sweeper_wake_dir), "", 0, 0, false, NULL },
    { "METRICS_FILE", NULL, TEXT, AT(metrics_file), "", 0, 0, false, NULL },
    { "API_WORKERS", NULL, NUMBER, AT(api_workers), "16", 1, 1000, false, NULL },
    { "GATEWAY_PORT", NULL, NUMBER, AT(gateway_port), "8081", 1, 65535, false, NULL },
    { "GATEWAY_WORKERS", NULL, NUMBER, AT(gateway_workers), "64", 1, 512, false, NULL },
    { "SWEEPERS", NULL, NUMBER, AT(sweepers), "1", 0, 64, false, NULL },
    { "MIGRATION_DSN", NULL, DSN, AT(migration_database), "", 0, 0, false, NULL },
    { "GATEWAY_DATABASE_DSN", NULL, DSN, AT(gateway_database), "", 0, 0, false, NULL },
    { "GATEWAY_MIGRATION_DSN", NULL, DSN, AT(gateway_migration_database), "", 0, 0, false, NULL },
};
#define SETTING_COUNT (sizeof settings / sizeof settings[0])

static void *field_of(struct config *config, const struct setting *s)
{
    return (char *)config + s->offset;
}

static bool parse_fraction(const char *text, double *reterr_fraction)
{
    char *end = NULL;
    if (*text == '\0' || strspn(text, "0123456789.") != strlen(text))
        return false;
    *reterr_fraction = strtod(text, &end);
    return *end == '\0' && *reterr_fraction >= 0 && *reterr_fraction <= 1;
}

static bool parse_flag(const char *text, bool *ret)
{
    bool is_true = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 || strcmp(text, "1") == 0;
    if (!is_true && strcmp(text, "false") != 0 && strcmp(text, "no") != 0 && strcmp(text, "0") != 0)
        return false;
    *ret = is_true;
    return true;
}

/* The part of a URL behind its scheme, which is the plain one or its variant with TLS, or NULL. */
static const char *url_rest(const char *url, const char *scheme)
{
    size_t len = strlen(scheme);
    if (strncmp(url, scheme, len) != 0)
        return NULL;
    url += len + (url[len] == 's' ? 1 : 0);
    return strncmp(url, "://", 3) == 0 ? url + 3 : NULL;
}

/* Whether the text is a URL of that scheme with a host, or empty, which means none. */
static bool is_url(const char *text, const char *scheme)
{
    const char *rest = url_rest(text, scheme);
    if (rest == NULL)
        return *text == '\0';
    size_t authority = strcspn(rest, "/?#");
    const char *at = memchr(rest, '@', authority);
    size_t user = at == NULL ? 0 : (size_t)(at - rest) + 1;
    return authority > user && rest[user] != ':' && strpbrk(text, " \"<>\\^`{|}") == NULL;
}

/* Whether it is one of the gateway programs that come with the product, which listen on GATEWAY_PORT. */
static bool is_own_gateway(const char *text)
{
    return strcmp(text, "simulator") == 0 || strcmp(text, "stripe") == 0;
}

static bool parse_text(const char *text, char *to)
{
    if (strlen(text) >= CONFIG_TEXT_SIZE || !text_is_printable(text))
        return false;
    text_copy(to, CONFIG_TEXT_SIZE, text);
    return true;
}

/* A token is empty, or long enough that it cannot be guessed; and it fits into a header. */
#define TOKEN_MIN 16

static bool parse_token(const char *text, char *to)
{
    size_t len = 0;
    while (text[len] > ' ' && text[len] < 0x7f)
        len++;
    return text[len] == '\0' && (len == 0 || len >= TOKEN_MIN) && parse_text(text, to);
}

static bool is_sender(const char *text)
{
    char name[EMAIL_NAME_SIZE];
    char address[EMAIL_SIZE];
    return *text == '\0' || email_read_sender(text, name, address);
}

/* Whether the text is one of the words. */
static bool is_choice(const char *words, const char *text)
{
    size_t len = strlen(text);
    for (const char *p = strstr(words, text); p != NULL && len > 0; p = strstr(p + 1, text)) {
        if ((p == words || p[-1] == ' ') && (p[len] == '\0' || p[len] == ','))
            return strpbrk(text, ", ") == NULL;
    }
    return false;
}

static bool parse_duration(const struct setting *s, const char *text, int64_t *ret)
{
    int64_t ms = 0;
    if (!duration_parse(text, &ms) || ms < s->min || ms > s->max)
        return false;
    *ret = ms;
    return true;
}

static bool parse_duration_or_off(const struct setting *s, const char *text, int64_t *ret)
{
    if (strcmp(text, "off") != 0)
        return parse_duration(s, text, ret);
    *ret = CONFIG_OFF;
    return true;
}

static void say_wanted(const struct setting *s, const char *name, const char *text, char *reterr_error, size_t size)
{
    char low[32];
    char high[32];
    switch (s->kind) {
    case NUMBER:
        (void)snprintf(reterr_error, size, "%s: \"%s\" is not a whole number from %lld to %lld", name, text, s->min,
                       s->max);
        break;
    case DURATION:
        duration_format(s->min, low, sizeof low);
        duration_format(s->max, high, sizeof high);
        (void)snprintf(reterr_error, size,
                       "%s: \"%s\" is not a duration from %s to %s, written like 500ms, 30s, 15m or 1h30m", name, text,
                       low, high);
        break;
    case DURATION_OR_OFF:
        (void)snprintf(reterr_error, size, "%s: \"%s\" is neither off nor a duration, written like 30m, 24h or 0s",
                       name, text);
        break;
    case FRACTION: (void)snprintf(reterr_error, size, "%s: \"%s\" is not a number from 0 to 1", name, text); break;
    case FLAG: (void)snprintf(reterr_error, size, "%s: \"%s\" is neither true nor false", name, text); break;
    case URL: (void)snprintf(reterr_error, size, "%s: expected a URL such as http://host:port/path", name); break;
    case GATEWAY:
        (void)snprintf(reterr_error, size, "%s: expected simulator, stripe, or a URL such as http://host:port/path",
                       name);
        break;
    case MAIL_URL:
        (void)snprintf(reterr_error, size, "%s: expected a URL such as smtp://user:password@host:587", name);
        break;
    case SENDER:
        (void)snprintf(reterr_error, size, "%s: \"%s\" is not an address such as Air Example <booking@example.org>",
                       name, text);
        break;
    case CHOICE: (void)snprintf(reterr_error, size, "%s: \"%s\" is not one of %s", name, text, s->choices); break;
    case ROLE_MAP:
        (void)snprintf(reterr_error, size, "%s: \"%s\" is not a list such as viewer:readers,agent:desk,admin:it", name,
                       text);
        break;
    case TOKEN:
        (void)snprintf(reterr_error, size, "%s: expected at least %d visible ASCII characters", name, TOKEN_MIN);
        break;
    case TOKEN_OR_NONE:
        (void)snprintf(reterr_error, size, "%s: expected at least %d visible ASCII characters, or none", name,
                       TOKEN_MIN);
        break;
    case TEXT:
    case DSN: (void)snprintf(reterr_error, size, "%s: too long, or contains control characters", name); break;
    }
}

static bool parse_setting(const struct setting *s, const char *text, void *field)
{
    const char *ignored = NULL;
    switch (s->kind) {
    case NUMBER: {
        long long n = 0;
        if (!text_parse_int(text, s->min, s->max, &n))
            return false;
        *(int64_t *)field = n;
        return true;
    }
    case DURATION: return parse_duration(s, text, field);
    case DURATION_OR_OFF: return parse_duration_or_off(s, text, field);
    case FRACTION: return parse_fraction(text, field);
    case FLAG: return parse_flag(text, field);
    case CHOICE: return is_choice(s->choices, text) && parse_text(text, field);
    case ROLE_MAP: return role_groups_are_valid(text) && parse_text(text, field);
    case URL: return is_url(text, "http") && parse_text(text, field);
    case GATEWAY: return (is_url(text, "http") || is_own_gateway(text)) && parse_text(text, field);
    case MAIL_URL: return is_url(text, "smtp") && parse_text(text, field);
    case SENDER: return is_sender(text) && parse_text(text, field);
    case TEXT: return parse_text(text, field);
    case TOKEN: return parse_token(text, field);
    case TOKEN_OR_NONE: return strcmp(text, CONFIG_NONE) == 0 ? parse_text(text, field) : parse_token(text, field);
    case DSN: return *text == '\0' || dsn_parse(text, field, &ignored);
    }
    return false;
}

static bool load_setting(struct config *config, const struct setting *s, char *reterr_error, size_t size)
{
    const char *name = s->name;
    const char *text = getenv(name);
    if ((text == NULL || *text == '\0') && s->alias != NULL && getenv(s->alias) != NULL) {
        name = s->alias;
        text = getenv(name);
    }
    if (text == NULL || *text == '\0')
        text = s->fallback;
    if (parse_setting(s, text, field_of(config, s)))
        return true;

    const char *error = NULL;
    struct dsn dsn;
    if (s->kind == DSN && !dsn_parse(text, &dsn, &error))
        (void)snprintf(reterr_error, size, "%s: %s", name, error);
    else
        say_wanted(s, name, text, reterr_error, size);
    return false;
}

/* Checks what two variables say together. */
static bool limits_agree(const struct config *config, char *reterr_error, size_t size)
{
    char limit[64];
    char timeout[64];
    if (config->reservation_limit_ms == 0 || config->reservation_limit_ms >= config->reservation_timeout_ms)
        return true;
    duration_format(config->reservation_limit_ms, limit, sizeof limit);
    duration_format(config->reservation_timeout_ms, timeout, sizeof timeout);
    (void)snprintf(reterr_error, size, "RESERVATION_LIMIT: \"%s\" is less than RESERVATION_TIMEOUT (%s); 0 is no limit",
                   limit, timeout);
    return false;
}

static bool agree(const struct config *config, char *reterr_error, size_t size)
{
    if (config->webhook_url[0] != '\0' && config->webhook_secret[0] == '\0') {
        (void)snprintf(reterr_error, size, "WEBHOOK_SECRET: WEBHOOK_URL needs a secret to sign messages with");
        return false;
    }
    if (config->smtp_url[0] != '\0' && config->mail_from[0] == '\0') {
        (void)snprintf(reterr_error, size, "MAIL_FROM: SMTP_URL needs a sender of mails");
        return false;
    }
    if (strlen(config->terms_url) + strlen(config->privacy_url) + 1 >= CONFIG_TERMS_SIZE) {
        (void)snprintf(reterr_error, size, "TERMS_URL: together with PRIVACY_URL it has more than %d characters",
                       CONFIG_TERMS_SIZE - 2);
        return false;
    }
    return limits_agree(config, reterr_error, size);
}

/* Derives the databases that are not named from those that are. */
static void derive_databases(struct config *config)
{
    if (config->migration_database.database[0] == '\0')
        config->migration_database = config->database;
    if (config->gateway_database.database[0] == '\0') {
        config->gateway_database = config->database;
        text_copy(config->gateway_database.database, sizeof config->gateway_database.database, "payment_gateway");
    }
    if (config->gateway_migration_database.database[0] == '\0')
        config->gateway_migration_database = config->gateway_database;
}

/* PAYMENT_GATEWAY says in one word what PAYMENT_GATEWAY_URL and PAYMENT_SIMULATOR say in two. */
static void derive_gateway(struct config *config)
{
    const char *gateway = config->payment_gateway;
    if (*gateway == '\0')
        return;
    config->payment_simulator = strcmp(gateway, "simulator") == 0;
    if (is_own_gateway(gateway))
        (void)snprintf(config->payment_gateway_url, sizeof config->payment_gateway_url, "http://127.0.0.1:%d",
                       (int)config->gateway_port);
    else
        text_copy(config->payment_gateway_url, sizeof config->payment_gateway_url, gateway);
}

bool config_load(struct config *reterr_config, char *reterr_error, size_t error_size)
{
    *reterr_config = (struct config){ 0 };
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (!load_setting(reterr_config, &settings[i], reterr_error, error_size))
            return false;
    }
    derive_databases(reterr_config);
    derive_gateway(reterr_config);
    return agree(reterr_config, reterr_error, error_size);
}

enum orphan_rule config_orphan_rule(const struct config *config)
{
    if (strcmp(config->orphan_rule, "refuse") == 0)
        return ORPHANS_REFUSED;
    return strcmp(config->orphan_rule, "warn") == 0 ? ORPHANS_SAID : ORPHANS_ALLOWED;
}

bool config_asks_for_code(const struct config *config)
{
    return strcmp(config->payment_code, "required") == 0;
}

bool config_takes_passengers(const struct config *config)
{
    return strcmp(config->passengers, "optional") == 0 || config_requires_passengers(config);
}

bool config_requires_passengers(const struct config *config)
{
    return strcmp(config->passengers, "required") == 0;
}

bool config_asks_consent(const struct config *config)
{
    return config->terms_url[0] != '\0' || config->privacy_url[0] != '\0';
}

void config_terms(const struct config *config, char ret_terms[CONFIG_TERMS_SIZE])
{
    size_t len = strlen(config->terms_url);
    text_copy(ret_terms, CONFIG_TERMS_SIZE, config->terms_url);
    if (len > 0 && config->privacy_url[0] != '\0')
        ret_terms[len++] = ' ';
    text_copy(ret_terms + len, CONFIG_TERMS_SIZE - len, config->privacy_url); /* both fit: agree() */
}

bool config_wants_sign_in(const struct config *config)
{
    return strcmp(config->customers, "open") != 0;
}

bool config_sends_mail(const struct config *config)
{
    return config->smtp_url[0] != '\0';
}

static void print_dsn(const struct dsn *dsn, FILE *to)
{
    const char *mask = dsn->password[0] == '\0' ? "" : ":****";
    if (dsn->database[0] == '\0')
        return; /* not set */
    if (dsn->socket[0] != '\0')
        (void)fprintf(to, "%s%s@unix(%s)/%s", dsn->user, mask, dsn->socket, dsn->database);
    else
        (void)fprintf(to, "%s%s@tcp(%s:%d)/%s", dsn->user, mask, dsn->host, dsn->port, dsn->database);
    if (dsn->tls != DSN_TLS_DEFAULT)
        (void)fprintf(to, "?tls=%s", dsn_tls_name(dsn->tls));
    if (dsn->tls_ca[0] != '\0')
        (void)fprintf(to, "%stls-ca=%s", dsn->tls != DSN_TLS_DEFAULT ? "&" : "?", dsn->tls_ca);
}

/* The part before a '@' may contain a password, and a query may contain a key. */
static void print_url(const char *url, const char *scheme, FILE *to)
{
    const char *rest = url_rest(url, scheme);
    const char *at = rest == NULL ? NULL : memchr(rest, '@', strcspn(rest, "/?#"));
    const char *shown = at == NULL ? url : at;
    size_t len = strcspn(shown, "?#");
    if (at != NULL)
        (void)fprintf(to, "%.*s****", (int)(rest - url), url);
    (void)fprintf(to, "%.*s%s", (int)len, shown, shown[len] == '\0' ? "" : "?****");
}

static void print_duration_or_off(int64_t ms, FILE *to)
{
    char text[64] = "off";
    if (ms != CONFIG_OFF)
        duration_format(ms, text, sizeof text);
    (void)fputs(text, to);
}

static bool is_hidden(const struct setting *s, const char *text)
{
    bool is_none = s->kind == TOKEN_OR_NONE && strcmp(text, CONFIG_NONE) == 0;
    return s->secret && *text != '\0' && !is_none;
}

void config_print(const struct config *config, FILE *to)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        const void *field = (const char *)config + s->offset;
        char text[64];
        (void)fprintf(to, "%s=", s->name);
        switch (s->kind) {
        case NUMBER: (void)fprintf(to, "%lld", (long long)*(const int64_t *)field); break;
        case DURATION:
            duration_format(*(const int64_t *)field, text, sizeof text);
            (void)fputs(text, to);
            break;
        case DURATION_OR_OFF: print_duration_or_off(*(const int64_t *)field, to); break;
        case FRACTION: (void)fprintf(to, "%g", *(const double *)field); break;
        case FLAG: (void)fputs(*(const bool *)field ? "true" : "false", to); break;
        case DSN: print_dsn(field, to); break;
        case URL:
        case GATEWAY: print_url(field, "http", to); break;
        case MAIL_URL: print_url(field, "smtp", to); break;
        case TEXT:
        case SENDER:
        case TOKEN:
        case TOKEN_OR_NONE:
        case CHOICE:
        case ROLE_MAP: (void)fputs(is_hidden(s, field) ? "****" : (const char *)field, to); break;
        }
        (void)fputc('\n', to);
    }
}

/* The usage line begins with the program's name. */
_Noreturn static void print_version(const char *usage)
{
    bool has_commit = booking_commit != NULL && booking_commit[0] != '\0';
    (void)printf("%.*s %s%s%s%s\n", (int)strcspn(usage, " "), usage, BOOKING_VERSION, has_commit ? " (" : "",
                 has_commit ? booking_commit : "", has_commit ? ")" : "");
    exit(0);
}

void config_start_plain(int argc, char **argv, const char *usage, struct config *ret_config)
{
    config_start(argc, argv, usage, ret_config);
    if (argc > 1) {
        (void)fprintf(stderr, "usage: %s\n", usage);
        exit(2);
    }
}

void config_start(int argc, char **argv, const char *usage, struct config *ret_config)
{
    bool check_only = false;
    char error[1024];

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            (void)printf("usage: %s\nConfigured by environment variables; --check-config shows them.\n", usage);
            exit(0);
        }
        if (strcmp(argv[i], "--version") == 0) {
            print_version(usage);
        }
        check_only = check_only || strcmp(argv[i], "--check-config") == 0;
    }
    if (!config_load(ret_config, error, sizeof error)) {
        (void)fprintf(stderr, "%s\n", error);
        exit(2);
    }
    if (check_only) {
        config_print(ret_config, stdout);
        exit(0);
    }
    /* Limits the wait for a name server that does not answer to a second or two, instead of ten. */
    (void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
    log_start(ret_config->log_level);
}
