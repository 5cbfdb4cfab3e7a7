/* SPDX-License-Identifier: MIT */
#include "booking/core/flight_cells.h"

#include "booking/base/text.h"
#include "booking/core/tariff.h"

#include <json-c/json.h>

#include <string.h>

#define PART_SIZE 64

/* ── text ───────────────────────────────────────────────────────────────── */

static bool write_text(struct json_writer *w, const char *name, const char *cell, const char **reterr_why)
{
    (void)reterr_why;
    json_add_text(w, name, cell);
    return true;
}

/* Numbers, too, as JSON writes them. */
static void format_text(struct buf *out, struct json_object *field)
{
    buf_add_str(out, json_object_get_string(field));
}

/* ── "a320@3", or "a320" for the newest version ─────────────────────────── */

static bool write_cabin(struct json_writer *w, const char *name, const char *cell, const char **reterr_why)
{
    char id[PART_SIZE];
    const char *at = strrchr(cell, '@');
    long long version = 0;
    if (at == NULL)
        return write_text(w, name, cell, reterr_why);
    *reterr_why = "Say a cabin such as a320, or one version of it such as a320@3.";
    if ((size_t)(at - cell) >= sizeof id || !text_parse_int(at + 1, 1, 1000000000, &version))
        return false;
    memcpy(id, cell, (size_t)(at - cell));
    id[at - cell] = '\0';
    json_open_object(w, name);
    json_add_text(w, "id", id);
    json_add_int(w, "version", version);
    json_close_object(w);
    return true;
}

static struct json_object *member(struct json_object *json, const char *name)
{
    struct json_object *field = NULL;
    return json_object_is_type(json, json_type_object) && json_object_object_get_ex(json, name, &field) ? field : NULL;
}

static void format_cabin(struct buf *out, struct json_object *field)
{
    if (json_object_is_type(field, json_type_object))
        buf_addf(out, "%s@%s", json_object_get_string(member(field, "id")),
                 json_object_get_string(member(field, "version")));
    else
        format_text(out, field);
}

/* ── lists: "economy=12900;business=39900" ──────────────────────────────── */

/* Takes the next part of a list, whose parts are separated by semicolons, commas or blanks, and splits it at "=". False
 * at the end; *reterr_bad if it is no such part. */
static bool next_part(const char **cursor, char ret_name[PART_SIZE], char ret_value[PART_SIZE], bool *reterr_bad)
{
    *cursor += strspn(*cursor, ";, ");
    size_t len = strcspn(*cursor, ";, ");
    const char *equals = memchr(*cursor, '=', len);
    if (len == 0)
        return false;
    size_t name_len = equals == NULL ? 0 : (size_t)(equals - *cursor);
    *reterr_bad = name_len == 0 || name_len + 1 == len || len >= PART_SIZE;
    if (*reterr_bad)
        return false;
    memcpy(ret_name, *cursor, name_len);
    ret_name[name_len] = '\0';
    memcpy(ret_value, equals + 1, len - name_len - 1);
    ret_value[len - name_len - 1] = '\0';
    *cursor += len;
    return true;
}

/* Whether the same name stands in the list up to here. */
static bool is_named_before(const char *list, const char *end, const char *name)
{
    char other[PART_SIZE];
    char value[PART_SIZE];
    bool is_bad = false;
    int count = 0;
    while (list < end && next_part(&list, other, value, &is_bad))
        count += strcmp(other, name) == 0 ? 1 : 0;
    return count > 1;
}

static bool write_amounts(struct json_writer *w, const char *name, const char *cell, const char **reterr_why)
{
    char part[PART_SIZE];
    char value[PART_SIZE];
    bool is_bad = false;
    const char *cursor = cell;
    json_open_object(w, name);
    while (next_part(&cursor, part, value, &is_bad)) {
        long long cents = 0;
        *reterr_why = "A name stands twice in the list.";
        if (is_named_before(cell, cursor, part))
            return false;
        /* Also since the name is written as it is. */
        is_bad = !tariff_name_is_valid(part) || !text_parse_int(value, 0, FARE_MAX_CENTS, &cents);
        if (is_bad)
            break;
        json_add_int(w, part, cents);
    }
    json_close_object(w);
    *reterr_why = "Say amounts in the currency's smallest unit, such as economy=12900;business=39900.";
    return !is_bad;
}

static void format_amounts(struct buf *out, struct json_object *field)
{
    size_t begin = out->len;
    if (!json_object_is_type(field, json_type_object))
        return;
    struct json_object_iterator end = json_object_iter_end(field);
    for (struct json_object_iterator at = json_object_iter_begin(field); !json_object_iter_equal(&at, &end);
         json_object_iter_next(&at))
        buf_addf(out, "%s%s=%s", out->len > begin ? ";" : "", json_object_iter_peek_name(&at),
                 json_object_get_string(json_object_iter_peek_value(&at)));
}

/* ── "19", "7.7" ────────────────────────────────────────────────────────── */

static bool is_percentage(const char *text)
{
    size_t whole = strspn(text, "0123456789");
    size_t part = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;
    size_t len = whole + (text[whole] == '.' ? part + 1 : 0);
    bool has_zeros = whole > 1 && *text == '0';
    return whole > 0 && whole <= 3 && !has_zeros && part <= 2 && (text[whole] != '.' || part > 0) && text[len] == '\0';
}

static bool write_percent(struct json_writer *w, const char *name, const char *cell, const char **reterr_why)
{
    *reterr_why = "Say a number such as 19 or 7.5, with a point and without a percent sign.";
    if (!is_percentage(cell))
        return false;
    json_add_raw(w, name, cell);
    return true;
}

/* ── "72h=10%;24h=50%+500": until so long before departure, a fee of so much ── */

/* Reads "50%", "7.5%+500" or "500". The percentage is left as it is written. */
static bool read_fee(char *text, const char **ret_percent, long long *ret_cents)
{
    char *percent = strchr(text, '%');
    *ret_percent = "0";
    *ret_cents = 0;
    if (percent == NULL)
        return text_parse_int(text, 0, FARE_MAX_CENTS, ret_cents);
    *percent = '\0';
    if (!is_percentage(text))
        return false;
    *ret_percent = text;
    return percent[1] == '\0' || (percent[1] == '+' && text_parse_int(percent + 2, 0, FARE_MAX_CENTS, ret_cents));
}

static bool write_refund_rule(struct json_writer *w, const char *name, const char *cell, const char **reterr_why)
{
    char until[PART_SIZE];
    char fee[PART_SIZE];
    bool is_bad = false;
    json_open_array(w, name);
    while (next_part(&cell, until, fee, &is_bad)) {
        const char *percent = NULL;
        long long cents = 0;
        is_bad = !read_fee(fee, &percent, &cents) || !text_is_identifier(until, PART_SIZE);
        if (is_bad)
            break;
        json_open_object(w, NULL);
        json_add_text(w, "until", until);
        json_add_raw(w, "feePercent", percent);
        json_add_int(w, "feeCents", cents);
        json_close_object(w);
    }
    json_close_array(w);
    *reterr_why = "Say a rule such as 72h=10%;24h=50%+500: until so long before departure, a fee of so much.";
    return !is_bad;
}

static void format_refund_rule(struct buf *out, struct json_object *field)
{
    size_t count = json_object_is_type(field, json_type_array) ? json_object_array_length(field) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *step = json_object_array_get_idx(field, i);
        struct json_object *percent = member(step, "feePercent");
        int64_t cents = json_object_get_int64(member(step, "feeCents"));
        buf_addf(out, "%s%s=%s%%", i > 0 ? ";" : "", json_object_get_string(member(step, "until")),
                 percent == NULL ? "0" : json_object_get_string(percent));
        if (cents != 0)
            buf_addf(out, "+%lld", (long long)cents);
    }
}

/* ── the columns ────────────────────────────────────────────────────────── */

const struct flight_column flight_columns[] = {
    { "id", true, write_text, format_text },
    { "flightNumber", true, write_text, format_text },
    { "cabin", false, write_cabin, format_cabin },
    { "origin", true, write_text, format_text },
    { "destination", true, write_text, format_text },
    { "departure", true, write_text, format_text },
    { "arrival", false, write_text, format_text },
    { "fares", true, write_amounts, format_amounts },
    { "surcharges", false, write_amounts, format_amounts },
    { "taxPercent", false, write_percent, format_text },
    { "currency", true, write_text, format_text },
    { "salesOpens", false, write_text, format_text },
    { "salesCloses", false, write_text, format_text },
    { "refundRule", false, write_refund_rule, format_refund_rule },
    { "status", false, write_text, format_text },
};
const size_t flight_column_count = sizeof flight_columns / sizeof flight_columns[0];

const struct flight_column *flight_column_find(const char *name)
{
    for (size_t i = 0; i < flight_column_count; i++) {
        if (strcmp(flight_columns[i].name, name) == 0)
            return &flight_columns[i];
    }
    return NULL;
}

bool flight_cell_is_formula(const char *cell)
{
    return *cell != '\0' && strchr("=+-@\t\r\n'", *cell) != NULL;
}
