/* SPDX-License-Identifier: MIT */
#include "sweeper/template.h"

#include <string.h>

#define DEPTH_MAX 12
#define NAME_MAX_LEN 63

struct render {
    const struct template_parts *parts;
    enum template_form form;
    struct buf *out;
    struct json_object *stack[DEPTH_MAX]; /* what names are looked up in, the innermost last */
    size_t depth;
    size_t nested; /* sections and parts within each other */
    bool in_part;  /* parts are plain text, so all of it is escaped */
};

/* One {{tag}}: its kind is the character that it begins with, or '\0' for a plain name. */
struct tag {
    char kind;
    const char *name;
    size_t len;
    const char *begin; /* of the tag, or of its line if the tag is alone there */
    const char *end;   /* behind it */
};

/* ── reading ────────────────────────────────────────────────────────────── */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Sections and comments that are alone on a line take the line with them. */
static void take_line(const char *text, const char *limit, struct tag *tag)
{
    const char *begin = tag->begin;
    const char *end = tag->end;
    while (begin > text && is_blank(begin[-1]))
        begin--;
    while (end < limit && is_blank(*end))
        end++;
    if ((begin == text || begin[-1] == '\n') && (end == limit || *end == '\n')) {
        tag->begin = begin;
        tag->end = end == limit ? end : end + 1;
    }
}

/* The next tag between from and limit; *ret_found is false if there is none. False if it does not end. */
static bool next_tag(const char *text, const char *from, const char *limit, struct tag *ret, bool *ret_found)
{
    const char *open = memmem(from, (size_t)(limit - from), "{{", 2);
    *ret_found = open != NULL;
    if (open == NULL)
        return true;
    const char *close = memmem(open, (size_t)(limit - open), "}}", 2);
    if (close == NULL)
        return false;
    const char *name = open + 2;
    const char *name_end = close;
    *ret = (struct tag){ .begin = open, .end = close + 2 };
    if (name < name_end && strchr("#^/>!", *name) != NULL)
        ret->kind = *name++;
    while (name < name_end && is_blank(*name))
        name++;
    while (name < name_end && is_blank(name_end[-1]))
        name_end--;
    ret->name = name;
    ret->len = (size_t)(name_end - name);
    if (ret->kind != '\0' && ret->kind != '>')
        take_line(text, limit, ret);
    return ret->kind == '!' || (ret->len > 0 && ret->len <= NAME_MAX_LEN);
}

/* Finds the end of the section that the tag opens. */
static bool find_close(const char *text, const char *limit, const struct tag *open, struct tag *ret_close)
{
    const char *at = open->end;
    size_t nested = 0;
    bool found = false;
    while (next_tag(text, at, limit, ret_close, &found) && found) {
        bool is_same = ret_close->len == open->len && memcmp(ret_close->name, open->name, open->len) == 0;
        if (is_same && ret_close->kind == '/' && nested-- == 0)
            return true;
        if (is_same && (ret_close->kind == '#' || ret_close->kind == '^'))
            nested++;
        at = ret_close->end;
    }
    return false;
}

/* ── values ─────────────────────────────────────────────────────────────── */

/* A member of an object by a name such as "a.b". */
static bool get(struct json_object *in, const char *name, size_t len, struct json_object **ret)
{
    char key[NAME_MAX_LEN + 1];
    for (;;) {
        const char *dot = memchr(name, '.', len);
        size_t n = dot == NULL ? len : (size_t)(dot - name);
        memcpy(key, name, n);
        key[n] = '\0';
        if (!json_object_is_type(in, json_type_object) || !json_object_object_get_ex(in, key, &in))
            return false;
        if (dot == NULL) {
            *ret = in;
            return true;
        }
        name += n + 1;
        len -= n + 1;
    }
}

static struct json_object *look_up(const struct render *r, const struct tag *tag)
{
    struct json_object *value = NULL;
    if (tag->len == 1 && tag->name[0] == '.')
        return r->stack[r->depth - 1];
    for (size_t i = r->depth; i > 0; i--) {
        if (get(r->stack[i - 1], tag->name, tag->len, &value))
            return value;
    }
    return NULL;
}

static bool is_value(struct json_object *v)
{
    switch (json_object_get_type(v)) {
    case json_type_null: return false;
    case json_type_boolean: return json_object_get_boolean(v);
    case json_type_int: return json_object_get_int64(v) != 0;
    case json_type_string: return json_object_get_string_len(v) > 0;
    case json_type_array: return json_object_array_length(v) > 0;
    case json_type_double:
    case json_type_object: return true;
    }
    return false;
}

/* ── writing ────────────────────────────────────────────────────────────── */

static const char *escape_of(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static void write_plain(const struct render *r, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char *escaped = r->form == TEMPLATE_HTML ? escape_of(text[i]) : NULL;
        if (escaped != NULL)
            buf_add_str(r->out, escaped);
        else
            buf_add_char(r->out, (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
    }
}

/* Also ends of lines are blanks in a value: a name makes no new line of a mail. */
static void write_value(const struct render *r, struct json_object *v)
{
    const char *text = v == NULL ? "" : json_object_get_string(v);
    write_plain(r, text, strlen(text));
}

static void write_literal(const struct render *r, const char *text, size_t len)
{
    if (r->in_part)
        write_plain(r, text, len);
    else
        buf_add(r->out, text, len);
}

static bool render_range(struct render *r, const char *text, const char *from, const char *limit);

static bool render_within(struct render *r, struct json_object *value, const char *text, const char *from,
                          const char *limit)
{
    if (r->depth == DEPTH_MAX)
        return false;
    r->stack[r->depth++] = value;
    bool ok = render_range(r, text, from, limit);
    r->depth--;
    return ok;
}

static bool render_section(struct render *r, const char *text, const struct tag *open, const struct tag *close)
{
    struct json_object *value = look_up(r, open);
    if (open->kind == '^')
        return is_value(value) || render_range(r, text, open->end, close->begin);
    if (!is_value(value))
        return true;
    if (!json_object_is_type(value, json_type_array))
        return render_within(r, value, text, open->end, close->begin);
    bool ok = true;
    for (size_t i = 0; ok && i < json_object_array_length(value); i++)
        ok = render_within(r, json_object_array_get_idx(value, i), text, open->end, close->begin);
    return ok;
}

static bool render_part(struct render *r, const struct tag *tag)
{
    const char *text = r->parts->find(tag->name, tag->len, r->parts->context);
    bool was_in_part = r->in_part;
    r->in_part = true;
    bool ok = text != NULL && render_range(r, text, text, text + strlen(text));
    r->in_part = was_in_part;
    return ok;
}

static bool render_tag(struct render *r, const char *text, const char *limit, struct tag *tag)
{
    struct tag close;
    switch (tag->kind) {
    case '\0': write_value(r, look_up(r, tag)); return true;
    case '!': return true;
    case '>': return render_part(r, tag);
    case '/': return false;
    default:
        if (!find_close(text, limit, tag, &close) || !render_section(r, text, tag, &close))
            return false;
        tag->end = close.end;
        return true;
    }
}

static bool render_range(struct render *r, const char *text, const char *from, const char *limit)
{
    struct tag tag;
    bool found = false;
    bool ok = ++r->nested <= DEPTH_MAX;
    while (ok && next_tag(text, from, limit, &tag, &found) && found) {
        write_literal(r, from, (size_t)(tag.begin - from));
        ok = render_tag(r, text, limit, &tag);
        from = tag.end;
    }
    ok = ok && !found;
    if (ok)
        write_literal(r, from, (size_t)(limit - from));
    r->nested--;
    return ok;
}

bool template_render(const char *text, struct json_object *data, const struct template_parts *parts,
                     enum template_form form, struct buf *out)
{
    struct render r = { .parts = parts, .form = form, .out = out, .stack = { data }, .depth = 1 };
    return render_range(&r, text, text, text + strlen(text)) && buf_ok(out);
}
