/* SPDX-License-Identifier: MIT */
/* How many seats are free on each flight, for the lists of flights.
 *
 * A pass reads the events since the last one, collects the flights of their orders, counts each of these once, and then
 * notes when it began: until then everything is counted. Events get their numbers before their transactions commit, so
 * one may appear below others that were read; therefore each pass begins a few seconds back, and skips what was seen.
 *
 * However many seats are sold, counting takes a twentieth of a core at most: after a pass the sweeper leaves it for 19
 * times as long as the pass took. What is kept may then be older than two seconds; readers count by themselves
 * meanwhile, as they do if no sweeper is there. So any number of sweepers may run, each may die at any moment, and two
 * at once only do it twice. A pass that cannot be ended is void: the next one does all of it again.
 *
 * Beside that, a cursor goes over the flights on sale for those that have not been counted yet, or whose seats were
 * changed by other means than orders. Readers count these by themselves, too, until it has come by. Between two rounds
 * it rests, for 19 times as long as the round took.
 *
 * A step takes some milliseconds, so that no timer waits for it. */

#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/monotonic.h"
#include "booking/base/text.h"
#include "booking/store/txn.h"

#include <string.h>

/* How often there is a pass at most: while something happens, and for a while after that; and at rest. */
#define BUSY_MS 800
#define REST_MS 5000
/* The pause after a pass or a round, of the time that it took. */
#define PAUSE_FACTOR 19
/* How often there is a round at rest, at most. */
#define ROUND_MS 20000
/* A step takes up the next piece of a pass as long as it is younger than this; and the pause after it. */
#define STEP_MS 10
#define STEP_PAUSE_MS 10
/* How late a transaction may commit after its event got its number. The store's readers rely on it, too. */
#define OVERLAP_MS 5000
/* Another sweeper does it. */
#define OTHER_MS 3000

/* Events of a piece. */
#define EVENTS 512

/* Flights of a pass before some of them are counted; and the size of their hash table. */
#define FLIGHTS_MAX 8192
#define PLACES (2 * FLIGHTS_MAX)

/* The flights to be counted in this pass, and where each stands in the list, from 1, by its hash. (Not in struct
 * counting, so that it takes no memory until there are some.) */
static struct {
    size_t count;
    size_t counted;
    char id[FLIGHTS_MAX][FLIGHT_ID_SIZE];
    uint16_t place[PLACES];
} flights;

/* ── events ─────────────────────────────────────────────────────────────── */

static uint64_t seen_bit(int64_t event_id)
{
    return UINT64_C(1) << ((uint64_t)event_id % 64);
}

static uint64_t *seen_word(struct counting *at, int64_t event_id)
{
    return &at->seen[(uint64_t)event_id % COUNTING_SEEN / 64];
}

/* Events further from the beginning than there are bits are not remembered. */
static bool was_seen(struct counting *at, int64_t event_id)
{
    return event_id - at->from_event_id <= COUNTING_SEEN && (*seen_word(at, event_id) & seen_bit(event_id)) != 0;
}

static void remember(struct counting *at, int64_t event_id)
{
    if (event_id - at->from_event_id <= COUNTING_SEEN)
        *seen_word(at, event_id) |= seen_bit(event_id);
}

static void forget_seen(struct counting *at)
{
    memset(at->seen, 0, sizeof at->seen);
}

/* Passes begin later from now on. */
static void move_beginning(struct counting *at, int64_t event_id)
{
    if (event_id - at->from_event_id >= COUNTING_SEEN)
        forget_seen(at);
    else
        for (int64_t id = at->from_event_id + 1; id <= event_id; id++)
            *seen_word(at, id) &= ~seen_bit(id);
    at->from_event_id = event_id;
}

/* ── flights ────────────────────────────────────────────────────────────── */

static size_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return (size_t)(h ^ (h >> 32));
}

static void forget_flights(void)
{
    if (flights.count > 0)
        memset(flights.place, 0, sizeof flights.place);
    flights.count = flights.counted = 0;
}

/* There is room for it. */
static void add_flight(const char *flight_id, void *context)
{
    size_t slot = hash(flight_id) % PLACES;
    (void)context;
    for (; flights.place[slot] != 0; slot = (slot + 1) % PLACES) {
        if (strcmp(flights.id[flights.place[slot] - 1], flight_id) == 0)
            return;
    }
    text_copy(flights.id[flights.count++], FLIGHT_ID_SIZE, flight_id);
    flights.place[slot] = (uint16_t)flights.count;
}

static enum result add_flights(struct sweeper *s, struct order_ids *orders)
{
    if (orders->count == 0)
        return RESULT_OK;
    TRY(flight_counts_flights(s->db, orders, add_flight, NULL));
    (void)http_pump(s->http);
    orders->count = 0;
    return RESULT_OK;
}

/* ── a pass ─────────────────────────────────────────────────────────────── */

/* Collects the flights of the next events. */
static enum result read_events(struct sweeper *s)
{
    static struct seat_event event[EVENTS];
    struct counting *at = &s->counting;
    struct order_ids orders = { .count = 0 };
    size_t count = 0;
    while (at->event_id < at->last_event_id && was_seen(at, at->event_id + 1))
        at->event_id++; /* most of them were, and need not be read again */
    TRY(flight_counts_events(s->db, at->event_id, at->last_event_id, EVENTS, event, &count));
    for (size_t i = 0; i < count; i++) {
        if (was_seen(at, event[i].event_id))
            continue;
        remember(at, event[i].event_id);
        memcpy(orders.id[orders.count++], event[i].order_id, UUID_SIZE);
        if (orders.count == ORDER_IDS_MAX)
            TRY(add_flights(s, &orders));
    }
    TRY(add_flights(s, &orders));
    at->has_read = count < EVENTS;
    if (count > 0)
        at->event_id = event[count - 1].event_id;
    return RESULT_OK;
}

static enum result keep(struct db *db, void *context)
{
    CRASH_SCOPE("count-flights");
    return flight_counts_keep(db, context);
}

static enum result count_flights(struct sweeper *s, struct flight_ids *ids)
{
    if (ids->count == 0)
        return RESULT_OK;
    enum result r = txn_run(s->db, NULL, keep, ids);
    (void)http_pump(s->http);
    if (r == RESULT_UNAVAILABLE && db_was_locked_out(s->db))
        return RESULT_RETRY; /* an operator or an import is changing one of them: the next pass counts it */
    return r;
}

/* Counts the next ones of the flights that were collected. */
static enum result count_collected(struct sweeper *s)
{
    struct flight_ids ids = { .count = 0 };
    while (ids.count < FLIGHT_COUNTS_BATCH && flights.counted + ids.count < flights.count) {
        memcpy(ids.id[ids.count], flights.id[flights.counted + ids.count], FLIGHT_ID_SIZE);
        ids.count++;
    }
    TRY(count_flights(s, &ids));
    flights.counted += ids.count;
    return RESULT_OK;
}

/* Where the sweeper begins that takes over: as far back as the other one would have looked again, and as long again for
 * good measure. After a restore the events begin anew. */
static enum result take_over(struct sweeper *s, const struct counts_turn *turn)
{
    struct counting *at = &s->counting;
    at->from_event_id = 0;
    if (turn->event_id <= turn->last_event_id)
        TRY(flight_counts_event_before(s->db, turn->event_id, turn->counted_ms - 2 * (int64_t)OVERLAP_MS,
                                       &at->from_event_id));
    at->from_ms = turn->now_ms;
    at->next_from_event_id = turn->last_event_id;
    forget_seen(at);
    return RESULT_OK;
}

static enum result begin_pass(struct sweeper *s, bool *reterr_ours)
{
    struct counting *at = &s->counting;
    struct counts_turn turn;
    *reterr_ours = false;
    TRY(flight_counts_turn(s->db, s->worker, &turn));
    if (!turn.is_ours)
        return RESULT_OK;
    bool goes_on = at->is_ours && turn.last_event_id >= at->last_event_id;
    at->is_ours = false;
    if (!goes_on)
        TRY(take_over(s, &turn));
    if (!goes_on || turn.last_event_id != at->last_event_id)
        at->changed_ms = turn.now_ms;
    at->is_at_rest = goes_on && turn.last_event_id == at->last_event_id && at->is_settled;
    at->is_ours = *reterr_ours = true;
    at->event_id = at->from_event_id;
    at->last_event_id = turn.last_event_id;
    at->began_ms = turn.now_ms;
    at->has_read = at->is_at_rest;
    forget_flights();
    at->in_pass = true;
    return RESULT_OK;
}

static int64_t pause_ms(int64_t work_ms, int64_t least_ms)
{
    int64_t wanted_ms = PAUSE_FACTOR * work_ms;
    return wanted_ms > least_ms ? wanted_ms : least_ms;
}

static enum result end_pass(struct sweeper *s)
{
    struct counting *at = &s->counting;
    TRY(flight_counts_end_pass(s->db, s->worker, at->began_ms, at->last_event_id));
    at->in_pass = false;
    at->is_settled = at->began_ms - at->changed_ms >= OVERLAP_MS;
    if (at->began_ms - at->from_ms >= OVERLAP_MS) {
        move_beginning(at, at->next_from_event_id);
        at->next_from_event_id = at->last_event_id;
        at->from_ms = at->began_ms;
    }
    return RESULT_OK;
}

/* Does a piece of a pass. More flights than there is room for are counted before further events are read. */
static enum result do_piece(struct sweeper *s)
{
    struct counting *at = &s->counting;
    if (!at->has_read && flights.count + EVENTS <= FLIGHTS_MAX)
        return read_events(s);
    if (flights.counted < flights.count)
        return count_collected(s);
    if (at->has_read)
        return end_pass(s);
    forget_flights();
    return RESULT_OK;
}

static enum result do_pieces(struct sweeper *s)
{
    struct counting *at = &s->counting;
    enum result r = RESULT_OK;
    do
        r = do_piece(s);
    while (r == RESULT_OK && at->in_pass && *s->stop == 0 && monotonic_ms() < at->step_began_ms + STEP_MS);
    /* Waiting in vain for a row that was locked is no work. */
    at->work_ms += r == RESULT_RETRY ? 0 : monotonic_ms() - at->step_began_ms;
    return r;
}

/* ── steps ──────────────────────────────────────────────────────────────── */

/* When the cursor goes on. */
static int64_t next_round_ms(const struct counting *at)
{
    if (at->cursor.flight_id[0] != '\0' || at->round_ended_ms == 0)
        return 0;
    return at->round_ended_ms + pause_ms(at->round_took_ms, at->is_settled ? ROUND_MS : BUSY_MS);
}

/* Counts some of the flights that have not been. */
static enum result count_missing(struct sweeper *s)
{
    struct counting *at = &s->counting;
    struct flight_position last;
    struct flight_ids ids;
    TRY(flight_counts_missing(s->db, &at->cursor, FLIGHT_COUNTS_BATCH, &ids, &last));
    TRY(count_flights(s, &ids));
    at->cursor = last;
    const int64_t now_ms = monotonic_ms();
    at->look_ms += now_ms - at->step_began_ms;
    if (last.flight_id[0] == '\0') {
        at->round_ended_ms = now_ms;
        at->round_took_ms = at->look_ms;
        at->look_ms = 0;
    }
    return RESULT_OK;
}

/* Until the next step: of this pass, or else of the round or the next pass, whichever comes first. */
static void rest(struct counting *at)
{
    const int64_t soon_ms = monotonic_ms() + STEP_PAUSE_MS;
    const int64_t round_ms = next_round_ms(at);
    const int64_t due_ms = at->in_pass ? 0 : round_ms < at->next_pass_ms ? round_ms : at->next_pass_ms;
    at->next_ms = due_ms > soon_ms ? due_ms : soon_ms;
}

/* Nothing of the pass stands, and what it has seen is to be looked at again. */
static void give_up_pass(struct counting *at)
{
    at->in_pass = false;
    forget_seen(at);
    at->next_pass_ms = at->next_ms = monotonic_ms() + pause_ms(at->work_ms, BUSY_MS);
}

static enum result step(struct sweeper *s)
{
    struct counting *at = &s->counting;
    bool is_ours = true;
    if (!at->in_pass && at->step_began_ms < at->next_pass_ms) {
        TRY(count_missing(s));
        rest(at);
        return RESULT_OK;
    }
    if (!at->in_pass) {
        at->work_ms = 0;
        TRY(begin_pass(s, &is_ours));
    }
    if (!is_ours) {
        at->is_ours = false;
        at->next_pass_ms = at->next_ms = at->step_began_ms + OTHER_MS;
        return RESULT_OK;
    }
    enum result r = do_pieces(s);
    if (r != RESULT_OK) {
        give_up_pass(at);
        return r;
    }
    if (!at->in_pass)
        at->next_pass_ms = monotonic_ms() + pause_ms(at->work_ms, at->is_settled ? REST_MS : BUSY_MS);
    rest(at);
    return RESULT_OK;
}

enum result sweeper_count(struct sweeper *s)
{
    struct counting *at = &s->counting;
    at->step_began_ms = monotonic_ms();
    at->next_ms = at->step_began_ms + BUSY_MS;
    enum result r = step(s);
    return r == RESULT_RETRY ? RESULT_OK : r;
}
