/* SPDX-License-Identifier: MIT */
/* booking-admin: makes, changes and revokes the tokens of staff, straight in the database. It is for the first token,
 * and for when nobody who may make one over the API is left. What it does is in the audit log like everybody else's
 * changes, by a person who has the name of the system's account. It also lists what only this host can know: the
 * flights whose local times have another meaning since its time zones were updated. */

#include "booking/base/text.h"
#include "booking/base/timestamp.h"
#include "booking/booking.h"
#include "booking/core/said_time.h"
#include "booking/flights/moved.h"
#include "booking/store/audit.h"
#include "booking/store/staff.h"

#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "booking-admin list | add NAME ROLE | role NAME ROLE | rotate NAME | revoke NAME |"
                            " audit [LIMIT] | flights-moved";

#define AUDIT_LIMIT 20
#define AUDIT_LIMIT_MAX 1000

enum { DONE = 0, FAILED = 1, WRONG_USAGE = 2 };

/* What a command is given. */
struct task {
    const struct config *config;
    struct db *db;
    char name[ACCOUNT_SIZE];
    enum role role;
    int limit;
};

static int complain(const char *what)
{
    (void)fprintf(stderr, "booking-admin: %s\n", what);
    return WRONG_USAGE;
}

static int refuse(const struct task *o, enum result r)
{
    if (r == RESULT_NAME_TAKEN)
        (void)fprintf(stderr, "booking-admin: %s has a token already; rotate makes a new one\n", o->name);
    else if (r == RESULT_NOT_FOUND)
        (void)fprintf(stderr, "booking-admin: nobody called %s has a valid token; list shows who has\n", o->name);
    else
        (void)fprintf(stderr, "booking-admin: the database failed: %s\n", db_last_error(o->db));
    return FAILED;
}

/* ── who does it ────────────────────────────────────────────────────────── */

/* The account that called sudo, or that this runs as. Whoever can start this has the database's password anyway, so
 * the name is a note, and no proof. */
static const char *account_name(void)
{
    const char *caller = getenv("SUDO_USER");
    if (caller != NULL && account_is_valid(caller))
        return caller;
    const struct passwd *account = getpwuid(getuid());
    return account == NULL ? "an account without a name" : account->pw_name;
}

static enum result begin(const struct task *o, struct caller *ret_caller)
{
    struct staff staff = { .role = ROLE_ADMIN };
    enum result r = staff_person(o->db, STAFF_BY_COMMAND, account_name(), &staff.person_id);
    *ret_caller = (struct caller){ .config = o->config, .staff = staff };
    return r;
}

/* ── tokens ─────────────────────────────────────────────────────────────── */

/* Standard output gets the token and nothing else, so that it can be piped to where it is needed. */
static int show_token(const struct member *member)
{
    if (printf("%s\n", member->token) < 0 || fflush(stdout) != 0) {
        (void)fprintf(stderr, "booking-admin: the token could not be written and is lost; rotate makes a new one\n");
        return FAILED;
    }
    (void)fprintf(stderr, "booking-admin: %s is %s number %lld; the token is shown this once\n", member->name,
                  role_name(member->role), (long long)member->person_id);
    return DONE;
}

static int add_staff(const struct task *o)
{
    struct caller caller;
    struct member member;
    enum result r = begin(o, &caller);
    if (r == RESULT_OK)
        r = booking_add_staff(o->db, &caller, o->name, o->role, &member);
    return r == RESULT_OK ? show_token(&member) : refuse(o, r);
}

static enum result begin_change(const struct task *o, struct caller *ret_caller, int64_t *ret_person_id)
{
    enum result r = staff_find(o->db, STAFF_BY_TOKEN, o->name, ret_person_id);
    return r == RESULT_OK ? begin(o, ret_caller) : r;
}

static int rotate_token(const struct task *o)
{
    struct caller caller;
    struct member member;
    int64_t person_id = 0;
    enum result r = begin_change(o, &caller, &person_id);
    if (r == RESULT_OK)
        r = booking_rotate_token(o->db, &caller, person_id, &member);
    return r == RESULT_OK ? show_token(&member) : refuse(o, r);
}

static int set_role(const struct task *o)
{
    struct caller caller;
    struct member member;
    int64_t person_id = 0;
    enum result r = begin_change(o, &caller, &person_id);
    if (r == RESULT_OK)
        r = booking_set_role(o->db, &caller, person_id, o->role, &member);
    return r == RESULT_OK ? DONE : refuse(o, r);
}

static int revoke_token(const struct task *o)
{
    struct caller caller;
    struct member member;
    int64_t person_id = 0;
    enum result r = begin_change(o, &caller, &person_id);
    if (r == RESULT_OK)
        r = booking_revoke_token(o->db, &caller, person_id, &member);
    return r == RESULT_OK ? DONE : refuse(o, r);
}

/* ── reading ────────────────────────────────────────────────────────────── */

static void print_member(const struct staff_row *row, void *context)
{
    char since[TIMESTAMP_SIZE];
    bool is_valid = row->revoked_at_ms == TIME_NONE;
    (void)context;
    timestamp_format(is_valid ? row->created_at_ms : row->revoked_at_ms, since);
    (void)printf("%-8lld %-8s  %-7s  %s  %s\n", (long long)row->person_id, role_name(row->role),
                 is_valid ? "valid" : "revoked", since, row->name == NULL ? "(forgotten)" : row->name);
}

static int list_staff(const struct task *o)
{
    enum result r = staff_list(o->db, print_member, NULL);
    return r == RESULT_OK ? DONE : refuse(o, r);
}

static void print_change(const struct audit_row *row, void *context)
{
    char at[TIMESTAMP_SIZE];
    (void)context;
    timestamp_format(row->created_at_ms, at);
    (void)printf("%s  %s (%s, number %lld)  %s  %s %s  %s -> %s%s%s\n", at,
                 row->actor == NULL ? "(forgotten)" : row->actor, row->role, (long long)row->actor_id, row->action,
                 row->object_kind, row->object_id, row->was == NULL ? "nothing" : row->was,
                 row->became == NULL ? "nothing" : row->became, row->reason == NULL ? "" : "  ",
                 row->reason == NULL ? "" : row->reason);
}

static int show_changes(const struct task *o)
{
    struct audit_filter filter = { .from_ms = TIME_NONE, .before_ms = TIME_NONE, .limit = o->limit };
    enum result r = audit_list(o->db, &filter, print_change, NULL);
    return r == RESULT_OK ? DONE : refuse(o, r);
}

/* ── flights ────────────────────────────────────────────────────────────── */

static void print_moved(const struct moved_time *time, void *context)
{
    size_t *count = context;
    char kept[TIMESTAMP_SIZE];
    char now[TIMESTAMP_SIZE] = "";
    ++*count;
    timestamp_format(time->kept_ms, kept);
    if (time->answer == ZONE_OK)
        timestamp_format(time->ms, now);
    (void)printf("%s  %s  %s  %s -> %s\n", time->flight_id, time->is_arrival ? "arrival" : "departure", time->said,
                 kept, time->answer == ZONE_OK ? now : said_time_fault(time->answer));
}

static int list_moved(const struct task *o)
{
    size_t count = 0;
    enum result r = booking_moved_flights(o->db, print_moved, &count);
    if (r != RESULT_OK)
        return refuse(o, r);
    if (count > 0)
        (void)fprintf(stderr, "booking-admin: %zu times; get each of these flights and put it again\n", count);
    return DONE;
}

/* ── the command line ───────────────────────────────────────────────────── */

/* What a command's operands are: n for a name, r for a role, l for a number of lines, which may be left out. */
static const struct command {
    const char *verb;
    const char *operands;
    int (*run)(const struct task *o);
} commands[] = {
    { "list", "", list_staff },          { "add", "nr", add_staff },      { "role", "nr", set_role },
    { "rotate", "n", rotate_token },     { "revoke", "n", revoke_token }, { "audit", "l", show_changes },
    { "flights-moved", "", list_moved },
};

static int read_operand(char kind, const char *text, struct task *o)
{
    long long limit = 0;
    switch (kind) {
    case 'n':
        if (!text_is_utf8(text, strlen(text)) || !staff_name_read(text, o->name))
            return complain("a name has 1 to 255 characters, at least one of them visible, and no control characters");
        return DONE;
    case 'r': return role_parse(text, &o->role) ? DONE : complain("a role is viewer, agent, operator or admin");
    default:
        if (!text_parse_int(text, 1, AUDIT_LIMIT_MAX, &limit))
            return complain("a limit is a number from 1 to 1000");
        o->limit = (int)limit;
        return DONE;
    }
}

static const struct command *find_command(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
        size_t given = (size_t)argc - 2;
        size_t most = strlen(commands[i].operands);
        size_t least = commands[i].operands[0] == 'l' ? 0 : most;
        if (strcmp(argv[1], commands[i].verb) == 0 && given >= least && given <= most)
            return &commands[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct config config;
    struct task o = { .config = &config, .limit = AUDIT_LIMIT };
    config_start(argc, argv, usage, &config);
    const struct command *command = find_command(argc, argv);
    if (command == NULL) {
        (void)fprintf(stderr, "usage: %s\n", usage);
        return WRONG_USAGE;
    }
    for (int i = 2; i < argc; i++) {
        if (read_operand(command->operands[i - 2], argv[i], &o) != DONE)
            return WRONG_USAGE;
    }
    /* A token that nobody reads is told, and does not end the program. */
    (void)signal(SIGPIPE, SIG_IGN);
    o.db = db_new(&config.database);
    int status = command->run(&o);
    if (status == DONE && fflush(stdout) != 0) {
        (void)fprintf(stderr, "booking-admin: the output could not be written\n");
        status = FAILED;
    }
    db_free(o.db);
    return status;
}
