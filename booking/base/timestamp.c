/* SPDX-License-Identifier: MIT */
#include "booking/base/timestamp.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

/* Days since the epoch of a date, by counting years from 1 March in eras of
 * 400 years; see H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct civil_time timestamp_to_civil(int64_t ms)
{
    int64_t days = ms / MS_PER_DAY;
    int64_t rest = ms % MS_PER_DAY;
    if (rest < 0) {
        rest += MS_PER_DAY;
        days--;
    }
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    return (struct civil_time){
        .year = (int)(year_of_era + era * 400) + (month <= 2 ? 1 : 0),
        .month = month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
        .hour = (int)(rest / 3600000),
        .minute = (int)(rest / 60000 % 60),
        .second = (int)(rest / 1000 % 60),
        .millisecond = (int)(rest % 1000),
    };
}

int64_t timestamp_from_civil(const struct civil_time *civil)
{
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);
    return days * MS_PER_DAY + civil->hour * INT64_C(3600000) + civil->minute * INT64_C(60000) +
           civil->second * INT64_C(1000) + civil->millisecond;
}

/* Writes digits by hand: every answer contains several times, and snprintf
 * costs as much as the rest of the order. */
static char *put_digits(char *p, int value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + width;
}

void timestamp_format(int64_t ms, char ret_text[TIMESTAMP_SIZE])
{
    struct civil_time t = timestamp_to_civil(ms);
    char *p = put_digits(ret_text, t.year, 4);
    *p++ = '-';
    p = put_digits(p, t.month, 2);
    *p++ = '-';
    p = put_digits(p, t.day, 2);
    *p++ = 'T';
    p = put_digits(p, t.hour, 2);
    *p++ = ':';
    p = put_digits(p, t.minute, 2);
    *p++ = ':';
    p = put_digits(p, t.second, 2);
    *p++ = '.';
    p = put_digits(p, t.millisecond, 3);
    *p++ = 'Z';
    *p = '\0';
}

static bool read_digits(const char *text, int count, int *ret)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)text[i]))
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *ret = value;
    return true;
}

bool timestamp_parse_date(const char *text, int64_t *ret_ms)
{
    struct civil_time t = { 0 };
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !read_digits(text, 4, &t.year) ||
        !read_digits(text + 5, 2, &t.month) || !read_digits(text + 8, 2, &t.day))
        return false;
    if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > 31)
        return false;

    /* A day that does not exist comes back as another: April 31 as May 1. */
    int64_t ms = timestamp_from_civil(&t);
    struct civil_time back = timestamp_to_civil(ms);
    if (back.month != t.month || back.day != t.day)
        return false;
    *ret_ms = ms;
    return true;
}

/* Reads ":SS.mmm", ":SS" or nothing, and the Z at the end. */
static bool read_seconds(const char *text, int *reterr_second, int *reterr_millisecond)
{
    if (*text == ':') {
        if (!read_digits(text + 1, 2, reterr_second))
            return false;
        text += 3;
        if (*text == '.') {
            if (!read_digits(text + 1, 3, reterr_millisecond))
                return false;
            text += 4;
        }
    }
    return strcmp(text, "Z") == 0;
}

bool timestamp_parse(const char *text, int64_t *ret_ms)
{
    char date[11];
    int hour = 0;
    int minute = 0;
    int second = 0;
    int millisecond = 0;
    int64_t ms = 0;

    if (strlen(text) < 11)
        return timestamp_parse_date(text, ret_ms);
    memcpy(date, text, 10);
    date[10] = '\0';
    if (!timestamp_parse_date(date, &ms) || text[10] != 'T' || !read_digits(text + 11, 2, &hour) || text[13] != ':' ||
        !read_digits(text + 14, 2, &minute) || !read_seconds(text + 16, &second, &millisecond))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_ms = ms + (((hour * INT64_C(60) + minute) * 60 + second) * 1000) + millisecond;
    return true;
}
