/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_PARTY_H
#define BOOKING_CORE_PARTY_H

#include "booking/base/json_writer.h"
#include "booking/core/email.h"
#include "booking/core/faults.h"
#include "booking/core/seat.h"
#include "booking/core/user_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who travels on an order, and whom to write to. */

/* 100 characters of UTF-8, and the NUL. */
#define PERSON_NAME_MAX 100
#define PERSON_NAME_SIZE (4 * PERSON_NAME_MAX + 1)
#define ASSISTANCE_MAX 255
#define ASSISTANCE_SIZE ACCOUNT_SIZE
#define PHONE_SIZE 41
#define CONTACT_LANGUAGE_SIZE 11
/* Each seat's passenger, and an infant for each. */
#define PASSENGERS_MAX (2 * SEATS_MAX)

enum passenger_kind { PASSENGER_ADULT, PASSENGER_CHILD, PASSENGER_INFANT };

struct passenger {
    int64_t person_id; /* 0: not stored (yet) */
    int64_t position;  /* from 1, the order in which seats go to passengers; an infant's is beyond all seats */
    enum passenger_kind kind;
    char given_name[PERSON_NAME_SIZE]; /* empty: none */
    char family_name[PERSON_NAME_SIZE];
    char assistance[ASSISTANCE_SIZE]; /* empty: none */
};

/* With an e-mail address or a telephone number, or there is none. */
struct contact {
    int64_t person_id; /* 0: not stored (yet) */
    char email[EMAIL_SIZE];
    char phone[PHONE_SIZE];
    char language[CONTACT_LANGUAGE_SIZE]; /* empty: not said */
};

struct party {
    size_t count;
    struct passenger passenger[PASSENGERS_MAX]; /* as their positions say: infants last */
    struct contact contact;
};

/* What a request says of an order's persons. What it does not say stays as it is. */
struct party_wish {
    bool has_passengers;
    bool has_contact;
    bool consents; /* to the carrier's terms, as they are now */
    struct party party;
};

/* "adult", "child", "infant". */
const char *passenger_kind_name(enum passenger_kind kind);
bool passenger_kind_parse(const char *text, enum passenger_kind *ret_kind);

/* These read what a person typed, by the rules of user ids: without blanks at its ends, in normalization form C,
 * without control characters or such as change the direction of text. False, and the result is untouched, if that
 * leaves nothing, or too much. A name needs a letter or a digit by which it can be found. */
bool person_name_read(const char *text, char ret_name[PERSON_NAME_SIZE]);
bool assistance_read(const char *text, char ret_assistance[ASSISTANCE_SIZE]);

/* An address to which mail can be sent; a number of digits, blanks and "+-./()"; a language as mails name it. */
bool contact_email_read(const char *text, char ret_email[EMAIL_SIZE]);
bool contact_phone_read(const char *text, char ret_phone[PHONE_SIZE]);
bool contact_language_read(const char *text, char ret_language[CONTACT_LANGUAGE_SIZE]);

bool contact_is_given(const struct contact *contact);

/* Gives positions: to those who need a seat the first ones, in their order, and then to infants. The passengers are
 * sorted by them. */
void party_place(struct party *party);

/* How many of them need a seat. */
size_t party_seated(const struct party *party);

/* Adds what is wrong with that party on so many seats: too many who need one, or more infants than adults. */
void party_check(const struct party *party, size_t seats, struct faults *faults);

/* Leaves of each name and address no more than its first letter, for those who must not know it. */
void party_mask(struct party *party);

/* Writes "passengers", with the seats that they have, and "contact". */
void party_write_json(struct json_writer *w, const struct party *party, const struct seat_list *seats);

#endif
