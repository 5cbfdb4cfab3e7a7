/* SPDX-License-Identifier: MIT */
/* Seat numbers and lists of them, as customers write them and as the database keeps them. */

#include "tests/fuzz/fuzz.h"

#include "booking/core/seat.h"

static void one_number(const char *text)
{
    char number[SEAT_NUMBER_SIZE] = "";
    char again[SEAT_NUMBER_SIZE] = "";
    if (!seat_number_parse(text, number)) {
        PROMISE(number[0] == '\0');
        return;
    }
    PROMISE(strlen(number) <= strlen(text)); /* blanks around it are removed */
    PROMISE(strspn(number, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(number));
    PROMISE(seat_number_parse(number, again) && strcmp(number, again) == 0);
}

static void a_list(const char *text)
{
    struct seat_list list;
    struct seat_list again;
    char written[SEATS_TEXT_SIZE];
    if (!seat_list_parse(text, &list))
        return;
    PROMISE(list.count <= SEATS_MAX);
    seat_list_format(&list, written);
    PROMISE(seat_list_parse(written, &again) && seat_list_equal_sets(&list, &again));
    for (size_t i = 0; i < list.count; i++)
        PROMISE(seat_list_contains(&again, list.number[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    one_number(text);
    a_list(text);
    free(text);
    return 0;
}
