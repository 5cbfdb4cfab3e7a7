/* SPDX-License-Identifier: MIT */
/* What follows from a plan: its seats, and its one spelling. cabin_read.c reads plans, cabin_derive.c finds those of
 * old flights. */

#include "booking/core/cabin.h"

#include "booking/base/json_writer.h"
#include "booking/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ── rows ───────────────────────────────────────────────────────────────── */

bool row_set_has(const struct row_set *set, int row)
{
    return row >= 1 && row <= CABIN_ROW_MAX && (set->bits[row / 8] >> (row % 8) & 1) != 0;
}

void row_set_add(struct row_set *set, int row)
{
    set->bits[row / 8] = (uint8_t)(set->bits[row / 8] | 1U << (row % 8));
}

size_t row_set_count(const struct row_set *set)
{
    size_t count = 0;
    for (int row = 1; row <= CABIN_ROW_MAX; row++)
        count += row_set_has(set, row) ? 1 : 0;
    return count;
}

/* The last of the rows that follow each other from this one on. */
static int last_of_run(const struct row_set *set, int row)
{
    while (row_set_has(set, row + 1))
        row++;
    return row;
}

void row_set_format(const struct row_set *set, char *ret_text, size_t size)
{
    size_t len = 0;
    ret_text[0] = '\0';
    for (int row = 1; row <= CABIN_ROW_MAX; row++) {
        if (!row_set_has(set, row))
            continue;
        int last = last_of_run(set, row);
        /* Room for ",999-999" and for "…" behind it. */
        if (len + 12 >= size) {
            (void)snprintf(ret_text + len, size - len, "…");
            return;
        }
        len += (size_t)snprintf(ret_text + len, size - len, last > row ? "%s%d-%d" : "%s%d", len > 0 ? "," : "", row,
                                last);
        row = last;
    }
}

/* ── seats ──────────────────────────────────────────────────────────────── */

static void add_name(char features[FEATURES_SIZE], const char *name)
{
    size_t len = strlen(features);
    (void)snprintf(features + len, FEATURES_SIZE - len, "%s%s", len > 0 ? "," : "", name);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The features that the plan gives the seat, and those that follow from its column, sorted. */
static void set_features(const struct cabin_section *s, size_t column, struct cabin_seat *seat)
{
    const char *names[CABIN_FEATURES_MAX + 2];
    size_t count = 0;
    bool is_last = column + 1 == s->column_count;
    if (column == 0 || is_last)
        names[count++] = "window";
    if (s->column[column].over_aisle || (!is_last && s->column[column + 1].over_aisle))
        names[count++] = "aisle";
    for (size_t i = 0; i < s->feature_count; i++) {
        if (row_set_has(&s->feature[i].rows, seat->row))
            names[count++] = s->feature[i].name;
    }
    qsort(names, count, sizeof *names, by_name);
    seat->features[0] = '\0';
    for (size_t i = 0; i < count; i++)
        add_name(seat->features, names[i]);
}

static void set_seat(const struct cabin *cabin, const struct cabin_section *s, int row, size_t column,
                     struct cabin_seat *ret_seat)
{
    const char *letters = s->column[column].letters;
    ret_seat->row = row;
    text_copy(ret_seat->letters, sizeof ret_seat->letters, letters);
    text_copy(ret_seat->cabin_class, sizeof ret_seat->cabin_class, s->cabin_class);
    if (cabin->is_column_first)
        (void)snprintf(ret_seat->number, sizeof ret_seat->number, "%s%d", letters, row);
    else
        (void)snprintf(ret_seat->number, sizeof ret_seat->number, "%d%s", row, letters);
    set_features(s, column, ret_seat);
}

bool cabin_build_seats(struct cabin *cabin, const uint64_t left_out[CABIN_ROW_MAX + 1])
{
    size_t room = 0;
    for (size_t i = 0; i < cabin->section_count; i++)
        room += row_set_count(&cabin->section[i].rows) * cabin->section[i].column_count;
    cabin->seat_count = 0;
    cabin->seat = calloc(room + 1, sizeof *cabin->seat);
    if (cabin->seat == NULL)
        return false;
    for (size_t i = 0; i < cabin->section_count; i++) {
        const struct cabin_section *s = &cabin->section[i];
        for (int row = 1; row <= CABIN_ROW_MAX; row++) {
            for (size_t column = 0; row_set_has(&s->rows, row) && column < s->column_count; column++) {
                if ((left_out[row] >> column & 1) == 0)
                    set_seat(cabin, s, row, column, &cabin->seat[cabin->seat_count++]);
            }
        }
    }
    return true;
}

void cabin_done(struct cabin *cabin)
{
    free(cabin->section);
    free(cabin->seat);
    *cabin = CABIN_INIT;
}

bool cabin_id_is_valid(const char *id)
{
    /* Clients take "." and ".." in an address for something else. */
    return text_is_identifier(id, CABIN_ID_SIZE - 1) && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

/* ── the one spelling ───────────────────────────────────────────────────── */

/* "ABC DEF"; with commas if a column has two letters: "A,B, AA,AB". */
static void write_columns(struct json_writer *w, const struct cabin_section *s)
{
    char text[5 * CABIN_COLUMNS_MAX + 1];
    size_t len = 0;
    bool has_commas = false;
    for (size_t i = 0; i < s->column_count; i++)
        has_commas = has_commas || s->column[i].letters[1] != '\0';
    text[0] = '\0';
    for (size_t i = 0; i < s->column_count; i++) {
        /* A list of one needs a comma, to be one. */
        bool ends_with_comma = has_commas && (i + 1 < s->column_count || i == 0);
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s", s->column[i].over_aisle ? " " : "",
                                s->column[i].letters, ends_with_comma ? "," : "");
    }
    json_add_text(w, "columns", text);
}

static void write_rows(struct json_writer *w, const char *name, const struct row_set *rows)
{
    char text[5 * CABIN_ROW_MAX];
    row_set_format(rows, text, sizeof text);
    json_add_text(w, name, text);
}

/* The seats of the section's rows and columns that the cabin does not have. *seat is where the section's begin. */
static void write_without(struct json_writer *w, const struct cabin *cabin, const struct cabin_section *s, size_t *seat)
{
    bool is_open = false;
    for (int row = 1; row <= CABIN_ROW_MAX; row++) {
        for (size_t column = 0; row_set_has(&s->rows, row) && column < s->column_count; column++) {
            struct cabin_seat expected;
            set_seat(cabin, s, row, column, &expected);
            if (*seat < cabin->seat_count && strcmp(cabin->seat[*seat].number, expected.number) == 0) {
                (*seat)++;
                continue;
            }
            if (!is_open)
                json_open_array(w, "without");
            is_open = true;
            json_add_text(w, NULL, expected.number);
        }
    }
    if (is_open)
        json_close_array(w);
}

/* By name, and without those that no row has. */
static void write_features(struct json_writer *w, const struct cabin_section *s)
{
    const struct cabin_feature *before = NULL;
    for (size_t done = 0; done < s->feature_count; done++) {
        const struct cabin_feature *next = NULL;
        for (size_t i = 0; i < s->feature_count; i++) {
            const struct cabin_feature *f = &s->feature[i];
            if ((before == NULL || strcmp(f->name, before->name) > 0) &&
                (next == NULL || strcmp(f->name, next->name) < 0))
                next = f;
        }
        if (next == NULL)
            break;
        if (before == NULL)
            json_open_object(w, "features");
        write_rows(w, next->name, &next->rows);
        before = next;
    }
    if (before != NULL)
        json_close_object(w);
}

void cabin_write_plan(struct buf *out, const struct cabin *cabin)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    size_t seat = 0;
    json_open_object(&w, NULL);
    json_add_text(&w, "numbering", cabin->is_column_first ? "column-row" : "row-column");
    json_open_array(&w, "sections");
    for (size_t i = 0; i < cabin->section_count; i++) {
        const struct cabin_section *s = &cabin->section[i];
        json_open_object(&w, NULL);
        json_add_text(&w, "class", s->cabin_class);
        write_rows(&w, "rows", &s->rows);
        write_columns(&w, s);
        write_without(&w, cabin, s, &seat);
        write_features(&w, s);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}

/* ── as the first version describes it ──────────────────────────────────── */

void cabin_layout(const struct cabin *cabin, char ret_layout[CABIN_LAYOUT_SIZE])
{
    const struct cabin_section *widest = NULL;
    size_t len = 0;
    for (size_t i = 0; i < cabin->section_count; i++) {
        if (widest == NULL || cabin->section[i].column_count > widest->column_count)
            widest = &cabin->section[i];
    }
    for (size_t i = 0; widest != NULL && i < widest->column_count && len + 2 < CABIN_LAYOUT_SIZE; i++) {
        const struct cabin_column *c = &widest->column[i];
        if (c->over_aisle && len > 0 && ret_layout[len - 1] != ' ')
            ret_layout[len++] = ' ';
        if (c->letters[1] == '\0')
            ret_layout[len++] = c->letters[0];
    }
    ret_layout[len > 0 && ret_layout[len - 1] == ' ' ? len - 1 : len] = '\0';
}

int cabin_last_row(const struct cabin *cabin)
{
    int last = 0;
    for (size_t i = 0; i < cabin->seat_count; i++)
        last = cabin->seat[i].row > last ? cabin->seat[i].row : last;
    return last;
}

void cabin_exit_rows(const struct cabin *cabin, char ret_rows[CABIN_EXIT_ROWS_SIZE])
{
    struct row_set rows = { 0 };
    size_t len = 0;
    for (size_t i = 0; i < cabin->section_count; i++) {
        const struct cabin_section *s = &cabin->section[i];
        for (size_t k = 0; k < s->feature_count; k++) {
            for (int row = 1; strcmp(s->feature[k].name, "exit") == 0 && row <= CABIN_ROW_MAX; row++) {
                if (row_set_has(&s->feature[k].rows, row))
                    row_set_add(&rows, row);
            }
        }
    }
    ret_rows[0] = '\0';
    for (int row = 1; row <= CABIN_ROW_MAX && len + 5 < CABIN_EXIT_ROWS_SIZE; row++) {
        if (row_set_has(&rows, row))
            len += (size_t)snprintf(ret_rows + len, CABIN_EXIT_ROWS_SIZE - len, "%s%d", len > 0 ? "," : "", row);
    }
}
