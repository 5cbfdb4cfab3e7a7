/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_TEMPLATE_H
#define SWEEPER_TEMPLATE_H

#include "booking/base/buf.h"

#include <json-c/json.h>
#include <stdbool.h>

/* A part of Mustache, over values of JSON: {{name}} and {{a.b}}, {{#name}} … {{/name}} for each element of an array or
 * if there is a value, {{^name}} … {{/name}} if there is none, {{>name}} for a part, which is plain text with tags in
 * it, and {{! a comment }}. A value that is not there is empty. "", 0, false, null and [] are no values. Unlike in
 * Mustache, nothing is ever inserted as it is: there is no {{{name}}}. */

enum template_form {
    TEMPLATE_TEXT, /* without control characters */
    TEMPLATE_HTML, /* and escaped, for text and for attributes in quotes */
};

/* Where {{>name}} finds its text; NULL if there is none, which is an error. */
struct template_parts {
    const char *(*find)(const char *name, size_t len, const void *context);
    const void *context;
};

/* Renders a template, adding to what is in the buffer. False if it is not well-formed: a tag that does not end, a
 * section that is not closed, a part that is missing, or more than a few of them within each other. */
bool template_render(const char *text, struct json_object *data, const struct template_parts *parts,
                     enum template_form form, struct buf *out);

#endif
