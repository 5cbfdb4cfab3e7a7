/* SPDX-License-Identifier: MIT */
/* A season of flights in a file: its first byte says the format. Wherever the file is cut into pieces, the same is
 * read; every flight is JSON, and what is written from it as CSV is read back as the same flight. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/json_check.h"
#include "booking/base/text.h"
#include "booking/core/flight_file.h"

#include <json-c/json.h>

struct found {
    struct buf text;
    size_t rows;
};

static bool on_row(const struct flight_file_row *row, void *context)
{
    struct found *found = context;
    size_t at = 0;
    PROMISE(strlen(row->json) == row->json_len && json_is_valid(row->json, row->json_len, 8, &at));
    PROMISE(text_is_identifier(row->id, FLIGHT_FILE_ID_SIZE - 1) && row->line > 0);
    buf_addf(&found->text, "%lld %s %s\n", (long long)row->line, row->id, row->json);
    found->rows++;
    return true;
}

static void on_fault(int64_t line, const char *field, const char *message, void *context)
{
    struct found *found = context;
    PROMISE(line > 0 && text_is_utf8(field, strlen(field)) && *message != '\0');
    buf_addf(&found->text, "%lld %s: %s\n", (long long)line, field, message);
}

static struct found read_file(enum flight_file_format format, const char *bytes, size_t len, size_t piece)
{
    struct found found = { .text = BUF_INIT };
    const struct flight_file_sink sink = { .row = on_row, .fault = on_fault, .context = &found };
    struct flight_file *file = flight_file_new(format, &sink);
    PROMISE(file != NULL);
    for (size_t at = 0; at < len; at += piece) {
        if (!flight_file_read(file, bytes + at, len - at < piece ? len - at : piece))
            break;
    }
    flight_file_end(file);
    PROMISE(!flight_file_failed(file) && found.text.len > 0);
    flight_file_free(file);
    return found;
}

/* A file of CSV holds no more than a file of CSV can. */
static void write_and_read(const char *line)
{
    struct buf csv = BUF_INIT;
    struct json_object *said = json_tokener_parse(strchr(line, '{'));
    flight_file_write_header(&csv);
    flight_file_write_row(&csv, said);
    struct found found = read_file(FLIGHT_FILE_CSV, buf_str(&csv), csv.len, csv.len);
    PROMISE(found.rows == 1);
    struct json_object *back = json_tokener_parse(strchr(buf_str(&found.text), '{'));
    PROMISE(json_object_equal(said, back));
    json_object_put(back);
    json_object_put(said);
    buf_done(&found.text);
    buf_done(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum flight_file_format format = data[0] == '{' ? FLIGHT_FILE_NDJSON : FLIGHT_FILE_CSV;
    const char *bytes = (const char *)data + (format == FLIGHT_FILE_CSV ? 1 : 0);
    size_t len = size - (format == FLIGHT_FILE_CSV ? 1 : 0);
    struct found whole = read_file(format, bytes, len, len + 1);
    struct found pieces = read_file(format, bytes, len, 3);
    PROMISE(whole.text.len == pieces.text.len && memcmp(buf_str(&whole.text), buf_str(&pieces.text), whole.text.len) == 0);
    if (format == FLIGHT_FILE_CSV && whole.rows == 1 && strchr(buf_str(&whole.text), '\n') == buf_str(&whole.text) + whole.text.len - 1)
        write_and_read(buf_str(&whole.text));
    buf_done(&whole.text);
    buf_done(&pieces.text);
    return 0;
}
