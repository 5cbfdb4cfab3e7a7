/* SPDX-License-Identifier: MIT */
#include "fcgi/call.h"

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/store/idempotency.h"
#include "booking/store/staff.h"
#include "fcgi/body.h"

#include <stdio.h>
#include <string.h>

bool call_order_id(struct call *call)
{
    if (!text_read_uuid(call->id, call->id_text))
        return false;
    call->id = call->id_text;
    return true;
}

bool call_read_flight_id(const char *text, char reterr_id[FLIGHT_ID_SIZE])
{
    return text_trim_copy(reterr_id, FLIGHT_ID_SIZE, text) && text_is_identifier(reterr_id, FLIGHT_ID_SIZE - 1);
}

bool call_flight_id(struct call *call)
{
    if (!call_read_flight_id(call->id, call->id_text))
        return false;
    call->id = call->id_text;
    return true;
}

void call_answer_order(struct call *call, const struct order *order, int status, enum order_dialect dialect)
{
    struct json_writer w = response_json(call->response, status);
    order_write_json(&w, NULL, order, call->config->payment_max_attempts, dialect);
    response_set_version(call->response, order->version);
}

bool call_is_entrusted(const struct call *call, const char *order_id)
{
    const struct identity *who = &call->who;
    return (who->kind == IDENTITY_STAFF && who->staff.role >= ROLE_AGENT) ||
           (who->kind == IDENTITY_ORDER && order_id != NULL && strcmp(who->order_id, order_id) == 0);
}

struct order_actions call_actions(const struct call *call, const struct order *order)
{
    const struct caller caller = {
        .config = call->config,
        .staff = call->who.staff,
        .account = call->who.user,
        .is_proved = call_is_entrusted(call, order->order_id),
    };
    return booking_actions(&caller, order);
}

/* The persons of an order as this caller may know them. */
static enum result read_party(struct call *call, const struct order *order, struct party *reterr_party)
{
    const struct caller caller = { .account = call->who.user, .is_proved = call_is_entrusted(call, order->order_id) };
    TRY(booking_read_party(call->db, order->order_id, reterr_party));
    if (!booking_may_see_persons(&caller, order))
        party_mask(reterr_party);
    return RESULT_OK;
}

/* With its persons. (Their room is large, so it is only taken where there may be some.) */
static enum result show_with_persons(struct call *call, struct order *order, int status, enum order_dialect dialect)
{
    struct party party;
    TRY(read_party(call, order, &party));
    order->party = &party;
    call_answer_order(call, order, status, dialect);
    order->party = NULL;
    return RESULT_OK;
}

enum result call_show_order(struct call *call, struct order *order, int status, enum order_dialect dialect)
{
    const struct order_actions actions = call_actions(call, order);
    enum result r = RESULT_OK;
    order->actions = &actions;
    order->shows_consent = config_asks_consent(call->config);
    if (config_takes_passengers(call->config))
        r = show_with_persons(call, order, status, dialect);
    else
        call_answer_order(call, order, status, dialect);
    order->actions = NULL;
    return r;
}

/* The answer to a change, with these persons (NULL: none is shown). */
static void render(const struct order_answer *answer, const struct order *order, const struct party *party)
{
    struct response *response = answer->call->response;
    const struct order_actions actions = call_actions(answer->call, order);
    struct order shown = *order;
    shown.party = party;
    shown.actions = &actions;
    shown.shows_consent = config_asks_consent(answer->call->config);
    memcpy(shown.single_left, answer->single_left, sizeof shown.single_left);
    call_answer_order(answer->call, &shown, answer->status, answer->dialect);
    if (answer->is_new)
        (void)snprintf(response->location, sizeof response->location, "/api/orders/%s", order->order_id);
}

static enum result render_with_persons(const struct order_answer *answer, const struct order *order)
{
    struct party party;
    party.count = 0;
    party.contact = (struct contact){ 0 };
    if (!answer->has_no_persons)
        TRY(read_party(answer->call, order, &party));
    render(answer, order, &party);
    return RESULT_OK;
}

/* After the change. Its persons are left out if they cannot be read now. */
static void render_answer(const struct order *order, void *context)
{
    const struct order_answer *answer = context;
    bool has_persons = config_takes_passengers(answer->call->config);
    if (!has_persons || render_with_persons(answer, order) != RESULT_OK)
        render(answer, order, NULL);
}

/* Renders the answer and, if there is a key, writes it beside the change: without persons, whose names stand in one
 * table alone. */
static enum result answer_before_commit(struct db *db, const struct order *order, void *context)
{
    const struct order_answer *answer = context;
    render(answer, order, NULL);
    TRY(call_keep_answer(answer->call, db));
    return config_takes_passengers(answer->call->config) ? render_with_persons(answer, order) : RESULT_OK;
}

enum result call_keep_answer(struct call *call, struct db *db)
{
    const struct response *response = call->response;
    if (call->key == NULL)
        return RESULT_OK;
    struct stored_answer stored = {
        .status = response->status,
        .content_type = response->content_type,
        .location = response->location[0] == '\0' ? NULL : response->location,
        .etag = response->etag[0] == '\0' ? NULL : response->etag,
        .body = buf_str(&response->body),
    };
    call->key_answered = true;
    enum result r = idempotency_answer(db, call->key, call->key_owner, &stored);
    /* The claim has run out, and another request with this key has it now. */
    return r == RESULT_STALE ? RESULT_IDEMPOTENCY_RUNNING : r;
}

/* The version that a tag names between its quotes, or -1: a tag that is not ours can match nothing. */
static int64_t tagged_version(const char *text, size_t len)
{
    char digits[20];
    long long version = -1;
    if (len >= sizeof digits)
        return -1;
    memcpy(digits, text, len);
    digits[len] = '\0';
    return text_parse_int(digits, 0, 1LL << 40, &version) ? version : -1;
}

/* Reads "*" or a list of entity tags (RFC 9110, section 13.1). Our tags are versions. Weak tags count only where the
 * comparison is weak. */
static bool read_tags(const char *text, bool weak_counts, struct version_set *reterr_set)
{
    *reterr_set = (struct version_set){ .any = strcmp(text, "*") == 0 };
    while (*text != '\0' && !reterr_set->any) {
        text += strspn(text, " ,");
        if (*text == '\0')
            break;
        bool weak = strncmp(text, "W/", 2) == 0;
        text += weak ? 2 : 0;
        const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;
        if (end == NULL || reterr_set->count == sizeof reterr_set->version / sizeof reterr_set->version[0])
            return false;
        bool counts = weak_counts || !weak;
        reterr_set->version[reterr_set->count++] = counts ? tagged_version(text + 1, (size_t)(end - text) - 1) : -1;
        text = end + 1;
    }
    return reterr_set->any || reterr_set->count > 0;
}

/* Reads the condition in that header; an empty set if there is no such header. False, with the problem as the answer,
 * if it cannot be read. */
static bool read_condition(struct call *call, const char *header, struct version_set *reterr_set)
{
    bool is_match = strcmp(header, "If-Match") == 0;
    const char *text = request_header(call->request, is_match ? "HTTP_IF_MATCH" : "HTTP_IF_NONE_MATCH");
    *reterr_set = (struct version_set){ 0 };
    if (text == NULL || read_tags(text, !is_match, reterr_set))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, header,
                  is_match ? "If-Match must be * or up to eight entity tags such as \"3\"."
                           : "If-None-Match must be * or up to eight entity tags such as \"3\".");
    return false;
}

const char *call_owner(const struct call *call, const char *order_id)
{
    const struct identity *who = &call->who;
    bool all = !config_wants_sign_in(call->config) || who->kind == IDENTITY_STAFF ||
               (who->kind == IDENTITY_ORDER && strcmp(who->order_id, order_id) == 0);
    if (all)
        return NULL;
    return who->user == NULL ? "" : who->user; /* no owner is called "" */
}

enum result call_read_order(struct call *call, struct order *ret_order)
{
    return call_order_id(call) ? booking_read_order(call->db, call->id, call_owner(call, call->id), ret_order)
                               : RESULT_ORDER_NOT_FOUND;
}

bool call_plain_caller(struct call *call, struct caller *reterr_caller)
{
    struct identity *who = &call->who;
    enum result r = RESULT_OK;
    if (who->kind == IDENTITY_STAFF && who->staff.person_id == 0)
        r = staff_person(call->db, who->known_by, who->name, &who->staff.person_id);
    if (r != RESULT_OK)
        call_refuse(call, r);
    *reterr_caller = (struct caller){
        .config = call->config,
        .request_id = call->request->id,
        .staff = who->staff,
        .is_proved = call_is_entrusted(call, NULL),
        .account = who->user,
    };
    return r == RESULT_OK;
}

bool call_caller(struct call *call, struct order_answer *answer, struct caller *reterr_caller)
{
    if (!call_plain_caller(call, reterr_caller))
        return false;
    reterr_caller->owner = call->id == NULL ? NULL : call_owner(call, call->id);
    reterr_caller->is_proved = call_is_entrusted(call, call->id);
    reterr_caller->before_commit = answer_before_commit;
    reterr_caller->answer_again = render_answer;
    reterr_caller->context = answer;
    return read_condition(call, "If-Match", &reterr_caller->only_if) &&
           read_condition(call, "If-None-Match", &reterr_caller->unless);
}

bool call_reason(struct call *call, const struct body *body, char ret_reason[REASON_SIZE])
{
    const char *text = NULL;
    if (body_text(body, "reason", &text) && text != NULL && text_trim_copy(ret_reason, REASON_SIZE, text) &&
        account_is_valid(ret_reason))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "reason",
                  "reason must say why, in 1 to 255 characters without control characters.");
    return false;
}

bool call_dry_run(struct call *call, const struct body *body, bool *ret_dry_run)
{
    const char *asked = call_query(call, "dryRun");
    bool is_known = asked == NULL || strcmp(asked, "true") == 0 || strcmp(asked, "false") == 0;
    if (is_known && body_flag(body, "dryRun", asked != NULL && strcmp(asked, "true") == 0, ret_dry_run))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "dryRun", "dryRun must be true or false.");
    return false;
}

/* Leaves out the query, which may hold names. */
static void log_failure(const struct call *call, enum result r)
{
    char path[128];
    text_copy(path, sizeof path, call->request->path);
    path[strcspn(path, "?")] = '\0';
    log_error("request_failed", LOG_TEXT("request_id", call->request->id), LOG_TEXT("result", result_name(r)),
              LOG_TEXT("method", call->request->method), LOG_TEXT("path", path),
              LOG_TEXT("database", db_last_error(call->db)));
}

void call_refuse(struct call *call, enum result r)
{
    enum problem_code code = problem_of_result(r);
    call->key_answered = false; /* the kept answer was rolled back */
    if (code == PROBLEM_INTERNAL || code == PROBLEM_DATABASE_UNAVAILABLE)
        log_failure(call, r);
    problem_say(call->response, call->request, code, NULL);
}

void call_refuse_flight(struct call *call, enum result r, int64_t version)
{
    call_refuse(call, r);
    if (r != RESULT_PRECONDITION_FAILED)
        return;
    problem_say(call->response, call->request, PROBLEM_PRECONDITION_FAILED,
                "The flight's version is not one that If-Match or If-None-Match allows.");
    response_set_version(call->response, version);
}

void call_refuse_version(struct call *call, enum result r, int64_t version)
{
    call_refuse(call, r);
    if (r != RESULT_PRECONDITION_FAILED)
        return;
    problem_say(call->response, call->request, PROBLEM_PRECONDITION_FAILED,
                "The version, if there is one, is not one that If-Match or If-None-Match allows.");
    if (version > 0)
        response_set_version(call->response, version);
}

void call_refuse_faults(struct call *call, const struct faults *faults)
{
    const struct fault *first = &faults->fault[0];
    struct problem p = {
        .code = PROBLEM_INVALID_REQUEST,
        .detail = first->message,
        .field = *first->path == '\0' ? NULL : first->path,
        .faults = faults,
    };
    call->key_answered = false;
    problem_write(call->response, call->request, &p);
}

void call_refuse_proof(struct call *call)
{
    bool is_known = call->who.kind != IDENTITY_NOBODY;
    call->key_answered = false;
    problem_say(call->response, call->request, is_known ? PROBLEM_FORBIDDEN : PROBLEM_UNAUTHORIZED,
                is_known ? "This booking is another customer's."
                         : "This booking is paid. Sign in as its owner, or find it by its reference first.");
    if (!is_known)
        call->response->authenticate = "Bearer realm=\"booking\"";
}

void call_refuse_role(struct call *call, enum role needed)
{
    char detail[120];
    (void)snprintf(detail, sizeof detail, "Only staff with the role %s or a higher one may do this.",
                   role_name(needed));
    struct problem p = { .code = PROBLEM_FORBIDDEN, .detail = detail, .role = role_name(needed) };
    call->key_answered = false;
    problem_write(call->response, call->request, &p);
}

static void write_difference(struct json_writer *w, const void *extra)
{
    const struct refusal *refusal = extra;
    json_add_int(w, "differenceCents", refusal->difference_cents);
}

/* The client learns what the order is now. */
static void refuse_version(struct call *call, const struct order *order)
{
    const struct order_actions actions = call_actions(call, order);
    struct order shown = *order;
    struct problem p = {
        .code = PROBLEM_PRECONDITION_FAILED,
        .max_attempts = call->config->payment_max_attempts,
        .order = &shown,
    };
    shown.actions = &actions;
    problem_write(call->response, call->request, &p);
    response_set_version(call->response, order->version);
}

void call_refuse_order(struct call *call, enum result r, const struct order *order, const struct refusal *refusal)
{
    char seats[SEATS_TEXT_SIZE] = "";
    char detail[SEATS_TEXT_SIZE + 64];
    struct problem p = { .code = problem_of_result(r), .max_attempts = call->config->payment_max_attempts };

    call->key_answered = false; /* the kept answer was rolled back */
    if (r == RESULT_NOT_PROVED) {
        call_refuse_proof(call);
        return;
    }
    if (r == RESULT_SEATS_UNAVAILABLE || r == RESULT_INVALID_SEATS) {
        bool one = refusal->seats.count == 1;
        bool none = refusal->seats.count == 0; /* they were not named */
        seat_list_format(&refusal->seats, seats);
        (void)snprintf(detail, sizeof detail, "Seat%s %s %s %s.", one ? "" : "s", seats, one ? "is" : "are",
                       r == RESULT_INVALID_SEATS ? "not on this flight" : "no longer available");
        p.detail = !none                       ? detail
                   : r == RESULT_INVALID_SEATS ? "This flight has no such class."
                                               : "Not so many seats are free.";
        p.seats = &refusal->seats;
        p.field = r != RESULT_INVALID_SEATS ? NULL : none ? "class" : "seats";
    } else if (r == RESULT_TOO_MANY_HOLDS) {
        (void)snprintf(detail, sizeof detail,
                       "You hold seats in %lld open orders, and may not hold more. Pay for one, cancel one, or wait.",
                       (long long)refusal->open_holds);
        p.detail = detail;
        p.field = "userId"; /* tells this from a rate limit, which passes by itself */
        p.retry_after_s = (int)refusal->retry_after_s;
    } else if (r == RESULT_NO_SUCH_PASSENGER) {
        p.detail = "passengers must be ids of this booking's passengers, each once.";
        p.field = "passengers";
    } else if (r == RESULT_PRICE_DIFFERENCE) {
        p.detail = refusal->difference_cents > 0 ? "These seats cost more than was paid."
                                                 : "These seats cost less, and the difference is not given back.";
        p.write_extra = write_difference;
        p.extra = refusal;
    } else if (r == RESULT_PRECONDITION_FAILED) {
        refuse_version(call, order);
        return;
    } else if (p.code == PROBLEM_INTERNAL || p.code == PROBLEM_DATABASE_UNAVAILABLE) {
        log_failure(call, r);
    }
    problem_write(call->response, call->request, &p);
}

const char *call_query(const struct call *call, const char *name)
{
    const char *text = parameters_get(&call->request->query, name);
    return text == NULL || *text == '\0' ? NULL : text;
}

bool call_moment(struct call *call, const char *name, int64_t *reterr_ms)
{
    const char *text = call_query(call, name);
    *reterr_ms = TIME_NONE;
    if (text == NULL || timestamp_parse(text, reterr_ms))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, name,
                  "Say a date such as 2026-03-15, or a moment such as 2026-03-15T10:00:00Z.");
    return false;
}

bool call_limit(struct call *call, int *ret_limit)
{
    const char *text = parameters_get(&call->request->query, "limit");
    long long limit = 50;
    if (text != NULL && !text_parse_int(text, 1, 100, &limit)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "limit",
                      "limit must be a number from 1 to 100.");
        return false;
    }
    *ret_limit = (int)limit;
    return true;
}

static void write_cursor(struct json_writer *w, int64_t ms, const char *id)
{
    char text[CURSOR_SIZE];
    (void)snprintf(text, sizeof text, "%lld_%s", (long long)ms, id);
    json_add_text(w, "nextCursor", text);
}

bool page_takes(struct page *page, int64_t ms, const char *id)
{
    if (page->count++ >= page->limit)
        return false;
    page->last_ms = ms;
    text_copy(page->last_id, sizeof page->last_id, id);
    return true;
}

void page_write_cursor(const struct page *page, int64_t or_at_ms)
{
    if (page->count > page->limit)
        write_cursor(page->w, page->last_ms, page->last_id);
    else if (or_at_ms != TIME_NONE)
        write_cursor(page->w, or_at_ms, "0"); /* before every id */
    else
        json_add_null(page->w, "nextCursor");
}

bool call_id_cursor(struct call *call, char reterr_id[CURSOR_SIZE])
{
    const char *text = call_query(call, "cursor");
    reterr_id[0] = '\0';
    if (text == NULL)
        return true;
    if (text_is_identifier(text, FLIGHT_ID_SIZE - 1)) {
        text_copy(reterr_id, CURSOR_SIZE, text);
        return true;
    }
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "cursor",
                  "cursor must be the nextCursor of an answer.");
    return false;
}

void page_write_id_cursor(const struct page *page)
{
    json_add_text(page->w, "nextCursor", page->count > page->limit ? page->last_id : NULL);
}

void call_write_cursor(struct json_writer *w, bool more, int64_t ms, const char *id)
{
    if (more)
        write_cursor(w, ms, id);
    else
        json_add_null(w, "nextCursor");
}

bool call_cursor(struct call *call, int64_t *reterr_ms, char reterr_id[CURSOR_SIZE])
{
    const char *text = parameters_get(&call->request->query, "cursor");
    char digits[24];
    long long ms = 0;

    *reterr_ms = TIME_NONE;
    reterr_id[0] = '\0';
    if (text == NULL)
        return true;
    size_t len = strcspn(text, "_");
    if (len < sizeof digits && text[len] == '_' && text_is_identifier(text + len + 1, 50)) {
        memcpy(digits, text, len);
        digits[len] = '\0';
        if (text_parse_int(digits, 0, INT64_C(253370764800000), &ms)) {
            *reterr_ms = ms;
            text_copy(reterr_id, CURSOR_SIZE, text + len + 1);
            return true;
        }
    }
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "cursor",
                  "cursor must be the nextCursor of an answer.");
    return false;
}

bool call_matches(struct call *call, const struct order *order)
{
    struct version_set only_if;
    struct refusal refusal = { 0 };
    if (!read_condition(call, "If-Match", &only_if))
        return false;
    if (only_if.count == 0 || version_is_in(&only_if, order->version))
        return true;
    call_refuse_order(call, RESULT_PRECONDITION_FAILED, order, &refusal);
    return false;
}

/* Whether a list of entity tags names this one, compared weakly (RFC 9110, section 13.1.2). */
static bool names_etag(const char *text, const char *etag)
{
    if (strcmp(text, "*") == 0)
        return true;
    size_t len = strlen(etag);
    for (const char *p = strstr(text, etag); p != NULL; p = strstr(p + 1, etag)) {
        char before = p == text ? ',' : p[-1];
        char after = p[len];
        if ((before == ',' || before == ' ' || before == '/') && (after == '\0' || after == ',' || after == ' '))
            return true;
    }
    return false;
}

bool call_not_modified(struct call *call)
{
    const char *tags = request_header(call->request, "HTTP_IF_NONE_MATCH");
    if (tags == NULL || call->response->etag[0] == '\0' || !names_etag(tags, call->response->etag))
        return false;
    call->response->status = 304;
    buf_clear(&call->response->body);
    return true;
}
