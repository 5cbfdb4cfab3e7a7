/* SPDX-License-Identifier: MIT */
#include "booking/core/calendar.h"

#include "booking/base/timestamp.h"

#include <string.h>

/* Octets of a line without its CR LF; a folded line begins with a blank. */
#define LINE_MAX_OCTETS 75

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Where to fold: at most max octets on, and not within a character. */
static size_t piece(const char *text, size_t len, size_t max)
{
    if (len <= max)
        return len;
    size_t n = max;
    while (n > 1 && is_continuation(text[n]))
        n--;
    return n;
}

static void add_folded(struct buf *out, const struct buf *line)
{
    const char *rest = buf_str(line);
    size_t left = line->len;
    size_t room = LINE_MAX_OCTETS;
    while (left > 0) {
        size_t n = piece(rest, left, room);
        buf_add(out, rest, n);
        rest += n;
        left -= n;
        buf_add_str(out, left > 0 ? "\r\n " : "\r\n");
        room = LINE_MAX_OCTETS - 1;
    }
}

/* Escapes as section 3.3.11 asks; other control characters are not allowed at all. */
static void add_escaped(struct buf *line, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\n')
            buf_add_str(line, "\\n");
        else if (*p == '\\' || *p == ';' || *p == ',') {
            buf_add_char(line, '\\');
            buf_add_char(line, *p);
        } else if ((unsigned char)*p >= ' ' && *p != 0x7f) {
            buf_add_char(line, *p);
        }
    }
}

static void add_line(struct buf *out, const char *name, const char *value)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "%s:%s", name, value);
    add_folded(out, &line);
    buf_done(&line);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    struct buf line = BUF_INIT;
    if (text == NULL || *text == '\0')
        return;
    buf_addf(&line, "%s:", name);
    add_escaped(&line, text);
    add_folded(out, &line);
    buf_done(&line);
}

/* In UTC, so that no calendar has to know the zone. */
static void add_time(struct buf *out, const char *name, int64_t ms)
{
    if (ms == TIME_NONE)
        return;
    struct civil_time t = timestamp_to_civil(ms);
    buf_addf(out, "%s:%04d%02d%02dT%02d%02d%02dZ\r\n", name, t.year, t.month, t.day, t.hour, t.minute, t.second);
}

void calendar_write(struct buf *out, const struct calendar_event *event)
{
    buf_add_str(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//flight booking//EN\r\nMETHOD:PUBLISH\r\n"
                     "BEGIN:VEVENT\r\n");
    add_line(out, "UID", event->uid);
    buf_addf(out, "SEQUENCE:%lld\r\n", (long long)event->sequence);
    add_time(out, "DTSTAMP", event->stamp_ms);
    add_time(out, "DTSTART", event->start_ms);
    add_time(out, "DTEND", event->end_ms);
    buf_addf(out, "STATUS:%s\r\n", event->cancelled ? "CANCELLED" : "CONFIRMED");
    add_text(out, "SUMMARY", event->summary);
    add_text(out, "LOCATION", event->location);
    add_text(out, "DESCRIPTION", event->description);
    if (event->url != NULL && *event->url != '\0')
        add_line(out, "URL", event->url);
    buf_add_str(out, "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

int64_t calendar_sequence(int64_t created_ms, int64_t told_ms)
{
    return told_ms > created_ms ? (told_ms - created_ms) / 1000 : 0;
}
