/* SPDX-License-Identifier: MIT */
/* RETENTION: so long after a flight's departure the persons of its orders are forgotten, and so long after their last
 * work those of the staff.
 *
 * A cursor goes over the flights by departure, from the first that there ever was to the last that is due, and then
 * waits for more. It is in memory alone: a sweeper that starts begins again, and passes what is forgotten already.
 * Every order has a transaction of its own, waits for no lock, and is passed over if it cannot be forgotten now; a
 * later pass comes back to the first flight that has one. Once a day the cursor goes over all flights again, since a
 * departure may have been changed. So any number of sweepers may do it at once, and each may die at any moment.
 *
 * A step does a few flights for a moment at most, so that no timer waits for it. */

#include "sweeper/sweeper.h"

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/store/orders.h"
#include "booking/store/persons.h"

#define STEP_BUDGET_MS 100
#define STEP_PAUSE_MS 100
#define PASS_PAUSE_MS 60000
#define WHOLE_PASS_MS (24 * 3600 * INT64_C(1000))

#define FLIGHTS 20
#define ORDERS 100

/* What a step has done. */
struct step {
    struct sweeper *sweeper;
    int64_t until_ms;
    size_t forgotten;
};

static bool is_over(const struct step *step)
{
    return *step->sweeper->stop != 0 || step->forgotten >= ORDERS || monotonic_ms() >= step->until_ms;
}

/* *reterr_done: it is forgotten, by us or by another sweeper. Else it was passed over, since it is locked or open. */
static enum result forget_order(struct step *step, const char *order_id, bool *reterr_done)
{
    struct sweeper *s = step->sweeper;
    enum result r = booking_forget_departed(s->db, order_id, s->config->retention_ms, s->worker);
    (void)http_pump(s->http);
    *reterr_done = r == RESULT_OK;
    step->forgotten += r == RESULT_OK ? 1 : 0;
    if (r == RESULT_UNAVAILABLE && db_was_locked_out(s->db))
        return RESULT_OK;
    if (r == RESULT_INTERNAL) /* an order that cannot be read must not keep the others from it */
        log_error("order_not_forgotten", LOG_TEXT("order", order_id), LOG_TEXT("database", db_last_error(s->db)));
    return r == RESULT_UNAVAILABLE ? r : RESULT_OK;
}

/* Forgets the orders of a flight. *reterr_finished: there are none left, but for those that were passed over, which
 * *reterr_clean denies. */
static enum result forget_flight(struct step *step, const char *flight_id, bool *reterr_finished, bool *reterr_clean)
{
    static char ids[ORDERS][UUID_SIZE];
    size_t count = 0;
    size_t done = 0;
    *reterr_finished = false;
    *reterr_clean = true;
    TRY(orders_to_forget(step->sweeper->db, flight_id, ORDERS, ids, &count));
    for (size_t i = 0; i < count; i++) {
        bool is_done = false;
        if (is_over(step))
            return RESULT_OK;
        TRY(forget_order(step, ids[i], &is_done));
        done += is_done ? 1 : 0;
    }
    *reterr_clean = done == count;
    /* A full page may have another after it; one of which nothing could be done would come again. */
    *reterr_finished = count < ORDERS || done == 0;
    return RESULT_OK;
}

/* Short retentions are for tests. */
static int64_t pass_pause_ms(const struct sweeper *s)
{
    int64_t pause_ms = s->config->retention_ms / 10 + STEP_PAUSE_MS;
    return pause_ms < PASS_PAUSE_MS ? pause_ms : PASS_PAUSE_MS;
}

/* The end of a pass: goes on with what was passed over, or with what is due next. */
static enum result end_pass(struct sweeper *s)
{
    struct retention *at = &s->retention;
    bool more = false;
    enum result r = persons_forget_staff(s->db, s->config->retention_ms, &more);
    if (at->has_missed)
        at->cursor = at->missed;
    at->has_missed = false;
    if (monotonic_ms() >= at->next_whole_ms) {
        at->next_whole_ms = monotonic_ms() + WHOLE_PASS_MS;
        at->cursor = (struct flight_position){ .departure_ms = 0 };
    }
    at->next_ms = monotonic_ms() + (more ? STEP_PAUSE_MS : pass_pause_ms(s));
    return r;
}

static enum result forget_flights(struct step *step, const struct flight_position *flights, size_t count)
{
    struct retention *at = &step->sweeper->retention;
    for (size_t i = 0; i < count && !is_over(step); i++) {
        bool is_finished = false;
        bool is_clean = true;
        TRY(forget_flight(step, flights[i].flight_id, &is_finished, &is_clean));
        if (!is_clean && !at->has_missed) {
            at->missed = at->cursor;
            at->has_missed = true;
        }
        if (!is_finished)
            return RESULT_OK;
        at->cursor = flights[i];
    }
    return RESULT_OK;
}

enum result sweeper_retain(struct sweeper *s)
{
    static struct flight_position flights[FLIGHTS];
    struct step step = { .sweeper = s, .until_ms = monotonic_ms() + STEP_BUDGET_MS };
    struct retention *at = &s->retention;
    size_t count = 0;
    if (at->next_whole_ms == 0)
        at->next_whole_ms = monotonic_ms() + WHOLE_PASS_MS;
    at->next_ms = monotonic_ms() + STEP_PAUSE_MS;
    enum result r = flights_departed(s->db, s->config->retention_ms, &at->cursor, FLIGHTS, flights, &count);
    if (r == RESULT_OK && count > 0)
        r = forget_flights(&step, flights, count);
    else if (r == RESULT_OK)
        r = end_pass(s);
    if (step.forgotten > 0)
        log_info("persons_forgotten", LOG_NUMBER("orders", (int64_t)step.forgotten));
    return r == RESULT_RETRY ? RESULT_OK : r;
}
