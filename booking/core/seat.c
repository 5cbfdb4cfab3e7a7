#include "booking/core/seat.h"

#include <ctype.h>
#include <string.h>

bool seat_number_parse(const char *text, char ret_number[SEAT_NUMBER_SIZE])
{
    char number[SEAT_NUMBER_SIZE] = "";
    bool has_letter = false;
    bool has_digit = false;
    size_t len = 0;

    for (; text[len] != '\0'; len++) {
        unsigned char c = (unsigned char)text[len];
        if (len + 1 >= sizeof number)
            return false;
        /* Not isalpha(): only ASCII, whatever the locale. */
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
    if (!seat_number_parse(text, number))
        return SEAT_LIST_MALFORMED;
    if (seat_list_contains(list, number))
        return SEAT_LIST_REPEATED;
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
    struct seat_list list = {0};
    while (*text != '\0') {
        char number[SEAT_NUMBER_SIZE] = "";
        size_t len = strcspn(text, ",");
        if (len == 0 || len >= sizeof number)
            return false;
        memcpy(number, text, len);
        if (seat_list_add(&list, number) != SEAT_LIST_OK)
            return false;
        text += len;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    *ret_list = list;
    return true;
}
