/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_TEMPLATES_H
#define SWEEPER_TEMPLATES_H

#include "booking/base/buf.h"
#include "sweeper/template.h"

#include <stdbool.h>
#include <stddef.h>

/* What mails are made of, read once: two layouts, message.txt and message.html, and for each language a file of its
 * words, such as en.words, with a line "name = words" for each. A word may be one type's own: "order.failed.title". */
struct templates;

enum templates_layout { TEMPLATES_TEXT, TEMPLATES_HTML };

/* Reads the files of a directory. NULL if one is missing or wrong, with the reason in reterr_error. */
struct templates *templates_load(const char *directory, char *reterr_error, size_t size);
void templates_free(struct templates *templates);

/* A language that there is: that one, such as de for de-AT, or English. Owned by the templates. */
const char *templates_language(const struct templates *templates, const char *wanted);

/* All languages that there are. */
size_t templates_count(const struct templates *templates);
const char *templates_at(const struct templates *templates, size_t i);

/* Renders a layout, or one of the words, in a language for a type of message. */
bool templates_render_layout(const struct templates *templates, enum templates_layout layout, const char *language,
                             const char *type, struct json_object *data, struct buf *out);
bool templates_render_word(const struct templates *templates, const char *word, const char *language, const char *type,
                           struct json_object *data, struct buf *out);

#endif
