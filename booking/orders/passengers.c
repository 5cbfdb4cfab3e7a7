/* SPDX-License-Identifier: MIT */
/* Who travels on an order, and whom to write to. Persons stand in one table, and nowhere else: history and audit have
 * their ids. The order's lock guards them. */

#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/persons.h"
#include "booking/store/seat_map.h"
#include "booking/store/txn.h"

#include <stdio.h>
#include <string.h>

enum result booking_read_party(struct db *db, const char *order_id, struct party *ret_party)
{
    return persons_read(db, order_id, ret_party);
}

bool booking_may_see_persons(const struct caller *caller, const struct order *order)
{
    return step_check_proof(caller, order) == RESULT_OK;
}

/* ── a new order, its payment, its seats ────────────────────────────────── */

enum result step_add_persons(struct db *db, const struct order *order, const struct party_wish *wish)
{
    if (wish == NULL || (!wish->has_passengers && !wish->has_contact))
        return RESULT_OK;
    TRY(persons_add(db, order->order_id, &wish->party));
    CRASH_POINT("named");
    return RESULT_OK;
}

void step_agree(const struct config *config, const struct party_wish *wish, struct order *order)
{
    if (wish == NULL || !wish->consents || !config_asks_consent(config))
        return;
    order->consent_at_ms = order->read_at_ms;
    config_terms(config, order->consent_terms);
}

static enum result check_named(struct db *db, const struct order *order)
{
    struct party party;
    TRY(persons_read(db, order->order_id, &party));
    bool are_named = party_seated(&party) >= order->seats.count && contact_is_given(&party.contact);
    return are_named ? RESULT_OK : RESULT_PASSENGERS_MISSING;
}

enum result step_check_persons(struct db *db, const struct config *config, const struct order *order)
{
    if (config_requires_passengers(config))
        TRY(check_named(db, order));
    return config_asks_consent(config) && order->consent_at_ms == TIME_NONE ? RESULT_CONSENT_MISSING : RESULT_OK;
}

static size_t find(const struct party *party, int64_t person_id)
{
    size_t i = 0;
    while (i < party->count && party->passenger[i].person_id != person_id)
        i++;
    return i;
}

/* The party that those make who stay. */
static enum result choose_who_stays(const struct party *was, const struct stay_list *stay, struct party *ret_party)
{
    ret_party->count = 0;
    for (size_t i = 0; i < stay->count; i++) {
        size_t at = find(was, stay->person_id[i]);
        if (at == was->count || find(ret_party, stay->person_id[i]) < ret_party->count)
            return RESULT_NO_SUCH_PASSENGER;
        ret_party->passenger[ret_party->count++] = was->passenger[at];
    }
    party_place(ret_party);
    return RESULT_OK;
}

/* Wipes those of the stored persons who are in the party no more. */
static enum result let_leave(struct db *db, const char *order_id, const struct party *was, const struct party *becomes)
{
    int64_t ids[PASSENGERS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < was->count; i++) {
        if (find(becomes, was->passenger[i].person_id) == becomes->count)
            ids[count++] = was->passenger[i].person_id;
    }
    return persons_leave(db, order_id, ids, count);
}

static bool is_same(const struct passenger *a, const struct passenger *b)
{
    return a->position == b->position && a->kind == b->kind && strcmp(a->given_name, b->given_name) == 0 &&
           strcmp(a->family_name, b->family_name) == 0 && strcmp(a->assistance, b->assistance) == 0;
}

/* Changes those of the stored persons who are another than before. */
static enum result change_stored(struct db *db, const char *order_id, const struct party *was,
                                 const struct party *becomes)
{
    for (size_t i = 0; i < becomes->count; i++) {
        const struct passenger *p = &becomes->passenger[i];
        size_t at = p->person_id == 0 ? was->count : find(was, p->person_id);
        if (at < was->count && !is_same(&was->passenger[at], p))
            TRY(persons_change(db, order_id, p));
    }
    return RESULT_OK;
}

enum result step_seat_passengers(struct db *db, const struct config *config, const struct order *order,
                                 const struct stay_list *stay)
{
    struct party was;
    struct party stays;
    struct faults faults = { .count = 0 };
    if (!config_takes_passengers(config))
        return RESULT_OK;
    TRY(persons_read(db, order->order_id, &was));
    if (stay != NULL)
        TRY(choose_who_stays(&was, stay, &stays));
    party_check(stay == NULL ? &was : &stays, order->seats.count, &faults);
    if (faults.count > 0)
        return RESULT_TOO_MANY_PASSENGERS;
    if (stay == NULL)
        return RESULT_OK;
    TRY(let_leave(db, order->order_id, &was, &stays));
    return change_stored(db, order->order_id, &was, &stays);
}

/* ── naming them ────────────────────────────────────────────────────────── */

struct naming {
    const struct caller *caller;
    const char *order_id;
    const struct party_wish *wish;
    struct order *order;
    struct faults *faults;
    struct party was;     /* as it is stored */
    struct party becomes; /* whoever has no id yet is new */
};

static bool is_staff(const struct naming *n)
{
    return n->caller->staff.person_id != 0;
}

/* Until when names of a paid order are corrected. */
static bool is_too_late(const struct naming *n)
{
    const struct order *o = n->order;
    int64_t until_ms = n->caller->config->name_change_until_ms;
    return !is_staff(n) && (until_ms == CONFIG_OFF || o->read_at_ms + until_ms >= o->flight.departure_ms);
}

static enum result check_state(const struct naming *n)
{
    const struct order *o = n->order;
    enum order_status next;
    if (o->status != ORDER_CONFIRMED)
        return order_next(o->status, ORDER_EVENT_CHANGE_SEATS, &next);
    if (order_is_forgotten(o) || is_too_late(n))
        return RESULT_ORDER_CLOSED;
    return step_check_proof(n->caller, o);
}

/* Who is meant: a person of the order by the id, or one whom the request does not mention, in their order. */
static void find_meant(struct naming *n)
{
    struct party *becomes = &n->becomes;
    char path[64];
    size_t next = 0;
    for (size_t i = 0; i < becomes->count; i++) {
        int64_t id = becomes->passenger[i].person_id;
        (void)snprintf(path, sizeof path, "passengers[%zu].id", i);
        if (id != 0 && find(&n->was, id) == n->was.count)
            faults_add(n->faults, path, "This booking has no such passenger.");
    }
    for (size_t i = 0; i < becomes->count; i++) {
        if (becomes->passenger[i].person_id != 0)
            continue;
        while (next < n->was.count && find(becomes, n->was.passenger[next].person_id) < becomes->count)
            next++;
        if (next < n->was.count)
            becomes->passenger[i].person_id = n->was.passenger[next++].person_id;
    }
}

/* What a customer may do with names that were paid for. */
static void check_correction(const struct naming *n)
{
    if (n->order->status != ORDER_CONFIRMED || is_staff(n))
        return;
    for (size_t i = 0; i < n->was.count; i++) {
        const struct passenger *before = &n->was.passenger[i];
        size_t at = find(&n->becomes, before->person_id);
        if (at == n->becomes.count)
            faults_add(n->faults, "passengers", "Passengers of a paid booking cannot be left out.");
        else if (n->becomes.passenger[at].kind != before->kind)
            faults_add(n->faults, "passengers", "The kind of a passenger cannot be changed once the booking is paid.");
    }
}

static enum result compose(struct naming *n)
{
    const struct party_wish *wish = n->wish;
    n->becomes = n->was;
    if (wish->has_passengers) {
        n->becomes.count = wish->party.count;
        memcpy(n->becomes.passenger, wish->party.passenger, sizeof wish->party.passenger);
        find_meant(n);
        check_correction(n);
        party_place(&n->becomes);
        party_check(&n->becomes, n->order->seats.count, n->faults);
    }
    if (wish->has_contact) {
        n->becomes.contact = wish->party.contact;
        n->becomes.contact.person_id = n->was.contact.person_id;
    }
    return n->faults->count == 0 ? RESULT_OK : RESULT_INVALID_REQUEST;
}

/* ── on board ───────────────────────────────────────────────────────────── */

struct on_board {
    const struct naming *n;
    bool any_changed;
};

static bool gets_passenger(const struct naming *n, const char *seat)
{
    for (size_t i = 0; i < n->becomes.count; i++) {
        const int64_t position = n->becomes.passenger[i].position;
        if (position <= (int64_t)n->order->seats.count && strcmp(n->order->seats.number[position - 1], seat) == 0)
            return true;
    }
    return false;
}

/* Where nobody had been named, the seat was boarded, and gets no name any more. */
static void look_for_boarded(const struct mapped_seat *row, void *context)
{
    struct on_board *b = context;
    const struct naming *n = b->n;
    if (row->by.boarded_at_ms == TIME_NONE)
        return;
    if (row->by.person_id == 0) {
        b->any_changed = b->any_changed || gets_passenger(n, row->seat.number);
        return;
    }
    const size_t was = find(&n->was, row->by.person_id);
    const size_t at = find(&n->becomes, row->by.person_id);
    if (was < n->was.count)
        b->any_changed = b->any_changed || at == n->becomes.count ||
                         !is_same(&n->was.passenger[was], &n->becomes.passenger[at]);
}

/* Whoever is on board stays as the crew let them in: with this name, in this seat. */
static enum result check_boarded(struct db *db, const struct naming *n)
{
    struct on_board b = { n, false };
    if (n->order->status != ORDER_CONFIRMED || !n->wish->has_passengers)
        return RESULT_OK;
    TRY(seat_map_passengers_of(db, n->order_id, look_for_boarded, &b));
    return b.any_changed ? RESULT_PASSENGER_BOARDED : RESULT_OK;
}

/* ── writing ────────────────────────────────────────────────────────────── */

static bool is_same_contact(const struct contact *a, const struct contact *b)
{
    return strcmp(a->email, b->email) == 0 && strcmp(a->phone, b->phone) == 0 && strcmp(a->language, b->language) == 0;
}

static bool changes_nothing(const struct naming *n)
{
    bool same = n->was.count == n->becomes.count && is_same_contact(&n->was.contact, &n->becomes.contact);
    for (size_t i = 0; same && i < n->was.count; i++)
        same = n->was.passenger[i].person_id == n->becomes.passenger[i].person_id &&
               is_same(&n->was.passenger[i], &n->becomes.passenger[i]);
    return same && !n->wish->consents;
}

static enum result write_persons(struct db *db, const struct naming *n)
{
    const struct contact *contact = &n->becomes.contact;
    TRY(let_leave(db, n->order_id, &n->was, &n->becomes));
    TRY(change_stored(db, n->order_id, &n->was, &n->becomes));
    if (contact->person_id != 0 && !is_same_contact(&n->was.contact, contact))
        TRY(persons_change_contact(db, n->order_id, contact));
    TRY(persons_add(db, n->order_id, &n->becomes));
    CRASH_POINT("named");
    return RESULT_OK;
}

/* Ids, and no name. */
static void describe(const struct party *party, struct buf *out)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    json_open_object(&w, NULL);
    json_open_array(&w, "passengers");
    for (size_t i = 0; i < party->count; i++)
        json_add_int(&w, NULL, party->passenger[i].person_id);
    json_close_array(&w);
    if (party->contact.person_id == 0)
        json_add_null(&w, "contact");
    else
        json_add_int(&w, "contact", party->contact.person_id);
    json_close_object(&w);
}

/* Those who are new have their ids by now. */
static enum result audit(struct db *db, struct naming *n)
{
    struct buf was = BUF_INIT;
    struct buf became = BUF_INIT;
    if (!is_staff(n))
        return RESULT_OK;
    describe(&n->was, &was);
    enum result r = persons_read(db, n->order_id, &n->becomes);
    describe(&n->becomes, &became);
    if (r == RESULT_OK)
        r = step_audit(db, n->caller, AUDIT_NAME_PASSENGERS, AUDIT_OF_ORDER, n->order_id, buf_str(&was),
                       buf_str(&became));
    buf_done(&was);
    buf_done(&became);
    return r;
}

static enum result name_in_txn(struct db *db, void *context)
{
    struct naming *n = context;
    struct order *o = n->order;
    const struct event event = { .order_id = n->order_id,
                                 .type = EVENT_PASSENGERS_CHANGED,
                                 .by = step_author(n->caller) };
    n->faults->count = 0;

    CRASH_SCOPE("passengers");
    TRY(step_lock_order(db, n->caller, n->order_id, o));
    TRY(check_state(n));
    TRY(persons_read(db, n->order_id, &n->was));
    TRY(compose(n));
    if (changes_nothing(n))
        return step_before_commit(db, n->caller, o);
    TRY(check_boarded(db, n));
    TRY(write_persons(db, n));
    step_agree(n->caller->config, n->wish, o);
    TRY(orders_update(db, o, o->status));
    TRY(events_add(db, &event));
    TRY(audit(db, n));
    return step_before_commit(db, n->caller, o);
}

static void recall_naming(const struct order *now, void *context)
{
    const struct naming *n = context;
    step_recall(n->caller, now, n->order);
}

enum result booking_name_passengers(struct db *db, const struct caller *caller, const char *order_id,
                                    const struct party_wish *wish, struct order *reterr_order,
                                    struct faults *reterr_faults)
{
    struct naming n = {
        .caller = caller, .order_id = order_id, .wish = wish, .order = reterr_order, .faults = reterr_faults
    };
    return txn_run_answered(db, order_id, name_in_txn, recall_naming, &n);
}
