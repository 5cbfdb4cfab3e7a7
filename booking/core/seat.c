/* SPDX-License-Identifier: MIT */
#include "booking/core/seat.h"

#include "booking/base/text.h"

#include <string.h>

bool seat_number_parse(const char *text, char ret_number[SEAT_NUMBER_SIZE])
{
    char number[SEAT_NUMBER_SIZE] = "";
    bool has_letter = false;
    bool has_digit = false;
    size_t text_len = text_trim(&text);

    if (text_len >= sizeof number)
        return false;
    for (size_t len = 0; len < text_len; len++) {
        unsigned char c = (unsigned char)text[len];
        /* isalpha() depends on the locale; only ASCII counts here. */
        if (c >= '0' && c <= '9') {
            has_digit = true;
        } else if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) {
            has_letter = true;
            c = (unsigned char)(c & ~0x20U);
        } else {
            return false;
        }
        number[len] = (char)c;
    }
    if (!has_letter || !has_digit)
        return false;
    memcpy(ret_number, number, sizeof number);
    return true;
}

void seat_number_plain(const char *number, char ret_number[SEAT_NUMBER_SIZE])
{
    char *to = ret_number;
    for (const char *p = number; *p != '\0'; p++) {
        bool begins = p == number || p[-1] < '0' || p[-1] > '9';
        /* Skips the leading zeros of a run of digits, but not its last digit. */
        while (begins && p[0] == '0' && p[1] >= '0' && p[1] <= '9')
            p++;
        *to++ = *p;
    }
    *to = '\0';
}

void seat_list_plain(const struct seat_list *list, struct seat_list *ret_list)
{
    ret_list->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        seat_number_plain(list->number[i], ret_list->number[i]);
}

bool seat_list_contains(const struct seat_list *list, const char *number)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->number[i], number) == 0)
            return true;
    }
    return false;
}

bool seat_list_equal_sets(const struct seat_list *a, const struct seat_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (!seat_list_contains(b, a->number[i]))
            return false;
    }
    return true;
}

enum seat_list_error seat_list_add(struct seat_list *list, const char *text)
{
    char number[SEAT_NUMBER_SIZE];
    char plain[SEAT_NUMBER_SIZE];
    if (!seat_number_parse(text, number))
        return SEAT_LIST_MALFORMED;
    seat_number_plain(number, plain);
    for (size_t i = 0; i < list->count; i++) {
        char other[SEAT_NUMBER_SIZE];
        seat_number_plain(list->number[i], other);
        if (strcmp(other, plain) == 0)
            return SEAT_LIST_REPEATED;
    }
    if (list->count == SEATS_MAX)
        return SEAT_LIST_FULL;
    memcpy(list->number[list->count++], number, sizeof number);
    return SEAT_LIST_OK;
}

void seat_list_format(const struct seat_list *list, char ret_text[SEATS_TEXT_SIZE])
{
    char *p = ret_text;
    for (size_t i = 0; i < list->count; i++) {
        size_t len = strlen(list->number[i]);
        if (i > 0)
            *p++ = ',';
        memcpy(p, list->number[i], len);
        p += len;
    }
    *p = '\0';
}

bool seat_list_parse(const char *text, struct seat_list *ret_list)
{
    struct seat_list list = { 0 };
    while (*text != '\0') {
        char number[SEAT_NUMBER_SIZE] = "";
        char upper[SEAT_NUMBER_SIZE];
        size_t len = strcspn(text, ",");
        if (len == 0 || len >= sizeof number || list.count == SEATS_MAX)
            return false;
        memcpy(number, text, len);
        if (!seat_number_parse(number, upper) || strcmp(number, upper) != 0 || seat_list_contains(&list, number))
            return false;
        memcpy(list.number[list.count++], number, sizeof number);
        text += len;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    *ret_list = list;
    return true;
}
