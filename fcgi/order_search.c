/* SPDX-License-Identifier: MIT */
/* How staff find orders: by what an index knows, or by words among the next few thousand. */

#include "fcgi/handlers.h"

#include "booking/base/text.h"
#include "booking/core/name_key.h"
#include "booking/store/orders.h"

#include <string.h>

/* Reads whose orders, or which flight's, are wanted. However these ids were typed, the filter gets them as the database
 * has them. False, with the problem as the answer, if there can be no such flight. */
static bool read_names(struct call *call, struct order_filter *filter, char user_id[USER_ID_SIZE],
                       char flight_id[FLIGHT_ID_SIZE])
{
    const char *user = call_query(call, "userId");
    const char *flight = call_query(call, "flightId");
    if (user != NULL) {
        /* A text that is no longer a user id may have been one in the previous version, or is an account. */
        if (!user_id_read(user, user_id))
            account_to_user_id(user, user_id);
        filter->user_id = user_id;
        filter->user_id_sent = user;
    }
    if (flight == NULL)
        return true;
    if (!call_read_flight_id(flight, flight_id)) {
        call_refuse(call, RESULT_FLIGHT_NOT_FOUND);
        return false;
    }
    filter->flight_id = flight_id;
    return true;
}

/* What one order, or a few, are found by; room for it as the database has it. */
struct sought {
    char family_key[NAME_KEY_SIZE];
    char email_key[EMAIL_KEY_SIZE];
    char locator[LOCATOR_SIZE];
    char seat[SEAT_NUMBER_SIZE];
    char seat_plain[SEAT_NUMBER_SIZE];
};

static bool refuse_sought(struct call *call, const char *field, const char *detail)
{
    problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, field, detail);
    return false;
}

static bool read_seat(struct call *call, const char *seat, struct sought *room, struct order_filter *filter)
{
    if (seat == NULL)
        return true;
    if (filter->flight_id == NULL)
        return refuse_sought(call, "flightId", "Say the flight, too.");
    if (!seat_number_parse(seat, room->seat))
        return refuse_sought(call, "seat", "seat must be a seat's number, such as 12A.");
    seat_number_plain(room->seat, room->seat_plain);
    filter->seat = room->seat;
    filter->seat_plain = room->seat_plain;
    return true;
}

/* Reads name, email, locator or seat. False, with the problem as the answer, if it can be none, or several are said. */
static bool read_sought(struct call *call, struct sought *room, struct order_filter *filter)
{
    const char *name = call_query(call, "name");
    const char *email = call_query(call, "email");
    const char *locator = call_query(call, "locator");
    const char *seat = call_query(call, "seat");
    int said = (name != NULL) + (email != NULL) + (locator != NULL) + (seat != NULL);
    if (said > 1 || (said == 1 && (filter->user_id != NULL || filter->word_count > 0)))
        return refuse_sought(call, "name", "Say one of name, email, locator, seat, userId and q.");
    if (name != NULL && !name_key(name, room->family_key))
        return refuse_sought(call, "name", "name must be the beginning of a family name.");
    if (email != NULL && !email_key(email, room->email_key))
        return refuse_sought(call, "email", "email must be an e-mail address.");
    if (locator != NULL && !locator_read(locator, room->locator))
        return refuse_sought(call, "locator", "locator must be a booking's, such as K7D4RN.");
    filter->family_key = name == NULL ? NULL : room->family_key;
    filter->email_key = email == NULL ? NULL : room->email_key;
    filter->locator = locator == NULL ? NULL : room->locator;
    return read_seat(call, seat, room, filter);
}

/* Splits q into words. False, with the problem as the answer, if they are too many or too long. */
static bool read_words(struct call *call, struct order_word words[ORDER_WORDS_MAX], struct order_filter *filter)
{
    static const char fault[] = "q must be one to four words, 100 characters at most.";
    char text[4 * ORDER_WORD_MAX + 1];
    const char *q = call_query(call, "q");
    if (q == NULL)
        return true;
    if (!typed_name_read(q, ORDER_WORD_MAX, text))
        return refuse_sought(call, "q", fault);
    filter->words = words;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (filter->word_count == ORDER_WORDS_MAX)
            return refuse_sought(call, "q", fault);
        struct order_word *next = &words[filter->word_count++];
        next->seat[0] = '\0';
        if (!text_like_part(next->part, sizeof next->part, word))
            return refuse_sought(call, "q", fault);
        (void)seat_number_parse(word, next->seat);
    }
    return true;
}

static bool read_sort(struct call *call, struct order_filter *filter)
{
    const char *sort = call_query(call, "sort");
    filter->oldest_first = sort != NULL && strcmp(sort, "oldest") == 0;
    return sort == NULL || filter->oldest_first || strcmp(sort, "newest") == 0 ||
           refuse_sought(call, "sort", "sort must be newest or oldest.");
}

void admin_get_orders(struct call *call)
{
    struct sought sought_room;
    struct order_word words[ORDER_WORDS_MAX];
    char user_id[USER_ID_SIZE];
    char flight_id[FLIGHT_ID_SIZE];
    enum order_status status;
    struct order_filter filter = {
        .status = call_query(call, "status"),
    };
    if (!call_moment(call, "from", &filter.from_ms) || !call_moment(call, "to", &filter.before_ms))
        return;
    if (filter.status != NULL && !order_status_parse(filter.status, &status)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "status",
                      "status must be a state of an order, such as CONFIRMED.");
        return;
    }
    if (!read_names(call, &filter, user_id, flight_id))
        return;
    if (!read_words(call, words, &filter) || !read_sort(call, &filter) || !read_sought(call, &sought_room, &filter))
        return;
    call_answer_orders(call, &filter);
}
