/* SPDX-License-Identifier: MIT */
#include "fcgi/request.h"

#include "booking/base/text.h"

#include <string.h>

const char *request_header(const struct request *request, const char *cgi_name)
{
    return request->header_of == NULL ? NULL : request->header_of(request, cgi_name);
}

long request_read_body(const struct request *request, char to[BODY_PIECE_SIZE])
{
    if (request->body_left == NULL || *request->body_left == 0)
        return 0;
    size_t want = *request->body_left < BODY_PIECE_SIZE ? *request->body_left : BODY_PIECE_SIZE;
    long got = request->read_more == NULL ? -1 : request->read_more(request, to, want);
    if (got <= 0)
        return -1;
    *request->body_left -= (size_t)got;
    return got;
}

/* Appends the decoded text and a NUL. Encoded NULs and broken UTF-8 are refused: no name or id of ours contains
 * them. */
static bool decode(struct buf *out, const char *text, size_t len, bool plus_is_space)
{
    size_t start = out->len;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < len ? text_hex_value(text[i + 1]) : -1;
            int low = high < 0 ? -1 : text_hex_value(text[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        buf_add_char(out, c);
    }
    bool valid = text_is_utf8(buf_str(out) + start, out->len - start);
    buf_add_char(out, '\0');
    return valid && buf_ok(out);
}

/* Makes room before anything points into the buffer, since it may move while it grows. Decoded text is never longer
 * than the text it comes from. */
static void reserve(struct buf *b, size_t len)
{
    size_t at = b->len;
    for (size_t i = 0; i < len; i++)
        buf_add_char(b, '\0');
    b->len = at;
}

static enum request_error parse_segments(struct request *r, const char *path, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t end = at + 1;
        while (end < len && path[end] != '/')
            end++;
        if (r->segment_count == PATH_SEGMENTS_MAX)
            return REQUEST_TOO_MANY_PARTS;
        size_t start = r->decoded.len;
        if (path[at] != '/' || !decode(&r->decoded, path + at + 1, end - at - 1, false))
            return REQUEST_BAD_ENCODING;
        r->segment[r->segment_count++] = buf_str(&r->decoded) + start;
        at = end;
    }
    return REQUEST_OK;
}

static enum request_error parse_pairs(struct buf *b, const char *text, size_t len, struct parameters *reterr_parameters)
{
    size_t at = 0;
    reterr_parameters->count = 0;
    while (at < len) {
        const char *end = memchr(text + at, '&', len - at);
        size_t pair_len = end == NULL ? len - at : (size_t)(end - (text + at));
        const char *equals = memchr(text + at, '=', pair_len);
        size_t name_len = equals == NULL ? pair_len : (size_t)(equals - (text + at));
        size_t value_at = equals == NULL ? at + pair_len : at + name_len + 1;

        if (pair_len > 0) {
            if (reterr_parameters->count == PARAMETERS_MAX)
                return REQUEST_TOO_MANY_PARTS;
            size_t name_start = b->len;
            if (!decode(b, text + at, name_len, true))
                return REQUEST_BAD_ENCODING;
            size_t value_start = b->len;
            if (!decode(b, text + value_at, at + pair_len - value_at, true))
                return REQUEST_BAD_ENCODING;
            reterr_parameters->item[reterr_parameters->count++] = (struct parameter){ buf_str(b) + name_start,
                                                                                      buf_str(b) + value_start };
        }
        at += pair_len + 1;
    }
    return REQUEST_OK;
}

enum request_error request_parse_parameters(struct buf *buffer, const char *text, size_t len,
                                            struct parameters *reterr_parameters)
{
    reserve(buffer, len + 2 * PARAMETERS_MAX + 2);
    return parse_pairs(buffer, text, len, reterr_parameters);
}

enum request_error request_parse_target(struct request *request, const char *target)
{
    size_t path_len = strcspn(target, "?");
    const char *query = target[path_len] == '?' ? target + path_len + 1 : "";
    size_t query_len = strlen(query);
    if (strchr(target, '#') != NULL)
        return REQUEST_BAD_ENCODING; /* a fragment stays with the client: RFC 9112, section 3.2.1 */

    reserve(&request->decoded, path_len + PATH_SEGMENTS_MAX + query_len + 2 * PARAMETERS_MAX + 2);
    enum request_error e = parse_segments(request, target, path_len);
    if (e == REQUEST_OK)
        e = parse_pairs(&request->decoded, query, query_len, &request->query);
    return e;
}

const char *parameters_get(const struct parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (strcmp(parameters->item[i].name, name) == 0)
            return parameters->item[i].value;
    }
    return NULL;
}

void request_done(struct request *request)
{
    buf_done(&request->decoded);
}
