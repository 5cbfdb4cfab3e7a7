/* SPDX-License-Identifier: MIT */
/* Text from clients: UTF-8 compared with a second, simpler decoder; copies that are cut; identifiers;
 * dates; and our JSON, which must read back as it was written, whatever it contains. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/json_check.h"
#include "booking/base/json_writer.h"
#include "booking/base/text.h"
#include "booking/base/timestamp.h"

#include <json-c/json.h>

/* RFC 3629 by arithmetic: decode, then check that this was the shortest encoding. */
static bool is_utf8_plainly(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = p[i] < 0x80 ? 1 : p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
        if (n == 0 || n > len - i)
            return false;
        uint32_t c = n == 1 ? p[i] : p[i] & (0x7FU >> n);
        for (size_t k = 1; k < n; k++) {
            if (p[i + k] >> 6 != 2)
                return false;
            c = c << 6 | (p[i + k] & 0x3FU);
        }
        size_t shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (n != shortest || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
            return false;
        i += n;
    }
    return true;
}

static void copies(const char *text)
{
    for (size_t size = 1; size <= 24; size++) {
        char *copy = malloc(size);
        PROMISE(copy != NULL);
        text_copy(copy, size, text);
        size_t len = strlen(copy);
        PROMISE(len < size && strncmp(copy, text, len) == 0);
        PROMISE(text_is_utf8(copy, len) || !text_is_utf8(text, strlen(text)));
        PROMISE(text[len] == '\0' || len + 4 >= size || !text_is_utf8(text, strlen(text)));
        free(copy);
    }
}

static void as_json(const char *text)
{
    struct buf out = BUF_INIT;
    struct json_writer w = JSON_WRITER_INIT(&out);
    struct json_object *field = NULL;
    size_t at = 0;
    json_open_object(&w, NULL);
    json_add_text(&w, "text", text);
    json_close_object(&w);
    PROMISE(json_is_valid(buf_str(&out), out.len, 2, &at));
    struct json_object *json = json_tokener_parse(buf_str(&out));
    PROMISE(json_object_object_get_ex(json, "text", &field));
    PROMISE(strcmp(json_object_get_string(field), text) == 0);
    json_object_put(json);
    buf_done(&out);
}

static void as_date(const char *text)
{
    int64_t ms = 0;
    char written[TIMESTAMP_SIZE];
    if (!timestamp_parse_date(text, &ms))
        return;
    timestamp_format(ms, written);
    PROMISE(strncmp(written, text, 10) == 0 && strcmp(written + 10, "T00:00:00.000Z") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    size_t len = strlen(text);
    long long number = -1;
    bool valid = text_is_utf8((const char *)data, size);
    PROMISE(valid == is_utf8_plainly(data, size));
    copies(text);
    as_date(text);
    if (text_is_utf8(text, len)) {
        PROMISE(text_utf8_length(text) <= len);
        as_json(text);
    }
    if (text_is_identifier(text, 64))
        PROMISE(len >= 1 && len <= 64 && text_is_printable(text));
    if (text_is_uuid(text))
        PROMISE(text_is_identifier(text, 36));
    if (text_parse_int(text, 3, 1000, &number))
        PROMISE(number >= 3 && number <= 1000);
    free(text);
    return 0;
}
