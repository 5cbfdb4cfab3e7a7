/* SPDX-License-Identifier: MIT */
#include "fcgi/router.h"

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/metrics.h"
#include "fcgi/access.h"
#include "fcgi/handlers.h"
#include "fcgi/replay.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct route {
    const char *method;
    const char *path; /* "*" stands for the one id in it */
    handler *handle;
    enum access access;
    enum {
        PLAIN,
        BRIEF,  /* must be answered soon, whatever the database does */
        LATER,  /* may be a moment old, so a replica can answer it */
        LONG,   /* the body may be long, and the handler reads it; no answer is kept under an Idempotency-Key */
        SECRET, /* the answer holds a token, so it is kept nowhere, not even under an Idempotency-Key */
    } nature;
};

static const struct route routes[] = {
    { "GET", "api/flights", flights_get_list, ACCESS_PUBLIC, LATER },
    { "GET", "api/flights/*", flights_get, ACCESS_PUBLIC, LATER },
    { "GET", "api/flights/*/seats", flights_get_seats, ACCESS_PUBLIC, LATER },
    { "GET", "api/places", places_get_known, ACCESS_PUBLIC, LATER },
    { "GET", "api/prices", flights_get_prices, ACCESS_PUBLIC, LATER },
    { "POST", "api/flights/*/orders", orders_post_for_flight, ACCESS_CUSTOMER, PLAIN },
    { "POST", "api/orders", orders_post, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders", orders_get_list, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*", orders_get, ACCESS_CUSTOMER, PLAIN },
    { "DELETE", "api/orders/*", orders_delete, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*/status", orders_get_status, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*/events", orders_get_events, ACCESS_CUSTOMER, PLAIN },
    { "POST", "api/orders/*/seats", orders_put_seats, ACCESS_CUSTOMER, PLAIN },
    { "PUT", "api/orders/*/seats", orders_put_seats, ACCESS_CUSTOMER, PLAIN },
    { "PUT", "api/orders/*/passengers", orders_put_passengers, ACCESS_CUSTOMER, PLAIN },
    { "POST", "api/orders/*/payment", orders_post_payment, ACCESS_CUSTOMER, PLAIN },
    { "POST", "api/orders/*/pay", orders_post_pay, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*/refunds", orders_get_refunds, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*/ticket.svg", tickets_get_svg, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*/ticket.ics", tickets_get_ics, ACCESS_CUSTOMER, PLAIN },
    { "GET", "api/orders/*/cancellation", cancellation_get, ACCESS_CUSTOMER, PLAIN },
    { "POST", "api/orders/*/cancellation", cancellation_post, ACCESS_CUSTOMER, PLAIN },
    { "POST", "api/bookings/find", bookings_post_find, ACCESS_PUBLIC, SECRET },
    { "POST", "api/gateway/notify", gateway_post_notify, ACCESS_PUBLIC, SECRET },
    { "POST", "api/admin/reset", admin_post_reset, ACCESS_ADMIN, PLAIN },
    { "GET", "api/admin/orders", admin_get_orders, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/orders/*", orders_get, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/jobs", admin_get_jobs, ACCESS_VIEWER, PLAIN },
    { "POST", "api/admin/jobs/*/retry", admin_post_job_retry, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/jobs/*/set-aside", admin_post_job_set_aside, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/jobs/*/release", admin_post_job_release, ACCESS_OPERATOR, PLAIN },
    { "GET", "api/admin/reconciliation", reconciliation_get, ACCESS_VIEWER, PLAIN },
    { "POST", "api/admin/reconciliation", reconciliation_post, ACCESS_OPERATOR, PLAIN },
    { "GET", "api/admin/figures", figures_get, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/queue", admin_get_queue, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/sweepers", admin_get_sweepers, ACCESS_VIEWER, PLAIN },
    { "POST", "api/admin/kinds/*/pause", admin_post_kind_pause, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/kinds/*/resume", admin_post_kind_resume, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/orders/*/cancel", orders_post_cancel, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/orders/*/passengers", orders_post_passengers, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/orders/*/refunds", admin_post_refund, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/orders/*/seats", orders_post_staff_seats, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/orders/*/extend", orders_post_extend, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/orders/*/resend", orders_post_resend, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/orders/*/forget", orders_post_forget, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/*/cabin", flights_post_cabin, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/*/cancel", flights_post_cancel, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/*/blocks", flights_post_blocks, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/*/unblocks", flights_post_unblocks, ACCESS_OPERATOR, PLAIN },
    { "GET", "api/admin/flights/*/seats", flights_get_map, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/flights/*/manifest", flights_get_manifest, ACCESS_AGENT, PLAIN },
    { "GET", "api/admin/flights/*/manifest.csv", flights_get_manifest_csv, ACCESS_AGENT, PLAIN },
    { "POST", "api/admin/flights/*/board", flights_post_board, ACCESS_AGENT, PLAIN },
    { "GET", "api/admin/flights", flight_admin_get_list, ACCESS_VIEWER, PLAIN },
    { "POST", "api/admin/flights/schedule", flight_admin_post_schedule, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/import", flight_import_post, ACCESS_OPERATOR, LONG },
    { "GET", "api/admin/flights/imports/*", flight_import_get, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/flights/export", flight_export_get, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/flights/*", flight_admin_get, ACCESS_VIEWER, PLAIN },
    { "PUT", "api/admin/flights/*", flight_admin_put, ACCESS_OPERATOR, PLAIN },
    { "DELETE", "api/admin/flights/*", flight_admin_delete, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/*/close", flight_admin_post_close, ACCESS_OPERATOR, PLAIN },
    { "POST", "api/admin/flights/*/open", flight_admin_post_open, ACCESS_OPERATOR, PLAIN },
    { "GET", "api/admin/staff", staff_get_list, ACCESS_ADMIN, PLAIN },
    { "POST", "api/admin/staff", staff_post, ACCESS_ADMIN, SECRET },
    { "POST", "api/admin/staff/*/rotate", staff_post_rotate, ACCESS_ADMIN, SECRET },
    { "POST", "api/admin/staff/*/role", staff_post_role, ACCESS_ADMIN, PLAIN },
    { "DELETE", "api/admin/staff/*", staff_delete, ACCESS_ADMIN, PLAIN },
    { "GET", "api/admin/audit", audit_get, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/cabins", cabins_get_list, ACCESS_VIEWER, PLAIN },
    { "POST", "api/admin/cabins/check", cabins_post_check, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/cabins/*", cabins_get, ACCESS_VIEWER, PLAIN },
    { "PUT", "api/admin/cabins/*", cabins_put, ACCESS_OPERATOR, PLAIN },
    { "DELETE", "api/admin/cabins/*", cabins_delete, ACCESS_OPERATOR, PLAIN },
    { "GET", "api/admin/places", places_get_list, ACCESS_VIEWER, PLAIN },
    { "GET", "api/admin/places/*", places_get, ACCESS_VIEWER, PLAIN },
    { "PUT", "api/admin/places/*", places_put, ACCESS_OPERATOR, PLAIN },
    { "DELETE", "api/admin/places/*", places_delete, ACCESS_OPERATOR, PLAIN },
    { "GET", "api/me", me_get, ACCESS_ANYBODY, PLAIN },
    { "GET", "health", health_get, ACCESS_PUBLIC, BRIEF },
    { "GET", "health/live", health_get_live, ACCESS_PUBLIC, BRIEF },
    { "GET", "metrics", metrics_get, ACCESS_PUBLIC, BRIEF },
};
#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

_Static_assert(ROUTE_COUNT < METRICS_ROUTES_MAX, "the metrics have a cell for each route");

/* method="GET",route="/api/orders/{id}"; the last label is for requests that no route takes. */
static void write_label(char *to, size_t size, const struct route *route)
{
    size_t len = (size_t)snprintf(to, size, "method=\"%s\",route=\"/", route == NULL ? "" : route->method);
    for (const char *p = route == NULL ? "other" : route->path; *p != '\0' && len + 8 < size; p++) {
        if (*p == '*')
            len += (size_t)snprintf(to + len, size - len, "{id}");
        else
            to[len++] = *p;
    }
    (void)snprintf(to + len, size - len, "\"");
}

void router_write_metrics(struct buf *out)
{
    char text[ROUTE_COUNT + 1][96];
    const char *labels[ROUTE_COUNT + 1];
    for (size_t i = 0; i <= ROUTE_COUNT; i++) {
        write_label(text[i], sizeof text[i], i < ROUTE_COUNT ? &routes[i] : NULL);
        labels[i] = text[i];
    }
    metrics_write(out, labels, ROUTE_COUNT + 1);
}

/* Compares the path's segments with a pattern; *reterr_id gets what "*" stands for. */
static bool path_matches(const struct request *request, const char *pattern, const char **reterr_id)
{
    const char *id = NULL;
    for (size_t i = 0; i < request->segment_count; i++) {
        size_t len = strcspn(pattern, "/");
        const char *segment = request->segment[i];
        /* nginx serves /live/… from a cache of one second; here it is /api/… */
        if (i == 0 && strcmp(segment, "live") == 0)
            segment = "api";
        if (len == 1 && *pattern == '*' && *segment != '\0')
            id = segment;
        else if (len == 0 || strlen(segment) != len || strncmp(segment, pattern, len) != 0)
            return false;
        pattern += len;
        if (*pattern == '/')
            pattern++;
    }
    *reterr_id = id;
    return *pattern == '\0';
}

static bool method_matches(const char *method, const struct route *route)
{
    bool is_head = strcmp(method, "HEAD") == 0;
    return strcmp(is_head ? "GET" : method, route->method) == 0;
}

/* The route, or NULL; reterr_allow gets the methods the path takes, "" if none. */
static const struct route *find_route(const struct request *request, const char **ret_id, char *reterr_allow,
                                      size_t allow_size)
{
    const struct route *found = NULL;
    struct buf allow = BUF_INIT;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const char *id = NULL;
        if (!path_matches(request, routes[i].path, &id))
            continue;
        if (allow.len > 0)
            buf_add_str(&allow, ", ");
        buf_add_str(&allow, routes[i].method);
        if (found == NULL && method_matches(request->method, &routes[i])) {
            found = &routes[i];
            *ret_id = id;
        }
    }
    if (allow.len > 0)
        buf_add_str(&allow, strstr(buf_str(&allow), "GET") != NULL ? ", HEAD, OPTIONS" : ", OPTIONS");
    text_copy(reterr_allow, allow_size, buf_str(&allow));
    buf_done(&allow);
    return found;
}

static void answer_preflight(struct call *call, const char *allow)
{
    call->response->status = 204;
    text_copy(call->response->allow, sizeof call->response->allow, allow);
    if (*call->config->allowed_origin == '\0')
        return;
    buf_addf(&call->response->headers,
             "Access-Control-Allow-Methods: %s\r\n"
             "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, If-Match,"
             " If-None-Match, X-Request-Id\r\n"
             "Access-Control-Max-Age: 600\r\n",
             allow);
}

/* Runs a handler, or repeats its answer: a request that changes something may carry a key under which its answer is
 * kept. */
static void run_handler(struct call *call, const struct route *route)
{
    bool changes = strcmp(route->method, "GET") != 0;
    bool is_for_staff = route->access >= ACCESS_VIEWER;
    if (!access_identify(call, route->access))
        return;
    if (changes && !access_may_change(call, route->access))
        return;
    if (!access_may(call, route->access, changes))
        return;
    /* A customer's key is claimed by the handler, once it knows that there is something to do. */
    bool is_kept = route->nature != SECRET && route->nature != LONG;
    if (changes && is_for_staff && is_kept && !replay_begin(call))
        return;
    route->handle(call);
    if (changes)
        replay_end(call);
}

/* Answers a request that cannot be read. */
static void refuse_unreadable(struct call *call, enum server_error error)
{
    static const char *const details[] = {
        [SERVER_BAD_TARGET] = "The address is not UTF-8 in percent-encoding, or has too many parts.",
        [SERVER_HEADER_TWICE] = "Idempotency-Key, Origin or Sec-Fetch-Site is sent twice.",
        [SERVER_BODY_LONG] = NULL,
        [SERVER_BODY_TOO_LARGE] = NULL,
        [SERVER_BODY_CUT_SHORT] = "The body ended before its Content-Length.",
    };
    bool is_too_large = error == SERVER_BODY_LONG || error == SERVER_BODY_TOO_LARGE;
    enum problem_code code = is_too_large ? PROBLEM_PAYLOAD_TOO_LARGE : PROBLEM_INVALID_REQUEST;
    problem_say(call->response, call->request, code, details[error]);
}

/* Returns the number of the route, or ROUTE_COUNT. */
static size_t dispatch(struct router *router, struct call *call, enum server_error error)
{
    char allow[64];
    if (error != SERVER_OK && error != SERVER_BODY_LONG) {
        refuse_unreadable(call, error);
        return ROUTE_COUNT;
    }

    const struct route *route = find_route(call->request, &call->id, allow, sizeof allow);
    if (error == SERVER_BODY_LONG && (route == NULL || route->nature != LONG)) {
        refuse_unreadable(call, error);
        return ROUTE_COUNT;
    }
    if (*allow == '\0') {
        problem_say(call->response, call->request, PROBLEM_NOT_FOUND, NULL);
    } else if (strcmp(call->request->method, "OPTIONS") == 0) {
        answer_preflight(call, allow);
    } else if (route == NULL) {
        problem_say(call->response, call->request, PROBLEM_METHOD_NOT_ALLOWED, NULL);
        text_copy(call->response->allow, sizeof call->response->allow, allow);
    } else {
        call->db = route->nature == BRIEF ? router->brief_db : router->db;
        if (route->nature == LATER)
            call->db = replica_choose(&router->replica);
        run_handler(call, route);
        if (call->db != router->db && route->nature == LATER && call->response->status == 503) {
            replica_failed(&router->replica, "the replica failed during an answer");
            response_clear(call->response);
            call->db = router->db;
            run_handler(call, route);
        }
    }
    return route == NULL ? ROUTE_COUNT : (size_t)(route - routes);
}

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Polls are many and alike, so only a request that changes something, or fails, is worth a line. The path holds ids;
 * the query, which may hold names, is left out. */
static void log_request(const struct call *call, int64_t us)
{
    char path[128];
    text_copy(path, sizeof path, call->request->path);
    path[strcspn(path, "?")] = '\0';

    bool quiet = strcmp(call->request->method, "GET") == 0 && call->response->status < 500;
    bool has_order = strncmp(call->response->location, "/api/orders/", 12) == 0;
    const struct log_field fields[] = {
        LOG_TEXT("request_id", call->request->id),
        LOG_TEXT("method", call->request->method),
        LOG_TEXT("path", path),
        LOG_NUMBER("status", call->response->status),
        LOG_TEXT("order", has_order ? call->response->location + 12 : ""),
        LOG_NUMBER("us", us),
        LOG_NUMBER("staff", call->who.staff.person_id),
    };
    size_t count = sizeof fields / sizeof fields[0];
    log_write(quiet ? LOG_DEBUG : LOG_INFO, "request", fields, call->who.staff.person_id == 0 ? count - 1 : count);
}

static uint64_t round_trips_of(const struct router *router)
{
    const struct db *replica = router->replica.db;
    return db_round_trips(router->db) + db_round_trips(router->brief_db) +
           (replica == NULL ? 0 : db_round_trips(replica));
}

void router_handle(const struct request *request, enum server_error error, struct response *response, void *context)
{
    struct router *router = context;
    uint64_t round_trips = round_trips_of(router);
    int64_t started_us = now_us();
    struct call call = {
        .config = router->config,
        .db = router->db,
        .request = request,
        .response = response,
    };
    metrics_request_begin();
    access_allow_origin(&call);
    size_t route = dispatch(router, &call, error);
    if (!buf_ok(&response->body)) {
        response_clear(response);
        problem_say(response, request, PROBLEM_INTERNAL, NULL);
    }
    int64_t us = now_us() - started_us;
    metrics_add(METRIC_ROUND_TRIPS, round_trips_of(router) - round_trips);
    metrics_request_end(route, response->status, (double)us / 1e6);
    log_request(&call, us);
}
