/* SPDX-License-Identifier: MIT */
/* Who travels on an order, and whom to write to: reading what a client says of them, and the paths that change them. */

#include "fcgi/passengers.h"

#include "booking/base/text.h"
#include "fcgi/bulkhead.h"
#include "fcgi/handlers.h"
#include "fcgi/replay.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

/* ── one person ─────────────────────────────────────────────────────────── */

/* The texts of a person, as they were sent. NULL: absent. */
struct sent {
    const char *id;
    const char *given_name;
    const char *family_name;
    const char *kind;
    const char *assistance;
};

/* A list of faults, and where in the request the texts stand. */
struct reader {
    struct faults *faults;
    char place[32]; /* "passengers[1]." */
};

static void add_fault(const struct reader *reader, const char *name, const char *message)
{
    char path[FAULT_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s%s", reader->place, name);
    faults_add(reader->faults, path, "%s", message);
}

static bool is_absent(const char *text)
{
    return text == NULL || *text == '\0';
}

static int64_t read_id(const char *text)
{
    long long id = 0;
    return text_parse_int(text, 1, INT64_MAX, &id) ? id : 0;
}

#define NAME_RULE "A name has 1 to 100 characters, at least one of them a letter."

static void read_passenger(const struct reader *reader, const struct sent *sent, struct passenger *p)
{
    *p = (struct passenger){ .kind = PASSENGER_ADULT };
    if (!is_absent(sent->id) && (p->person_id = read_id(sent->id)) == 0)
        add_fault(reader, "id", "This must be the id of a passenger.");
    if (!is_absent(sent->given_name) && !person_name_read(sent->given_name, p->given_name))
        add_fault(reader, "givenName", NAME_RULE);
    if (is_absent(sent->family_name) || !person_name_read(sent->family_name, p->family_name))
        add_fault(reader, "familyName", NAME_RULE);
    if (!is_absent(sent->kind) && !passenger_kind_parse(sent->kind, &p->kind))
        add_fault(reader, "kind", "This must be adult, child or infant.");
    if (!is_absent(sent->assistance) && !assistance_read(sent->assistance, p->assistance))
        add_fault(reader, "assistance", "This may have 255 characters, and no control characters.");
}

static void read_contact(const struct reader *reader, const char *email, const char *phone, const char *language,
                         struct contact *c)
{
    *c = (struct contact){ 0 };
    if (!is_absent(email) && !contact_email_read(email, c->email))
        add_fault(reader, "email", "This must be an e-mail address such as ada@example.org.");
    if (!is_absent(phone) && !contact_phone_read(phone, c->phone))
        add_fault(reader, "phone", "This must be a telephone number such as +49 30 1234567.");
    if (!is_absent(language) && !contact_language_read(language, c->language))
        add_fault(reader, "language", "This must be a language such as de or pt-BR.");
    if (is_absent(email) && is_absent(phone))
        add_fault(reader, "email", "Say an e-mail address or a telephone number.");
}

/* The same person cannot travel twice. */
static void check_ids(struct faults *faults, const struct party *party)
{
    char path[64];
    for (size_t i = 0; i < party->count; i++) {
        for (size_t j = 0; j < i && party->passenger[i].person_id != 0; j++) {
            if (party->passenger[i].person_id != party->passenger[j].person_id)
                continue;
            (void)snprintf(path, sizeof path, "passengers[%zu].id", i);
            faults_add(faults, path, "This passenger is named twice.");
            break;
        }
    }
}

/* ── JSON ───────────────────────────────────────────────────────────────── */

/* A member that is a text, or for an id a number, or NULL if it is absent or null. Anything else is a fault. */
static const char *member(const struct reader *reader, struct json_object *in, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(in, name, &value) || value == NULL)
        return NULL;
    bool is_id = strcmp(name, "id") == 0 && json_object_is_type(value, json_type_int);
    const char *text = json_object_get_string(value);
    bool is_text = json_object_is_type(value, json_type_string) &&
                   strlen(text) == (size_t)json_object_get_string_len(value);
    if (is_id || is_text)
        return text;
    add_fault(reader, name, "This must be a text.");
    return NULL;
}

static void read_json_passengers(struct json_object *array, struct faults *faults, struct party *party)
{
    size_t count = json_object_array_length(array);
    if (count > PASSENGERS_MAX) {
        faults_add(faults, "passengers", "A booking may have at most %d passengers.", PASSENGERS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct reader reader = { .faults = faults };
        struct json_object *one = json_object_array_get_idx(array, i);
        (void)snprintf(reader.place, sizeof reader.place, "passengers[%zu]", i);
        if (!json_object_is_type(one, json_type_object)) {
            add_fault(&reader, "", "This must be an object with the names of a passenger.");
            continue;
        }
        (void)snprintf(reader.place, sizeof reader.place, "passengers[%zu].", i);
        const size_t before = faults->count;
        const struct sent sent = {
            .id = member(&reader, one, "id"),
            .given_name = member(&reader, one, "givenName"),
            .family_name = member(&reader, one, "familyName"),
            .kind = member(&reader, one, "kind"),
            .assistance = member(&reader, one, "assistance"),
        };
        if (faults->count == before)
            read_passenger(&reader, &sent, &party->passenger[party->count++]);
    }
}

static void read_json_contact(struct json_object *object, struct faults *faults, struct contact *contact)
{
    const struct reader reader = { .faults = faults, .place = "contact." };
    const size_t before = faults->count;
    const char *email = member(&reader, object, "email");
    const char *phone = member(&reader, object, "phone");
    const char *language = member(&reader, object, "language");
    if (faults->count == before)
        read_contact(&reader, email, phone, language, contact);
}

static void read_json(const struct body *body, struct faults *faults, struct party_wish *wish)
{
    struct json_object *field = NULL;
    if (json_object_object_get_ex(body->json, "passengers", &field) && field != NULL) {
        wish->has_passengers = true;
        if (json_object_is_type(field, json_type_array))
            read_json_passengers(field, faults, &wish->party);
        else
            faults_add(faults, "passengers", "This must be an array of passengers.");
    }
    if (json_object_object_get_ex(body->json, "contact", &field) && field != NULL) {
        wish->has_contact = true;
        if (json_object_is_type(field, json_type_object))
            read_json_contact(field, faults, &wish->party.contact);
        else
            faults_add(faults, "contact", "This must be an object with an e-mail address or a telephone number.");
    }
}

/* ── forms ──────────────────────────────────────────────────────────────── */

/* The nth field of this name, from 0; or NULL. */
static const char *nth(const struct body *body, const char *name, size_t n)
{
    for (size_t i = 0; i < body->form.count; i++) {
        if (strcmp(body->form.item[i].name, name) == 0 && n-- == 0)
            return body->form.item[i].value;
    }
    return NULL;
}

/* A row whose names were left empty is a seat for somebody who is not named yet. */
static void read_form(const struct body *body, struct faults *faults, struct party_wish *wish)
{
    const char *email = parameters_get(&body->form, "email");
    const char *phone = parameters_get(&body->form, "phone");
    for (size_t i = 0; i < PASSENGERS_MAX; i++) {
        struct reader reader = { .faults = faults };
        const struct sent sent = {
            .id = nth(body, "passengerId", i),
            .given_name = nth(body, "givenName", i),
            .family_name = nth(body, "familyName", i),
            .kind = nth(body, "kind", i),
            .assistance = nth(body, "assistance", i),
        };
        wish->has_passengers = wish->has_passengers || sent.family_name != NULL;
        if (is_absent(sent.given_name) && is_absent(sent.family_name) && is_absent(sent.assistance))
            continue;
        (void)snprintf(reader.place, sizeof reader.place, "passengers[%zu].", i);
        read_passenger(&reader, &sent, &wish->party.passenger[wish->party.count++]);
    }
    if (!is_absent(email) || !is_absent(phone)) {
        const struct reader reader = { .faults = faults, .place = "contact." };
        wish->has_contact = true;
        read_contact(&reader, email, phone, parameters_get(&body->form, "language"), &wish->party.contact);
    }
}

/* ── what a request says ────────────────────────────────────────────────── */

static void read_wish(const struct call *call, const struct body *body, struct faults *faults, struct party_wish *wish)
{
    wish->has_passengers = wish->has_contact = wish->consents = false;
    wish->party.count = 0;
    wish->party.contact = (struct contact){ 0 };
    if (config_asks_consent(call->config) && !body_flag(body, "consent", false, &wish->consents))
        faults_add(faults, "consent", "This must be true or false.");
    if (!config_takes_passengers(call->config))
        return;
    if (body->json != NULL)
        read_json(body, faults, wish);
    else
        read_form(body, faults, wish);
    check_ids(faults, &wish->party);
}

static bool has_faults(struct call *call, const struct faults *faults)
{
    if (faults->count > 0)
        call_refuse_faults(call, faults);
    return faults->count > 0;
}

bool passengers_read_new(struct call *call, const struct body *body, size_t seats, struct party_wish *reterr_wish)
{
    struct faults faults = { .count = 0 };
    struct party *party = &reterr_wish->party;
    read_wish(call, body, &faults, reterr_wish);
    if (has_faults(call, &faults))
        return false;
    for (size_t i = 0; i < party->count; i++)
        party->passenger[i].person_id = 0; /* whoever has an id travels on another order */
    party_place(party);
    party_check(party, seats, &faults);
    return !has_faults(call, &faults);
}

/* ── who stays ──────────────────────────────────────────────────────────── */

static bool add_stay(struct stay_list *stay, const char *text)
{
    int64_t id = read_id(text);
    if (id == 0 || stay->count == PASSENGERS_MAX)
        return false;
    stay->person_id[stay->count++] = id;
    return true;
}

static bool read_json_stay(struct json_object *array, struct stay_list *stay)
{
    if (!json_object_is_type(array, json_type_array))
        return false;
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        struct json_object *one = json_object_array_get_idx(array, i);
        bool is_id = json_object_is_type(one, json_type_string) || json_object_is_type(one, json_type_int);
        if (!is_id || !add_stay(stay, json_object_get_string(one)))
            return false;
    }
    return true;
}

static bool read_form_stay(const struct body *body, struct stay_list *stay)
{
    const char *text = NULL;
    for (size_t i = 0; (text = nth(body, "passengers", i)) != NULL; i++) {
        while (*text != '\0') {
            char part[24];
            size_t len = strcspn(text, ",");
            if (len >= sizeof part)
                return false;
            memcpy(part, text, len);
            part[len] = '\0';
            if (!add_stay(stay, part))
                return false;
            text += len + (text[len] == ',' ? 1 : 0);
        }
    }
    return true;
}

bool passengers_read_stay(struct call *call, const struct body *body, struct stay_list *room,
                          const struct stay_list **ret_stay)
{
    struct json_object *field = NULL;
    bool is_there = body->json == NULL ? nth(body, "passengers", 0) != NULL
                                       : json_object_object_get_ex(body->json, "passengers", &field) && field != NULL;
    *ret_stay = NULL;
    room->count = 0;
    if (!is_there || !config_takes_passengers(call->config))
        return true;
    *ret_stay = room;
    if (body->json == NULL ? read_form_stay(body, room) : read_json_stay(field, room))
        return true;
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "passengers",
                  "passengers must be the ids of those who stay.");
    return false;
}

/* ── the paths ──────────────────────────────────────────────────────────── */

static void name_passengers(struct call *call, const struct party_wish *wish, const char *reason, bool is_for_staff)
{
    struct order_answer answer = { .call = call, .status = 200 };
    struct caller caller;
    struct order order;
    struct faults faults = { .count = 0 };
    struct refusal refusal = { 0 };
    if (!call_caller(call, &answer, &caller) || !bulkhead_enter(call, call->id))
        return;
    /* The router has claimed the key of an operator's path already. */
    if (!is_for_staff && !replay_begin(call))
        return;
    caller.reason = reason;
    enum result r = booking_name_passengers(call->db, &caller, call->id, wish, &order, &faults);
    if (r == RESULT_INVALID_REQUEST)
        call_refuse_faults(call, &faults);
    else if (r == RESULT_NOT_PROVED)
        call_refuse_proof(call);
    else if (r != RESULT_OK)
        call_refuse_order(call, r, &order, &refusal);
}

/* Whether the request can be about an order's persons. If not, the answer is the problem. */
static bool may_name(struct call *call)
{
    if (!config_takes_passengers(call->config) && !config_asks_consent(call->config)) {
        problem_say(call->response, call->request, PROBLEM_NOT_FOUND,
                    "Passengers are not named here (PASSENGERS=off).");
        return false;
    }
    if (call_order_id(call))
        return true;
    call_refuse(call, RESULT_ORDER_NOT_FOUND);
    return false;
}

static void read_and_name(struct call *call, const struct body *body, const char *reason, bool is_for_staff)
{
    struct faults faults = { .count = 0 };
    struct party_wish wish;
    read_wish(call, body, &faults, &wish);
    if (!has_faults(call, &faults))
        name_passengers(call, &wish, reason, is_for_staff);
}

void orders_put_passengers(struct call *call)
{
    struct body body;
    if (!may_name(call) || !body_parse(call->request, call->response, &body))
        return;
    read_and_name(call, &body, NULL, false);
    body_done(&body);
}

void orders_post_passengers(struct call *call)
{
    struct body body;
    char reason[REASON_SIZE];
    if (!may_name(call) || !body_parse(call->request, call->response, &body))
        return;
    if (call_reason(call, &body, reason))
        read_and_name(call, &body, reason, true);
    body_done(&body);
}
