/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_STORE_ORDERS_H
#define BOOKING_STORE_ORDERS_H

#include "booking/core/order.h"
#include "booking/store/db.h"

/* The table of orders. Lock an order before its seats, its payment and its
 * jobs. Results are those of db.h, and RESULT_ORDER_NOT_FOUND where noted. */

/* Reads an order by one plain statement, outside any transaction; or RESULT_ORDER_NOT_FOUND, also if it is not this
 * owner's (NULL: anybody's). */
enum result orders_find(struct db *db, const char *order_id, const char *owner, struct order *ret_order) MUST_CHECK;

/* Reads an order and locks it for the rest of the transaction; or RESULT_ORDER_NOT_FOUND as above. */
enum result orders_lock(struct db *db, const char *order_id, const char *owner, struct order *ret_order) MUST_CHECK;

/* Reads those of these orders that there are, ascending by id, as the ids must be; locks makes it lock them. */
enum result orders_read_many(struct db *db, const char (*ids)[UUID_SIZE], size_t count, bool locks,
                             struct order *reterr_orders, size_t *reterr_count) MUST_CHECK;

/* As orders_lock(), but RESULT_ORDER_NOT_FOUND, too, if another session has locked it. */
enum result orders_lock_free(struct db *db, const char *order_id, struct order *ret_order) MUST_CHECK;

enum result orders_insert(struct db *db, const struct order *order) MUST_CHECK;

/* Writes everything that may change about an order, if it still is in the state
 * and version it was read with; otherwise RESULT_STALE. On success *order has
 * the new version and time. */
enum result orders_update(struct db *db, struct order *order, enum order_status from) MUST_CHECK;

/* The same for up to 64 orders of which only state, attempts, error and locator have changed. */
enum result orders_move_all(struct db *db, struct order *const orders[], size_t count,
                            enum order_status from) MUST_CHECK;

/* Wipes whose the order is, if it still is in the version it was read with; otherwise RESULT_STALE. On success *order
 * has the new version and time. */
enum result orders_forget(struct db *db, struct order *order) MUST_CHECK;

/* Gives the ids of those orders of a flight whose persons were not forgotten, the oldest first. */
enum result orders_to_forget(struct db *db, const char *flight_id, size_t limit, char (*reterr_ids)[UUID_SIZE],
                             size_t *reterr_count) MUST_CHECK;

/* Finds the orders whose lapsed holds are in the way of these seats, up to
 * SEATS_MAX ids. Takes no locks. */
enum result orders_find_lapsed_holders(struct db *db, const char *flight_id, const struct seat_list *seats,
                                       char reterr_ids[SEATS_MAX][UUID_SIZE], size_t *reterr_count) MUST_CHECK;

/* How many holds of this user are running, and in how many milliseconds the
 * first of them ends (0 if there is none). */
enum result orders_count_holds(struct db *db, const char *user_id, int64_t *ret_count,
                               int64_t *ret_ends_in_ms) MUST_CHECK;

/* A word that is searched for: a part of a passenger's name, the contact's e-mail address, the locator, the user's id,
 * the flight's id, number or places, whatever the case and accents; or the beginning of the order's id, or one of its
 * seats. */
#define ORDER_WORDS_MAX 4
#define ORDER_WORD_MAX 100
struct order_word {
    char part[2 * 4 * ORDER_WORD_MAX + 3]; /* by text_like_part() */
    char seat[SEAT_NUMBER_SIZE];           /* empty: it can be no seat's number */
};

/* Which orders to list, from where the last page ended. */
struct order_filter {
    const char *owner;        /* NULL: any; else user_id is its beginning, and nothing but the page below counts */
    const char *user_id;      /* NULL: any */
    const char *user_id_sent; /* how the client wrote it, which the version before stored; NULL: as user_id */
    const char *flight_id;    /* NULL: any */
    const char *status;       /* NULL: any; lapsed holds count as EXPIRED */
    const struct order_word *words; /* all of them are in what is known of the order */
    size_t word_count;              /* 0: any */
    const char *family_key; /* one of these may be set, and then user_id and words are not: the beginning of a */
    const char *email_key;  /* family name's key, an address's key, */
    const char *locator;    /* the order's reference, */
    const char *seat;       /* or a seat that it has on flight_id, also as */
    const char *seat_plain; /* without zeros in front of its row */
    int64_t from_ms;        /* TIME_NONE: back to the first */
    int64_t before_ms;      /* TIME_NONE: from the newest */
    const char *before_id;
    bool oldest_first; /* the page is then the one after the next two, and before_id does not count */
    int64_t after_ms;
    const char *after_id;
    int limit;
};

/* Whether the filter is for one of a few orders, which have indexes of their own. */
bool order_filter_is_sought(const struct order_filter *filter);

/* How far a page may look: the time of the last of the next ten thousand
 * orders by user, flight and time, TIME_NONE if there are fewer. States and
 * words have no index, and must not be searched for through a whole table. */
enum result orders_horizon(struct db *db, const struct order_filter *filter, int64_t *reterr_ms) MUST_CHECK;

/* Calls back for each order, which is valid only during the call. */
enum result orders_list(struct db *db, const struct order_filter *filter, void (*each)(const struct order *, void *),
                        void *context) MUST_CHECK;

#endif
