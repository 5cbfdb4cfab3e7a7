/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CONFIG_H
#define BOOKING_CONFIG_H

#include "booking/base/dsn.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_TEXT_SIZE 512
#define CONFIG_NONE "none"

/* The configuration, read from the environment once at start. Every program
 * reads all of it, so that a mistake also stops the programs that would not
 * have noticed it. */
struct config {
    int64_t server_port;
    char listen_address[CONFIG_TEXT_SIZE];
    struct dsn database;
    int64_t reservation_timeout_ms;
    int64_t reservation_limit_ms; /* how long an order may hold in all; 0: no limit */
    int64_t payment_timeout_ms;
    int64_t payment_max_attempts;
    double payment_failure_rate;
    int64_t payment_max_delay_ms;
    char payment_gateway_url[CONFIG_TEXT_SIZE];
    char payment_gateway_token[CONFIG_TEXT_SIZE]; /* empty: none is sent or required */
    int64_t payment_pending_timeout_ms;
    bool payment_simulator;
    int64_t max_seats_per_order;
    int64_t max_open_holds_per_user; /* 0: any number */
    char allowed_origin[CONFIG_TEXT_SIZE];
    char admin_token[CONFIG_TEXT_SIZE]; /* empty: no operator; CONFIG_NONE: any client on this machine is one */
    bool allow_reset;
    bool trust_remote_user;             /* whether REMOTE_USER and REMOTE_GROUPS say who asks */
    char role_groups[CONFIG_TEXT_SIZE]; /* which of REMOTE_GROUPS have which role: core/role.h */
    char customers[CONFIG_TEXT_SIZE];   /* "open" or "signed-in" */
    int64_t retention_ms;               /* how long after departure persons are kept; 0: for good */
    char confirmation_url[CONFIG_TEXT_SIZE];
    char webhook_url[CONFIG_TEXT_SIZE];           /* empty: nothing is told */
    char webhook_secret[CONFIG_TEXT_SIZE];        /* with which messages are signed */
    char webhook_secret_before[CONFIG_TEXT_SIZE]; /* during a change: messages are signed with both */
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

/* Whether a customer must sign in: an order is then its owner's alone. */
bool config_wants_sign_in(const struct config *config);

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
