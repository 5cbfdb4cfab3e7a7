/* SPDX-License-Identifier: MIT */
#ifndef FCGI_CALL_H
#define FCGI_CALL_H

#include "booking/booking.h"
#include "booking/core/order_json.h"
#include "fcgi/problem.h"
#include "fcgi/request.h"
#include "fcgi/response.h"

#include <stdbool.h>

/* Who makes a call, as far as the request proves it; access.h says how. */
struct identity {
    enum identity_kind {
        IDENTITY_NOBODY,
        IDENTITY_CUSTOMER, /* signed in */
        IDENTITY_ORDER,    /* has the token of one order */
        IDENTITY_STAFF,
    } kind;
    struct staff staff;       /* person_id is 0 until call_caller() looks it up */
    const char *known_by;     /* STAFF_BY_… */
    const char *name;         /* of a member of staff */
    const char *user;         /* the account that signed in; NULL: none did */
    char order_id[UUID_SIZE]; /* IDENTITY_ORDER: the one order */
};

/* A call of the API on its way through a handler, and all a handler needs. */
struct call {
    const struct config *config;
    struct db *db;
    const struct request *request;
    struct response *response;
    struct identity who;
    const char *id;               /* the {id} of the path */
    char id_text[FLIGHT_ID_SIZE]; /* room for its usual form, which call_order_id() and call_flight_id() make */

    /* The caller's Idempotency-Key, claimed; NULL: none. */
    const char *key;
    char key_text[ACCOUNT_SIZE + 264]; /* the key with whose it is, since keys of different callers never meet */
    int64_t key_owner;
    bool key_answered; /* the answer was written in the change's transaction */
};

/* How a handler answers with the order it changed. */
struct order_answer {
    struct call *call;
    int status;
    enum order_dialect dialect;
    bool is_new;                        /* 201 with Location */
    bool has_no_persons;                /* which is known without asking the database */
    char single_left[SEAT_NUMBER_SIZE]; /* what ORPHAN_RULE=warn says; empty: nothing */
};

/* Reads the field "reason", which says why a member of staff does something: 1 to 255 characters, without control
 * characters. The audit log keeps it for good. False, with the problem as the answer, if it is anything else. */
#define REASON_SIZE ACCOUNT_SIZE
struct body;
bool call_reason(struct call *call, const struct body *body, char ret_reason[REASON_SIZE]);

/* Reads "dryRun", in the query or the body. False, with the problem as the answer, if it is neither true nor false. */
bool call_dry_run(struct call *call, const struct body *body, bool *ret_dry_run);

/* Makes a caller for the use cases whose answer is rendered, and kept under the Idempotency-Key, inside the transaction
 * of the change. *answer must live as long as the caller. False, with the problem as the answer, if a condition cannot
 * be read. */
bool call_caller(struct call *call, struct order_answer *answer, struct caller *reterr_caller);

/* Writes the answer, as it is now, under the caller's key, if there is one, in the transaction of the change. */
enum result call_keep_answer(struct call *call, struct db *db) MUST_CHECK;

/* Reads the order of the path, as this caller may see it; or RESULT_ORDER_NOT_FOUND. */
enum result call_read_order(struct call *call, struct order *ret_order) MUST_CHECK;

/* A caller for the operator's use cases, without condition or answer. False, with the problem as the answer, if the
 * database does not say who it is. */
bool call_plain_caller(struct call *call, struct caller *reterr_caller);

/* Whose an order must be for this caller to see it; NULL: anybody's. */
const char *call_owner(const struct call *call, const char *order_id);

/* Whether the path's {id} can be an order's (regardless of case, and of blanks at its ends) or a flight's (regardless
 * of the blanks). If so, call->id becomes the id in its usual form. */
bool call_order_id(struct call *call);
bool call_flight_id(struct call *call);

/* The same for a flight's id from elsewhere, which is trimmed. */
bool call_read_flight_id(const char *text, char reterr_id[FLIGHT_ID_SIZE]);

/* What this caller may do with the order. */
struct order_actions call_actions(const struct call *call, const struct order *order);

/* Answers with the order and its ETag. */
void call_answer_order(struct call *call, const struct order *order, int status, enum order_dialect dialect);

/* The same, with its persons as this caller may know them, if PASSENGERS is not off. */
enum result call_show_order(struct call *call, struct order *order, int status, enum order_dialect dialect) MUST_CHECK;

/* Whether this caller is entrusted with the order: staff who serve customers, or whoever has its token. (NULL: staff
 * alone.) */
bool call_is_entrusted(const struct call *call, const char *order_id);

/* Answers with the problem for a result; INTERNAL and UNAVAILABLE also get a line in the log. */
void call_refuse(struct call *call, enum result r);

/* The same for a flight's change, where a condition names the flight's version, which is this one now. */
void call_refuse_flight(struct call *call, enum result r, int64_t version);

/* The same for anything else that has a version. */
void call_refuse_version(struct call *call, enum result r, int64_t version);

/* Refuses what was sent as a whole, with every fault in it (at least one). */
struct faults;
void call_refuse_faults(struct call *call, const struct faults *faults);

/* Refuses to change a paid order for whoever has not proved that it is theirs. */
void call_refuse_proof(struct call *call);

/* Refuses what needs a higher role than the caller has. */
void call_refuse_role(struct call *call, enum role needed);

/* Refuses an order's change, and adds what helps the client: the seats, or the order. */
void call_refuse_order(struct call *call, enum result r, const struct order *order, const struct refusal *refusal);

/* A parameter of the query, or NULL if it is absent or empty. */
const char *call_query(const struct call *call, const char *name);

/* Reads a date or a moment of the query; TIME_NONE if absent. False, with the problem as the answer, if it is
 * neither. */
bool call_moment(struct call *call, const char *name, int64_t *reterr_ms);

/* Reads limit=1..100 (default 50) of the query. False, with the problem as the answer, if it is anything else. */
bool call_limit(struct call *call, int *ret_limit);

/* Reads a page's position from cursor=: "<milliseconds>_<id>", as nextCursor had it. If absent: TIME_NONE and "".
 * False, with the problem as the answer, if it cannot be read. */
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
/* Whether the page takes one more row, which has this moment and id. The store is asked for one row more than the
 * limit, to learn whether there is another page. */
bool page_takes(struct page *page, int64_t ms, const char *id);
/* Writes nextCursor: after the last row taken if there are more rows, else this moment (TIME_NONE: null). */
void page_write_cursor(const struct page *page, int64_t or_at_ms);
/* Writes nextCursor for a page that ended at this place: null unless there are more rows. */
void call_write_cursor(struct json_writer *w, bool more, int64_t ms, const char *id);

/* The same for a list that is ordered by an id alone: the cursor is the last id. */
bool call_id_cursor(struct call *call, char reterr_id[CURSOR_SIZE]);
void page_write_id_cursor(const struct page *page);

/* Answers with a page of orders, as limit= and cursor= of the query say. */
struct order_filter;
void call_answer_orders(struct call *call, struct order_filter *filter);

/* Whether If-Match, if there is one, names this order's version. If not, the
 * answer becomes the problem. */
bool call_matches(struct call *call, const struct order *order);

/* Whether If-None-Match names this ETag, in which case the answer becomes 304. */
bool call_not_modified(struct call *call);

#endif
