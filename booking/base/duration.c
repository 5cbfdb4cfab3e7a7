/* SPDX-License-Identifier: MIT */
#include "booking/base/duration.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define DURATION_MAX_MS (INT64_C(10) * 366 * 86400 * 1000)

static bool read_unit(const char **text, int64_t *ret_unit_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };

    size_t len = 0;
    while (isalpha((unsigned char)(*text)[len]))
        len++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == len && strncmp(*text, units[i].name, len) == 0) {
            *ret_unit_ms = units[i].ms;
            *text += len;
            return true;
        }
    }
    return false;
}

/* Reads one term such as "1.5s". A fraction that is not a whole number of
 * milliseconds is refused. */
static bool read_term(const char **text, int64_t *ret_ms)
{
    int64_t whole = 0;
    int64_t fraction = 0;
    int64_t scale = 1;
    const char *p = *text;

    if (!isdigit((unsigned char)*p))
        return false;
    for (; isdigit((unsigned char)*p); p++) {
        whole = whole * 10 + (*p - '0');
        if (whole > DURATION_MAX_MS)
            return false;
    }
    if (*p == '.') {
        p++;
        if (!isdigit((unsigned char)*p))
            return false;
        for (; isdigit((unsigned char)*p); p++) {
            if (scale > 1000000)
                return false;
            fraction = fraction * 10 + (*p - '0');
            scale *= 10;
        }
    }

    int64_t unit = 0;
    if (!read_unit(&p, &unit) || whole > DURATION_MAX_MS / unit || fraction * unit % scale != 0)
        return false;
    *ret_ms = whole * unit + fraction * unit / scale;
    *text = p;
    return true;
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
    if (strcmp(text, "0") == 0) {
        *ret_ms = 0;
        return true;
    }
    int64_t sum = 0;
    do {
        int64_t term = 0;
        if (!read_term(&text, &term))
            return false;
        sum += term;
        if (sum > DURATION_MAX_MS)
            return false;
    } while (*text != '\0');
    *ret_ms = sum;
    return true;
}

void duration_format(int64_t ms, char *ret_text, size_t size)
{
    char hours[24] = "";
    char minutes[24] = "";
    char seconds[24] = "";
    char millis[24] = "";

    if (ms >= 3600000)
        (void)snprintf(hours, sizeof hours, "%lldh", (long long)(ms / 3600000));
    if (ms / 60000 % 60 != 0)
        (void)snprintf(minutes, sizeof minutes, "%lldm", (long long)(ms / 60000 % 60));
    if (ms / 1000 % 60 != 0)
        (void)snprintf(seconds, sizeof seconds, "%llds", (long long)(ms / 1000 % 60));
    if (ms % 1000 != 0)
        (void)snprintf(millis, sizeof millis, "%lldms", (long long)(ms % 1000));
    (void)snprintf(ret_text, size, "%s%s%s%s", hours, minutes, seconds, ms == 0 ? "0s" : millis);
}
