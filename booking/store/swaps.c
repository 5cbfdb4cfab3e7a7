/* SPDX-License-Identifier: MIT */
#include "booking/store/swaps.h"

#include "booking/base/text.h"
#include "booking/store/flight_counts.h"
#include "booking/store/slots.h"

#include <stdlib.h>

DB_SQL(SWAP_HOLDERS,
       "SELECT DISTINCT reserved_by AS order_id FROM seats FORCE INDEX (PRIMARY) WHERE flight_id = ?"
       " AND reserved_by IS NOT NULL ORDER BY reserved_by");

/* By the primary key, in its order, as all others lock them. */
#define READ_SEATS                                                                               \
    "SELECT seat_number, seat_row, COALESCE(seat_letters, seat_column) AS letters, cabin_class," \
    " features, blocked IS NOT NULL AS is_blocked, reserved_by FROM seats FORCE INDEX (PRIMARY)" \
    " WHERE flight_id = ? ORDER BY flight_id, seat_number"
DB_SQL(SWAP_SEATS, READ_SEATS);
DB_SQL(SWAP_SEATS_LOCK, READ_SEATS " FOR UPDATE");

DB_SQL(SWAP_RELEASE,
       "UPDATE seats s FORCE INDEX (PRIMARY) JOIN orders o ON o.order_id = s.reserved_by"
       " SET s.status = 'AVAILABLE', s.reserved_by = NULL, s.user_id = NULL, s.reserved_at = NULL"
       " WHERE s.flight_id = ? AND NOT FIND_IN_SET(s.seat_number, o.seats)");

DB_SQL(SWAP_REMOVE, "DELETE FROM seats WHERE flight_id = ? AND seat_number IN (" SLOTS_64 ") AND status = 'AVAILABLE'");

/* A list that is too short repeats its last row, which changes nothing. */
#define ROW "(?, ?, ?, ?, ?, ?, ?)"
#define ROWS_4 ROW ", " ROW ", " ROW ", " ROW
#define ROWS_16 ROWS_4 ", " ROWS_4 ", " ROWS_4 ", " ROWS_4
#define ROWS 16
#define ROW_VALUES 7
DB_SQL(SWAP_WRITE,
       "INSERT INTO seats (flight_id, seat_number, seat_row, seat_column, seat_letters, cabin_class, features)"
       " VALUES " ROWS_16 " ON DUPLICATE KEY UPDATE seat_row = VALUES(seat_row), seat_column = VALUES(seat_column),"
       " seat_letters = VALUES(seat_letters), cabin_class = VALUES(cabin_class), features = VALUES(features)");

DB_SQL(SWAP_TAKE,
       "UPDATE orders o JOIN seats s ON s.flight_id = o.flight_id"
       " SET s.status = CASE o.status WHEN 'CONFIRMED' THEN 'BOOKED' ELSE 'RESERVED' END, s.reserved_by = o.order_id,"
       " s.user_id = NULLIF(o.user_id, ''), s.reserved_at = o.reserved_at"
       " WHERE o.order_id IN (" SLOTS_64 ") AND FIND_IN_SET(s.seat_number, o.seats) AND s.status = 'AVAILABLE'"
       " AND s.blocked IS NULL");

DB_SQL(SWAP_BOARDED, "SELECT 1 AS found FROM boardings WHERE flight_id = ? LIMIT 1");

DB_SQL(SWAP_UPDATE_FLIGHT,
       "UPDATE flights SET cabin_id = ?, cabin_version = ?, seat_rows = ?, seat_layout = ?, exit_rows = ?,"
       " version = version + 1, updated_at = UTC_TIMESTAMP(3)"
       " WHERE flight_id = ? AND version = ? AND status IN ('ON_SALE', 'CLOSED')");

static void copy(char *to, size_t size, const char *from)
{
    text_copy(to, size, from == NULL ? "" : from);
}

/* Makes room for one more, in steps of 512; false without memory. */
static bool make_room(void **array, size_t count, size_t size)
{
    void *more = count % 512 == 0 ? realloc(*array, (count + 512) * size) : *array;
    if (more == NULL)
        return false;
    *array = more;
    return true;
}

enum result swaps_list_holders(struct db *db, const char *flight_id, char (**ret_ids)[UUID_SIZE], size_t *ret_count)
{
    void *ids = NULL;
    size_t count = 0;
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &SWAP_HOLDERS, DB_ARGS(db_text(flight_id)), &rows);
    while (db_more(rows, &r)) {
        if (make_room(&ids, count, UUID_SIZE))
            text_copy((char *)ids + count++ * UUID_SIZE, UUID_SIZE, db_get_text(rows, "order_id"));
        else
            r = RESULT_UNAVAILABLE;
    }
    *ret_ids = ids;
    *ret_count = count;
    return r;
}

static struct swap_old_seat read_seat(struct db_rows *rows)
{
    struct swap_old_seat s = {
        .row = db_get_int(rows, "seat_row"),
        .knows_features = !db_is_null(rows, "features"),
        .is_blocked = db_get_int(rows, "is_blocked") != 0,
    };
    copy(s.number, sizeof s.number, db_get_text(rows, "seat_number"));
    copy(s.letters, sizeof s.letters, db_get_text(rows, "letters"));
    copy(s.cabin_class, sizeof s.cabin_class, db_get_text(rows, "cabin_class"));
    copy(s.features, sizeof s.features, db_get_text(rows, "features"));
    copy(s.holder, sizeof s.holder, db_get_text(rows, "reserved_by"));
    return s;
}

enum result swaps_list_seats(struct db *db, const char *flight_id, bool locks, struct swap_old_seat **ret_seats,
                             size_t *ret_count)
{
    void *seats = NULL;
    size_t count = 0;
    struct db_rows *rows = NULL;
    enum result r = db_query(db, locks ? &SWAP_SEATS_LOCK : &SWAP_SEATS, DB_ARGS(db_text(flight_id)), &rows);
    while (db_more(rows, &r)) {
        if (make_room(&seats, count, sizeof **ret_seats))
            ((struct swap_old_seat *)seats)[count++] = read_seat(rows);
        else
            r = RESULT_UNAVAILABLE;
    }
    *ret_seats = seats;
    *ret_count = count;
    return r;
}

enum result swaps_release(struct db *db, const char *flight_id, size_t count)
{
    return db_exec_expect(db, &SWAP_RELEASE, DB_ARGS(db_text(flight_id)), count);
}

/* Fills 64 slots with texts; repeats the last one to the end. */
static void fill_slots(struct db_value *slots, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < 64; i++)
        slots[i] = db_text(texts[i < count ? i : count - 1]);
}

static size_t at_most(size_t count, size_t max)
{
    return count < max ? count : max;
}

enum result swaps_remove_seats(struct db *db, const char *flight_id, const char *const *numbers, size_t count)
{
    for (size_t done = 0; done < count; done += 64) {
        struct db_value args[1 + 64] = { db_text(flight_id) };
        fill_slots(args + 1, numbers + done, at_most(count - done, 64));
        TRY(db_exec_expect(db, &SWAP_REMOVE, args, 1 + 64, at_most(count - done, 64)));
    }
    return RESULT_OK;
}

static void fill_row(struct db_value *row, const char *flight_id, const struct cabin_seat *seat)
{
    bool is_long = seat->letters[1] != '\0';
    row[0] = db_text(flight_id);
    row[1] = db_text(seat->number);
    row[2] = db_int(seat->row);
    row[3] = db_bytes(seat->letters, 1);
    row[4] = db_text(is_long ? seat->letters : NULL);
    row[5] = db_text(seat->cabin_class);
    row[6] = db_text(seat->features);
}

enum result swaps_write_seats(struct db *db, const char *flight_id, const struct cabin_seat *const *seats, size_t count)
{
    for (size_t done = 0; done < count; done += ROWS) {
        struct db_value args[ROWS * ROW_VALUES];
        size_t n = at_most(count - done, ROWS);
        for (size_t i = 0; i < ROWS; i++)
            fill_row(args + i * ROW_VALUES, flight_id, seats[done + (i < n ? i : n - 1)]);
        TRY(db_exec(db, &SWAP_WRITE, args, ROWS * ROW_VALUES, NULL));
    }
    return flight_counts_forget(db, flight_id);
}

enum result swaps_take(struct db *db, const char *const *order_ids, size_t count, size_t seat_count)
{
    struct db_value args[SWAP_ORDERS_MAX];
    fill_slots(args, order_ids, count);
    return db_exec_expect(db, &SWAP_TAKE, args, SWAP_ORDERS_MAX, seat_count);
}

enum result swaps_has_boarded(struct db *db, const char *flight_id, bool *reterr_any)
{
    struct db_rows *rows = NULL;
    enum result r = db_query_one(db, &SWAP_BOARDED, DB_ARGS(db_text(flight_id)), RESULT_NOT_FOUND, &rows);
    *reterr_any = r == RESULT_OK;
    return r == RESULT_NOT_FOUND ? RESULT_OK : r;
}

enum result swaps_update_flight(struct db *db, const char *flight_id, int64_t version, const char *cabin_id,
                                int64_t cabin_version, const struct cabin *cabin)
{
    char layout[CABIN_LAYOUT_SIZE];
    char exit_rows[CABIN_EXIT_ROWS_SIZE];
    cabin_layout(cabin, layout);
    cabin_exit_rows(cabin, exit_rows);
    return db_exec_expect(db, &SWAP_UPDATE_FLIGHT,
                          DB_ARGS(db_text(cabin_id), db_int(cabin_version), db_int(cabin_last_row(cabin)),
                                  db_text(layout), db_text(exit_rows), db_text(flight_id), db_int(version)),
                          1);
}
