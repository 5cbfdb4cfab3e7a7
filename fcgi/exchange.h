#ifndef FCGI_EXCHANGE_H
#define FCGI_EXCHANGE_H

#include "booking/booking.h"
#include "booking/core/order_json.h"
#include "fcgi/problem.h"
#include "fcgi/request.h"
#include "fcgi/response.h"

#include <stdbool.h>

/* A request on its way through a handler, and all a handler needs. */
struct exchange {
    const struct config *config;
    struct db *db;
    const struct request *request;
    struct response *response;
    const char *id; /* the {id} of the path */
    char id_text[FLIGHT_ID_SIZE]; /* and how it is written, once one of the functions below has read it */

    /* The caller's Idempotency-Key, claimed; NULL: none. */
    const char *key;
    int64_t key_owner;
    bool key_answered; /* the answer was written in the change's transaction */
};

/* How a handler answers with the order it changed. */
struct order_answer {
    struct exchange *exchange;
    int status;
    enum order_dialect dialect;
    bool is_new; /* 201 with Location */
};

/* A caller for the use cases whose answer is rendered, and kept under the
 * Idempotency-Key, inside the transaction of the change. False, and the answer
 * is the problem, if a condition cannot be read. The answer must live as long. */
bool exchange_caller(struct exchange *x, struct order_answer *answer, struct caller *ret_caller);

/* A caller for the operator's use cases, without condition or answer. */
struct caller exchange_plain_caller(const struct exchange *x);

/* Whether the path's {id} can be an order's, which is read without regard to case
 * and to blanks at its ends, or a flight's, without regard to the blanks. If so,
 * x->id is it. */
bool exchange_order_id(struct exchange *x);
bool exchange_flight_id(struct exchange *x);

/* The same for an id from elsewhere: a flight's, trimmed. */
bool exchange_read_flight_id(const char *text, char ret_id[FLIGHT_ID_SIZE]);

/* The order as the answer, with its ETag. */
void exchange_answer_order(struct exchange *x, const struct order *order, int status,
                           enum order_dialect dialect);

/* The problem for a result, and for INTERNAL and UNAVAILABLE a line in the log. */
void exchange_refuse(struct exchange *x, enum result r);

/* The refusal of an order's change, with what helps: seats, or the order. */
void exchange_refuse_order(struct exchange *x, enum result r, const struct order *order,
                           const struct refusal *refusal);

/* limit=1..100 (default 50) of the query. False, and the answer is the problem. */
bool exchange_limit(struct exchange *x, int *ret_limit);

/* A page's position, "<milliseconds>_<id>": written into nextCursor, and read
 * from cursor=. Absent: TIME_NONE and "". False, and the answer is the problem. */
#define CURSOR_SIZE 96
void exchange_write_cursor(struct json_writer *w, int64_t ms, const char *id);
bool exchange_cursor(struct exchange *x, int64_t *ret_ms, char ret_id[CURSOR_SIZE]);

/* A page of orders, as limit= and cursor= of the query say. */
struct order_filter;
void exchange_answer_orders(struct exchange *x, struct order_filter *filter);

/* Whether If-Match, if there is one, names this order's version. If not, the
 * answer becomes the problem. */
bool exchange_matches(struct exchange *x, const struct order *order);

/* Whether If-None-Match names this ETag, in which case the answer becomes 304. */
bool exchange_not_modified(struct exchange *x);

#endif
