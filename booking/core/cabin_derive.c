/* SPDX-License-Identifier: MIT */
/* Finds the plan of a flight that was inserted without one. Its layout says which columns there are and where the
 * aisles are; the seats that exist say which rows there are, and which seats are left out. */

#include "booking/core/cabin.h"

#include "booking/base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_layout(const char *layout, struct cabin_section *s)
{
    bool over_aisle = false;
    for (; *layout != '\0'; layout++) {
        if (*layout == ' ') {
            over_aisle = s->column_count > 0;
            continue;
        }
        if (*layout < 'A' || *layout > 'Z' || s->column_count == CABIN_COLUMNS_MAX)
            return false;
        for (size_t i = 0; i < s->column_count; i++) {
            if (s->column[i].letters[0] == *layout)
                return false;
        }
        s->column[s->column_count++] = (struct cabin_column){ { *layout }, over_aisle };
        over_aisle = false;
    }
    return s->column_count > 0;
}

static void read_exit_rows(const char *text, struct cabin_section *s)
{
    struct cabin_feature exit = { .name = "exit" };
    while (*text != '\0') {
        char *end = NULL;
        long row = strtol(text, &end, 10);
        if (end == text)
            break;
        if (row >= 1 && row <= CABIN_ROW_MAX && row_set_has(&s->rows, (int)row))
            row_set_add(&exit.rows, (int)row);
        text = *end == ',' ? end + 1 : end;
    }
    if (row_set_count(&exit.rows) > 0)
        s->feature[s->feature_count++] = exit;
}

static const char *say(char why[CABIN_WHY_SIZE], const char *seat, const char *what)
{
    (void)snprintf(why, CABIN_WHY_SIZE, "the seat %s %s", seat, what);
    return why;
}

/* The place of the seat's column in the section; column_count if it has none. */
static size_t column_of(const struct cabin_section *s, const struct cabin_found *f)
{
    size_t i = 0;
    while (i < s->column_count && strcmp(s->column[i].letters, f->letters) != 0)
        i++;
    return i;
}

/* Whether a seat has the number that its row and column make. */
static bool is_numbered(const struct cabin_found *f, bool is_column_first)
{
    char number[SEAT_NUMBER_SIZE + 24];
    if (is_column_first)
        (void)snprintf(number, sizeof number, "%s%lld", f->letters, (long long)f->row);
    else
        (void)snprintf(number, sizeof number, "%lld%s", (long long)f->row, f->letters);
    return strcmp(number, f->number) == 0;
}

/* Notes the rows of the seats, and of each row the columns that there are. */
static const char *note_seats(const struct cabin_found *found, size_t count, struct cabin *cabin, uint64_t *left_out,
                              char why[CABIN_WHY_SIZE])
{
    struct cabin_section *s = &cabin->section[0];
    for (int row = 0; row <= CABIN_ROW_MAX; row++)
        left_out[row] = ~UINT64_C(0);
    for (size_t i = 0; i < count; i++) {
        const struct cabin_found *f = &found[i];
        size_t column = column_of(s, f);
        if (f->row < 1 || f->row > CABIN_ROW_MAX)
            return say(why, f->number, "is in a row beyond 999");
        if (column == s->column_count)
            return say(why, f->number, "has a column that is not in the layout");
        if (!is_numbered(f, cabin->is_column_first))
            return say(why, f->number, "has another number than its row and column make");
        row_set_add(&s->rows, (int)f->row);
        left_out[f->row] &= ~(UINT64_C(1) << column);
    }
    return NULL;
}

static int by_number(const void *left, const void *right)
{
    return strcmp(((const struct cabin_seat *)left)->number, ((const struct cabin_seat *)right)->number);
}

/* What is known of the seats already must be what the plan says, so that nothing changes. */
static const char *compare(const struct cabin_found *found, size_t count, const struct cabin *cabin,
                           char why[CABIN_WHY_SIZE])
{
    const char *other = NULL;
    struct cabin_seat *sorted = calloc(cabin->seat_count + 1, sizeof *sorted);
    if (sorted == NULL)
        return "there is no memory left";
    memcpy(sorted, cabin->seat, cabin->seat_count * sizeof *sorted);
    qsort(sorted, cabin->seat_count, sizeof *sorted, by_number);
    for (size_t i = 0; i < count && other == NULL; i++) {
        struct cabin_seat key = { 0 };
        text_copy(key.number, sizeof key.number, found[i].number);
        const struct cabin_seat *seat = bsearch(&key, sorted, cabin->seat_count, sizeof *sorted, by_number);
        bool is_other_class = *found[i].cabin_class != '\0' && strcmp(found[i].cabin_class, CLASS_ECONOMY) != 0;
        if (seat == NULL || is_other_class ||
            (found[i].knows_features && strcmp(found[i].features, seat->features) != 0))
            other = found[i].number;
    }
    free(sorted);
    return other == NULL ? NULL : say(why, other, "has a class or features of its own");
}

static void propose_name(const char *layout, struct cabin *cabin)
{
    char columns[CABIN_LAYOUT_SIZE] = "";
    char dashes[CABIN_LAYOUT_SIZE] = "";
    size_t rows = row_set_count(&cabin->section[0].rows);
    cabin_layout(cabin, columns);
    if (*columns == '\0')
        text_copy(columns, sizeof columns, layout);
    for (size_t i = 0; columns[i] != '\0'; i++)
        dashes[i] = columns[i] == ' ' ? '-' : (char)tolower((unsigned char)columns[i]);
    (void)snprintf(cabin->id, sizeof cabin->id, "cabin-%s-%zu", dashes, rows);
    (void)snprintf(cabin->name, sizeof cabin->name, "%s, %zu row%s", columns, rows, rows == 1 ? "" : "s");
}

static const char *derive(const char *layout, const char *exit_rows, const struct cabin_found *found, size_t count,
                          struct cabin *cabin, char why[CABIN_WHY_SIZE])
{
    uint64_t left_out[CABIN_ROW_MAX + 1];
    cabin->section = calloc(1, sizeof *cabin->section);
    if (cabin->section == NULL)
        return "there is no memory left";
    cabin->section_count = 1;
    text_copy(cabin->section[0].cabin_class, CLASS_SIZE, CLASS_ECONOMY);
    if (!read_layout(layout, &cabin->section[0]))
        return "its layout is no list of columns";
    cabin->is_column_first = !is_numbered(&found[0], false);
    const char *other = note_seats(found, count, cabin, left_out, why);
    if (other != NULL)
        return other;
    if (row_set_count(&cabin->section[0].rows) * cabin->section[0].column_count > CABIN_SEATS_MAX)
        return "it has more rows and columns than a plan can have";
    read_exit_rows(exit_rows, &cabin->section[0]);
    if (!cabin_build_seats(cabin, left_out))
        return "there is no memory left";
    propose_name(layout, cabin);
    return compare(found, count, cabin, why);
}

const char *cabin_derive(const char *layout, const char *exit_rows, const struct cabin_found *found, size_t count,
                         struct cabin *ret_cabin, char reterr_why[CABIN_WHY_SIZE])
{
    struct cabin cabin = CABIN_INIT;
    const char *why = "it has no seats, or more than 2000";
    if (count > 0 && count <= CABIN_SEATS_MAX)
        why = derive(layout, exit_rows, found, count, &cabin, reterr_why);
    if (why == NULL)
        *ret_cabin = cabin;
    else
        cabin_done(&cabin);
    return why;
}
