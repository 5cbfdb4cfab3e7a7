/* SPDX-License-Identifier: MIT */
/* payment-gateway: a simulator of the gateway that the sweeper calls, so that
 * the product can be tried and tested whole. See docs/api.md for its codes. */

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/base/timestamp.h"
#include "booking/booking.h"
#include "booking/config.h"
#include "fcgi/access.h"
#include "fcgi/body.h"
#include "fcgi/pool.h"
#include "fcgi/problem.h"
#include "fcgi/simulator/behaviour.h"
#include "fcgi/simulator/charges.h"
#include "fcgi/simulator/page.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Longer than any client waits for a payment, but not forever: the process is needed again. */
#define NEVER_MS 60000

struct gateway {
    const struct config *config;
    struct db *db;
};

/* One call on its way. */
struct charge_call {
    struct gateway *gateway;
    const struct request *request;
    struct response *response;
    const char *key;
};

/* Like a real gateway, it finishes what it has begun even if the client is gone. */
static void take_time(int64_t ms)
{
    struct timespec wait = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&wait, NULL);
}

static void fail(const struct charge_call *c, enum result r)
{
    log_error("gateway_failed", LOG_TEXT("request_id", c->request->id), LOG_TEXT("result", result_name(r)),
              LOG_TEXT("database", db_last_error(c->gateway->db)));
    problem_say(c->response, c->request, problem_of_result(r), NULL);
}

static void say_not_now(const struct charge_call *c, const struct behaviour *b)
{
    struct json_writer w = response_json(c->response, b->status);
    c->response->retry_after_s = b->retry_after_s;
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "ERROR");
    json_add_text(&w, "reason", "temporarily unavailable");
    json_close_object(&w);
}

static void say_pending(const struct charge_call *c, bool has_page)
{
    char url[CHARGE_KEY_SIZE + 64];
    struct json_writer w = response_json(c->response, 202);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "PENDING");
    /* Only browsers on this machine get there, as to all of the simulator. */
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%lld/charges/%s/page",
                   (long long)c->gateway->config->gateway_port, c->key);
    if (has_page)
        json_add_text(&w, "redirectUrl", url);
    json_close_object(&w);
}

/* Keeps the client waiting until it gives up. */
static void say_nothing(const struct charge_call *c)
{
    static const struct behaviour gone = { .status = 503 };
    (void)server_wait(c->request, NEVER_MS);
    say_not_now(c, &gone);
}

static void answer_record(const struct charge_call *c, const struct charge_record *record)
{
    bool approved = strcmp(record->status, "APPROVED") == 0;
    bool declined = strcmp(record->status, "DECLINED") == 0;
    /* Voided: 410, final. The order it was for has ended. */
    struct json_writer w = response_json(c->response, approved ? 200 : declined ? 402 : 410);
    json_open_object(&w, NULL);
    if (approved)
        json_add_text(&w, "transactionId", record->transaction_id);
    json_add_text(&w, "status", record->status);
    if (!approved)
        json_add_text(&w, "reason", declined ? record->reason : "this charge was voided");
    json_close_object(&w);
}

/* ── POST /charges ──────────────────────────────────────────────────────── */

struct wanted {
    const char *code;
    const char *return_url; /* NULL: none */
    struct charge_request charge;
};

static bool read_wanted(const struct charge_call *c, const struct body *body, struct wanted *reterr_wanted)
{
    int64_t cents = -1;
    bool is_text = body_text(body, "paymentCode", &reterr_wanted->code) &&
                   body_text(body, "orderId", &reterr_wanted->charge.order_id) &&
                   body_text(body, "currency", &reterr_wanted->charge.currency) &&
                   body_text(body, "returnUrl", &reterr_wanted->return_url);
    bool is_amount = body_integer(body, "amountCents", -1, &cents);
    reterr_wanted->charge.amount_cents = cents;

    /* Without a code (PAYMENT_CODE=none) the customer decides on the simulator's page. */
    if (is_text && reterr_wanted->code == NULL)
        reterr_wanted->code = "20203";
    if (is_text && booking_payment_code_is_valid(reterr_wanted->code) && reterr_wanted->charge.order_id != NULL &&
        text_is_identifier(reterr_wanted->charge.order_id, 50) && reterr_wanted->charge.currency != NULL &&
        strlen(reterr_wanted->charge.currency) == 3 && text_is_identifier(reterr_wanted->charge.currency, 3) &&
        is_amount && cents >= 0 && (reterr_wanted->return_url == NULL || url_is_web(reterr_wanted->return_url)))
        return true;
    problem_say(c->response, c->request, PROBLEM_INVALID_REQUEST,
                "orderId, amountCents and currency are required, and a paymentCode has five digits.");
    return false;
}

/* The record may be that of another call: a repeat or a void that was faster. */
static enum result carry_out(const struct charge_call *c, const struct wanted *wanted, const struct behaviour *b,
                             struct charge_record *ret_record)
{
    struct db *db = c->gateway->db;
    if (b->has_page)
        return charges_open_page(db, c->key, &wanted->charge, wanted->return_url);
    if (b->captures)
        return charges_approve(db, c->key, &wanted->charge, ret_record);
    if (b->outcome != BEHAVE_DECLINE)
        return RESULT_OK;
    TRY(charges_decline(db, c->key, &wanted->charge, "insufficient funds"));
    return charges_find(db, c->key, ret_record);
}

static void answer_by_behaviour(const struct charge_call *c, const struct wanted *wanted, const struct behaviour *b)
{
    struct charge_record record;
    if (!b->never_answers)
        take_time(b->delay_ms);
    enum result r = carry_out(c, wanted, b, &record);
    if (r == RESULT_OK && b->never_answers) {
        say_nothing(c);
        return;
    }
    if (r == RESULT_OK && b->outcome == BEHAVE_FAIL) {
        say_not_now(c, b);
        return;
    }
    if (r == RESULT_OK && b->outcome == BEHAVE_PEND) {
        say_pending(c, b->has_page);
        return;
    }
    if (r == RESULT_OK)
        answer_record(c, &record);
    else
        fail(c, r);
}

static void charge(const struct charge_call *c, const struct wanted *wanted)
{
    const struct config *config = c->gateway->config;
    struct charge_record record;
    int64_t number = 1;
    enum result r = RESULT_OK;

    if (behaviour_counts(wanted->code))
        r = charges_count_call(c->gateway->db, c->key, &number);
    struct behaviour b = behaviour_of(wanted->code, number, config->payment_failure_rate, config->payment_max_delay_ms,
                                      random_fraction(), random_fraction());
    /* What is approved at once is written without a look whether it has been before. */
    bool at_once = b.captures && !b.never_answers && b.delay_ms == 0;
    if (r == RESULT_OK)
        r = at_once ? RESULT_NOT_FOUND : charges_find(c->gateway->db, c->key, &record);
    if (r == RESULT_NOT_FOUND)
        answer_by_behaviour(c, wanted, &b);
    else if (r != RESULT_OK)
        fail(c, r);
    else if (b.never_answers) /* 50402: no answer even about a charge that exists */
        say_nothing(c);
    else
        answer_record(c, &record);
}

static void post_charge(struct charge_call *c)
{
    struct body body;
    struct wanted wanted = { 0 };
    c->key = request_header(c->request, "HTTP_IDEMPOTENCY_KEY");
    if (c->key == NULL || !text_is_identifier(c->key, CHARGE_KEY_SIZE - 1)) {
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "Idempotency-Key",
                      "A charge needs an Idempotency-Key.");
        return;
    }
    if (!body_parse(c->request, c->response, &body))
        return;
    if (read_wanted(c, &body, &wanted))
        charge(c, &wanted);
    body_done(&body);
}

/* ── GET /charges/{key}, POST /charges/{key}/void ───────────────────────── */

static void say_no(const struct charge_call *c, int status, const char *reason)
{
    struct json_writer w = response_json(c->response, status);
    json_open_object(&w, NULL);
    json_add_text(&w, "status", "REFUSED");
    json_add_text(&w, "reason", reason);
    json_close_object(&w);
}

static void write_record(const struct charge_call *c, const struct charge_record *record)
{
    struct json_writer w = response_json(c->response, 200);
    json_open_object(&w, NULL);
    json_add_text(&w, "key", c->key);
    json_add_text(&w, "status", record->status);
    json_add_text(&w, "transactionId", record->transaction_id[0] == '\0' ? NULL : record->transaction_id);
    json_add_text(&w, "orderId", record->order_id[0] == '\0' ? NULL : record->order_id);
    json_add_int(&w, "amountCents", record->amount_cents);
    json_add_text(&w, "currency", record->currency[0] == '\0' ? NULL : record->currency);
    json_add_time(&w, "capturedAt", record->captured_at_ms);
    json_add_time(&w, "voidedAt", record->voided_at_ms);
    json_close_object(&w);
}

static void get_charge(struct charge_call *c)
{
    struct charge_record record;
    enum result r = charges_find(c->gateway->db, c->key, &record);
    if (r == RESULT_OK)
        write_record(c, &record);
    else if (r == RESULT_NOT_FOUND)
        problem_say(c->response, c->request, PROBLEM_NOT_FOUND, "There is no charge with this key.");
    else
        fail(c, r);
}

/* ── GET /charges ───────────────────────────────────────────────────────── */

#define LISTED_AT_ONCE 100

struct listing {
    struct json_writer *w;
    int count;
    int64_t last_ms;
    char last_key[CHARGE_KEY_SIZE];
};

static void write_listed(const char *key, const struct charge_record *record, int64_t refunded_cents, void *context)
{
    struct listing *list = context;
    struct json_writer *w = list->w;
    json_open_object(w, NULL);
    json_add_text(w, "key", key);
    json_add_text(w, "status", record->status);
    json_add_text(w, "transactionId", record->transaction_id);
    json_add_text(w, "orderId", record->order_id);
    json_add_int(w, "amountCents", record->amount_cents);
    json_add_int(w, "refundedCents", refunded_cents);
    json_add_text(w, "currency", record->currency);
    json_add_time(w, "capturedAt", record->captured_at_ms);
    json_close_object(w);
    list->count++;
    list->last_ms = record->captured_at_ms;
    text_copy(list->last_key, sizeof list->last_key, key);
}

/* A cursor is "<moment>_<key>". */
static bool read_filter(const struct charge_call *c, struct charge_filter *filter, char moment[TIMESTAMP_SIZE])
{
    const struct parameters *query = &c->request->query;
    const char *from = parameters_get(query, "from");
    const char *to = parameters_get(query, "to");
    const char *cursor = parameters_get(query, "cursor");
    *filter = (struct charge_filter){ .after_key = "", .limit = LISTED_AT_ONCE };
    if (from == NULL || to == NULL || !timestamp_parse(from, &filter->from_ms) || !timestamp_parse(to, &filter->to_ms))
        return false;
    filter->after_ms = filter->from_ms;
    if (cursor == NULL || *cursor == '\0')
        return true;
    size_t len = strcspn(cursor, "_");
    if (len >= TIMESTAMP_SIZE || cursor[len] == '\0')
        return false;
    memcpy(moment, cursor, len);
    moment[len] = '\0';
    filter->after_key = cursor + len + 1;
    return timestamp_parse(moment, &filter->after_ms);
}

static void get_list(struct charge_call *c)
{
    struct charge_filter filter;
    char moment[TIMESTAMP_SIZE];
    char cursor[TIMESTAMP_SIZE + CHARGE_KEY_SIZE];
    if (!read_filter(c, &filter, moment)) {
        problem_say(c->response, c->request, PROBLEM_INVALID_REQUEST, "from and to are moments in UTC.");
        return;
    }
    struct json_writer w = response_json(c->response, 200);
    struct listing list = { .w = &w };
    json_open_object(&w, NULL);
    json_open_array(&w, "charges");
    enum result r = charges_list(c->gateway->db, &filter, write_listed, &list);
    json_close_array(&w);
    timestamp_format(list.last_ms, moment);
    (void)snprintf(cursor, sizeof cursor, "%s_%s", moment, list.last_key);
    json_add_text(&w, "nextCursor", list.count == LISTED_AT_ONCE ? cursor : NULL);
    json_close_object(&w);
    if (r != RESULT_OK)
        fail(c, r);
}

static void post_void(struct charge_call *c)
{
    struct charge_record record;
    /* Another site's page can make a browser on this machine send any body but a JSON one. */
    if (!body_is_json(c->request)) {
        problem_say(c->response, c->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
        return;
    }
    bool refunded = false;
    enum result r = charges_void(c->gateway->db, c->key, &refunded);
    if (r == RESULT_OK && refunded) {
        say_no(c, 409, "some of it was refunded");
        return;
    }
    if (r == RESULT_OK)
        r = charges_find(c->gateway->db, c->key, &record);
    if (r == RESULT_OK)
        write_record(c, &record);
    else
        fail(c, r);
}

/* ── POST /charges/{key}/refunds ────────────────────────────────────────── */

static void refund(const struct charge_call *c, const char *refund_key, int64_t amount_cents)
{
    const char *refusal = NULL;
    enum result r = charges_refund(c->gateway->db, c->key, refund_key, amount_cents, &refusal);
    if (r == RESULT_NOT_FOUND) {
        problem_say(c->response, c->request, PROBLEM_NOT_FOUND, "There is no charge with this key.");
    } else if (r != RESULT_OK) {
        fail(c, r);
    } else if (refusal != NULL) {
        say_no(c, 422, refusal);
    } else {
        struct json_writer w = response_json(c->response, 200);
        json_open_object(&w, NULL);
        json_add_text(&w, "refundId", refund_key);
        json_add_text(&w, "status", "REFUNDED");
        json_add_int(&w, "amountCents", amount_cents);
        json_close_object(&w);
    }
}

static void post_refund(struct charge_call *c)
{
    struct body body;
    const char *key = request_header(c->request, "HTTP_IDEMPOTENCY_KEY");
    if (key == NULL || !text_is_identifier(key, CHARGE_KEY_SIZE - 1)) {
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "Idempotency-Key",
                      "A refund needs an Idempotency-Key of its own.");
        return;
    }
    if (!body_is_json(c->request)) {
        problem_say(c->response, c->request, PROBLEM_UNSUPPORTED_MEDIA_TYPE, NULL);
        return;
    }
    if (!body_parse(c->request, c->response, &body))
        return;
    int64_t amount_cents = 0;
    if (body_integer(&body, "amountCents", 0, &amount_cents) && amount_cents > 0)
        refund(c, key, amount_cents);
    else
        problem_field(c->response, c->request, PROBLEM_INVALID_REQUEST, "amountCents",
                      "amountCents must be a whole number above 0.");
    body_done(&body);
}

/* ── dispatch ───────────────────────────────────────────────────────────── */

static void route(struct charge_call *c)
{
    const struct request *request = c->request;
    bool is_post = strcmp(request->method, "POST") == 0;
    bool is_get = strcmp(request->method, "GET") == 0;
    size_t n = request->segment_count;
    const char *token = c->gateway->config->payment_gateway_token;
    bool is_page = n == 3 && strcmp(request->segment[0], "charges") == 0 && strcmp(request->segment[2], "page") == 0;

    /* Customers have no token. */
    if (!is_page && *token != '\0' && !access_has_token(request, token)) {
        problem_say(c->response, request, PROBLEM_UNAUTHORIZED,
                    "Send the token of PAYMENT_GATEWAY_TOKEN as Authorization: Bearer.");
        return;
    }
    if (n >= 2)
        c->key = request->segment[1];
    if (n == 0 || n > 3 || strcmp(request->segment[0], "charges") != 0 ||
        (n >= 2 && !text_is_identifier(c->key, CHARGE_KEY_SIZE - 1)) ||
        (n == 3 && !is_page && strcmp(request->segment[2], "void") != 0 && strcmp(request->segment[2], "refunds") != 0))
        problem_say(c->response, request, PROBLEM_NOT_FOUND, NULL);
    else if (n == 1 && is_post)
        post_charge(c);
    else if (n == 1 && is_get)
        get_list(c);
    else if (n == 2 && is_get)
        get_charge(c);
    else if (is_page && is_get)
        page_show(c->gateway->db, request, c->response, c->key);
    else if (is_page && is_post)
        page_decide(c->gateway->db, request, c->response, c->key);
    else if (n == 3 && is_post && *request->segment[2] == 'v')
        post_void(c);
    else if (n == 3 && is_post)
        post_refund(c);
    else
        problem_say(c->response, request, PROBLEM_METHOD_NOT_ALLOWED, NULL);
}

static void handle(const struct request *request, enum server_error error, struct response *response, void *context)
{
    struct charge_call c = { .gateway = context, .request = request, .response = response };
    if (error == SERVER_OK)
        route(&c);
    else if (error == SERVER_BODY_TOO_LARGE)
        problem_say(response, request, PROBLEM_PAYLOAD_TOO_LARGE, NULL);
    else
        problem_say(response, request, PROBLEM_INVALID_REQUEST, NULL);
    log_info("call", LOG_TEXT("request_id", request->id), LOG_TEXT("method", request->method),
             LOG_TEXT("path", request->path), LOG_NUMBER("status", response->status));
}

int main(int argc, char **argv)
{
    struct config config;
    static const char usage[] = "payment-gateway [--check-config | --version | --help] < FastCGI socket";
    config_start_plain(argc, argv, usage, &config);

    struct gateway gateway = { .config = &config, .db = db_new(&config.gateway_database) };
    int status = pool_run("payment-gateway", config.gateway_workers, handle, &gateway);
    db_free(gateway.db);
    return status;
}
