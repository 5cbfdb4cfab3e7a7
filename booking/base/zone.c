/* SPDX-License-Identifier: MIT */
#include "booking/base/zone.h"

#include "booking/base/log.h"
#include "booking/base/text.h"
#include "booking/base/timestamp.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ZONE_SIZE 161
#define DIRECTORY "/usr/share/zoneinfo/"
#define UNKNOWN_MAX 64

/* Whether this host has rules for the zone. The C library does not say: it takes a zone it does not know for UTC. */
static bool is_known(const char *zone)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    char path[sizeof DIRECTORY + ZONE_SIZE];
    struct stat file;
    if (*zone == '\0' || *zone == '/' || strlen(zone) >= ZONE_SIZE || strspn(zone, allowed) != strlen(zone))
        return false;
    (void)snprintf(path, sizeof path, DIRECTORY "%s", zone);
    return stat(path, &file) == 0 && S_ISREG(file.st_mode);
}

static void log_unknown(const char *zone)
{
    static char logged[UNKNOWN_MAX][ZONE_SIZE];
    static size_t count;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(logged[i], zone) == 0)
            return;
    }
    if (count < UNKNOWN_MAX)
        text_copy(logged[count++], ZONE_SIZE, zone);
    log_warn("unknown_time_zone", LOG_TEXT("zone", zone), LOG_TEXT("taken_for", "UTC"));
}

/* Reading a zone's rules takes some 20 us, so it is done only when the zone changes. */
static void use(const char *zone)
{
    static char current[ZONE_SIZE];
    if (strcmp(zone, current) == 0)
        return;
    bool known = is_known(zone);
    if (!known && strcmp(zone, "UTC") != 0)
        log_unknown(zone);
    text_copy(current, sizeof current, zone);
    (void)setenv("TZ", known ? zone : "UTC0", 1);
    tzset();
}

void zone_days(const char *zone, const int64_t *moments_ms, size_t count, int64_t *ret_days_ms)
{
    use(zone);
    for (size_t i = 0; i < count; i++) {
        int64_t ms = moments_ms[i];
        time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0 ? 1 : 0));
        struct tm local;
        struct civil_time day = { 0 };
        if (localtime_r(&seconds, &local) == NULL) {
            ret_days_ms[i] = TIME_NONE;
            continue;
        }
        day.year = local.tm_year + 1900;
        day.month = local.tm_mon + 1;
        day.day = local.tm_mday;
        ret_days_ms[i] = timestamp_from_civil(&day);
    }
}
