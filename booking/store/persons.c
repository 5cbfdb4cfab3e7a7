/* SPDX-License-Identifier: MIT */
#include "booking/store/persons.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"
#include "booking/store/slots.h"

#include <string.h>

#define AT_ONCE 100

/* All but what is counted: passenger_kind and position. */
#define WIPE                                                                                                  \
    "UPDATE persons SET name = NULL, given_name = NULL, family_name = NULL, family_key = NULL, email = NULL," \
    " email_key = NULL, phone = NULL, language = NULL, assistance = NULL, forgotten_at = UTC_TIMESTAMP(3)"

DB_SQL(PERSONS_FORGET, WIPE " WHERE order_id = ? AND forgotten_at IS NULL");

/* Plain reads, which lock nothing of the audit log. */
DB_SQL(STAFF_TO_FORGET,
       "SELECT p.person_id FROM persons p LEFT JOIN staff_tokens t ON t.person_id = p.person_id"
       " WHERE p.known_by IN ('TOKEN', 'SIGN_ON', 'COMMAND') AND p.name IS NOT NULL"
       " AND (t.person_id IS NULL OR t.revoked_at <= TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3)))"
       " AND p.created_at <= TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3))"
       " AND NOT EXISTS (SELECT 1 FROM audit_log a WHERE a.actor_id = p.person_id"
       " AND a.created_at > TIMESTAMPADD(MICROSECOND, -1000 * ?, UTC_TIMESTAMP(3))) LIMIT 100");

/* Not if the token was made valid again meanwhile. */
DB_SQL(STAFF_FORGET,
       WIPE " WHERE person_id = ? AND NOT EXISTS (SELECT 1 FROM staff_tokens t WHERE t.person_id = persons.person_id"
            " AND t.revoked_at IS NULL)");

/* One who leaves has no place among the passengers any more. */
DB_SQL(PERSONS_LEAVE,
       WIPE ", position = NULL WHERE order_id = ? AND person_id IN (" SLOTS_64 ") AND forgotten_at IS NULL");

#define PERSON "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))"
#define ADD_PERSONS(persons)                                                                                          \
    "INSERT INTO persons (kind, order_id, position, passenger_kind, given_name, family_name, family_key, assistance," \
    " email, email_key, phone, language, created_at) VALUES " persons
#define PERSONS_2 PERSON ", " PERSON
#define PERSONS_4 PERSONS_2 ", " PERSONS_2
#define PERSONS_8 PERSONS_4 ", " PERSONS_4
DB_SQL(PERSONS_ADD_1, ADD_PERSONS(PERSON));
DB_SQL(PERSONS_ADD_2, ADD_PERSONS(PERSONS_2));
DB_SQL(PERSONS_ADD_3, ADD_PERSONS(PERSONS_2 ", " PERSON));
DB_SQL(PERSONS_ADD_4, ADD_PERSONS(PERSONS_4));
DB_SQL(PERSONS_ADD_5, ADD_PERSONS(PERSONS_4 ", " PERSON));
DB_SQL(PERSONS_ADD_6, ADD_PERSONS(PERSONS_4 ", " PERSONS_2));
DB_SQL(PERSONS_ADD_7, ADD_PERSONS(PERSONS_4 ", " PERSONS_2 ", " PERSON));
DB_SQL(PERSONS_ADD_8, ADD_PERSONS(PERSONS_8));
DB_SQL(PERSONS_ADD_9, ADD_PERSONS(PERSONS_8 ", " PERSON));
DB_SQL(PERSONS_ADD_10, ADD_PERSONS(PERSONS_8 ", " PERSONS_2));

DB_SQL(PERSON_CHANGE,
       "UPDATE persons SET position = ?, passenger_kind = ?, given_name = ?, family_name = ?, family_key = ?,"
       " assistance = ?, email = ?, email_key = ?, phone = ?, language = ?"
       " WHERE person_id = ? AND order_id = ? AND forgotten_at IS NULL");

#define LIST                                                                                                  \
    "SELECT order_id, person_id, kind, position, given_name, family_name, passenger_kind, assistance, email," \
    " phone, language FROM persons WHERE forgotten_at IS NULL AND order_id"
DB_SQL(PERSONS_LIST, LIST " = ? ORDER BY COALESCE(position, 0), person_id");
DB_SQL(PERSONS_OF, LIST " IN (" SLOTS_64 ") ORDER BY order_id, COALESCE(position, 0), person_id");

static enum result each_person(enum result r, struct db_rows *rows, void (*each)(const struct person_row *, void *),
                               void *context)
{
    while (db_more(rows, &r)) {
        const struct person_row row = {
            .order_id = db_get_text(rows, "order_id"),
            .person_id = db_get_int(rows, "person_id"),
            .position = db_get_int(rows, "position"),
            .is_contact = strcmp(db_get_text(rows, "kind"), "CONTACT") == 0,
            .given_name = db_get_text(rows, "given_name"),
            .family_name = db_get_text(rows, "family_name"),
            .passenger_kind = db_get_text(rows, "passenger_kind"),
            .assistance = db_get_text(rows, "assistance"),
            .email = db_get_text(rows, "email"),
            .phone = db_get_text(rows, "phone"),
            .language = db_get_text(rows, "language"),
        };
        each(&row, context);
    }
    return r;
}

enum result persons_list(struct db *db, const char *order_id, void (*each)(const struct person_row *, void *),
                         void *context)
{
    struct db_rows *rows = NULL;
    enum result r = db_query(db, &PERSONS_LIST, DB_ARGS(db_text(order_id)), &rows);
    return each_person(r, rows, each, context);
}

enum result persons_list_of(struct db *db, const char *const *order_ids, size_t count,
                            void (*each)(const struct person_row *, void *), void *context)
{
    struct db_value args[PERSONS_ORDERS];
    struct db_rows *rows = NULL;
    for (size_t i = 0; i < PERSONS_ORDERS; i++)
        args[i] = db_text(order_ids[i < count ? i : count - 1]);
    enum result r = db_query(db, &PERSONS_OF, args, PERSONS_ORDERS, &rows);
    return each_person(r, rows, each, context);
}

DB_SQL(PERSON_DISMISS,
       WIPE ", position = NULL WHERE order_id = ? AND kind = 'PASSENGER' AND position = ? AND forgotten_at IS NULL");
DB_SQL(PERSONS_MOVE_UP,
       "UPDATE persons SET position = position - 1 WHERE order_id = ? AND kind = 'PASSENGER' AND position > ?");

enum result persons_dismiss(struct db *db, const char *order_id, int64_t position)
{
    TRY(db_exec(db, &PERSON_DISMISS, DB_ARGS(db_text(order_id), db_int(position)), NULL));
    return db_exec(db, &PERSONS_MOVE_UP, DB_ARGS(db_text(order_id), db_int(position)), NULL);
}

static void copy(char *to, size_t size, const char *text)
{
    text_copy(to, size, text == NULL ? "" : text);
}

static void read_contact(const struct person_row *row, struct contact *ret_contact)
{
    ret_contact->person_id = row->person_id;
    copy(ret_contact->email, sizeof ret_contact->email, row->email);
    copy(ret_contact->phone, sizeof ret_contact->phone, row->phone);
    copy(ret_contact->language, sizeof ret_contact->language, row->language);
}

static void read_person(const struct person_row *row, void *context)
{
    struct party *party = context;
    if (row->is_contact) {
        read_contact(row, &party->contact);
        return;
    }
    if (party->count == PASSENGERS_MAX)
        return;
    struct passenger *p = &party->passenger[party->count++];
    *p = (struct passenger){ .person_id = row->person_id, .position = row->position, .kind = PASSENGER_ADULT };
    if (row->passenger_kind != NULL)
        (void)passenger_kind_parse(row->passenger_kind, &p->kind);
    copy(p->given_name, sizeof p->given_name, row->given_name);
    copy(p->family_name, sizeof p->family_name, row->family_name);
    copy(p->assistance, sizeof p->assistance, row->assistance);
}

enum result persons_read(struct db *db, const char *order_id, struct party *ret_party)
{
    ret_party->count = 0;
    ret_party->contact = (struct contact){ 0 };
    return persons_list(db, order_id, read_person, ret_party);
}

static struct db_value text_or_null(const char *text)
{
    return db_text(*text == '\0' ? NULL : text);
}

/* What a row holds besides its ids: PERSON_VALUES values. The keys are computed into *room, where they must live as
 * long as the values. */
#define PERSON_VALUES 10
struct person_keys {
    char name[NAME_KEY_SIZE];
    char email[EMAIL_KEY_SIZE];
};

static void passenger_values(const struct passenger *p, struct person_keys *room, struct db_value ret[PERSON_VALUES])
{
    bool has_key = name_key(p->family_name, room->name);
    const struct db_value values[PERSON_VALUES] = {
        db_int(p->position),
        db_text(passenger_kind_name(p->kind)),
        text_or_null(p->given_name),
        text_or_null(p->family_name),
        db_text(has_key ? room->name : NULL),
        text_or_null(p->assistance),
        db_text(NULL),
        db_text(NULL),
        db_text(NULL),
        db_text(NULL),
    };
    memcpy(ret, values, sizeof values);
}

static void contact_values(const struct contact *c, struct person_keys *room, struct db_value ret[PERSON_VALUES])
{
    bool has_key = c->email[0] != '\0' && email_key(c->email, room->email);
    const struct db_value none = db_text(NULL);
    const struct db_value values[PERSON_VALUES] = {
        none,
        none,
        none,
        none,
        none,
        none,
        text_or_null(c->email),
        db_text(has_key ? room->email : NULL),
        text_or_null(c->phone),
        text_or_null(c->language),
    };
    memcpy(ret, values, sizeof values);
}

/* Adds up to ADDED_AT_ONCE rows; the contact is the last of them. */
#define ADDED_AT_ONCE 10
static enum result add_some(struct db *db, const char *order_id, const struct passenger *const *passengers,
                            size_t count, const struct contact *contact)
{
    static const struct db_sql *const statements[ADDED_AT_ONCE] = {
        &PERSONS_ADD_1, &PERSONS_ADD_2, &PERSONS_ADD_3, &PERSONS_ADD_4, &PERSONS_ADD_5,
        &PERSONS_ADD_6, &PERSONS_ADD_7, &PERSONS_ADD_8, &PERSONS_ADD_9, &PERSONS_ADD_10,
    };
    struct person_keys keys[ADDED_AT_ONCE];
    struct db_value args[ADDED_AT_ONCE * (2 + PERSON_VALUES)];
    size_t rows = count + (contact == NULL ? 0 : 1);
    for (size_t i = 0; i < rows; i++) {
        struct db_value *row = args + i * (2 + PERSON_VALUES);
        row[0] = db_text(i < count ? "PASSENGER" : "CONTACT");
        row[1] = db_text(order_id);
        if (i < count)
            passenger_values(passengers[i], &keys[i], row + 2);
        else
            contact_values(contact, &keys[i], row + 2);
    }
    return db_exec(db, statements[rows - 1], args, rows * (2 + PERSON_VALUES), NULL);
}

enum result persons_add(struct db *db, const char *order_id, const struct party *party)
{
    const struct passenger *added[PASSENGERS_MAX];
    bool has_contact = contact_is_given(&party->contact) && party->contact.person_id == 0;
    size_t count = 0;
    size_t done = 0;
    for (size_t i = 0; i < party->count; i++) {
        if (party->passenger[i].person_id == 0)
            added[count++] = &party->passenger[i];
    }
    while (count - done + (has_contact ? 1 : 0) > ADDED_AT_ONCE) {
        size_t n = count - done < ADDED_AT_ONCE ? count - done : ADDED_AT_ONCE;
        TRY(add_some(db, order_id, added + done, n, NULL));
        done += n;
    }
    return done == count && !has_contact
               ? RESULT_OK
               : add_some(db, order_id, added + done, count - done, has_contact ? &party->contact : NULL);
}

static enum result change(struct db *db, const char *order_id, int64_t person_id,
                          const struct db_value values[PERSON_VALUES])
{
    struct db_value args[PERSON_VALUES + 2];
    memcpy(args, values, PERSON_VALUES * sizeof values[0]);
    args[PERSON_VALUES] = db_int(person_id);
    args[PERSON_VALUES + 1] = db_text(order_id);
    return db_exec_expect(db, &PERSON_CHANGE, args, PERSON_VALUES + 2, 1);
}

enum result persons_change(struct db *db, const char *order_id, const struct passenger *passenger)
{
    struct person_keys keys;
    struct db_value values[PERSON_VALUES];
    passenger_values(passenger, &keys, values);
    return change(db, order_id, passenger->person_id, values);
}

enum result persons_change_contact(struct db *db, const char *order_id, const struct contact *contact)
{
    struct person_keys keys;
    struct db_value values[PERSON_VALUES];
    contact_values(contact, &keys, values);
    return change(db, order_id, contact->person_id, values);
}

enum result persons_leave(struct db *db, const char *order_id, const int64_t *ids, size_t count)
{
    struct db_value args[1 + 64];
    if (count == 0)
        return RESULT_OK;
    args[0] = db_text(order_id);
    for (size_t i = 0; i < 64; i++)
        args[1 + i] = db_int(ids[i < count ? i : count - 1]);
    return db_exec_expect(db, &PERSONS_LEAVE, args, 65, count);
}

enum result persons_forget(struct db *db, const char *order_id)
{
    return db_exec(db, &PERSONS_FORGET, DB_ARGS(db_text(order_id)), NULL);
}

enum result persons_forget_staff(struct db *db, int64_t for_ms, bool *reterr_more)
{
    const struct db_value ms = db_int(for_ms);
    struct db_rows *rows = NULL;
    int count = 0;
    enum result r = db_query(db, &STAFF_TO_FORGET, DB_ARGS(ms, ms, ms), &rows);
    while (db_more(rows, &r)) {
        count++;
        r = db_exec(db, &STAFF_FORGET, DB_ARGS(db_int(db_get_int(rows, "person_id"))), NULL);
    }
    *reterr_more = r == RESULT_OK && count == AT_ONCE;
    return r;
}
