/* SPDX-License-Identifier: MIT */
#include "booking/store/flight_rows.h"

#include "booking/base/text.h"
#include "booking/store/flight_counts.h"
#include "booking/store/flight_facts.h"
#include "booking/store/slots.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "f.flight_id, f.flight_number, f.cabin_id, f.cabin_version, f.origin, f.destination,"          \
    " f.origin_time_zone, f.destination_time_zone, f.departure_said, f.departure_time,"            \
    " CAST(f.departure_day AS DATETIME(3)) AS departure_day, f.arrival_said, f.arrival_time,"      \
    " f.seat_rows, f.seat_layout, f.exit_rows, f.price_cents, f.currency, f.fares, f.surcharges,"  \
    " f.tax_basis_points, COALESCE(f.sales_opens_s, -1) AS sales_opens_s,"                         \
    " COALESCE(f.sales_closes_s, -1) AS sales_closes_s, f.refund_rule, f.status, f.cancel_reason," \
    " f.version, SYSDATE(3) AS read_at"

#define READ_ROW "SELECT " COLUMNS " FROM flights f WHERE f.flight_id = ? AND f.status <> 'DRAFT'"
DB_SQL(FLIGHT_ROW_FIND, READ_ROW);
DB_SQL(FLIGHT_ROW_LOCK, READ_ROW " FOR UPDATE");

DB_SQL(FLIGHT_ROW_INSERT,
       "INSERT INTO flights (flight_id, status, import_id, version, created_at, updated_at, flight_number, cabin_id,"
       " cabin_version, origin, destination, origin_time_zone, destination_time_zone, departure_said, departure_time,"
       " departure_day, arrival_said, arrival_time, seat_rows, seat_layout, exit_rows, price_cents, currency, fares,"
       " surcharges, tax_basis_points, sales_opens_s, sales_closes_s, refund_rule)"
       " VALUES (?, ?, ?, 1, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
       " ?, ?, ?, ?, ?, ?)");

DB_SQL(FLIGHT_ROW_UPDATE,
       "UPDATE flights SET flight_number = ?, cabin_id = ?, cabin_version = ?, origin = ?, destination = ?,"
       " origin_time_zone = ?, destination_time_zone = ?, departure_said = ?, departure_time = ?, departure_day = ?,"
       " arrival_said = ?, arrival_time = ?, seat_rows = ?, seat_layout = ?, exit_rows = ?, price_cents = ?,"
       " currency = ?, fares = ?, surcharges = ?, tax_basis_points = ?, sales_opens_s = ?, sales_closes_s = ?,"
       " refund_rule = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3) WHERE flight_id = ? AND version = ?");

DB_SQL(FLIGHT_ROW_MOVE,
       "UPDATE flights SET status = ?, version = version + 1, updated_at = UTC_TIMESTAMP(3)"
       " WHERE flight_id = ? AND version = ? AND status = ?");

DB_SQL(FLIGHT_ROW_CANCEL,
       "UPDATE flights SET status = 'CANCELLED', cancel_reason = ?, version = version + 1,"
       " updated_at = UTC_TIMESTAMP(3) WHERE flight_id = ? AND version = ? AND status IN ('ON_SALE', 'CLOSED')");

DB_SQL(FLIGHT_ROW_DELETE, "DELETE FROM flights WHERE flight_id = ?");
DB_SQL(FLIGHT_COUNTS_DELETE, "DELETE FROM flight_counts WHERE flight_id = ?");
DB_SQL(FLIGHT_SEATS_DELETE, "DELETE FROM seats WHERE flight_id = ?");
DB_SQL(FLIGHT_SEATS_LOCK,
       "SELECT seat_number FROM seats FORCE INDEX (PRIMARY) WHERE flight_id = ? ORDER BY flight_id, seat_number"
       " FOR UPDATE");
DB_SQL(FLIGHT_WAS_ORDERED, "SELECT 1 AS found FROM orders WHERE flight_id = ? LIMIT 1");
DB_SQL(FLIGHT_ROWS_NOW, "SELECT SYSDATE(3) AS read_at");

DB_SQL(FLIGHT_ROW_SHARE, "SELECT version FROM flights WHERE flight_id = ? LOCK IN SHARE MODE");

/* An order that was made after the change knows of it. */
DB_SQL(FLIGHT_ORDERS_TO_TELL,
       "SELECT o.order_id FROM orders o FORCE INDEX (idx_flight) WHERE o.flight_id = ?"
       " AND o.status IN ('SEATS_RESERVED', 'PAYMENT_PENDING', 'CONFIRMED')"
       " AND NOT EXISTS (SELECT 1 FROM workflow_events e WHERE e.order_id = o.order_id AND e.type = 'FLIGHT_CHANGED'"
       "   AND e.created_at >= (SELECT j.created_at FROM workflow_jobs j WHERE j.job_id = ?))"
       " AND o.created_at <= (SELECT j.created_at FROM workflow_jobs j WHERE j.job_id = ?)"
       " AND NOT (o.status = 'SEATS_RESERVED' AND LEAST(o.expires_at, (SELECT f.departure_time FROM flights f"
       "   WHERE f.flight_id = o.flight_id)) <= UTC_TIMESTAMP(3))"
       " LIMIT ?");

#define SEAT "(?, ?, ?, ?, ?, ?, ?)"
#define SEATS_4 SEAT "," SEAT "," SEAT "," SEAT
#define SEATS_16 SEATS_4 "," SEATS_4 "," SEATS_4 "," SEATS_4
#define ADD_SEATS \
    "INSERT INTO seats (flight_id, seat_number, seat_row, seat_column, seat_letters, cabin_class, features)"
DB_SQL(FLIGHT_SEAT_ADD, ADD_SEATS " VALUES " SEAT);
DB_SQL(FLIGHT_SEATS_ADD, ADD_SEATS " VALUES " SEATS_16);
#define SEATS_AT_ONCE 16
#define SEAT_VALUES 7

#define COUNTS                                                                                   \
    " CAST(COALESCE(SUM(s.status = 'BOOKED'), 0) AS SIGNED) AS sold,"                            \
    " CAST(COALESCE(SUM(s.status = 'RESERVED' AND NOT (o.status = 'SEATS_RESERVED'"              \
    "   AND LEAST(o.expires_at, f.departure_time) <= UTC_TIMESTAMP(3))), 0) AS SIGNED) AS held," \
    " CAST(COALESCE(SUM(s.blocked IS NOT NULL), 0) AS SIGNED) AS blocked,"                       \
    " COUNT(s.seat_number) AS total"
#define JOIN_SEATS                                    \
    " LEFT JOIN seats s ON s.flight_id = f.flight_id" \
    " LEFT JOIN orders o ON o.order_id = s.reserved_by AND s.status = 'RESERVED'"

DB_SQL(FLIGHT_COUNT_SEATS,
       "SELECT" COUNTS " FROM flights f" JOIN_SEATS " WHERE f.flight_id = ?");

/* The page is cut first, then its seats are counted. */
#define ROWS_LIST(rest, in_order, rows_in_order)                                                            \
    "SELECT " COLUMNS "," COUNTS                                                                            \
    " FROM (SELECT flight_id, departure_time FROM flights WHERE departure_time >= ? AND departure_time < ?" \
    " AND status <> 'DRAFT' AND (? IS NULL OR status = ?)"                                                  \
    " AND (? IS NULL OR flight_id LIKE ? OR flight_number LIKE ? OR origin LIKE ? OR destination LIKE ?)"   \
    " AND " rest " ORDER BY " in_order " LIMIT ?) p JOIN flights f ON f.flight_id = p.flight_id" JOIN_SEATS \
    " GROUP BY f.flight_id ORDER BY " rows_in_order
DB_SQL(FLIGHT_ROWS_LIST,
       ROWS_LIST("departure_time >= ? AND (departure_time > ? OR flight_id > ?)", "departure_time, flight_id",
                 "f.departure_time, f.flight_id"));
DB_SQL(FLIGHT_ROWS_LATEST,
       ROWS_LIST("departure_time <= ? AND (departure_time < ? OR flight_id < ?)",
                 "departure_time DESC, flight_id DESC", "f.departure_time DESC, f.flight_id DESC"));

static void copy(char *to, size_t size, struct db_rows *rows, const char *column)
{
    const char *text = db_get_text(rows, column);
    text_copy(to, size, text == NULL ? "" : text);
}
#define COPY(field, column) copy(row.field, sizeof row.field, rows, column)

static enum result read_row(struct db_rows *rows, struct flight_row *ret_row)
{
    struct flight_row row = {
        .cabin_version = db_get_int(rows, "cabin_version"),
        .departure_ms = db_get_time(rows, "departure_time"),
        .departure_day_ms = db_get_time(rows, "departure_day"),
        .arrival_ms = db_get_time(rows, "arrival_time"),
        .seat_rows = db_get_int(rows, "seat_rows"),
        .price_cents = db_get_int(rows, "price_cents"),
        .tax_basis_points = db_get_int(rows, "tax_basis_points"),
        .sales_opens_s = db_get_int(rows, "sales_opens_s"),
        .sales_closes_s = db_get_int(rows, "sales_closes_s"),
        .version = db_get_int(rows, "version"),
        .read_at_ms = db_get_time(rows, "read_at"),
    };
    if (!flight_status_parse(db_get_text(rows, "status"), &row.status))
        return RESULT_INTERNAL;
    COPY(flight_id, "flight_id");
    COPY(number, "flight_number");
    COPY(cabin_id, "cabin_id");
    COPY(origin, "origin");
    COPY(destination, "destination");
    COPY(origin_time_zone, "origin_time_zone");
    COPY(destination_time_zone, "destination_time_zone");
    COPY(departure_said, "departure_said");
    COPY(arrival_said, "arrival_said");
    COPY(seat_layout, "seat_layout");
    COPY(exit_rows, "exit_rows");
    COPY(currency, "currency");
    COPY(fares, "fares");
    COPY(surcharges, "surcharges");
    COPY(refund_rule, "refund_rule");
    COPY(cancel_reason, "cancel_reason");
    /* Of a flight that SQL has made or moved only the moments are known: what the clocks show then is as good. */
    if (row.departure_said[0] == '\0')
        (void)said_time_write(row.departure_ms, row.origin_time_zone, row.departure_said);
    if (row.arrival_said[0] == '\0' && row.arrival_ms != TIME_NONE)
        (void)said_time_write(row.arrival_ms, row.destination_time_zone, row.arrival_said);
    *ret_row = row;
    return RESULT_OK;
}

static enum result read_one(struct db *db, const struct db_sql *sql, const char *flight_id, struct flight_row *ret_row)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, sql, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows));
    return read_row(rows, ret_row);
}

enum result flight_rows_find(struct db *db, const char *flight_id, struct flight_row *ret_row)
{
    return read_one(db, &FLIGHT_ROW_FIND, flight_id, ret_row);
}

enum result flight_rows_lock(struct db *db, const char *flight_id, struct flight_row *ret_row)
{
    return read_one(db, &FLIGHT_ROW_LOCK, flight_id, ret_row);
}

enum result flight_rows_share(struct db *db, const char *flight_id)
{
    struct db_rows *rows = NULL;
    return db_query_one(db, &FLIGHT_ROW_SHARE, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows);
}

static struct db_value limit_of(int64_t seconds)
{
    return seconds == FLIGHT_NO_LIMIT ? db_text(NULL) : db_int(seconds);
}

/* What an operator says of a flight, in the order of both statements. */
#define SAID_COUNT 23
static void fill_said(struct db_value args[SAID_COUNT], const struct flight_row *row)
{
    const struct db_value said[SAID_COUNT] = {
        db_text(row->number),
        db_text(row->cabin_id[0] == '\0' ? NULL : row->cabin_id),
        row->cabin_id[0] == '\0' ? db_text(NULL) : db_int(row->cabin_version),
        db_text(row->origin),
        db_text(row->destination),
        db_text(row->origin_time_zone),
        db_text(row->destination_time_zone),
        db_text(row->departure_said),
        db_time(row->departure_ms),
        db_time(row->departure_day_ms),
        db_text(row->arrival_said),
        db_time(row->arrival_ms),
        db_int(row->seat_rows),
        db_text(row->seat_layout),
        db_text(row->exit_rows),
        db_int(row->price_cents),
        db_text(row->currency),
        db_text(row->fares),
        db_text(row->surcharges),
        db_int(row->tax_basis_points),
        limit_of(row->sales_opens_s),
        limit_of(row->sales_closes_s),
        db_text(row->refund_rule),
    };
    memcpy(args, said, sizeof said);
}

enum result flight_rows_insert(struct db *db, const struct flight_row *row, const char *import_id)
{
    struct db_value args[3 + SAID_COUNT];
    args[0] = db_text(row->flight_id);
    args[1] = db_text(flight_status_name(row->status));
    args[2] = db_text(import_id);
    fill_said(args + 3, row);
    return db_exec(db, &FLIGHT_ROW_INSERT, args, 3 + SAID_COUNT, NULL);
}

enum result flight_rows_update(struct db *db, struct flight_row *row)
{
    struct db_value args[SAID_COUNT + 2];
    fill_said(args, row);
    args[SAID_COUNT] = db_text(row->flight_id);
    args[SAID_COUNT + 1] = db_int(row->version);
    TRY(db_exec_expect(db, &FLIGHT_ROW_UPDATE, args, SAID_COUNT + 2, 1));
    row->version++;
    return RESULT_OK;
}

enum result flight_rows_move(struct db *db, struct flight_row *row, enum flight_status to)
{
    TRY(db_exec_expect(db, &FLIGHT_ROW_MOVE,
                       DB_ARGS(db_text(flight_status_name(to)), db_text(row->flight_id), db_int(row->version),
                               db_text(flight_status_name(row->status))),
                       1));
    row->status = to;
    row->version++;
    return RESULT_OK;
}

enum result flight_rows_cancel(struct db *db, struct flight_row *row, const char *reason)
{
    TRY(db_exec_expect(db, &FLIGHT_ROW_CANCEL, DB_ARGS(db_text(reason), db_text(row->flight_id), db_int(row->version)),
                       1));
    row->status = FLIGHT_CANCELLED;
    text_copy(row->cancel_reason, sizeof row->cancel_reason, reason);
    row->version++;
    return RESULT_OK;
}

enum result flight_rows_delete(struct db *db, const char *flight_id)
{
    TRY(flight_rows_remove_seats(db, flight_id));
    TRY(db_exec(db, &FLIGHT_COUNTS_DELETE, DB_ARGS(db_text(flight_id)), NULL));
    return db_exec_expect(db, &FLIGHT_ROW_DELETE, DB_ARGS(db_text(flight_id)), 1);
}

enum result flight_rows_was_ordered(struct db *db, const char *flight_id, bool *reterr_was)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &FLIGHT_WAS_ORDERED, DB_ARGS(db_text(flight_id)), &rows);
    *reterr_was = db_more(rows, &r);
    return r;
}

enum result flight_rows_lock_seats(struct db *db, const char *flight_id)
{
    struct db_rows *rows = NULL;
    return db_query(db, &FLIGHT_SEATS_LOCK, DB_ARGS(db_text(flight_id)), &rows);
}

/* The first letter stands where programs look that know columns of one letter only. */
static void fill_seat(struct db_value *args, const char *flight_id, const struct cabin_seat *seat, char column[2])
{
    column[0] = seat->letters[0];
    column[1] = '\0';
    args[0] = db_text(flight_id);
    args[1] = db_text(seat->number);
    args[2] = db_int(seat->row);
    args[3] = db_text(column);
    args[4] = db_text(seat->letters[1] == '\0' ? NULL : seat->letters);
    args[5] = db_text(seat->cabin_class);
    args[6] = db_text(seat->features);
}

enum result flight_rows_add_seats(struct db *db, const char *flight_id, const struct cabin *cabin)
{
    struct db_value args[SEATS_AT_ONCE * SEAT_VALUES];
    char columns[SEATS_AT_ONCE][2];
    for (size_t i = 0; i < cabin->seat_count;) {
        size_t count = cabin->seat_count - i >= SEATS_AT_ONCE ? SEATS_AT_ONCE : 1;
        for (size_t k = 0; k < count; k++)
            fill_seat(args + k * SEAT_VALUES, flight_id, &cabin->seat[i + k], columns[k]);
        TRY(db_exec(db, count == 1 ? &FLIGHT_SEAT_ADD : &FLIGHT_SEATS_ADD, args, count * SEAT_VALUES, NULL));
        i += count;
    }
    return flight_counts_forget(db, flight_id);
}

enum result flight_rows_remove_seats(struct db *db, const char *flight_id)
{
    TRY(db_exec(db, &FLIGHT_SEATS_DELETE, DB_ARGS(db_text(flight_id)), NULL));
    return flight_counts_forget(db, flight_id);
}

enum result flight_rows_orders_to_tell(struct db *db, const char *flight_id, int64_t job_id, size_t limit,
                                       char (*reterr_ids)[UUID_SIZE], size_t *reterr_count)
{
    struct db_rows *rows = NULL;
    size_t count = 0;
    enum result r = db_query(db, &FLIGHT_ORDERS_TO_TELL,
                             DB_ARGS(db_text(flight_id), db_int(job_id), db_int(job_id), db_int((int64_t)limit)),
                             &rows);
    while (db_more(rows, &r))
        text_copy(reterr_ids[count++], UUID_SIZE, db_get_text(rows, "order_id"));
    *reterr_count = count;
    return r;
}

enum result flight_rows_now(struct db *db, int64_t *ret_ms)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &FLIGHT_ROWS_NOW, DB_NO_ARGS, RESULT_INTERNAL, &rows));
    *ret_ms = db_get_time(rows, "read_at");
    return RESULT_OK;
}

static void read_counts(struct db_rows *rows, struct flight_seat_counts *ret_counts)
{
    ret_counts->sold = db_get_int(rows, "sold");
    ret_counts->held = db_get_int(rows, "held");
    ret_counts->blocked = db_get_int(rows, "blocked");
    ret_counts->free = db_get_int(rows, "total") - ret_counts->sold - ret_counts->held - ret_counts->blocked;
}

enum result flight_rows_count_seats(struct db *db, const char *flight_id, struct flight_seat_counts *ret_counts)
{
    struct db_rows *rows = NULL;
    TRY(db_query_one(db, &FLIGHT_COUNT_SEATS, DB_ARGS(db_text(flight_id)), RESULT_FLIGHT_NOT_FOUND, &rows));
    read_counts(rows, ret_counts);
    return RESULT_OK;
}

/* Before and after every flight there will ever be. */
#define FAR_PAST_MS INT64_C(0)
#define FAR_FUTURE_MS INT64_C(253370764800000)

enum result flight_rows_list(struct db *db, const struct flight_row_filter *f,
                             void (*each)(const struct flight_row *, const struct flight_seat_counts *, void *),
                             void *context)
{
    int64_t end_ms = f->latest_first ? FAR_FUTURE_MS : FAR_PAST_MS;
    struct db_value after = db_time(f->after_ms == TIME_NONE ? end_ms : f->after_ms);
    struct db_value search = db_text(f->search);
    struct db_rows *rows = NULL;
    enum result r = db_query(db, f->latest_first ? &FLIGHT_ROWS_LATEST : &FLIGHT_ROWS_LIST,
                             DB_ARGS(db_time(f->from_ms == TIME_NONE ? FAR_PAST_MS : f->from_ms),
                                     db_time(f->to_ms == TIME_NONE ? FAR_FUTURE_MS : f->to_ms), db_text(f->status),
                                     db_text(f->status), search, search, search, search, search, after, after,
                                     db_text(f->after_id == NULL ? "" : f->after_id), db_int(f->limit)),
                             &rows);
    while (db_more(rows, &r)) {
        struct flight_row row;
        struct flight_seat_counts counts;
        r = read_row(rows, &row);
        read_counts(rows, &counts);
        if (r == RESULT_OK)
            each(&row, &counts, context);
    }
    return r;
}
