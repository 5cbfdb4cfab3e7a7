/* SPDX-License-Identifier: MIT */
#ifndef FCGI_CALL_H
#define FCGI_CALL_H

#include "booking/booking.h"
#include "booking/core/order_json.h"
#include "fcgi/problem.h"
#include "fcgi/request.h"
#include "fcgi/response.h"

#include <stdbool.h>

/* A call of the API on its way through a handler, and all a handler needs. */
struct call {
    const struct config *config;
    struct db *db;
    const struct request *request;
    struct response *response;
    const char *id;               /* the {id} of the path */
    char id_text[FLIGHT_ID_SIZE]; /* and how it is written, once one of the functions below has read it */

    /* The caller's Idempotency-Key, claimed; NULL: none. */
    const char *key;
    int64_t key_owner;
    bool key_answered; /* the answer was written in the change's transaction */
};

/* How a handler answers with the order it changed. */
struct order_answer {
    struct call *call;
    int status;
    enum order_dialect dialect;
    bool is_new; /* 201 with Location */
};

/* A caller for the use cases whose answer is rendered, and kept under the
 * Idempotency-Key, inside the transaction of the change. False, and the answer
 * is the problem, if a condition cannot be read. The answer must live as long. */
bool call_caller(struct call *call, struct order_answer *answer, struct caller *reterr_caller);

/* A caller for the operator's use cases, without condition or answer. */
struct caller call_plain_caller(const struct call *call);

/* Whether the path's {id} can be an order's, which is read without regard to case
 * and to blanks at its ends, or a flight's, without regard to the blanks. If so,
 * call->id is it. */
bool call_order_id(struct call *call);
bool call_flight_id(struct call *call);

/* The same for an id from elsewhere: a flight's, trimmed. */
bool call_read_flight_id(const char *text, char reterr_id[FLIGHT_ID_SIZE]);

/* The order as the answer, with its ETag. */
void call_answer_order(struct call *call, const struct order *order, int status, enum order_dialect dialect);

/* The problem for a result, and for INTERNAL and UNAVAILABLE a line in the log. */
void call_refuse(struct call *call, enum result r);

/* The refusal of an order's change, with what helps: seats, or the order. */
void call_refuse_order(struct call *call, enum result r, const struct order *order, const struct refusal *refusal);

/* limit=1..100 (default 50) of the query. False, and the answer is the problem. */
bool call_limit(struct call *call, int *ret_limit);

/* A page's position, "<milliseconds>_<id>": written into nextCursor, and read
 * from cursor=. Absent: TIME_NONE and "". False, and the answer is the problem. */
#define CURSOR_SIZE 96
bool call_cursor(struct call *call, int64_t *reterr_ms, char reterr_id[CURSOR_SIZE]);

/* A page of a list that is ordered by a moment and an id. */
struct page {
    struct json_writer *w;
    int limit;
    int count;
    int64_t last_ms;
    char last_id[FLIGHT_ID_SIZE]; /* the longest id there is */
};
/* Whether the page takes one more, of which these are moment and id. The store is asked for one more than the limit, to
 * know whether there is another page. */
bool page_takes(struct page *page, int64_t ms, const char *id);
/* Writes nextCursor: after the last that was taken, or else at a moment (TIME_NONE: null). */
void page_write_cursor(const struct page *page, int64_t or_at_ms);

/* A page of orders, as limit= and cursor= of the query say. */
struct order_filter;
void call_answer_orders(struct call *call, struct order_filter *filter);

/* Whether If-Match, if there is one, names this order's version. If not, the
 * answer becomes the problem. */
bool call_matches(struct call *call, const struct order *order);

/* Whether If-None-Match names this ETag, in which case the answer becomes 304. */
bool call_not_modified(struct call *call);

#endif
