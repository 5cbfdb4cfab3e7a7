/* SPDX-License-Identifier: MIT */
#include "booking/base/csv_writer.h"

#include <string.h>

void csv_add_cell(struct csv_writer *w, const char *text)
{
    if (text == NULL)
        text = "";
    bool is_formula = *text != '\0' && strchr("=+-@\t\r\n", *text) != NULL;
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (w->in_row)
        buf_add_char(w->out, ',');
    w->in_row = true;
    if (is_quoted)
        buf_add_char(w->out, '"');
    if (is_formula)
        buf_add_char(w->out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_add_char(w->out, '"');
        buf_add_char(w->out, *text);
    }
    if (is_quoted)
        buf_add_char(w->out, '"');
}

void csv_end_row(struct csv_writer *w)
{
    buf_add_str(w->out, "\r\n");
    w->in_row = false;
}
