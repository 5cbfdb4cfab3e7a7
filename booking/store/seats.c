/* SPDX-License-Identifier: MIT */
#include "booking/store/seats.h"

#include "booking/base/buf.h"
#include "booking/base/text.h"
#include "booking/store/flight_counts.h"
#include "booking/store/slots.h"

#include <stdlib.h>
#include <string.h>

/* A test build leaves out the lock: the tests must notice what it prevents. */
#ifdef NO_SEAT_LOCK
#define FOR_UPDATE ""
#define IF_AVAILABLE ""
#else
#define FOR_UPDATE " FOR UPDATE"
#define IF_AVAILABLE " AND status = 'AVAILABLE' AND blocked IS NULL"
#endif

/* For every reader a seat that is not for sale is neither free nor taken. */
#define STATUS "CASE WHEN blocked IS NOT NULL THEN 'BLOCKED' ELSE status END"

/* Most orders have one to four seats; the long form serves all others. Seats
 * are found by the primary key, never by another index: its order is the order
 * in which they are locked, and before their flight. */
#define LOCK(slots)                                                                                              \
    "SELECT seat_number, " STATUS " AS status, reserved_by, COALESCE(cabin_class, '" CLASS_ECONOMY "')"          \
    " AS cabin_class, COALESCE(features, '') AS features, UTC_TIMESTAMP(3) AS read_at, " LOCKED_FLIGHT_FACTS_OF( \
        "?") " FROM seats FORCE INDEX (PRIMARY) WHERE flight_id = ? AND seat_number IN (" slots ")"              \
             " ORDER BY flight_id, seat_number" FOR_UPDATE
DB_SQL(SEATS_LOCK_FEW, LOCK(SLOTS_4));
DB_SQL(SEATS_LOCK_MANY, LOCK(SLOTS_64));

#define TAKE(slots)                                                                       \
    "UPDATE seats SET status = 'RESERVED', reserved_by = ?, user_id = ?, reserved_at = ?" \
    " WHERE flight_id = ? AND seat_number IN (" slots ")" IF_AVAILABLE
DB_SQL(SEATS_TAKE_FEW, TAKE(SLOTS_4));
DB_SQL(SEATS_TAKE_MANY, TAKE(SLOTS_64));

#define RELEASE(slots)                                                                              \
    "UPDATE seats SET status = 'AVAILABLE', reserved_by = NULL, user_id = NULL, reserved_at = NULL" \
    " WHERE flight_id = ? AND seat_number IN (" slots ") AND reserved_by = ?"
DB_SQL(SEATS_RELEASE_FEW, RELEASE(SLOTS_4));
DB_SQL(SEATS_RELEASE_MANY, RELEASE(SLOTS_64));

#define BOOK(slots)                      \
    "UPDATE seats SET status = 'BOOKED'" \
    " WHERE flight_id = ? AND seat_number IN (" slots ") AND reserved_by = ? AND status = 'RESERVED'"
DB_SQL(SEATS_BOOK_FEW, BOOK(SLOTS_4));
DB_SQL(SEATS_BOOK_MANY, BOOK(SLOTS_64));

/* It does not sort: that would cost the server more than all the rest, since the key has another order. Orders are
 * looked at for reserved seats alone, of which there are few: a join looks for each seat's. */
DB_SQL(SEATS_OF_FLIGHT,
       "SELECT s.seat_number, s.seat_row, COALESCE(s.seat_letters, s.seat_column) AS letters, s.cabin_class,"
       " s.features,"
       " CASE WHEN s.blocked IS NOT NULL THEN 'BLOCKED'"
       "      WHEN s.status = 'RESERVED' AND"
       "           (SELECT o.status = 'SEATS_RESERVED' AND LEAST(o.expires_at, f.departure_time) <= UTC_TIMESTAMP(3)"
       "            FROM orders o WHERE o.order_id = s.reserved_by)"
       "      THEN 'AVAILABLE' ELSE s.status END AS status"
       " FROM flights f JOIN seats s ON s.flight_id = f.flight_id"
       " WHERE f.flight_id = ?");

DB_SQL(SEATS_FREE, "SELECT seat_number FROM seats WHERE flight_id = ? AND status = 'AVAILABLE' AND blocked IS NULL");

/* It walks the index, and stops at the limit. Left to itself the server collects and sorts all there are for each
 * page. */
DB_SQL(SEATS_HOLDERS,
       "SELECT s.reserved_by, UTC_TIMESTAMP(3) AS read_at FROM seats s FORCE INDEX (idx_reserved_by)"
       " STRAIGHT_JOIN orders o ON o.order_id = s.reserved_by"
       " WHERE s.reserved_by > ? AND o.created_at <= COALESCE(?, UTC_TIMESTAMP(3))"
       " AND (? IS NULL OR s.flight_id = ?)"
       " GROUP BY s.reserved_by ORDER BY s.reserved_by LIMIT ?");

DB_SQL(SEATS_BLOCK,
       "UPDATE seats SET blocked = ? WHERE flight_id = ? AND seat_number IN (" SLOTS_64 ") AND status = 'AVAILABLE'");

DB_SQL(SEATS_FORGET, "UPDATE seats SET user_id = NULL WHERE reserved_by = ?");

const char *seat_status_name(enum seat_status status)
{
    switch (status) {
    case SEAT_AVAILABLE: return "AVAILABLE";
    case SEAT_RESERVED: return "RESERVED";
    case SEAT_BOOKED: return "BOOKED";
    case SEAT_BLOCKED: return "BLOCKED";
    }
    return "";
}

static enum seat_status parse_status(const char *text)
{
    if (strcmp(text, "AVAILABLE") == 0)
        return SEAT_AVAILABLE;
    if (strcmp(text, "BLOCKED") == 0)
        return SEAT_BLOCKED;
    return strcmp(text, "RESERVED") == 0 ? SEAT_RESERVED : SEAT_BOOKED;
}

/* Fills the slots of an IN list; repeats the last value to the end. */
static void fill_slots(struct db_value *args, size_t slots, const struct seat_list *seats,
                       const struct seat_list *others)
{
    size_t others_count = others == NULL ? 0 : others->count;
    for (size_t i = 0; i < slots; i++) {
        if (i < seats->count)
            args[i] = db_text(seats->number[i]);
        else if (i - seats->count < others_count)
            args[i] = db_text(others->number[i - seats->count]);
        else
            args[i] = args[i - 1];
    }
}

static enum result read_locked(struct db_rows *rows, struct locked_seats *locked)
{
    enum result r = RESULT_OK;
    while (db_more(rows, &r)) {
        const char *holder = db_get_text(rows, "reserved_by");
        size_t i = locked->count++;
        text_copy(locked->seat[i].number, SEAT_NUMBER_SIZE, db_get_text(rows, "seat_number"));
        text_copy(locked->seat[i].reserved_by, UUID_SIZE, holder == NULL ? "" : holder);
        text_copy(locked->seat[i].cabin_class, CLASS_SIZE, db_get_text(rows, "cabin_class"));
        text_copy(locked->seat[i].features, FEATURES_SIZE, db_get_text(rows, "features"));
        locked->seat[i].status = parse_status(db_get_text(rows, "status"));
        if (i == 0 && !flight_facts_read(db_get_text(rows, "flight_facts"), &locked->of_flight))
            return RESULT_INTERNAL;
        locked->now_ms = db_get_time(rows, "read_at");
    }
    return r;
}

enum result seats_lock(struct db *db, const char *flight_id, const struct seat_list *seats,
                       const struct seat_list *others, struct locked_seats *reterr_locked)
{
    struct db_value args[2 + 64];
    struct db_rows *rows = NULL;
    bool few = seats->count + (others == NULL ? 0 : others->count) <= 4;
    size_t slots = few ? 4 : 64;

    args[0] = args[1] = db_text(flight_id);
    fill_slots(args + 2, slots, seats, others);
    reterr_locked->count = 0;
    enum result r = db_query(db, few ? &SEATS_LOCK_FEW : &SEATS_LOCK_MANY, args, 2 + slots, &rows);
    return r == RESULT_OK ? read_locked(rows, reterr_locked) : r;
}

/* Every move is guarded and must match every seat of the order. */
enum result seats_take(struct db *db, const struct order *order)
{
    struct db_value args[4 + 64];
    bool few = order->seats.count <= 4;
    size_t slots = few ? 4 : 64;
    args[0] = db_text(order->order_id);
    char user_id[USER_ID_SIZE];
    account_to_user_id(order->user_id, user_id);
    args[1] = db_text(user_id);
    args[2] = db_time(order->reserved_at_ms);
    args[3] = db_text(order->flight_id);
    fill_slots(args + 4, slots, &order->seats, NULL);
    return db_exec_expect(db, few ? &SEATS_TAKE_FEW : &SEATS_TAKE_MANY, args, 4 + slots, order->seats.count);
}

/* Release and book have the same parameters: flight, seats, order. */
static void own_seats(struct db_value *args, size_t slots, const struct order *order)
{
    args[0] = db_text(order->flight_id);
    fill_slots(args + 1, slots, &order->seats, NULL);
    args[1 + slots] = db_text(order->order_id);
}

enum result seats_release(struct db *db, const struct order *order)
{
    struct db_value args[2 + 64];
    bool few = order->seats.count <= 4;
    size_t slots = few ? 4 : 64;
    own_seats(args, slots, order);
    return db_exec(db, few ? &SEATS_RELEASE_FEW : &SEATS_RELEASE_MANY, args, 2 + slots, NULL);
}

enum result seats_book(struct db *db, const struct order *order)
{
    struct db_value args[2 + 64];
    bool few = order->seats.count <= 4;
    size_t slots = few ? 4 : 64;
    own_seats(args, slots, order);
    return db_exec_expect(db, few ? &SEATS_BOOK_FEW : &SEATS_BOOK_MANY, args, 2 + slots, order->seats.count);
}

enum result seats_book_all(struct db *db, struct order *const orders[], size_t count)
{
    struct db_value args[SEATS_ORDERS_MAX * (2 + 64)];
    uint64_t seats = 0;
    bool few = true;
    for (size_t i = 0; i < count; i++) {
        few = few && orders[i]->seats.count <= 4;
        seats += orders[i]->seats.count;
    }
    size_t slots = few ? 4 : 64;
    for (size_t i = 0; i < count; i++)
        own_seats(args + i * (2 + slots), slots, orders[i]);
    return db_exec_each(db, few ? &SEATS_BOOK_FEW : &SEATS_BOOK_MANY, args, 2 + slots, count, seats);
}

enum result seats_block(struct db *db, const char *flight_id, const struct seat_list *seats, const char *reason)
{
    struct db_value args[2 + 64] = { db_text(reason), db_text(flight_id) };
    fill_slots(args + 2, 64, seats, NULL);
    TRY(db_exec_expect(db, &SEATS_BLOCK, args, 2 + 64, seats->count));
    return flight_counts_forget(db, flight_id);
}

enum result seats_forget(struct db *db, const char *order_id)
{
    return db_exec(db, &SEATS_FORGET, DB_ARGS(db_text(order_id)), NULL);
}

/* ── the cabin ──────────────────────────────────────────────────────────── */

/* A seat that was read, with places in the text of all instead of its own texts. */
struct kept_seat {
    int64_t row;
    size_t number, letters;
    size_t cabin_class, features; /* NOT_KNOWN: NULL */
    enum seat_status status;
    char order[4]; /* what it is sorted by within its row: the length of the letters, and the letters */
};
#define NOT_KNOWN SIZE_MAX

struct cabin {
    struct kept_seat *seat;
    size_t count, room;
    struct buf text;
    bool has_kinds;
};

static bool is_of_layout(const char *features)
{
    static const char *const names[] = { "aisle", "exit", "window" };
    while (*features != '\0') {
        size_t len = strcspn(features, ",");
        bool is_known = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            is_known = is_known || (strlen(names[i]) == len && memcmp(features, names[i], len) == 0);
        if (!is_known)
            return false;
        features += len + (features[len] == ',' ? 1 : 0);
    }
    return true;
}

static bool has_kind(const char *cabin_class, const char *letters, const char *features)
{
    return (cabin_class != NULL && strcmp(cabin_class, CLASS_ECONOMY) != 0) || strlen(letters) > 1 ||
           (features != NULL && !is_of_layout(features));
}

static size_t keep_text(struct buf *to, const char *text)
{
    size_t at = to->len;
    if (text == NULL)
        return NOT_KNOWN;
    buf_add(to, text, strlen(text) + 1);
    return at;
}

static bool keep_seat(struct cabin *cabin, struct db_rows *rows)
{
    if (cabin->count == cabin->room) {
        size_t room = cabin->room == 0 ? 256 : cabin->room * 2;
        struct kept_seat *seat = realloc(cabin->seat, room * sizeof *seat);
        if (seat == NULL)
            return false;
        cabin->seat = seat;
        cabin->room = room;
    }
    const char *letters = db_get_text(rows, "letters");
    const char *cabin_class = db_get_text(rows, "cabin_class");
    const char *features = db_get_text(rows, "features");
    struct kept_seat *s = &cabin->seat[cabin->count++];
    *s = (struct kept_seat){
        .row = db_get_int(rows, "seat_row"),
        .number = keep_text(&cabin->text, db_get_text(rows, "seat_number")),
        .letters = keep_text(&cabin->text, letters),
        .cabin_class = keep_text(&cabin->text, cabin_class),
        .features = keep_text(&cabin->text, features),
        .status = parse_status(db_get_text(rows, "status")),
        .order = { (char)strlen(letters) },
    };
    text_copy(s->order + 1, sizeof s->order - 1, letters);
    cabin->has_kinds = cabin->has_kinds || has_kind(cabin_class, letters, features);
    return true;
}

static int by_row(const void *left, const void *right)
{
    const struct kept_seat *a = left;
    const struct kept_seat *b = right;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return memcmp(a->order, b->order, sizeof a->order);
}

static void give_seats(struct cabin *cabin, void (*each)(const struct seat *, void *), void *context)
{
    const char *text = buf_str(&cabin->text);
    if (cabin->count > 0)
        qsort(cabin->seat, cabin->count, sizeof *cabin->seat, by_row);
    for (size_t i = 0; i < cabin->count; i++) {
        const struct kept_seat *s = &cabin->seat[i];
        struct seat seat = {
            .number = text + s->number,
            .row = s->row,
            .column = text + s->letters,
            .cabin_class = s->cabin_class == NOT_KNOWN ? NULL : text + s->cabin_class,
            .features = s->features == NOT_KNOWN ? NULL : text + s->features,
            .status = s->status,
            .cabin_has_kinds = cabin->has_kinds,
        };
        each(&seat, context);
    }
}

enum result seats_of_flight(struct db *db, const char *flight_id, void (*each)(const struct seat *, void *),
                            void *context)
{
    struct db_rows *rows = NULL;
    struct cabin cabin = { .text = BUF_INIT };
    bool is_kept = true;
    enum result r = db_query(db, &SEATS_OF_FLIGHT, DB_ARGS(db_text(flight_id)), &rows);
    while (db_more(rows, &r))
        is_kept = is_kept && keep_seat(&cabin, rows);
    if (r == RESULT_OK && (!is_kept || !buf_ok(&cabin.text)))
        r = RESULT_INTERNAL;
    if (r == RESULT_OK)
        give_seats(&cabin, each, context);
    buf_done(&cabin.text);
    free(cabin.seat);
    return r;
}

enum result seats_free(struct db *db, const char *flight_id, void (*each)(const char *number, void *), void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &SEATS_FREE, DB_ARGS(db_text(flight_id)), &rows);
    while (db_more(rows, &r))
        each(db_get_text(rows, "seat_number"), context);
    return r;
}

enum result seats_holders(struct db *db, const char *flight_id, const char *after_id, int64_t *until_ms, size_t limit,
                          char (*reterr_ids)[UUID_SIZE], size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    size_t count = 0;
    enum result r = db_query(db, &SEATS_HOLDERS,
                             DB_ARGS(db_text(after_id), db_time(*until_ms), db_text(flight_id), db_text(flight_id),
                                     db_int((int64_t)limit)),
                             &rows);
    while (db_more(rows, &r)) {
        if (count == limit)
            continue;
        text_copy(reterr_ids[count++], UUID_SIZE, db_get_text(rows, "reserved_by"));
        *until_ms = *until_ms == TIME_NONE ? db_get_time(rows, "read_at") : *until_ms;
    }
    *reterr_count = count;
    return r;
}
