/* SPDX-License-Identifier: MIT */
#include "booking/core/party.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beyond every seat: an infant sits on somebody's lap. */
#define FIRST_LAP 101

static const char *const kinds[] = {
    [PASSENGER_ADULT] = "adult",
    [PASSENGER_CHILD] = "child",
    [PASSENGER_INFANT] = "infant",
};

const char *passenger_kind_name(enum passenger_kind kind)
{
    return kinds[kind];
}

bool passenger_kind_parse(const char *text, enum passenger_kind *ret_kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i], text) == 0) {
            *ret_kind = (enum passenger_kind)i;
            return true;
        }
    }
    return false;
}

/* ── reading ────────────────────────────────────────────────────────────── */

bool person_name_read(const char *text, char ret_name[PERSON_NAME_SIZE])
{
    char name[ACCOUNT_SIZE];
    char key[NAME_KEY_SIZE];
    if (!typed_name_read(text, PERSON_NAME_MAX, name) || !name_key(name, key))
        return false;
    text_copy(ret_name, PERSON_NAME_SIZE, name);
    return true;
}

bool assistance_read(const char *text, char ret_assistance[ASSISTANCE_SIZE])
{
    return typed_name_read(text, ASSISTANCE_MAX, ret_assistance);
}

bool contact_email_read(const char *text, char ret_email[EMAIL_SIZE])
{
    char email[EMAIL_SIZE];
    if (!text_trim_copy(email, sizeof email, text) || !email_is_valid(email))
        return false;
    text_copy(ret_email, EMAIL_SIZE, email);
    return true;
}

bool contact_phone_read(const char *text, char ret_phone[PHONE_SIZE])
{
    char phone[PHONE_SIZE];
    size_t digits = 0;
    if (!text_trim_copy(phone, sizeof phone, text) || strspn(phone, "0123456789 +-./()") != strlen(phone))
        return false;
    for (const char *p = phone; *p != '\0'; p++)
        digits += *p >= '0' && *p <= '9' ? 1 : 0;
    if (digits < 3)
        return false;
    text_copy(ret_phone, PHONE_SIZE, phone);
    return true;
}

/* Subtags of RFC 5646: two letters or more, then letters and digits. */
bool contact_language_read(const char *text, char ret_language[CONTACT_LANGUAGE_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    char language[CONTACT_LANGUAGE_SIZE];
    if (!text_trim_copy(language, sizeof language, text))
        return false;
    const char *p = language;
    size_t len = strspn(p, letters);
    bool valid = len >= 2 && len <= 3 && strcspn(p, "0123456789") >= len;
    for (p += len; valid && *p == '-'; p += len) {
        p++;
        len = strspn(p, letters);
        valid = len >= 2 && len <= 8;
    }
    if (!valid || *p != '\0')
        return false;
    text_copy(ret_language, CONTACT_LANGUAGE_SIZE, language);
    return true;
}

bool contact_is_given(const struct contact *contact)
{
    return contact->email[0] != '\0' || contact->phone[0] != '\0';
}

/* ── seats ──────────────────────────────────────────────────────────────── */

static int compare_positions(const void *a, const void *b)
{
    const struct passenger *one = a;
    const struct passenger *other = b;
    return one->position < other->position ? -1 : one->position > other->position ? 1 : 0;
}

void party_place(struct party *party)
{
    int64_t seat = 1;
    int64_t lap = FIRST_LAP;
    for (size_t i = 0; i < party->count; i++) {
        struct passenger *p = &party->passenger[i];
        p->position = p->kind == PASSENGER_INFANT ? lap++ : seat++;
    }
    if (party->count > 0)
        qsort(party->passenger, party->count, sizeof party->passenger[0], compare_positions);
}

static size_t count_of(const struct party *party, enum passenger_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < party->count; i++)
        count += party->passenger[i].kind == kind ? 1 : 0;
    return count;
}

size_t party_seated(const struct party *party)
{
    return party->count - count_of(party, PASSENGER_INFANT);
}

void party_check(const struct party *party, size_t seats, struct faults *faults)
{
    size_t seated = party_seated(party);
    if (seated > seats)
        faults_add(faults, "passengers", "%zu passengers need a seat, and there %s %zu.", seated,
                   seats == 1 ? "is" : "are", seats);
    if (count_of(party, PASSENGER_INFANT) > count_of(party, PASSENGER_ADULT))
        faults_add(faults, "passengers", "Each infant needs an adult to sit with.");
}

/* ── masking ────────────────────────────────────────────────────────────── */

static size_t first_letter(const char *text)
{
    size_t len = *text == '\0' ? 0 : 1;
    while (((unsigned char)text[len] & 0xC0) == 0x80)
        len++;
    return len;
}

/* A text that is there becomes its first letter, if that may be known, and what says that there is more. */
static void mask(char *text, size_t size, size_t kept, const char *rest)
{
    if (*text != '\0')
        (void)snprintf(text + kept, size - kept, "%s", rest);
}

void party_mask(struct party *party)
{
    struct contact *c = &party->contact;
    for (size_t i = 0; i < party->count; i++) {
        struct passenger *p = &party->passenger[i];
        mask(p->given_name, sizeof p->given_name, first_letter(p->given_name), "…");
        mask(p->family_name, sizeof p->family_name, first_letter(p->family_name), "…");
        mask(p->assistance, sizeof p->assistance, 0, "…");
    }
    mask(c->email, sizeof c->email, first_letter(c->email), "…@…");
    mask(c->phone, sizeof c->phone, 0, "…");
}

/* ── JSON ───────────────────────────────────────────────────────────────── */

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

static void write_passenger(struct json_writer *w, const struct passenger *p, const struct seat_list *seats)
{
    char id[24];
    bool has_seat = p->position > 0 && p->position <= (int64_t)seats->count;
    (void)snprintf(id, sizeof id, "%lld", (long long)p->person_id);
    json_open_object(w, NULL);
    json_add_text(w, "id", id);
    json_add_text(w, "givenName", or_null(p->given_name));
    json_add_text(w, "familyName", or_null(p->family_name));
    json_add_text(w, "kind", passenger_kind_name(p->kind));
    json_add_text(w, "assistance", or_null(p->assistance));
    json_add_text(w, "seat", has_seat ? seats->number[p->position - 1] : NULL);
    json_close_object(w);
}

void party_write_json(struct json_writer *w, const struct party *party, const struct seat_list *seats)
{
    const struct contact *c = &party->contact;
    json_open_array(w, "passengers");
    for (size_t i = 0; i < party->count; i++)
        write_passenger(w, &party->passenger[i], seats);
    json_close_array(w);
    if (!contact_is_given(c)) {
        json_add_null(w, "contact");
        return;
    }
    json_open_object(w, "contact");
    json_add_text(w, "email", or_null(c->email));
    json_add_text(w, "phone", or_null(c->phone));
    json_add_text(w, "language", or_null(c->language));
    json_close_object(w);
}
