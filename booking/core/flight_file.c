/* SPDX-License-Identifier: MIT */
/* libcsv takes bytes, and calls back at the end of each cell and of each row. It gets the file line by line, so that a
 * row is known to end with a line, and so that after a misplaced quote reading can begin anew with the next one. */

#include "booking/core/flight_file.h"

#include "booking/base/json_parse.h"
#include "booking/base/text.h"
#include "booking/core/flight_cells.h"

#include <csv.h>
#include <json-c/json.h>

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX 64
#define JSON_DEPTH_MAX 8
#define MESSAGE_SIZE 200

struct seen {
    char id[FLIGHT_FILE_ID_SIZE];
    int64_t line;
};

struct flight_file {
    enum flight_file_format format;
    struct flight_file_sink sink;
    struct csv_parser csv;
    struct buf line;     /* the bytes of the line that has not ended */
    int64_t line_number; /* of that line */
    bool is_after_cr;    /* the last byte was a CR, so that an LF belongs to it */
    bool is_skipping;    /* to the end of a line that is too long */
    bool has_begun;      /* the first line was looked at */
    bool is_over;        /* nothing more is read */
    bool has_failed;     /* no memory */
    bool has_row;        /* there was a flight, or something that was meant as one */
    int64_t row_line;    /* where the row began whose cells are being read */
    size_t row_bytes;    /* how long it is by now */
    size_t cell_count;   /* of the row; those after CELLS_MAX are only counted */
    size_t cell_at[CELLS_MAX + 1];
    struct buf cells; /* one after the other, each with a NUL */
    bool has_header;
    size_t column_count;
    const struct flight_column *column[CELLS_MAX];
    size_t flights;
    void *seen; /* of struct seen, by id */
    struct buf json;
};

/* ── telling ────────────────────────────────────────────────────────────── */

static void fault(const struct flight_file *f, int64_t line, const char *field, const char *message)
{
    f->sink.fault(line, field, message, f->sink.context);
}

static int compare_seen(const void *a, const void *b)
{
    return strcmp(((const struct seen *)a)->id, ((const struct seen *)b)->id);
}

/* Whether the file has this id for the first time. */
static bool is_first(struct flight_file *f, const char *id, int64_t line)
{
    char message[MESSAGE_SIZE];
    struct seen *new = calloc(1, sizeof *new);
    if (new == NULL) {
        f->has_failed = f->is_over = true;
        return false;
    }
    text_copy(new->id, sizeof new->id, id);
    new->line = line;
    struct seen **found = tsearch(new, &f->seen, compare_seen);
    if (found != NULL && *found == new)
        return true;
    f->has_failed = f->is_over = found == NULL;
    if (found != NULL) {
        (void)snprintf(message, sizeof message, "Line %lld has the same id.", (long long)(*found)->line);
        fault(f, line, "id", message);
    }
    free(new);
    return false;
}

static void give(struct flight_file *f, int64_t line, const char *id, const char *json, size_t len)
{
    if (id == NULL || !text_is_identifier(id, FLIGHT_FILE_ID_SIZE - 1)) {
        fault(f, line, "id", "Say an id: 1 to 50 letters, digits, dots, underscores and hyphens.");
        return;
    }
    if (!is_first(f, id, line))
        return;
    if (f->flights == FLIGHT_FILE_FLIGHTS_MAX) {
        fault(f, line, "", "A file may have 20000 flights at most; the rest was not read.");
        f->is_over = true;
        return;
    }
    f->flights++;
    const struct flight_file_row row = { .line = line, .id = id, .json = json, .json_len = len };
    f->is_over = !f->sink.row(&row, f->sink.context);
}

/* ── NDJSON ─────────────────────────────────────────────────────────────── */

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
            return false;
    }
    return true;
}

static void read_object(struct flight_file *f)
{
    char message[MESSAGE_SIZE];
    const char *text = buf_str(&f->line);
    size_t len = f->line.len;
    size_t at = 0;
    struct json_object *id = NULL;
    if (is_blank(text, len))
        return;
    f->has_row = true;
    struct json_object *json = json_parse(text, len, JSON_DEPTH_MAX, &at);
    if (json == NULL) {
        (void)snprintf(message, sizeof message, "The line is not one JSON value in UTF-8: see byte %zu.", at + 1);
        fault(f, f->line_number, "", message);
        return;
    }
    if (!json_object_is_type(json, json_type_object))
        fault(f, f->line_number, "", "Every line must be a JSON object, a flight.");
    else if (json_object_object_get_ex(json, "id", &id) && json_object_is_type(id, json_type_string) &&
             strlen(json_object_get_string(id)) == (size_t)json_object_get_string_len(id))
        give(f, f->line_number, json_object_get_string(id), text, len);
    else
        give(f, f->line_number, NULL, text, len);
    json_object_put(json);
}

/* ── CSV ────────────────────────────────────────────────────────────────── */

static void begin_row(struct flight_file *f)
{
    f->cell_count = 0;
    f->row_bytes = 0;
    buf_clear(&f->cells);
}

static void on_cell(void *bytes, size_t len, void *context)
{
    struct flight_file *f = context;
    if (f->cell_count < CELLS_MAX) {
        f->cell_at[f->cell_count] = f->cells.len;
        buf_add(&f->cells, bytes, len);
        buf_add_char(&f->cells, '\0');
        f->cell_at[f->cell_count + 1] = f->cells.len;
    }
    f->cell_count++;
}

static const char *cell_text(const struct flight_file *f, size_t i)
{
    return buf_str(&f->cells) + f->cell_at[i];
}

/* The cell as it was meant, or NULL and why it cannot be taken. */
static const char *cell_value(const struct flight_file *f, size_t i, const char **reterr_why)
{
    const char *text = cell_text(f, i);
    size_t len = f->cell_at[i + 1] - f->cell_at[i] - 1;
    *reterr_why = "The cell is not UTF-8. Save the file as UTF-8.";
    if (!text_is_utf8(text, len))
        return NULL;
    *reterr_why = "The cell has a NUL in it.";
    if (strlen(text) != len)
        return NULL;
    *reterr_why = "The cell begins like a formula. Put an apostrophe before it if it is none.";
    if (*text == '\'' && flight_cell_is_formula(text + 1))
        return text + 1;
    return flight_cell_is_formula(text) && *text != '\'' ? NULL : text;
}

static bool row_is_empty(const struct flight_file *f)
{
    for (size_t i = 0; i < f->cell_count && i < CELLS_MAX; i++) {
        if (f->cell_at[i + 1] - f->cell_at[i] > 1)
            return false;
    }
    return f->cell_count <= CELLS_MAX;
}

/* Finds the column of a header's cell; NULL after telling what is wrong with it. */
static const struct flight_column *find_column(const struct flight_file *f, size_t i)
{
    char name[40];
    char field[40];
    const char *why = NULL;
    const char *value = cell_value(f, i, &why);
    (void)snprintf(field, sizeof field, "column %zu", i + 1);
    if (value == NULL || !text_trim_copy(name, sizeof name, value)) {
        fault(f, f->row_line, field, value == NULL ? why : "There is no column of this name.");
        return NULL;
    }
    const struct flight_column *column = flight_column_find(name);
    if (column == NULL) {
        fault(f, f->row_line, *name == '\0' || !text_is_printable(name) ? field : name,
              *name == '\0' ? "The column has no name." : "There is no column of this name.");
        return NULL;
    }
    for (size_t j = 0; j < i; j++) {
        if (f->column[j] == column) {
            fault(f, f->row_line, name, "There are two columns of this name.");
            return NULL;
        }
    }
    return column;
}

/* The rows can be understood only if all columns are. */
static void read_header(struct flight_file *f)
{
    bool is_good = f->cell_count <= CELLS_MAX;
    if (!is_good)
        fault(f, f->row_line, "", "The header line has more than 64 columns.");
    f->column_count = is_good ? f->cell_count : 0;
    for (size_t i = 0; i < f->column_count; i++) {
        f->column[i] = find_column(f, i);
        is_good = is_good && f->column[i] != NULL;
    }
    for (size_t i = 0; i < flight_column_count && f->column_count > 0; i++) {
        bool is_there = !flight_columns[i].is_required;
        for (size_t j = 0; j < f->column_count; j++)
            is_there = is_there || f->column[j] == &flight_columns[i];
        if (!is_there)
            fault(f, f->row_line, flight_columns[i].name, "The header line lacks this column.");
        is_good = is_good && is_there;
    }
    f->has_header = true;
    f->is_over = !is_good;
}

/* Writes a row as JSON. False if there was a fault. */
static bool write_object(struct flight_file *f, const char **ret_id)
{
    struct json_writer w = JSON_WRITER_INIT(&f->json);
    bool is_good = true;
    buf_clear(&f->json);
    json_open_object(&w, NULL);
    for (size_t i = 0; i < f->column_count; i++) {
        const char *why = NULL;
        const char *value = cell_value(f, i, &why);
        if (value != NULL && *value != '\0' && !f->column[i]->write(&w, f->column[i]->name, value, &why))
            value = NULL;
        if (value == NULL)
            fault(f, f->row_line, f->column[i]->name, why);
        else if (strcmp(f->column[i]->name, "id") == 0)
            *ret_id = value;
        is_good = is_good && value != NULL;
    }
    json_close_object(&w);
    return is_good;
}

static void read_row(struct flight_file *f)
{
    char message[MESSAGE_SIZE];
    const char *id = NULL;
    f->has_row = true;
    if (f->cell_count != f->column_count) {
        (void)snprintf(message, sizeof message, "The row has %zu cells, and the header line has %zu.", f->cell_count,
                       f->column_count);
        fault(f, f->row_line, "", message);
        return;
    }
    if (write_object(f, &id) && buf_ok(&f->json))
        give(f, f->row_line, id, buf_str(&f->json), f->json.len);
}

static void on_row(int end, void *context)
{
    struct flight_file *f = context;
    (void)end;
    if (!buf_ok(&f->cells))
        f->has_failed = f->is_over = true;
    if (!f->is_over && !row_is_empty(f)) {
        if (f->has_header)
            read_row(f);
        else
            read_header(f);
    }
    begin_row(f);
}

/* Forgets the row at hand; the next line begins another. Without a header there is nothing to go on with. */
static void break_row(struct flight_file *f, int64_t line, const char *message)
{
    fault(f, line, "", message);
    f->has_row = true;
    f->is_over = f->is_over || !f->has_header;
    unsigned char delimiter = csv_get_delim(&f->csv);
    csv_free(&f->csv);
    f->has_failed = f->has_failed || csv_init(&f->csv, CSV_STRICT | CSV_STRICT_FINI) != 0;
    csv_set_delim(&f->csv, delimiter);
    begin_row(f);
}

/* Which of the three comes first outside quotes. */
static unsigned char find_delimiter(const char *line, size_t len)
{
    bool is_quoted = false;
    for (size_t i = 0; i < len; i++) {
        is_quoted = line[i] == '"' ? !is_quoted : is_quoted;
        if (!is_quoted && (line[i] == ',' || line[i] == ';' || line[i] == '\t'))
            return (unsigned char)line[i];
    }
    return ',';
}

static void read_csv_line(struct flight_file *f)
{
    if (f->row_bytes == 0 && is_blank(buf_str(&f->line), f->line.len))
        return;
    if (!f->has_header && f->row_bytes == 0)
        csv_set_delim(&f->csv, find_delimiter(buf_str(&f->line), f->line.len));
    if (f->row_bytes == 0)
        f->row_line = f->line_number;
    f->row_bytes += f->line.len;
    if (f->row_bytes > FLIGHT_FILE_ROW_MAX) {
        break_row(f, f->row_line, "The row has more than 64 KiB. Perhaps a quote is not closed.");
        return;
    }
    if (csv_parse(&f->csv, buf_str(&f->line), f->line.len, on_cell, on_row, f) == f->line.len)
        return;
    if (csv_error(&f->csv) == CSV_EPARSE)
        break_row(f, f->line_number, "A quote is out of place: in a quoted cell, write it twice.");
    else
        f->has_failed = f->is_over = true;
}

/* ── lines ──────────────────────────────────────────────────────────────── */

/* The first line may begin with a mark of its coding. */
static void begin_file(struct flight_file *f)
{
    static const char utf8[] = "\xEF\xBB\xBF";
    const char *text = buf_str(&f->line);
    f->has_begun = true;
    if (f->line.len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        fault(f, 1, "", "The file is UTF-16. Save it as UTF-8.");
        f->has_row = f->is_over = true;
    } else if (f->line.len >= 3 && memcmp(text, utf8, 3) == 0) {
        memmove(f->line.data, f->line.data + 3, f->line.len - 3);
        f->line.len -= 3;
        f->line.data[f->line.len] = '\0';
    }
}

static void end_line(struct flight_file *f)
{
    if (!f->has_begun)
        begin_file(f);
    if (!buf_ok(&f->line))
        f->has_failed = f->is_over = true;
    if (!f->is_over && !f->is_skipping && f->line.len > 0) {
        if (f->format == FLIGHT_FILE_CSV)
            read_csv_line(f);
        else
            read_object(f);
    }
    f->is_skipping = false;
    buf_clear(&f->line);
}

/* A line that is too long is left out, however long it is. */
static void skip_line(struct flight_file *f)
{
    f->is_skipping = true;
    if (!f->has_begun)
        begin_file(f);
    if (f->format == FLIGHT_FILE_CSV) {
        bool goes_on = f->row_bytes > 0;
        break_row(f, goes_on ? f->row_line : f->line_number,
                  "The row has more than 64 KiB. Perhaps a quote is not closed.");
    } else {
        fault(f, f->line_number, "", "The line has more than 64 KiB.");
        f->has_row = true;
    }
    buf_clear(&f->line);
}

/* An LF after a CR belongs to the line before; within a quoted cell it is a part of the cell. */
static void take_late_lf(struct flight_file *f)
{
    if (f->format == FLIGHT_FILE_CSV && f->row_bytes > 0)
        (void)csv_parse(&f->csv, "\n", 1, on_cell, on_row, f);
}

static size_t add_piece(struct flight_file *f, const char *bytes, size_t len)
{
    size_t piece = 0;
    while (piece < len && bytes[piece] != '\n' && bytes[piece] != '\r')
        piece++;
    size_t whole = piece < len ? piece + 1 : piece;
    if (!f->is_skipping && f->line.len + whole > FLIGHT_FILE_ROW_MAX)
        skip_line(f);
    if (!f->is_skipping)
        buf_add(&f->line, bytes, whole);
    f->is_after_cr = piece < len && bytes[piece] == '\r';
    if (piece < len) {
        end_line(f);
        f->line_number++;
    }
    return whole;
}

bool flight_file_read(struct flight_file *f, const char *bytes, size_t len)
{
    size_t at = 0;
    while (at < len && !f->is_over) {
        if (f->is_after_cr && bytes[at] == '\n') {
            f->is_after_cr = false;
            take_late_lf(f);
            at++;
        } else {
            at += add_piece(f, bytes + at, len - at);
        }
    }
    return !f->is_over;
}

void flight_file_end(struct flight_file *f)
{
    if (!f->is_over && (f->line.len > 0 || f->is_skipping)) {
        end_line(f);
        f->line_number++;
    }
    if (f->format == FLIGHT_FILE_CSV && !f->is_over && csv_fini(&f->csv, on_cell, on_row, f) != 0) {
        fault(f, f->row_line, "", "The file ends within a quoted cell that begins in this row.");
        f->has_row = true;
    }
    if (!f->is_over && !f->has_row)
        fault(f, 1, "",
              f->has_header || f->format == FLIGHT_FILE_NDJSON
                  ? "There are no flights in the file."
                  : "The file is empty; its first line must name the columns.");
    f->is_over = true;
}

bool flight_file_failed(const struct flight_file *f)
{
    return f->has_failed;
}

int64_t flight_file_lines(const struct flight_file *f)
{
    return f->line_number - 1;
}

struct flight_file *flight_file_new(enum flight_file_format format, const struct flight_file_sink *sink)
{
    struct flight_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    *f = (struct flight_file){ .format = format, .sink = *sink, .line_number = 1 };
    if (csv_init(&f->csv, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        free(f);
        return NULL;
    }
    return f;
}

void flight_file_free(struct flight_file *f)
{
    if (f == NULL)
        return;
    csv_free(&f->csv);
    tdestroy(f->seen, free);
    buf_done(&f->line);
    buf_done(&f->cells);
    buf_done(&f->json);
    free(f);
}

/* ── writing ────────────────────────────────────────────────────────────── */

static void write_cell(struct buf *out, const char *text)
{
    bool is_plain = text[strcspn(text, ",;\t\r\n\" ")] == '\0';
    if (flight_cell_is_formula(text)) {
        buf_add_str(out, is_plain ? "'" : "\"'");
    } else if (!is_plain) {
        buf_add_char(out, '"');
    }
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"')
            buf_add_char(out, '"');
        buf_add_char(out, *p);
    }
    if (!is_plain)
        buf_add_char(out, '"');
}

void flight_file_write_header(struct buf *out)
{
    for (size_t i = 0; i < flight_column_count; i++) {
        if (i > 0)
            buf_add_char(out, ',');
        buf_add_str(out, flight_columns[i].name);
    }
    buf_add_str(out, "\r\n");
}

void flight_file_write_row(struct buf *out, struct json_object *flight)
{
    struct buf cell = BUF_INIT;
    for (size_t i = 0; i < flight_column_count; i++) {
        struct json_object *field = NULL;
        buf_clear(&cell);
        if (json_object_object_get_ex(flight, flight_columns[i].name, &field) && field != NULL)
            flight_columns[i].format(&cell, field);
        if (i > 0)
            buf_add_char(out, ',');
        write_cell(out, buf_str(&cell));
    }
    out->failed = out->failed || !buf_ok(&cell);
    buf_add_str(out, "\r\n");
    buf_done(&cell);
}

void flight_file_write_line(struct buf *out, struct json_object *flight)
{
    const char *separator = "{";
    for (size_t i = 0; i < flight_column_count; i++) {
        struct json_object *field = NULL;
        if (!json_object_object_get_ex(flight, flight_columns[i].name, &field))
            continue;
        buf_addf(out, "%s\"%s\":%s", separator, flight_columns[i].name,
                 field == NULL ? "null" : json_object_to_json_string_ext(field, JSON_C_TO_STRING_NOSLASHESCAPE));
        separator = ",";
    }
    buf_add_str(out, *separator == '{' ? "{}\n" : "}\n");
}
