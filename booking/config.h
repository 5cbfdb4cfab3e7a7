/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CONFIG_H
#define BOOKING_CONFIG_H

#include "booking/base/dsn.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_SIZE 512
#define CONFIG_NONE "none"
/* A distance in time that is "off". */
#define CONFIG_OFF (-1)

/* The configuration, read from the environment once at start. Every program
 * reads all of it, so that a mistake also stops the programs that would not
 * have noticed it. */
struct config {
    int64_t server_port;
    char listen_address[CONFIG_TEXT_SIZE];
    struct dsn database;
    struct dsn read_database; /* no database in it: there is no replica */
    int64_t reservation_timeout_ms;
    int64_t reservation_limit_ms; /* how long an order may hold in all; 0: no limit */
    int64_t payment_timeout_ms;
    int64_t payment_max_attempts;
    double payment_failure_rate;
    int64_t payment_max_delay_ms;
    char payment_gateway_url[CONFIG_TEXT_SIZE];
    char payment_gateway_token[CONFIG_TEXT_SIZE]; /* empty: none is sent or required */
    int64_t payment_pending_timeout_ms;
    char payment_notify_secret[CONFIG_TEXT_SIZE]; /* with which the gateway signs its notices; empty: none are heard */
    char payment_code[CONFIG_TEXT_SIZE];          /* "required" or "none" */
    bool keep_hold_after_decline;                 /* a decline gives the order back to what is left of its hold */
    bool payment_simulator;
    char payment_gateway[CONFIG_TEXT_SIZE]; /* "simulator", "stripe" or a URL; empty: as the two above say */
    char stripe_secret_key[CONFIG_TEXT_SIZE];
    char stripe_webhook_secret[CONFIG_TEXT_SIZE];        /* with which Stripe signs events */
    char stripe_webhook_secret_before[CONFIG_TEXT_SIZE]; /* during a change: events may be signed with either */
    char stripe_api_url[CONFIG_TEXT_SIZE];
    int64_t max_seats_per_order;
    int64_t max_open_holds_per_user; /* 0: any number */
    char allowed_origin[CONFIG_TEXT_SIZE];
    char admin_token[CONFIG_TEXT_SIZE]; /* empty: no operator; CONFIG_NONE: any client on this machine is one */
    bool allow_reset;
    bool trust_remote_user;             /* whether REMOTE_USER and REMOTE_GROUPS say who asks */
    char role_groups[CONFIG_TEXT_SIZE]; /* which of REMOTE_GROUPS have which role: core/role.h */
    char customers[CONFIG_TEXT_SIZE];   /* "open" or "signed-in" */
    char orphan_rule[CONFIG_TEXT_SIZE]; /* "off", "warn" or "refuse" */
    char passengers[CONFIG_TEXT_SIZE];  /* "off", "optional" or "required" */
    int64_t name_change_until_ms;     /* before departure, names of a paid order may be corrected; CONFIG_OFF: never */
    char terms_url[CONFIG_TEXT_SIZE]; /* to which a customer has to agree; empty: there are none */
    char privacy_url[CONFIG_TEXT_SIZE];
    int64_t seat_change_until_ms; /* before departure, seats of a paid order may be changed; CONFIG_OFF: never */
    int64_t retention_ms;         /* how long after departure persons are kept; 0: for good */
    char confirmation_url[CONFIG_TEXT_SIZE];
    char webhook_url[CONFIG_TEXT_SIZE];           /* empty: nothing is told */
    char webhook_secret[CONFIG_TEXT_SIZE];        /* with which messages are signed */
    char webhook_secret_before[CONFIG_TEXT_SIZE]; /* during a change: messages are signed with both */
    char smtp_url[CONFIG_TEXT_SIZE];              /* empty: no mails */
    char smtp_tls[CONFIG_TEXT_SIZE];              /* "required", "opportunistic" or "off" */
    char smtp_ca[CONFIG_TEXT_SIZE];               /* a file of certificates; empty: the system's */
    int64_t smtp_connections;                     /* how many mails are on their way at a time */
    char mail_from[CONFIG_TEXT_SIZE];             /* "address" or "Name <address>" */
    char mail_templates[CONFIG_TEXT_SIZE];        /* empty: those that came with the program */
    char public_url[CONFIG_TEXT_SIZE];            /* the only base of links; empty: there are none */
    char log_level[CONFIG_TEXT_SIZE];
    int64_t sweeper_max_in_flight;
    int64_t sweeper_poll_interval_ms;
    char sweeper_wake_dir[CONFIG_TEXT_SIZE]; /* empty: no wake-ups, polling only */
    char metrics_file[CONFIG_TEXT_SIZE];     /* empty: each process counts for itself */
    int64_t api_workers;
    /* What starts the programs asks for these by --check-config; the programs themselves do not. */
    int64_t gateway_port;
    int64_t gateway_workers;
    int64_t sweepers;
    struct dsn migration_database;         /* DATABASE_DSN when not set */
    struct dsn gateway_database;           /* DATABASE_DSN with payment_gateway when not set */
    struct dsn gateway_migration_database; /* GATEWAY_DATABASE_DSN when not set */
};

/* Reads and checks every variable. If one is wrong, returns false and writes one line to reterr_error that names the
 * variable and what it expects; *reterr_config is then incomplete. */
bool config_load(struct config *reterr_config, char *reterr_error, size_t error_size);

/* ORPHAN_RULE: what happens to a choice of seats that leaves a single one over, though it need not. */
enum orphan_rule { ORPHANS_ALLOWED, ORPHANS_SAID, ORPHANS_REFUSED };
enum orphan_rule config_orphan_rule(const struct config *config);

/* Whether a payment needs a code of five digits. */
bool config_asks_for_code(const struct config *config);

/* PASSENGERS: whether the API takes the names of passengers and a contact, or does not sell without them. */
bool config_takes_passengers(const struct config *config);
bool config_requires_passengers(const struct config *config);

/* Whether a customer is asked to agree to TERMS_URL and PRIVACY_URL; and these, as an order keeps them. */
bool config_asks_consent(const struct config *config);
#define CONFIG_TERMS_SIZE 501
void config_terms(const struct config *config, char ret_terms[CONFIG_TERMS_SIZE]);

/* Whether a customer must sign in: an order is then its owner's alone. */
bool config_wants_sign_in(const struct config *config);

/* Whether mails are sent. */
bool config_sends_mail(const struct config *config);

/* Prints every variable as NAME=value, with secrets masked. */
void config_print(const struct config *config, FILE *to);

/* What every program does first. It handles --help, --version and
 * --check-config, which end the process, and ends it with status 2 if the
 * configuration is wrong. The usage line is the program's own. */
void config_start(int argc, char **argv, const char *usage, struct config *ret_config);
/* The same for a program that takes no other argument: given one, it prints the usage line and ends with status 2. */
void config_start_plain(int argc, char **argv, const char *usage, struct config *ret_config);

#define BOOKING_VERSION "1.0.0"

/* The commit a program was built from, "" if it is not known. The Makefile writes it and links it into the programs;
 * the unit tests have none, so the symbol is weak. */
extern const char booking_commit[] __attribute__((weak));

#endif
