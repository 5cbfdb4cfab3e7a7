/* SPDX-License-Identifier: MIT */
/* Whole requests through the router: target, query, headers, body. This file replaces the domain below the handlers,
 * and checks that every argument is what the real domain relies on.
 *
 * An input is a request in plain text: "METHOD target", header lines, an empty line, the body.
 * The header X-Outcome says how the domain answers. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/json_check.h"
#include "booking/flights/import.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/core/cabin.h"
#include "booking/base/wake.h"
#include "booking/booking.h"
#include "booking/store/audit.h"
#include "booking/store/cabins.h"
#include "booking/core/name_key.h"
#include "booking/store/events.h"
#include "booking/core/said_time.h"
#include "booking/flights/import.h"
#include "booking/flights/prices.h"
#include "booking/flights/schedule.h"
#include "booking/store/figures.h"
#include "booking/store/flight_counts.h"
#include "booking/store/flights.h"
#include "booking/store/idempotency.h"
#include "booking/store/order_tokens.h"
#include "booking/store/orders.h"
#include "booking/store/places.h"
#include "booking/store/queue.h"
#include "booking/store/seat_map.h"
#include "booking/store/seats.h"
#include "booking/store/staff.h"
#include "booking/store/sweepers.h"
#include "fcgi/router.h"

#include <ctype.h>
#include <strings.h>

#define TOKEN "fuzz-token"
#define HEADERS_MAX 24

static struct config config = {
    .reservation_timeout_ms = 900000,
    .payment_timeout_ms = 10000,
    .payment_max_attempts = 3,
    .max_seats_per_order = 9,
    .allowed_origin = "https://shop.example",
    .passengers = "optional",
    .terms_url = "https://air.example/terms",
};

/* ── the request ────────────────────────────────────────────────────────── */

static struct {
    size_t count;
    char name[HEADERS_MAX][64]; /* as in CGI */
    const char *value[HEADERS_MAX];
} headers;

static const char *header_of(const struct request *request, const char *cgi_name)
{
    (void)request;
    for (size_t i = 0; i < headers.count; i++) {
        if (strcmp(headers.name[i], cgi_name) == 0)
            return headers.value[i];
    }
    return NULL;
}

static const char *header_or(const char *name, const char *fallback)
{
    const char *value = header_of(NULL, name);
    return value == NULL ? fallback : value;
}

/* Cuts off the next line. Returns the rest, or NULL if there is no line end. */
static char *next_line(char *text)
{
    char *end = strchr(text, '\n');
    if (end == NULL)
        return NULL;
    *end = '\0';
    text[strcspn(text, "\r")] = '\0';
    return end + 1;
}

static void add_header(char *line)
{
    char *colon = strchr(line, ':');
    if (colon == NULL || headers.count == HEADERS_MAX || colon - line > 50)
        return;
    char *to = headers.name[headers.count];
    to += snprintf(to, 8, "HTTP_");
    for (const char *p = line; p < colon; p++)
        *to++ = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
    *to = '\0';
    headers.value[headers.count++] = colon + 1 + strspn(colon + 1, " ");
}

/* ── the domain ─────────────────────────────────────────────────────────── */

static const struct order an_order = {
    .order_id = "01931f5c-8f3a-7c3e-9a4b-0123456789ab",
    .flight_id = "FL123",
    .user_id = "ad\"a \\ <b> \xC3\xA9",
    .status = ORDER_SEATS_RESERVED,
    .seats = { .count = 2, .number = { "A1", "A2" } },
    .expires_at_ms = INT64_C(1800000000000),
    .currency = "USD",
    .version = 3,
};

static int claimed; /* how many keys this request has claimed */

static bool is_text(const char *text)
{
    return text == NULL || text_is_utf8(text, strlen(text));
}

/* The answer that the request wants from the domain. */
static enum result outcome(void)
{
    static const enum result results[] = {
        RESULT_OK, RESULT_ORDER_NOT_FOUND, RESULT_FLIGHT_NOT_FOUND, RESULT_SEATS_UNAVAILABLE, RESULT_ORDER_EXPIRED,
        RESULT_ORDER_CLOSED, RESULT_PAYMENT_IN_PROGRESS, RESULT_PRECONDITION_FAILED, RESULT_INVALID_SEATS,
        RESULT_FLIGHT_DEPARTED,
    };
    unsigned int n = (unsigned char)header_or("HTTP_X_OUTCOME", "0")[0];
    return results[n >= '0' && n <= '9' ? n - '0' : 0];
}

static void check_caller(const struct caller *caller)
{
    PROMISE(caller->config == &config && text_is_identifier(caller->request_id, 64));
    PROMISE(caller->only_if.count <= 8 && caller->unless.count <= 8);
    PROMISE(strcmp(header_or("HTTP_SEC_FETCH_SITE", ""), "cross-site") != 0 ||
            strcmp(header_or("HTTP_ORIGIN", ""), config.allowed_origin) == 0);
}

static enum result change(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    check_caller(caller);
    PROMISE(text_is_uuid(order_id));
    enum result r = outcome();
    if (r == RESULT_INVALID_SEATS || r == RESULT_SEATS_UNAVAILABLE || r == RESULT_FLIGHT_NOT_FOUND)
        r = RESULT_OK;
    *reterr_order = an_order;
    return r == RESULT_OK && caller->before_commit != NULL ? caller->before_commit(db, reterr_order, caller->context) : r;
}

static void check_seats(const struct seat_list *seats)
{
    PROMISE(seats->count >= 1 && seats->count <= 9);
    for (size_t i = 0; i < seats->count; i++) {
        char number[SEAT_NUMBER_SIZE];
        PROMISE(seat_number_parse(seats->number[i], number) && strcmp(number, seats->number[i]) == 0);
    }
}

static void check_name(const char *text, size_t max)
{
    PROMISE(is_text(text) && text_is_printable(text) && text_utf8_length(text) <= max);
}

/* Of an order that is there already, positions come later. */
static void check_persons(const struct party_wish *wish, bool is_new)
{
    const struct contact *c = &wish->party.contact;
    PROMISE(wish->party.count <= PASSENGERS_MAX && (wish->has_passengers || wish->party.count == 0));
    for (size_t i = 0; i < wish->party.count; i++) {
        const struct passenger *p = &wish->party.passenger[i];
        char key[NAME_KEY_SIZE];
        check_name(p->given_name, PERSON_NAME_MAX);
        check_name(p->family_name, PERSON_NAME_MAX);
        check_name(p->assistance, ASSISTANCE_MAX);
        PROMISE(name_key(p->family_name, key) && p->person_id >= 0 && passenger_kind_name(p->kind) != NULL);
        PROMISE(!is_new || (p->person_id == 0 && p->position > 0));
    }
    PROMISE(wish->has_contact == contact_is_given(c));
    PROMISE(c->email[0] == '\0' || email_is_valid(c->email));
    check_name(c->phone, PHONE_SIZE - 1);
    check_name(c->language, CONTACT_LANGUAGE_SIZE - 1);
}

enum result booking_hold(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                         const struct seat_list *seats, const struct party_wish *persons, struct order *reterr_order,
                         struct refusal *reterr_refusal)
{
    check_caller(caller);
    check_persons(persons, true);
    check_seats(seats);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(is_text(user_id) && text_is_printable(user_id));
    PROMISE(text_utf8_length(user_id) >= 1 && text_utf8_length(user_id) <= USER_ID_MAX);
    reterr_refusal->seats = *seats;
    *reterr_order = an_order;
    enum result r = outcome();
    return r == RESULT_OK ? caller->before_commit(db, reterr_order, caller->context) : r;
}

enum result booking_hold_best(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                              const struct choose_wish *wish, const struct party_wish *persons,
                              struct order *reterr_order, struct refusal *reterr_refusal)
{
    const struct seat_list seats = { .count = 1, .number = { "1A" } };
    PROMISE(wish->count >= 1 && wish->count <= (size_t)caller->config->max_seats_per_order);
    PROMISE(wish->cabin_class == NULL || (*wish->cabin_class != '\0' && strlen(wish->cabin_class) <= 20));
    PROMISE(wish->prefer >= CHOOSE_ANY && wish->prefer <= CHOOSE_BACK);
    return booking_hold(db, caller, flight_id, user_id, &seats, persons, reterr_order, reterr_refusal);
}

enum result booking_find_single(struct db *db, const struct config *cfg, const char *flight_id,
                                const struct seat_list *seats, const struct seat_list *before,
                                char ret_single[SEAT_NUMBER_SIZE])
{
    (void)db;
    (void)cfg;
    (void)before;
    check_seats(seats);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    ret_single[0] = '\0';
    return RESULT_OK;
}

enum result booking_change_seats(struct db *db, const struct caller *caller, const char *order_id,
                                 const struct seat_list *seats, const struct stay_list *stay,
                                 struct order *reterr_order, struct refusal *reterr_refusal)
{
    for (size_t i = 0; stay != NULL && i < stay->count; i++)
        PROMISE(stay->person_id[i] > 0);
    check_seats(seats);
    reterr_refusal->seats = *seats;
    return change(db, caller, order_id, reterr_order);
}

enum result booking_name_passengers(struct db *db, const struct caller *caller, const char *order_id,
                                    const struct party_wish *wish, struct order *reterr_order, struct faults *reterr_faults)
{
    check_persons(wish, false);
    PROMISE(reterr_faults->count == 0);
    return change(db, caller, order_id, reterr_order);
}

bool booking_may_see_persons(const struct caller *caller, const struct order *order)
{
    (void)order;
    return caller->is_proved;
}

enum result booking_read_party(struct db *db, const char *order_id, struct party *ret_party)
{
    (void)db;
    PROMISE(text_is_uuid(order_id));
    *ret_party = (struct party){ .count = 1,
                                 .passenger = { { .person_id = 7, .position = 1, .given_name = "Ad\xC3\xA9",
                                                  .family_name = "\xC3\x89" "va", .assistance = "\"" } },
                                 .contact = { .person_id = 8, .email = "\xC3\xA9@x.example" } };
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_UNAVAILABLE;
}

enum result booking_submit_payment(struct db *db, const struct caller *caller, const char *order_id,
                                   const char *code, struct order *reterr_order)
{
    PROMISE(strlen(code) == 5 && strspn(code, "0123456789") == 5);
    return change(db, caller, order_id, reterr_order);
}

enum result booking_cancel(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    return change(db, caller, order_id, reterr_order);
}

enum result booking_look_up(struct db *db, const char *locator, const char *family_name, const char *email,
                            struct order_key *ret_key)
{
    char read[LOCATOR_SIZE];
    char name[NAME_KEY_SIZE];
    char address[EMAIL_KEY_SIZE];
    (void)db;
    PROMISE(is_text(locator) && is_text(family_name) && is_text(email));
    PROMISE((family_name == NULL) != (email == NULL));
    PROMISE(!locator_read(locator, read) || strlen(read) == LOCATOR_SIZE - 1);
    if (family_name != NULL && name_key(family_name, name))
        PROMISE(is_text(name) && *name != '\0' && text_utf8_length(name) <= NAME_KEY_MAX);
    if (email != NULL && email_key(email, address))
        PROMISE(is_text(address) && *address != '\0' && text_utf8_length(address) <= EMAIL_MAX);
    *ret_key = (struct order_key){ .token = "bko_1", .expires_at_ms = INT64_C(1800000000000) };
    text_copy(ret_key->order_id, UUID_SIZE, an_order.order_id);
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_ORDER_NOT_FOUND;
}

enum result booking_read_order(struct db *db, const char *order_id, const char *owner, struct order *ret_order)
{
    (void)db;
    PROMISE(owner == NULL); /* CUSTOMERS=open */
    PROMISE(text_is_uuid(order_id));
    *ret_order = an_order;
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_ORDER_NOT_FOUND;
}

/* The tokens of staff are "bks_" with the digit of a role. */
static enum role role_of(const char *token)
{
    bool is_one = strncmp(token, "bks_", 4) == 0 && token[4] >= '1' && token[4] <= '4' && token[5] == '\0';
    return is_one ? (enum role)(token[4] - '0') : ROLE_NONE;
}

enum result staff_of_token(struct db *db, const char *token, struct staff *ret_staff)
{
    (void)db;
    *ret_staff = (struct staff){ .person_id = 7, .role = role_of(token) };
    return ret_staff->role == ROLE_NONE ? RESULT_NOT_FOUND : RESULT_OK;
}

enum result order_tokens_find(struct db *db, const char *token, char ret_order_id[UUID_SIZE])
{
    (void)db;
    text_copy(ret_order_id, UUID_SIZE, an_order.order_id);
    return strcmp(token, "bko_1") == 0 ? RESULT_OK : RESULT_NOT_FOUND;
}

enum result staff_name(struct db *db, int64_t person_id, char ret_name[ACCOUNT_SIZE])
{
    (void)db;
    PROMISE(person_id == 7);
    text_copy(ret_name, ACCOUNT_SIZE, "Ada");
    return RESULT_OK;
}

enum result staff_person(struct db *db, const char *known_by, const char *name, int64_t *ret_person_id)
{
    (void)db;
    PROMISE(strcmp(known_by, "SETTING") == 0 && strcmp(name, "ADMIN_TOKEN") == 0);
    *ret_person_id = 3;
    return RESULT_OK;
}

/* Only staff with this role get here. The request must have a token's exact text, because clients here are never
 * local. */
static void check_role(enum role needed)
{
    const char *sent = header_or("HTTP_AUTHORIZATION", "");
    PROMISE(strncasecmp(sent, "Bearer ", 7) == 0);
    bool is_admin = config.admin_token[0] != '\0' && strcmp(sent + 7, TOKEN) == 0;
    PROMISE(is_admin || role_of(sent + 7) >= needed);
}

enum result booking_forget(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    check_role(ROLE_OPERATOR);
    PROMISE(is_text(caller->reason) && caller->reason != NULL && *caller->reason != '\0');
    return change(db, caller, order_id, reterr_order);
}

static void check_operator(void)
{
    check_role(ROLE_VIEWER);
}

enum result booking_reset(struct db *db, const struct caller *caller, const char *flight_id,
                          int64_t *reterr_orders_ended, int64_t *reterr_seats_freed)
{
    (void)db;
    check_role(ROLE_ADMIN);
    check_caller(caller);
    PROMISE(flight_id == NULL || text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    *reterr_orders_ended = *reterr_seats_freed = 1;
    return outcome() == RESULT_FLIGHT_NOT_FOUND ? RESULT_FLIGHT_NOT_FOUND : RESULT_OK;
}

enum result booking_refund(struct db *db, const struct caller *caller, const char *order_id, int64_t amount_cents,
                           struct refund *reterr_refund)
{
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    PROMISE(text_is_uuid(order_id) && amount_cents >= 0);
    PROMISE(caller->reason != NULL && is_text(caller->reason) && text_is_printable(caller->reason));
    *reterr_refund = (struct refund){ .amount_cents = amount_cents, .status = REFUND_PENDING, .currency = "USD" };
    return outcome() == RESULT_OK ? caller->before_commit(db, &an_order, caller->context) : RESULT_REFUND_TOO_LARGE;
}

enum result booking_cancel_flight(struct db *db, const struct caller *caller, const char *flight_id, bool dry_run,
                                  struct cancelled_flight *reterr_flight)
{
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(dry_run || (caller->reason != NULL && is_text(caller->reason) && text_is_printable(caller->reason)));
    *reterr_flight = (struct cancelled_flight){ .flight_id = "FL123", .status = FLIGHT_CANCELLED, .version = 2,
                                                .currency = "USD", .confirmed = 1, .refund_count = 1,
                                                .refunds = { { "USD", 12900 } } };
    return outcome() == RESULT_OK ? caller->before_commit(db, NULL, caller->context) : RESULT_PRECONDITION_FAILED;
}

static enum result cancel_sold(const struct sale_wish *wish, struct order *reterr_order, struct sale_quote *reterr_quote,
                               struct refusal *reterr_refusal)
{
    static const enum result refusals[] = { RESULT_INVALID_SEATS, RESULT_NOT_PAID, RESULT_QUOTE_CHANGED, RESULT_NOT_PROVED };
    PROMISE(wish->seats == NULL || wish->seats->count <= SEATS_MAX);
    PROMISE(wish->refund_cents >= SALE_BY_RULE && wish->expected_cents >= SALE_BY_RULE);
    *reterr_order = an_order;
    *reterr_quote = (struct sale_quote){ .seats = { .count = 1, .number = { "12A" } }, .refund_cents = 1, .currency = "USD" };
    reterr_refusal->seats = reterr_quote->seats;
    return outcome() == RESULT_OK ? RESULT_OK : refusals[an_order.version % 4];
}

enum result booking_quote_cancellation(struct db *db, const char *order_id, const char *owner,
                                       const struct sale_wish *wish, struct order *reterr_order,
                                       struct sale_quote *reterr_quote, struct refusal *reterr_refusal)
{
    (void)db;
    (void)owner;
    PROMISE(text_is_uuid(order_id));
    return cancel_sold(wish, reterr_order, reterr_quote, reterr_refusal);
}

enum result booking_cancel_sold(struct db *db, const struct caller *caller, const char *order_id,
                                const struct sale_wish *wish, struct order *reterr_order,
                                struct sale_quote *reterr_quote, struct refusal *reterr_refusal)
{
    check_caller(caller);
    PROMISE(text_is_uuid(order_id));
    enum result r = cancel_sold(wish, reterr_order, reterr_quote, reterr_refusal);
    return r == RESULT_OK ? caller->before_commit(db, &an_order, caller->context) : r;
}

enum result booking_change_sold(struct db *db, const struct caller *caller, const char *order_id,
                                const struct seat_list *seats, bool any_time, struct order *reterr_order,
                                struct refusal *reterr_refusal)
{
    static const enum result refusals[] = { RESULT_INVALID_SEATS, RESULT_PRICE_DIFFERENCE, RESULT_NOT_PROVED, RESULT_SEATS_UNAVAILABLE };
    check_caller(caller);
    PROMISE(text_is_uuid(order_id) && seats->count >= 1 && seats->count <= SEATS_MAX);
    *reterr_order = an_order;
    reterr_refusal->seats.count = 0;
    reterr_refusal->difference_cents = any_time ? 1 : -1;
    return outcome() == RESULT_OK ? caller->before_commit(db, &an_order, caller->context) : refusals[seats->count % 4];
}

enum result booking_extend(struct db *db, const struct caller *caller, const char *order_id, int64_t until_ms,
                           struct order *reterr_order)
{
    check_role(ROLE_AGENT);
    check_caller(caller);
    PROMISE(text_is_uuid(order_id) && until_ms != TIME_NONE && caller->reason != NULL);
    *reterr_order = an_order;
    return outcome() == RESULT_OK ? caller->before_commit(db, &an_order, caller->context) : RESULT_INVALID_REQUEST;
}

enum result booking_resend(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    check_role(ROLE_AGENT);
    check_caller(caller);
    PROMISE(text_is_uuid(order_id) && caller->reason != NULL);
    *reterr_order = an_order;
    return outcome() == RESULT_OK ? caller->before_commit(db, &an_order, caller->context) : RESULT_NOTHING_TO_SEND;
}

enum result booking_swap_cabin(struct db *db, const struct caller *caller, const char *flight_id,
                               const struct swap_wish *wish, struct swapped_flight *reterr_flight)
{
    static struct swap_move moves[] = { { .order_id = "01931f5c-8f3a-7c3e-9a4b-0123456789ab", .from = "12A", .to = "14A", .why = "NO_SEAT_LEFT" } };
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(cabin_id_is_valid(wish->cabin_id) && wish->cabin_version >= 0);
    PROMISE(wish->dry_run || (caller->reason != NULL && is_text(caller->reason) && text_is_printable(caller->reason)));
    *reterr_flight = (struct swapped_flight){ .flight_id = "FL123", .version = 2, .cabin_id = "a320",
                                              .cabin_version = 1, .currency = "USD", .moves = moves,
                                              .move_count = 1, .conflicts = moves, .conflict_count = 1 };
    return outcome() == RESULT_OK ? caller->before_commit(db, NULL, caller->context) : RESULT_SEATS_UNAVAILABLE;
}

void swapped_flight_done(struct swapped_flight *flight)
{
    PROMISE(flight->move_count == 1);
}

static enum result change_blocks(struct db *db, const struct caller *caller, const char *flight_id,
                                 const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                 struct refusal *reterr_refusal)
{
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(seats->count >= 1 && seats->count <= SEATS_MAX);
    PROMISE(caller->reason == NULL || (is_text(caller->reason) && text_is_printable(caller->reason)));
    reterr_seats->seats = reterr_seats->changed = reterr_refusal->seats = *seats;
    return outcome() == RESULT_OK ? caller->before_commit(db, NULL, caller->context) : RESULT_SEATS_UNAVAILABLE;
}

enum result booking_block_seats(struct db *db, const struct caller *caller, const char *flight_id,
                                const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                struct refusal *reterr_refusal)
{
    PROMISE(caller->reason != NULL);
    return change_blocks(db, caller, flight_id, seats, reterr_seats, reterr_refusal);
}

enum result booking_unblock_seats(struct db *db, const struct caller *caller, const char *flight_id,
                                  const struct seat_list *seats, struct blocked_seats *reterr_seats,
                                  struct refusal *reterr_refusal)
{
    return change_blocks(db, caller, flight_id, seats, reterr_seats, reterr_refusal);
}

enum result booking_board(struct db *db, const struct caller *caller, const char *flight_id, const char *locator,
                          const char *passenger, struct boarding *reterr_boarding)
{
    check_role(ROLE_AGENT);
    check_caller(caller);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1) && is_text(locator) && is_text(passenger));
    *reterr_boarding = (struct boarding){ .why = (enum boarding_refusal)(outcome() == RESULT_OK ? 0 : BOARDING_DONE),
                                          .locator = "BCDFGH", .passenger = "A1", .given_name = "\xC3\x89\"" };
    return reterr_boarding->why == BOARDING_ALLOWED ? caller->before_commit(db, &an_order, caller->context)
                                                    : RESULT_CANNOT_BOARD;
}

static enum result give_map(const char *flight_id, enum role role, void (*each)(const struct mapped_seat *, void *),
                            void *context)
{
    struct mapped_seat row = {
        .seat = { .number = "A1", .row = 1, .column = "A", .features = "aisle", .status = SEAT_BOOKED },
        .blocked = "a \"reason\"",
        .by = { .order_id = "o", .order_status = "CONFIRMED", .locator = "BCDFGH", .user_id = "\xC3\xA9lodie",
                .person_id = 7, .given_name = "=1+1", .family_name = "O'Brien, \"Bob\"", .boarded_at_ms = 1 },
    };
    check_role(role);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    each(&row, context);
    row = (struct mapped_seat){ .by = { .boarded_at_ms = TIME_NONE } };
    if (role == ROLE_AGENT)
        each(&row, context);
    return RESULT_OK;
}

enum result seat_map_list(struct db *db, const char *flight_id, void (*each)(const struct mapped_seat *, void *),
                          void *context)
{
    (void)db;
    return give_map(flight_id, ROLE_VIEWER, each, context);
}

enum result seat_map_passengers(struct db *db, const char *flight_id, void (*each)(const struct mapped_seat *, void *),
                                void *context)
{
    (void)db;
    return give_map(flight_id, ROLE_AGENT, each, context);
}

enum result refunds_list(struct db *db, const char *order_id, void (*each)(const struct refund *, void *), void *context)
{
    struct refund refund = { .refund_id = "r", .reason = "\"\xC3\xA9\\", .status = REFUND_FAILED, .currency = "USD" };
    (void)db;
    PROMISE(text_is_uuid(order_id));
    each(&refund, context);
    return RESULT_OK;
}

enum result booking_retry_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    (void)db;
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    PROMISE(job_id >= 1);
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_JOB_RUNNING;
}

static enum result change_staff(const struct caller *caller, int64_t person_id, const char *token,
                                struct member *ret_member)
{
    check_role(ROLE_ADMIN);
    check_caller(caller);
    PROMISE(person_id >= 1);
    PROMISE(*token == '\0' || header_of(NULL, "HTTP_IDEMPOTENCY_KEY") == NULL || claimed == 0);
    *ret_member = (struct member){ .person_id = person_id, .name = "Ad\"a \\ \xC3\xA9", .role = ROLE_AGENT };
    text_copy(ret_member->token, sizeof ret_member->token, token);
    return outcome() == RESULT_OK ? RESULT_OK : *token == '\0' ? RESULT_NOT_FOUND : RESULT_NAME_TAKEN;
}

enum result booking_add_staff(struct db *db, const struct caller *caller, const char *name, enum role role,
                              struct member *ret_member)
{
    (void)db;
    PROMISE(account_is_valid(name) && role >= ROLE_VIEWER && role <= ROLE_ADMIN);
    return change_staff(caller, 7, "bks_new", ret_member);
}

enum result booking_rotate_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 struct member *ret_member)
{
    (void)db;
    return change_staff(caller, person_id, "bks_new", ret_member);
}

enum result booking_set_role(struct db *db, const struct caller *caller, int64_t person_id, enum role role,
                             struct member *ret_member)
{
    (void)db;
    PROMISE(role >= ROLE_VIEWER && role <= ROLE_ADMIN);
    return change_staff(caller, person_id, "", ret_member);
}

enum result booking_revoke_token(struct db *db, const struct caller *caller, int64_t person_id,
                                 struct member *ret_member)
{
    (void)db;
    return change_staff(caller, person_id, "", ret_member);
}

enum result staff_list(struct db *db, void (*each)(const struct staff_row *, void *), void *context)
{
    struct staff_row row = { .person_id = 7, .role = ROLE_VIEWER, .revoked_at_ms = TIME_NONE };
    (void)db;
    check_role(ROLE_ADMIN);
    each(&row, context);
    return RESULT_OK;
}

enum result audit_list(struct db *db, const struct audit_filter *filter,
                       void (*each)(const struct audit_row *, void *), void *context)
{
    struct audit_row row = { .audit_id = 5, .actor_id = 7, .actor = "\"\xC3\xA9", .role = "agent",
                             .action = "CANCEL_ORDER", .object_kind = "ORDER", .object_id = an_order.order_id,
                             .was = "{\"status\":\"SEATS_RESERVED\"}", .reason = "\\", .created_at_ms = 1 };
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(filter->limit >= 2 && filter->limit <= 101 && filter->actor_id >= 0 && filter->before_id >= 0);
    PROMISE(filter->action == NULL || audit_is_action(filter->action));
    PROMISE(filter->object_id == NULL || text_is_identifier(filter->object_id, 64));
    for (int i = 0; i < filter->limit; i++)
        each(&row, context);
    return RESULT_OK;
}

/* ── cabins and places ──────────────────────────────────────────────────── */

static enum result change_stored(const struct caller *caller, struct stored *reterr_stored)
{
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    *reterr_stored = (struct stored){ .version = 3, .is_new = outcome() == RESULT_OK };
    return outcome() == RESULT_OK || outcome() == RESULT_PRECONDITION_FAILED ? outcome() : RESULT_IN_USE;
}

enum result booking_put_cabin(struct db *db, const struct caller *caller, const struct cabin *cabin,
                              struct stored *reterr_stored)
{
    (void)db;
    PROMISE(cabin_id_is_valid(cabin->id) && *cabin->name != '\0' && text_is_printable(cabin->name));
    PROMISE(cabin->seat_count >= 1 && cabin->seat_count <= CABIN_SEATS_MAX);
    return change_stored(caller, reterr_stored);
}

enum result booking_remove_cabin(struct db *db, const struct caller *caller, const char *cabin_id,
                                 struct stored *reterr_stored)
{
    (void)db;
    PROMISE(cabin_id_is_valid(cabin_id));
    return change_stored(caller, reterr_stored);
}

enum result cabins_find(struct db *db, const char *cabin_id, int64_t version, struct cabin_version *reterr_version)
{
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(cabin_id_is_valid(cabin_id) && version >= 0);
    if (outcome() != RESULT_OK)
        return RESULT_NOT_FOUND;
    reterr_version->version = 3;
    reterr_version->seat_count = 1;
    text_copy(reterr_version->name, sizeof reterr_version->name, "\"\xC3\xA9");
    buf_add_str(&reterr_version->plan, "{\"numbering\":\"row-column\",\"sections\":[]}");
    return RESULT_OK;
}

enum result cabins_count_flights(struct db *db, const char *cabin_id, int64_t *ret_flights)
{
    (void)db;
    PROMISE(cabin_id_is_valid(cabin_id));
    *ret_flights = 2;
    return RESULT_OK;
}

enum result cabins_list(struct db *db, const char *after_id, int limit, void (*each)(const struct cabin_row *, void *),
                        void *context)
{
    struct cabin_row row = { "a320", "\"\xC3\xA9", 3, 1, 2 };
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(limit >= 2 && limit <= 101 && (*after_id == '\0' || text_is_identifier(after_id, 50)));
    for (int i = 0; i < limit; i++)
        each(&row, context);
    return RESULT_OK;
}

static const struct flight_row a_row = { .flight_id = "FL1", .number = "\"\xC3\xA9", .cabin_id = "a320", .cabin_version = 1,
                                         .origin = "FRA", .destination = "JFK", .departure_day_ms = TIME_NONE,
                                         .arrival_ms = TIME_NONE, .currency = "EUR", .fares = "business=5,economy",
                                         .surcharges = "exit=1", .tax_basis_points = 705, .sales_opens_s = 60,
                                         .sales_closes_s = FLIGHT_NO_LIMIT, .refund_rule = "60:5000:5", .version = 3 };

enum result flight_rows_find(struct db *db, const char *flight_id, struct flight_row *ret_row)
{
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    *ret_row = a_row;
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_FLIGHT_NOT_FOUND;
}

enum result flight_rows_count_seats(struct db *db, const char *flight_id, struct flight_seat_counts *ret_counts)
{
    (void)db;
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    *ret_counts = (struct flight_seat_counts){ .sold = 1 };
    return RESULT_OK;
}

enum result flight_rows_list(struct db *db, const struct flight_row_filter *filter,
                             void (*each)(const struct flight_row *, const struct flight_seat_counts *, void *),
                             void *context)
{
    const struct flight_seat_counts counts = { .free = 1 };
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(filter->limit >= 2 && filter->limit <= 101 && is_text(filter->search) && is_text(filter->status));
    for (int i = 0; i < filter->limit; i++)
        each(&a_row, &counts, context);
    return RESULT_OK;
}

static enum result change_flight(struct db *db, const struct caller *caller, struct put_flight *reterr_flight)
{
    check_caller(caller);
    check_role(ROLE_OPERATOR);
    *reterr_flight = (struct put_flight){ .row = a_row, .is_changed = true };
    enum result r = outcome();
    return r == RESULT_OK && caller->before_commit != NULL ? caller->before_commit(db, NULL, caller->context) : r;
}

enum result booking_put_flight(struct db *db, const struct caller *caller, const struct flight_plan *plan,
                               struct put_flight *reterr_flight, struct faults *faults)
{
    PROMISE(faults->count == 0 && is_text(plan->number) && is_text(plan->departure) && is_text(plan->currency));
    PROMISE(plan->fare_count <= FARES_MAX && plan->surcharge_count <= SURCHARGES_MAX);
    return change_flight(db, caller, reterr_flight);
}

enum result booking_close_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                 struct put_flight *reterr_flight)
{
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    return change_flight(db, caller, reterr_flight);
}

enum result booking_open_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                struct put_flight *reterr_flight)
{
    return booking_close_flight(db, caller, flight_id, reterr_flight);
}

enum result booking_delete_flight(struct db *db, const struct caller *caller, const char *flight_id,
                                  struct put_flight *reterr_flight)
{
    return booking_close_flight(db, caller, flight_id, reterr_flight);
}

enum result booking_schedule(struct db *db, const struct caller *caller, const struct schedule *schedule, bool dry_run,
                             void (*each)(const struct flight_row *row, enum schedule_outcome outcome, void *context),
                             void *context, struct faults *faults)
{
    struct put_flight flight;
    (void)dry_run;
    PROMISE(faults->count == 0 && is_text(schedule->id_rule) && said_clock_is_valid(schedule->departure));
    enum result r = change_flight(db, caller, &flight);
    if (r == RESULT_OK)
        each(&a_row, SCHEDULE_MADE, context);
    return r;
}

enum result booking_begin_import(struct db *db, const struct caller *caller, const struct import *import)
{
    (void)db;
    check_caller(caller);
    check_role(ROLE_OPERATOR);
    PROMISE(text_is_uuid(import->import_id));
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_UNAVAILABLE;
}

enum result booking_add_import(struct db *db, const char *import_id, const struct import_line *lines, size_t count)
{
    (void)db;
    PROMISE(text_is_uuid(import_id) && count > 0);
    for (size_t i = 0; i < count; i++)
        PROMISE(strlen(lines[i].flight) == lines[i].len && is_text(lines[i].flight) && is_text(lines[i].flight_id));
    return RESULT_OK;
}

enum result booking_submit_import(struct db *db, const struct caller *caller, const struct import *import,
                                  const struct import_faults *faults)
{
    PROMISE(import->faults == faults->total && faults->count <= IMPORT_FAULTS_MAX);
    return caller->before_commit == NULL ? RESULT_OK : caller->before_commit(db, NULL, caller->context);
}

enum result imports_find(struct db *db, const char *import_id, struct import *ret_import)
{
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(text_is_uuid(import_id));
    *ret_import = (struct import){ .flights = 1 };
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_NOT_FOUND;
}

enum result imports_faults(struct db *db, const char *import_id, void (*each)(const struct import_fault *, void *),
                           void *context)
{
    const struct import_fault fault = { 3, "fares", "\"\xC3\xA9" };
    (void)db;
    (void)import_id;
    each(&fault, context);
    return RESULT_OK;
}

enum result booking_put_place(struct db *db, const struct caller *caller, const struct place *place,
                              struct stored *reterr_stored)
{
    (void)db;
    PROMISE(place_code_is_valid(place->code) && *place->name != '\0' && *place->city != '\0');
    PROMISE(text_is_printable(place->name) && text_is_printable(place->city) && strlen(place->time_zone) <= 40);
    return change_stored(caller, reterr_stored);
}

enum result booking_remove_place(struct db *db, const struct caller *caller, const char *code,
                                 struct stored *reterr_stored)
{
    (void)db;
    PROMISE(place_code_is_valid(code));
    return change_stored(caller, reterr_stored);
}

enum result places_find(struct db *db, const char *code, struct place *ret_place)
{
    (void)db;
    check_role(ROLE_VIEWER);
    PROMISE(place_code_is_valid(code));
    *ret_place = (struct place){ .code = "FRA", .name = "\"", .city = "\xC3\xA9", .time_zone = "UTC", .version = 1 };
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_NOT_FOUND;
}

enum result places_names(struct db *db, const char *origin, const char *destination, struct place_names *ret_names)
{
    (void)db;
    PROMISE(is_text(origin) && is_text(destination));
    *ret_names = (struct place_names){ .origin = "Bos\"ton" };
    return RESULT_OK;
}

enum result places_list(struct db *db, const struct place_filter *filter, int limit,
                        void (*each)(const struct place *, void *), void *context)
{
    struct place place = { .code = "FRA", .name = "\"", .city = "\xC3\xA9", .time_zone = "UTC", .version = 1 };
    (void)db;
    PROMISE(limit >= 2 && limit <= 101 && is_text(filter->search));
    PROMISE(*filter->after_code == '\0' || text_is_identifier(filter->after_code, 50));
    PROMISE(filter->code_count <= PLACE_CODES_MAX);
    for (size_t i = 0; i < filter->code_count; i++)
        PROMISE(place_code_is_valid(filter->codes[i]));
    for (int i = 0; i < limit; i++)
        each(&place, context);
    return RESULT_OK;
}

enum result jobs_count(struct db *db, enum job_kind kind, struct job_queue *ret_queue)
{
    (void)db;
    PROMISE(kind < JOB_KIND_COUNT);
    *ret_queue = (struct job_queue){ .due = 1, .lag_ms = 1 };
    return RESULT_OK;
}

enum result jobs_list(struct db *db, const struct job_filter *filter,
                      void (*each)(const struct job_row *, void *), void *context)
{
    struct job_row row = { .job_id = 5, .kind = "EXPIRE_HOLD", .order_id = an_order.order_id, .status = "PENDING",
                           .last_error = "\"\xC3\xA9\\" };
    (void)db;
    check_operator();
    PROMISE(filter->limit >= 1 && filter->limit <= 101);
    PROMISE(is_text(filter->status) && is_text(filter->kind) && is_text(filter->order_id));
    for (int i = 0; i < filter->limit; i++)
        each(&row, context);
    return RESULT_OK;
}

enum result jobs_horizon(struct db *db, const struct job_filter *filter, int64_t *reterr_id)
{
    (void)db;
    check_operator();
    PROMISE(is_text(filter->status) && is_text(filter->kind) && is_text(filter->order_id));
    *reterr_id = outcome() == RESULT_OK ? 0 : 7;
    return RESULT_OK;
}

enum result booking_release_job(struct db *db, const struct caller *caller, int64_t job_id)
{
    return booking_retry_job(db, caller, job_id);
}

int64_t booking_lease_ms(const struct config *of, enum job_kind kind)
{
    PROMISE(of == &config && kind < JOB_KIND_COUNT);
    return 15000;
}

enum result jobs_leased(struct db *db, enum job_kind kind, int64_t lease_ms,
                        void (*each)(const struct job_row *, void *), void *context)
{
    struct job_filter filter = { .limit = 2 };
    PROMISE(kind < JOB_KIND_COUNT && lease_ms > 0);
    return jobs_list(db, &filter, each, context);
}

enum result queue_read(struct db *db, const int64_t lease_ms[JOB_KIND_COUNT],
                       struct queue_state reterr_states[JOB_KIND_COUNT])
{
    (void)db;
    check_operator();
    for (int i = 0; i < JOB_KIND_COUNT; i++) {
        PROMISE(lease_ms[i] > 0);
        reterr_states[i] = (struct queue_state){ .due = i, .next_at_ms = TIME_NONE, .paused_at_ms = TIME_NONE };
    }
    return RESULT_OK;
}

enum result booking_pause_kind(struct db *db, const struct caller *caller, enum job_kind kind)
{
    (void)db;
    check_role(ROLE_OPERATOR);
    check_caller(caller);
    PROMISE(kind < JOB_KIND_COUNT);
    return RESULT_OK;
}

enum result booking_resume_kind(struct db *db, const struct caller *caller, enum job_kind kind)
{
    return booking_pause_kind(db, caller, kind);
}

enum result sweepers_list(struct db *db, void (*each)(const struct sweeper_row *, void *), void *context)
{
    struct sweeper_row row = { .worker = "host/1/\"f00\\", .alive = true };
    (void)db;
    check_operator();
    each(&row, context);
    return RESULT_OK;
}

enum result orders_horizon(struct db *db, const struct order_filter *filter, int64_t *reterr_ms)
{
    (void)db;
    check_operator();
    PROMISE(is_text(filter->user_id) && filter->limit >= 2);
    *reterr_ms = outcome() == RESULT_OK ? TIME_NONE : INT64_C(1700000000000);
    return RESULT_OK;
}

enum result orders_list(struct db *db, const struct order_filter *filter,
                        void (*each)(const struct order *, void *), void *context)
{
    (void)db;
    if (filter->user_id == NULL || filter->status != NULL || filter->flight_id != NULL || filter->word_count > 0)
        check_operator();
    PROMISE(filter->limit >= 2 && filter->limit <= 101);
    PROMISE(is_text(filter->user_id) && is_text(filter->status));
    for (size_t i = 0; i < filter->word_count; i++)
        PROMISE(is_text(filter->words[i].part));
    PROMISE(filter->flight_id == NULL || text_is_identifier(filter->flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(strlen(filter->before_id) <= 50 && is_text(filter->before_id));
    for (int i = 0; i < filter->limit; i++)
        each(&an_order, context);
    return RESULT_OK;
}

static struct flight a_flight(void)
{
    struct flight flight = { .flight_id = "FL123", .flight_number = "FL123", .origin = "NYC", .destination = "LAX",
                             .origin_time_zone = "America/New_York", .destination_time_zone = "UTC",
                             .arrival_ms = TIME_NONE, .day_ms = TIME_NONE, .seat_rows = 10, .seat_layout = "A BC",
                             .exit_rows = "4,5", .currency = "USD" };
    return flight;
}

enum result booking_day_prices(struct db *db, const struct price_search *search, struct day_prices *reterr_prices)
{
    (void)db;
    (void)search;
    *reterr_prices = (struct day_prices){ .count = outcome() == RESULT_OK ? 1 : 0,
                                          .price = { { .day_ms = INT64_C(1767225600000), .currency = "USD",
                                                       .lowest_cents = 12900, .flights = 2 } } };
    return RESULT_OK;
}

enum result figures_now(struct db *db, int64_t *ret_ms)
{
    (void)db;
    check_operator();
    *ret_ms = INT64_C(1767225600000);
    return RESULT_OK;
}

enum result figures_money(struct db *db, int64_t from_ms, int64_t to_ms,
                          void (*each)(const struct figures_money *, void *), void *context)
{
    const struct figures_money row = { .hour = 23, .payments = 3, .sales = 2, .seats = 4, .captured_cents = 51600,
                                       .failed = 1, .currency = "USD" };
    (void)db;
    check_operator();
    PROMISE(to_ms - from_ms == INT64_C(86400000));
    if (outcome() == RESULT_OK)
        each(&row, context);
    return RESULT_OK;
}

enum result figures_flights(struct db *db, int64_t from_ms, int64_t to_ms,
                            void (*each)(const struct figures_flights *, void *), void *context)
{
    const struct figures_flights row = { .hour = 0, .flights = 1, .seats = 30, .sold = 12 };
    (void)db;
    check_operator();
    PROMISE(to_ms - from_ms == INT64_C(86400000));
    if (outcome() == RESULT_OK)
        each(&row, context);
    return RESULT_OK;
}

enum result flights_places(struct db *db, const char *text, struct place_codes *ret_codes)
{
    (void)db;
    PROMISE(is_text(text) && *text != '\0');
    *ret_codes = (struct place_codes){ .count = outcome() == RESULT_OK ? 1 : 0, .code = { "NYC" } };
    return RESULT_OK;
}

enum result flights_page(struct db *db, const struct flight_filter *filter, size_t limit, struct flight *reterr_flights,
                         size_t *reterr_count)
{
    (void)db;
    PROMISE(filter->origin == NULL || filter->origin->count == 1);
    PROMISE(filter->destination == NULL || filter->destination->count == 1);
    PROMISE(filter->after_id == NULL || strlen(filter->after_id) <= 50);
    PROMISE((filter->from_ms == TIME_NONE) == (filter->to_ms == TIME_NONE) && filter->from_ms <= filter->to_ms);
    PROMISE(limit >= 2 && limit <= FLIGHT_IDS_MAX);
    *reterr_count = outcome() == RESULT_OK ? limit : 1;
    for (size_t i = 0; i < *reterr_count; i++) {
        reterr_flights[i] = a_flight();
        if (filter->from_ms != TIME_NONE)
            reterr_flights[i].departure_ms = filter->from_ms + (filter->to_ms - filter->from_ms) / 2;
    }
    return RESULT_OK;
}

enum result flights_find(struct db *db, const char *flight_id, struct flight *reterr_flight)
{
    (void)db;
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    *reterr_flight = a_flight();
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_FLIGHT_NOT_FOUND;
}

enum result flight_counts_now(struct db *db, const struct flight_ids *ids,
                              void (*each)(const struct seat_count *, void *), void *context)
{
    (void)db;
    PROMISE(ids->count >= 1 && ids->count <= FLIGHT_IDS_MAX);
    for (size_t i = 0; i < ids->count; i++) {
        struct seat_count count = { ids->id[i], "economy", "aisle,exit", 180, (int64_t)i };
        each(&count, context);
    }
    return RESULT_OK;
}

enum result flight_counts_kept(struct db *db, const struct flight_ids *ids,
                               void (*each)(const struct seat_count *, void *), void *context)
{
    return outcome() == RESULT_OK ? flight_counts_now(db, ids, each, context) : RESULT_OK;
}

enum result flights_sale(struct db *db, const char *flight_id, struct flight_sale *ret_sale)
{
    (void)db;
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    *ret_sale = (struct flight_sale){ .seat_layout = "A BC", .has_kinds = true };
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_FLIGHT_NOT_FOUND;
}

enum result flights_exists(struct db *db, const char *flight_id)
{
    (void)db;
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    return outcome() == RESULT_OK ? RESULT_OK : RESULT_FLIGHT_NOT_FOUND;
}

enum result seats_of_flight(struct db *db, const char *flight_id, void (*each)(const struct seat *, void *),
                            void *context)
{
    struct seat seat = { .number = "A1", .row = 1, .column = "A", .cabin_class = "economy",
                         .features = "aisle,exit", .status = SEAT_RESERVED };
    (void)db;
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    if (outcome() == RESULT_OK)
        each(&seat, context);
    return RESULT_OK;
}

enum result events_list(struct db *db, const char *order_id, void (*each)(const struct event *, void *),
                        void *context)
{
    struct event row = { .event_id = 1, .type = "ORDER_CREATED", .detail = "\"\n\\" };
    (void)db;
    PROMISE(text_is_uuid(order_id));
    each(&row, context);
    return RESULT_OK;
}

enum result sweepers_can_be_written(struct db *db)
{
    (void)db;
    return RESULT_OK;
}

enum result sweepers_count(struct db *db, int64_t *ret_alive, int64_t *ret_now_ms)
{
    (void)db;
    *ret_alive = *ret_now_ms = 1;
    return RESULT_OK;
}

enum result jobs_next_due(struct db *db, int64_t reterr_due_in_ms[JOB_KIND_COUNT])
{
    (void)db;
    for (int i = 0; i < JOB_KIND_COUNT; i++)
        reterr_due_in_ms[i] = 1;
    return RESULT_OK;
}

static int64_t key_owner;

enum result idempotency_claim(struct db *db, const char *key, const char *request, size_t request_len,
                              int64_t owner, struct stored_answer *reterr_answer)
{
    (void)db;
    size_t sent = strcspn(key, "\n"); /* whose it is follows in a line of its own */
    PROMISE(sent >= 1 && sent <= 255 && is_text(key));
    for (size_t i = 0; i < sent; i++)
        PROMISE(key[i] > 0x20 && key[i] < 0x7F);
    PROMISE(request_len > 0 && request != NULL && text_is_utf8(request, request_len));
    claimed++;
    key_owner = owner;
    *reterr_answer = (struct stored_answer){ .status = 201, .content_type = CONTENT_JSON, .location = "/api/orders/x",
                                          .etag = "\"1\"", .body = "{}" };
    return key[0] == 'r' ? RESULT_DUPLICATE : key[0] == 'm' ? RESULT_IDEMPOTENCY_MISMATCH : RESULT_OK;
}

enum result idempotency_answer(struct db *db, const char *key, int64_t owner, const struct stored_answer *answer)
{
    (void)db;
    (void)key;
    PROMISE(owner == key_owner && is_text(answer->body));
    PROMISE(answer->status / 100 == 2 || answer->status == 409 || answer->status == 412);
    return RESULT_OK;
}

enum result idempotency_release(struct db *db, const char *key, int64_t owner)
{
    (void)db;
    (void)key;
    PROMISE(owner == key_owner);
    return RESULT_OK;
}

void wake_all(const char *directory, enum wake what)
{
    (void)what;
    (void)directory;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields, size_t n)
{
    /* The domain above never fails for internal reasons, so no such failure may be logged. If one is, a new handler
     * calls a domain function that is not replaced here yet, and the real one found no database. */
    PROMISE(level < LOG_ERROR && event != NULL && fields != NULL && n > 0);
}

/* ── the answer ─────────────────────────────────────────────────────────── */

/* Every line of the head is one of our headers: no input can add one. */
static void check_head(const struct response *response)
{
    struct buf head = BUF_INIT;
    response_write_head(response, &head);
    const char *p = buf_str(&head);
    PROMISE(strlen(p) == head.len && strncmp(p, "Status: ", 8) == 0);
    while (strncmp(p, "\r\n", 2) != 0) {
        static const char *const known[] = {
            "Status", "Content-Type", "Cache-Control", "Location", "ETag", "Allow", "WWW-Authenticate", "Retry-After",
            "Idempotency-Replayed", "Content-Length", "Vary", "Access-Control-Allow-Origin",
            "Access-Control-Expose-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
            "Access-Control-Max-Age", "Content-Disposition",
        };
        size_t name_len = strcspn(p, ":");
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            is_known = is_known || (strlen(known[i]) == name_len && strncmp(p, known[i], name_len) == 0);
        PROMISE(is_known);
        for (p += name_len; *p != '\r'; p++)
            PROMISE(*p >= 0x20 && *p < 0x7F);
        PROMISE(p[1] == '\n');
        p += 2;
    }
    PROMISE(p[2] == '\0');
    buf_done(&head);
}

static void check_answer(const struct request *request, const struct response *response)
{
    size_t at = 0;
    check_head(response);
    PROMISE(response->status >= 200 && response->status < 500);
    if (response->status == 204 || response->status == 304)
        return;
    PROMISE(strstr(response->content_type, "json") == NULL ||
            json_is_valid(buf_str(&response->body), response->body.len, 8, &at));
    if (response->status >= 400 && !response->replayed)
        PROMISE(strcmp(response->content_type, CONTENT_PROBLEM) == 0 &&
                strstr(buf_str(&response->body), request->id) != NULL);
}

static void serve(const char *method, const char *target, const char *body, size_t body_len, const char *token)
{
    static struct db *db;
    static struct response response;
    struct request request = {
        .method = method,
        .path = target,
        .content_type = header_or("HTTP_CONTENT_TYPE", ""),
        .body = body,
        .body_len = body_len,
        .remote_address = "203.0.113.9",
        .id = "fuzz-1",
        .header_of = header_of,
    };
    struct router router = { .config = &config };
    if (db == NULL) {
        struct dsn nowhere = { .user = "nobody", .socket = "/nonexistent" };
        db = db_new(&nowhere);
    }
    router.db = router.brief_db = db;
    text_copy(config.admin_token, sizeof config.admin_token, token);
    response_clear(&response);
    claimed = 0;
    enum server_error error = request_parse_target(&request, target) == REQUEST_OK ? SERVER_OK : SERVER_BAD_TARGET;
    router_handle(&request, error, &response, &router);
    check_answer(&request, &response);
    request_done(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* The body may contain NULs; the lines before it may not. */
    char *text = malloc(size + 1);
    PROMISE(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    headers.count = 0;

    char *target = strchr(text, ' ');
    char *line = next_line(text);
    if (target != NULL && line != NULL && target < line) {
        *target++ = '\0';
        while (line != NULL && *line != '\0' && *line != '\n' && *line != '\r') {
            char *next = next_line(line);
            if (next != NULL)
                add_header(line);
            line = next;
        }
        char *body = line == NULL ? text + size : next_line(line);
        body = body == NULL ? text + size : body;
        size_t body_len = (size_t)(text + size - body);
        if (body_len <= BODY_MAX) {
            serve(text, target, body, body_len, "");
            serve(text, target, body, body_len, TOKEN);
        }
    }
    free(text);
    return 0;
}
