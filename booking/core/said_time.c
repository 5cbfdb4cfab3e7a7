/* SPDX-License-Identifier: MIT */
#include "booking/core/said_time.h"

#include "booking/base/text.h"
#include "booking/base/timestamp.h"

#include <stdio.h>
#include <string.h>

/* Reads so many digits, and moves past them. */
static bool read_digits(const char **text, int count, int *ret_number)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return false;
        number = number * 10 + (c - '0');
    }
    *text += count;
    *ret_number = number;
    return true;
}

static bool read_char(const char **text, char c)
{
    if (**text != c)
        return false;
    ++*text;
    return true;
}

/* "2026-10-25T02:30" and maybe ":00". */
static bool read_clock(const char **text, int64_t *ret_local_ms)
{
    char date[11] = "";
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (strlen(*text) < 16)
        return false;
    memcpy(date, *text, 10);
    *text += 10;
    if (!timestamp_parse_date(date, ret_local_ms) || !read_char(text, 'T') || !read_digits(text, 2, &hour) ||
        !read_char(text, ':') || !read_digits(text, 2, &minute))
        return false;
    if (read_char(text, ':') && !read_digits(text, 2, &second))
        return false;
    *ret_local_ms += ((int64_t)hour * 3600 + minute * 60 + second) * 1000;
    return hour < 24 && minute < 60 && second < 60;
}

/* "+02:00", "Z", or nothing. */
static bool read_offset(const char **text, int32_t *ret_offset_s)
{
    int sign = **text == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    *ret_offset_s = ZONE_ANY_OFFSET;
    if (read_char(text, 'Z')) {
        *ret_offset_s = 0;
        return true;
    }
    if (**text != '+' && **text != '-')
        return true;
    ++*text;
    if (!read_digits(text, 2, &hours) || !read_char(text, ':') || !read_digits(text, 2, &minutes) || hours > 15 ||
        minutes > 59)
        return false;
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

/* "[Europe/Berlin]", or nothing. */
static bool read_zone(const char **text, char ret_zone[SAID_ZONE_SIZE])
{
    size_t len = 0;
    ret_zone[0] = '\0';
    if (!read_char(text, '['))
        return true;
    len = strcspn(*text, "]");
    if (len == 0 || len >= SAID_ZONE_SIZE || (*text)[len] != ']')
        return false;
    memcpy(ret_zone, *text, len);
    ret_zone[len] = '\0';
    *text += len + 1;
    return true;
}

bool said_time_read(const char *text, struct said_time *ret_said)
{
    struct said_time said;
    if (!read_clock(&text, &said.local_ms) || !read_offset(&text, &said.offset_s) || !read_zone(&text, said.zone) ||
        *text != '\0')
        return false;
    *ret_said = said;
    return true;
}

bool said_clock_is_valid(const char *text)
{
    long long hour = 0;
    long long minute = 0;
    char digits[3] = "";
    if (strlen(text) != 5 || text[2] != ':')
        return false;
    memcpy(digits, text, 2);
    if (!text_parse_int(digits, 0, 23, &hour))
        return false;
    memcpy(digits, text + 3, 2);
    return text_parse_int(digits, 0, 59, &minute);
}

static void write_offset(int32_t offset_s, char ret_text[7])
{
    unsigned int minutes = (unsigned int)(offset_s < 0 ? -offset_s : offset_s) / 60;
    const char digits[5] = { (char)('0' + minutes / 600 % 10), (char)('0' + minutes / 60 % 10), ':',
                             (char)('0' + minutes % 60 / 10), (char)('0' + minutes % 10) };
    ret_text[0] = offset_s < 0 ? '-' : '+';
    memcpy(ret_text + 1, digits, sizeof digits);
    ret_text[6] = '\0';
}

static void write_text(int64_t local_ms, const struct zone_local *local, const char *zone,
                       char ret_text[SAID_TIME_SIZE])
{
    char clock[TIMESTAMP_SIZE];
    char offset[7] = "";
    timestamp_format(local_ms, clock);
    clock[19] = '\0'; /* without milliseconds and Z */
    if (local->is_repeated)
        write_offset(local->offset_s, offset);
    (void)snprintf(ret_text, SAID_TIME_SIZE, "%s%s[%s]", clock, offset, zone);
}

enum zone_answer said_time_resolve(const struct said_time *said, const char *zone, int64_t *ret_ms,
                                   char ret_text[SAID_TIME_SIZE])
{
    struct zone_local local;
    int64_t ms = 0;
    if (said->zone[0] != '\0')
        zone = said->zone;
    enum zone_answer answer = zone_to_utc(zone, said->local_ms, said->offset_s, &ms);
    if (answer != ZONE_OK)
        return answer;
    if (strlen(zone) >= SAID_ZONE_SIZE || !zone_to_local(zone, ms, &local))
        return ZONE_UNKNOWN;
    write_text(said->local_ms, &local, zone, ret_text);
    *ret_ms = ms;
    return ZONE_OK;
}

bool said_time_write(int64_t ms, const char *zone, char ret_text[SAID_TIME_SIZE])
{
    struct zone_local local;
    if (ms % 1000 != 0 || strlen(zone) >= SAID_ZONE_SIZE || !zone_to_local(zone, ms, &local))
        return false;
    write_text(local.local_ms, &local, zone, ret_text);
    return true;
}

const char *said_time_fault(enum zone_answer answer)
{
    switch (answer) {
    case ZONE_OK: return "";
    case ZONE_UNKNOWN: return "There is no such time zone (IANA, such as Europe/Berlin).";
    case ZONE_GAP: return "The clocks are put forward that night and skip this time.";
    case ZONE_REPEATED:
        return "The clocks are put back that night and show this time twice: add the offset that is meant, such as "
               "+02:00.";
    case ZONE_WRONG_OFFSET: return "The zone does not have that offset at this time.";
    }
    return "";
}
