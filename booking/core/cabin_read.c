/* SPDX-License-Identifier: MIT */
/* Reads a plan as the operator wrote it, and finds every fault in it. What cannot be read is left out, so that the rest
 * can be drawn. */

#include "booking/core/cabin.h"

#include "booking/base/json_parse.h"
#include "booking/base/text.h"

#include <json-c/json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JSON_DEPTH_MAX 8
/* "1,3,5,…,999" with blanks between has less than this. */
#define ROWS_TEXT_MAX 4000
#define COLUMNS_TEXT_MAX 400
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
/* Rows named in a sentence. */
#define SOME_ROWS 60
/* What of a name that is wrong a path shows. */
#define SOME_NAME 31

struct reading {
    struct cabin *cabin;
    struct faults *faults;
    size_t section; /* which one is being read */
    struct row_set taken;
    uint64_t left_out[CABIN_ROW_MAX + 1]; /* as for cabin_build_seats(): a row is in one section only */
};

/* ── texts ──────────────────────────────────────────────────────────────── */

/* A JSON string without NULs, or NULL. */
static const char *plain_text(struct json_object *json)
{
    if (!json_object_is_type(json, json_type_string))
        return NULL;
    const char *text = json_object_get_string(json);
    return strlen(text) == (size_t)json_object_get_string_len(json) ? text : NULL;
}

/* Where in the section: "sections[1].rows". */
static void path_of(const struct reading *r, const char *field, char ret_path[FAULT_PATH_SIZE])
{
    (void)snprintf(ret_path, FAULT_PATH_SIZE, "sections[%zu]%s%s", r->section, *field == '\0' ? "" : ".", field);
}

/* A text of a section; NULL, with a fault, if it is absent, no text, or longer than that. */
static const char *section_text(struct reading *r, struct json_object *section, const char *field, size_t max)
{
    struct json_object *json = NULL;
    char path[FAULT_PATH_SIZE];
    (void)json_object_object_get_ex(section, field, &json);
    const char *text = plain_text(json);
    path_of(r, field, path);
    if (text == NULL)
        faults_add(r->faults, path, json == NULL ? "%s is missing." : "%s must be a text.", field);
    else if (strlen(text) > max)
        faults_add(r->faults, path, "%s is longer than %zu characters.", field, max);
    return text == NULL || strlen(text) > max ? NULL : text;
}

/* A fault for each member that is not one of these: a misspelled one would otherwise be passed over. */
static void check_members(struct reading *r, struct json_object *json, const char *const *known, const char *place)
{
    struct json_object_iterator end = json_object_iter_end(json);
    for (struct json_object_iterator at = json_object_iter_begin(json); !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at)) {
        const char *name = json_object_iter_peek_name(&at);
        char path[FAULT_PATH_SIZE];
        char some[SOME_NAME];
        size_t i = 0;
        while (known[i] != NULL && strcmp(known[i], name) != 0)
            i++;
        if (known[i] != NULL)
            continue;
        text_copy(some, sizeof some, name);
        (void)snprintf(path, sizeof path, "%s%s%s", place, *place == '\0' ? "" : ".", some);
        faults_add(r->faults, path, "There is no such field in a plan.");
    }
}

/* ── rows ───────────────────────────────────────────────────────────────── */

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " ");
}

/* Reads a row's number and moves the text behind it; 0 if there is none from 1 to 999. */
static int read_row(const char **text)
{
    long long row = 0;
    char digits[4] = "";
    size_t len = strspn(*text, "0123456789");
    if (len >= 1 && len < sizeof digits) {
        memcpy(digits, *text, len);
        (void)text_parse_int(digits, 1, CABIN_ROW_MAX, &row);
    }
    *text = skip_blanks(*text + len);
    return (int)row;
}

/* Reads "4" or "5-12" and moves the text behind it. */
static bool read_range(const char **text, int *ret_first, int *ret_last)
{
    *text = skip_blanks(*text);
    *ret_first = read_row(text);
    *ret_last = *ret_first;
    if (**text == '-') {
        *text = skip_blanks(*text + 1);
        *ret_last = read_row(text);
    }
    return *ret_first > 0 && *ret_last >= *ret_first;
}

/* Reads "5-12,14-33". The rows so far count even after a fault. */
static void read_rows(struct reading *r, const char *path, const char *text, struct row_set *rows)
{
    struct row_set twice = { 0 };
    char some[SOME_ROWS];
    bool is_good = true;
    for (bool more = true; is_good && more;) {
        int first = 0;
        int last = 0;
        is_good = read_range(&text, &first, &last) && (*text == ',' || *text == '\0');
        for (int row = first; is_good && row <= last; row++)
            row_set_add(row_set_has(rows, row) ? &twice : rows, row);
        more = *text == ',';
        text += more ? 1 : 0;
    }
    if (!is_good)
        faults_add(r->faults, path, "Rows are written as \"5-12,14-33\", with numbers from 1 to 999.");
    row_set_format(&twice, some, sizeof some);
    if (*some != '\0')
        faults_add(r->faults, path, "These rows are named twice here: %s.", some);
}

static bool has_rows(const struct row_set *rows)
{
    return row_set_count(rows) > 0;
}

/* Takes those rows out of the first set that the second has (or has not), and gives them. */
static void split_rows(struct row_set *rows, const struct row_set *others, bool has, struct row_set *ret_out)
{
    struct row_set kept = { 0 };
    *ret_out = (struct row_set){ 0 };
    for (int row = 1; row <= CABIN_ROW_MAX; row++) {
        if (row_set_has(rows, row))
            row_set_add(row_set_has(others, row) == has ? ret_out : &kept, row);
    }
    *rows = kept;
}

static void read_section_rows(struct reading *r, struct json_object *json, struct cabin_section *s)
{
    char path[FAULT_PATH_SIZE];
    char some[SOME_ROWS];
    struct row_set both;
    const char *text = section_text(r, json, "rows", ROWS_TEXT_MAX);
    if (text == NULL)
        return;
    path_of(r, "rows", path);
    read_rows(r, path, text, &s->rows);
    split_rows(&s->rows, &r->taken, true, &both);
    row_set_format(&both, some, sizeof some);
    if (has_rows(&both))
        faults_add(r->faults, path, "These rows are in two sections: %s.", some);
    for (int row = 1; row <= CABIN_ROW_MAX; row++) {
        if (row_set_has(&s->rows, row))
            row_set_add(&r->taken, row);
    }
}

/* ── columns ────────────────────────────────────────────────────────────── */

static void add_column(struct reading *r, struct cabin_section *s, const char *letters, size_t len, bool over_aisle)
{
    char path[FAULT_PATH_SIZE];
    char name[3] = "";
    path_of(r, "columns", path);
    memcpy(name, letters, len);
    for (size_t i = 0; i < s->column_count; i++) {
        if (strcmp(s->column[i].letters, name) == 0) {
            faults_add(r->faults, path, "The column %s is named twice; columns of two letters are separated by commas.",
                       name);
            return;
        }
    }
    if (s->column_count == CABIN_COLUMNS_MAX) {
        faults_add(r->faults, path, "A section has at most %d columns.", CABIN_COLUMNS_MAX);
        return;
    }
    struct cabin_column *c = &s->column[s->column_count++];
    memcpy(c->letters, name, sizeof name);
    c->over_aisle = over_aisle && s->column_count > 1;
}

/* Reads "ABC DEF", one column a letter; or, if there is a comma in it, "A,B, AA,AB". A blank is an aisle. */
static void read_columns(struct reading *r, struct json_object *json, struct cabin_section *s)
{
    char path[FAULT_PATH_SIZE];
    const char *text = section_text(r, json, "columns", COLUMNS_TEXT_MAX);
    bool has_commas = text != NULL && strchr(text, ',') != NULL;
    bool over_aisle = false;
    bool is_good = text != NULL;
    path_of(r, "columns", path);
    for (const char *p = text; is_good && *p != '\0';) {
        size_t len = strspn(p, LETTERS);
        len = len > 1 && !has_commas ? 1 : len;
        if (len > 2 || (len == 0 && *p != ' ' && !(*p == ',' && s->column_count > 0 && p[-1] != ','))) {
            is_good = false;
        } else if (len > 0) {
            add_column(r, s, p, len, over_aisle);
            over_aisle = false;
            p += len;
        } else {
            over_aisle = over_aisle || *p == ' ';
            p++;
        }
    }
    if (text != NULL && (!is_good || s->column_count == 0))
        faults_add(r->faults, path,
                   "Columns are written as \"ABC DEF\" or, with two letters, as \"A,B, AA,AB\"; a blank is an aisle.");
}

/* ── classes and features ───────────────────────────────────────────────── */

static void read_class(struct reading *r, struct json_object *json, struct cabin_section *s)
{
    char path[FAULT_PATH_SIZE];
    const char *text = section_text(r, json, "class", FAULT_MESSAGE_SIZE);
    text_copy(s->cabin_class, sizeof s->cabin_class, CLASS_ECONOMY);
    if (text == NULL)
        return;
    path_of(r, "class", path);
    if (tariff_name_is_valid(text))
        text_copy(s->cabin_class, sizeof s->cabin_class, text);
    else
        faults_add(r->faults, path, "A class has 1 to 20 lower-case letters, digits and hyphens.");
}

static void read_feature(struct reading *r, struct cabin_section *s, const char *name, struct json_object *json)
{
    char path[FAULT_PATH_SIZE];
    char start[SOME_NAME];
    char some[SOME_ROWS];
    struct row_set others;
    const char *rows = plain_text(json);
    text_copy(start, sizeof start, name);
    (void)snprintf(path, sizeof path, "sections[%zu].features.%s", r->section, start);
    if (!tariff_name_is_valid(name)) {
        faults_add(r->faults, path, "A feature has 1 to 20 lower-case letters, digits and hyphens.");
    } else if (strcmp(name, "window") == 0 || strcmp(name, "aisle") == 0) {
        faults_add(r->faults, path, "%s follows from the columns.", name);
    } else if (rows == NULL || strlen(rows) > ROWS_TEXT_MAX) {
        faults_add(r->faults, path, "A feature has rows, such as \"12,14\".");
    } else if (s->feature_count == CABIN_FEATURES_MAX) {
        faults_add(r->faults, path, "A section has at most %d features.", CABIN_FEATURES_MAX);
    } else {
        struct cabin_feature *f = &s->feature[s->feature_count++];
        text_copy(f->name, sizeof f->name, name);
        read_rows(r, path, rows, &f->rows);
        split_rows(&f->rows, &s->rows, false, &others);
        row_set_format(&others, some, sizeof some);
        if (has_rows(&others))
            faults_add(r->faults, path, "These rows are not in this section: %s.", some);
    }
}

/* The features of a seat are one text, with the two that follow from its column. */
static void check_length(struct reading *r, struct cabin_section *s)
{
    char path[FAULT_PATH_SIZE];
    path_of(r, "features", path);
    for (int row = 1; row <= CABIN_ROW_MAX; row++) {
        size_t len = strlen("aisle,window");
        for (size_t i = 0; i < s->feature_count; i++)
            len += row_set_has(&s->feature[i].rows, row) ? 1 + strlen(s->feature[i].name) : 0;
        if (len < FEATURES_SIZE)
            continue;
        faults_add(r->faults, path, "Row %d has too many features; their names have at most %d characters together.",
                   row, FEATURES_SIZE - 1);
        s->feature_count = 0;
        return;
    }
}

static void read_features(struct reading *r, struct json_object *json, struct cabin_section *s)
{
    struct json_object *features = NULL;
    char path[FAULT_PATH_SIZE];
    if (!json_object_object_get_ex(json, "features", &features) || features == NULL)
        return;
    path_of(r, "features", path);
    if (!json_object_is_type(features, json_type_object)) {
        faults_add(r->faults, path, "features must be an object of names and rows, such as {\"exit\": \"12,14\"}.");
        return;
    }
    struct json_object_iterator end = json_object_iter_end(features);
    for (struct json_object_iterator at = json_object_iter_begin(features); !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at))
        read_feature(r, s, json_object_iter_peek_name(&at), json_object_iter_peek_value(&at));
    check_length(r, s);
}

/* ── seats that are left out ────────────────────────────────────────────── */

/* Takes a seat's number apart, in the plan's numbering. */
static bool read_number(const struct reading *r, const char *text, int *ret_row, char ret_letters[3])
{
    const char *digits = text;
    const char *letters = text + strspn(text, "0123456789");
    if (r->cabin->is_column_first) {
        letters = text;
        digits = text + strspn(text, LETTERS);
    }
    size_t len = strspn(letters, LETTERS);
    if (len < 1 || len > 2 || *digits == '0' || strspn(digits, "0123456789") + len != strlen(text))
        return false;
    memcpy(ret_letters, letters, len);
    ret_letters[len] = '\0';
    *ret_row = read_row(&digits);
    return *ret_row > 0;
}

/* Whether the section has this seat, and in which column. */
static bool find_seat(const struct reading *r, const struct cabin_section *s, const char *text, int *ret_row,
                      size_t *ret_column)
{
    char letters[3];
    size_t column = 0;
    if (!read_number(r, text, ret_row, letters) || !row_set_has(&s->rows, *ret_row))
        return false;
    while (column < s->column_count && strcmp(s->column[column].letters, letters) != 0)
        column++;
    *ret_column = column;
    return column < s->column_count;
}

static void leave_out(struct reading *r, const struct cabin_section *s, const char *text, const char *path)
{
    int row = 0;
    size_t column = 0;
    char some[SEAT_NUMBER_SIZE];
    text_copy(some, sizeof some, text == NULL ? "" : text);
    if (text == NULL)
        faults_add(r->faults, path, "A seat is a text, such as \"33C\".");
    else if (!find_seat(r, s, text, &row, &column))
        faults_add(r->faults, path, "This section has no seat %s.", some);
    else if ((r->left_out[row] >> column & 1) != 0)
        faults_add(r->faults, path, "The seat %s is left out twice.", some);
    else
        r->left_out[row] |= UINT64_C(1) << column;
}

static void read_without(struct reading *r, struct json_object *json, const struct cabin_section *s)
{
    struct json_object *list = NULL;
    char path[FAULT_PATH_SIZE];
    if (!json_object_object_get_ex(json, "without", &list) || list == NULL)
        return;
    path_of(r, "without", path);
    if (!json_object_is_type(list, json_type_array)) {
        faults_add(r->faults, path, "without must be a list of seats, such as [\"33C\"].");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        (void)snprintf(path, sizeof path, "sections[%zu].without[%zu]", r->section, i);
        leave_out(r, s, plain_text(json_object_array_get_idx(list, i)), path);
    }
}

/* ── the whole ──────────────────────────────────────────────────────────── */

static void read_section(struct reading *r, struct json_object *json, struct cabin_section *s)
{
    static const char *const known[] = { "class", "rows", "columns", "without", "features", NULL };
    char path[FAULT_PATH_SIZE];
    path_of(r, "", path);
    if (!json_object_is_type(json, json_type_object)) {
        faults_add(r->faults, path, "A section must be an object.");
        return;
    }
    check_members(r, json, known, path);
    read_class(r, json, s);
    read_section_rows(r, json, s);
    read_columns(r, json, s);
    read_features(r, json, s);
    read_without(r, json, s);
}

/* How many seats the sections so far have. */
static size_t count_seats(const struct cabin *cabin)
{
    size_t count = 0;
    for (size_t i = 0; i < cabin->section_count; i++)
        count += row_set_count(&cabin->section[i].rows) * cabin->section[i].column_count;
    return count;
}

static void read_sections(struct reading *r, struct json_object *list)
{
    struct cabin *cabin = r->cabin;
    size_t length = list == NULL || !json_object_is_type(list, json_type_array) ? 0 : json_object_array_length(list);
    if (length == 0 || length > CABIN_SECTIONS_MAX) {
        faults_add(r->faults, "sections", "A plan has a list of 1 to %d sections.", CABIN_SECTIONS_MAX);
        return;
    }
    cabin->section = calloc(length, sizeof *cabin->section);
    if (cabin->section == NULL) {
        faults_add(r->faults, "sections", "There is no memory left.");
        return;
    }
    for (r->section = 0; r->section < length; r->section++) {
        struct cabin_section *s = &cabin->section[cabin->section_count++];
        read_section(r, json_object_array_get_idx(list, r->section), s);
        if (count_seats(cabin) <= CABIN_SEATS_MAX)
            continue;
        faults_add(r->faults, "sections", "A cabin has at most %d seats, those that are left out among them.",
                   CABIN_SEATS_MAX);
        cabin->section_count--;
        return;
    }
}

static void check_classes(struct reading *r)
{
    const char *class[CABIN_CLASSES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < r->cabin->section_count; i++) {
        size_t k = 0;
        while (k < count && strcmp(class[k], r -> cabin -> section[i].cabin_class) != 0)
            k++;
        if (k == CABIN_CLASSES_MAX) {
            faults_add(r->faults, "sections", "A cabin has at most %d classes.", CABIN_CLASSES_MAX);
            return;
        }
        if (k == count)
            class[count++] = r->cabin->section[i].cabin_class;
    }
}

/* Whether it is there, in a text that fits. */
static bool read_top_text(struct reading *r, struct json_object *plan, const char *name, const char **ret_text)
{
    struct json_object *json = NULL;
    if (!json_object_object_get_ex(plan, name, &json) || json == NULL)
        return false;
    *ret_text = plain_text(json);
    if (*ret_text == NULL)
        faults_add(r->faults, name, "%s must be a text.", name);
    return *ret_text != NULL;
}

static void read_names(struct reading *r, struct json_object *plan)
{
    struct cabin *cabin = r->cabin;
    const char *text = NULL;
    if (read_top_text(r, plan, "id", &text)) {
        if (cabin_id_is_valid(text))
            text_copy(cabin->id, sizeof cabin->id, text);
        else
            faults_add(r->faults, "id", "An id has 1 to %d letters, digits, \".\", \"_\" and \"-\".",
                       CABIN_ID_SIZE - 1);
    }
    if (read_top_text(r, plan, "name", &text)) {
        bool fits = text_trim_copy(cabin->name, sizeof cabin->name, text);
        if (!fits || *cabin->name == '\0' || text_utf8_length(cabin->name) > 100 || !text_is_printable(cabin->name)) {
            cabin->name[0] = '\0';
            faults_add(r->faults, "name", "A name has 1 to 100 characters, none of them a control character.");
        }
    }
    if (read_top_text(r, plan, "numbering", &text)) {
        cabin->is_column_first = strcmp(text, "column-row") == 0;
        if (!cabin->is_column_first && strcmp(text, "row-column") != 0)
            faults_add(r->faults, "numbering", "numbering is \"row-column\" (12A) or \"column-row\" (A12).");
    } else if (!json_object_object_get_ex(plan, "numbering", NULL)) {
        faults_add(r->faults, "numbering", "numbering is missing: \"row-column\" (12A) or \"column-row\" (A12).");
    }
}

/* Whoever reads a cabin gets the last three, and may send them back. */
static void read_plan(struct reading *r, struct json_object *plan)
{
    static const char *const known[] = {
        "id", "name", "numbering", "sections", "version", "seatCount", "flights", NULL
    };
    struct json_object *sections = NULL;
    if (!json_object_is_type(plan, json_type_object)) {
        faults_add(r->faults, "", "A plan must be a JSON object.");
        return;
    }
    check_members(r, plan, known, "");
    read_names(r, plan);
    (void)json_object_object_get_ex(plan, "sections", &sections);
    read_sections(r, sections);
    check_classes(r);
    if (!cabin_build_seats(r->cabin, r->left_out))
        faults_add(r->faults, "", "There is no memory left.");
    else if (r->cabin->seat_count == 0 && r->faults->count == 0)
        faults_add(r->faults, "sections", "A cabin has at least one seat.");
}

bool cabin_read(struct json_object *plan, struct cabin *reterr_cabin, struct faults *faults)
{
    struct reading r = { .cabin = reterr_cabin, .faults = faults };
    size_t before = faults->count;
    *reterr_cabin = CABIN_INIT;
    read_plan(&r, plan);
    return faults->count == before;
}

bool cabin_read_text(const char *json, struct cabin *reterr_cabin, struct faults *faults)
{
    size_t at = 0;
    size_t before = faults->count;
    struct json_object *plan = json_parse(json, strlen(json), JSON_DEPTH_MAX, &at);
    *reterr_cabin = CABIN_INIT;
    if (plan == NULL)
        faults_add(faults, "", "The plan is not valid JSON: see byte %zu.", at + 1);
    else
        (void)cabin_read(plan, reterr_cabin, faults);
    json_object_put(plan);
    return faults->count == before;
}
