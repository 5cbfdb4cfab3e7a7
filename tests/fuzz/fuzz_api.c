/* SPDX-License-Identifier: MIT */
/* Whole requests through the router: target, query, headers, body. This file replaces the domain below the handlers,
 * and checks that every argument is what the real domain relies on.
 *
 * An input is a request in plain text: "METHOD target", header lines, an empty line, the body.
 * The header X-Outcome says how the domain answers. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/json_check.h"
#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/base/wake.h"
#include "booking/booking.h"
#include "booking/store/audit.h"
#include "booking/core/name_key.h"
#include "booking/store/events.h"
#include "booking/store/flights.h"
#include "booking/store/idempotency.h"
#include "booking/store/order_tokens.h"
#include "booking/store/orders.h"
#include "booking/store/queue.h"
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

enum result booking_hold(struct db *db, const struct caller *caller, const char *flight_id, const char *user_id,
                         const struct seat_list *seats, struct order *reterr_order, struct refusal *reterr_refusal)
{
    check_caller(caller);
    check_seats(seats);
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(is_text(user_id) && text_is_printable(user_id));
    PROMISE(text_utf8_length(user_id) >= 1 && text_utf8_length(user_id) <= USER_ID_MAX);
    reterr_refusal->seats = *seats;
    *reterr_order = an_order;
    enum result r = outcome();
    return r == RESULT_OK ? caller->before_commit(db, reterr_order, caller->context) : r;
}

enum result booking_change_seats(struct db *db, const struct caller *caller, const char *order_id,
                                 const struct seat_list *seats, struct order *reterr_order, struct refusal *reterr_refusal)
{
    check_seats(seats);
    reterr_refusal->seats = *seats;
    return change(db, caller, order_id, reterr_order);
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
    if (filter->user_id == NULL || filter->status != NULL || filter->flight_id != NULL || filter->search != NULL)
        check_operator();
    PROMISE(filter->limit >= 2 && filter->limit <= 101);
    PROMISE(is_text(filter->user_id) && is_text(filter->status) && is_text(filter->search));
    PROMISE(filter->flight_id == NULL || text_is_identifier(filter->flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(strlen(filter->before_id) <= 50 && is_text(filter->before_id));
    for (int i = 0; i < filter->limit; i++)
        each(&an_order, context);
    return RESULT_OK;
}

enum result flights_list(struct db *db, const struct flight_filter *filter,
                         void (*each)(const struct flight *, void *), void *context)
{
    struct flight flight = { .flight_id = "FL123", .flight_number = "FL123", .origin = "NYC", .destination = "LAX",
                             .origin_time_zone = "America/New_York", .destination_time_zone = "UTC",
                             .seat_rows = 10, .seat_layout = "A BC", .exit_rows = "4,5", .currency = "USD" };
    (void)db;
    PROMISE(filter->flight_id == NULL || text_is_identifier(filter->flight_id, FLIGHT_ID_SIZE - 1));
    PROMISE(filter->origin == NULL || strlen(filter->origin) == 3);
    PROMISE(filter->destination == NULL || strlen(filter->destination) == 3);
    PROMISE(filter->after_id == NULL || strlen(filter->after_id) <= 50);
    int count = filter->flight_id == NULL ? filter->limit : outcome() == RESULT_OK ? 1 : 0;
    for (int i = 0; i < count; i++)
        each(&flight, context);
    return RESULT_OK;
}

enum result flights_departures(struct db *db, const struct flight_filter *filter,
                               void (*each)(const struct flight_departure *, void *), void *context)
{
    struct flight_departure flight = { .flight_id = "FL123", .origin_time_zone = "America/New_York" };
    (void)db;
    PROMISE(filter->from_ms < filter->to_ms && filter->limit > 0);
    flight.departure_ms = filter->from_ms + (filter->to_ms - filter->from_ms) / 2;
    each(&flight, context);
    return RESULT_OK;
}

enum result flights_named(struct db *db, const struct flight_ids *ids, void (*each)(const struct flight *, void *),
                          void *context)
{
    struct flight_filter filter = { .limit = (int)ids->count };
    PROMISE(ids->count >= 1 && ids->count <= 101);
    return flights_list(db, &filter, each, context);
}

enum result flights_exists(struct db *db, const char *flight_id)
{
    (void)db;
    PROMISE(text_is_identifier(flight_id, FLIGHT_ID_SIZE - 1));
    return RESULT_FLIGHT_NOT_FOUND;
}

enum result seats_of_flight(struct db *db, const char *flight_id, void (*each)(const struct seat *, void *),
                            void *context)
{
    struct seat seat = { .number = "A1", .row = 1, .column = "A", .status = SEAT_RESERVED };
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

void wake_all(const char *directory)
{
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
            "Access-Control-Max-Age",
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
