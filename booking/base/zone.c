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
#define DIRECTORY "/usr/share/zoneinfo"
#define PATH_SIZE 4096
#define UNKNOWN_MAX 64

/* Among the zones are files that are none, such as "leapseconds". */
static bool has_rules(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool ok = fread(magic, 1, sizeof magic, file) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
    (void)fclose(file);
    return ok;
}

/* The C library does not say whether it knows a zone: it takes one that it does not know for UTC. Where it finds the
 * rules, TZDIR can say. */
bool zone_is_known(const char *zone)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    const char *directory = getenv("TZDIR");
    char path[PATH_SIZE];
    struct stat file;
    if (*zone == '\0' || *zone == '/' || strlen(zone) >= ZONE_SIZE || strspn(zone, allowed) != strlen(zone))
        return false;
    int len = snprintf(path, sizeof path, "%s/%s", directory == NULL ? DIRECTORY : directory, zone);
    return len < PATH_SIZE && stat(path, &file) == 0 && S_ISREG(file.st_mode) && has_rules(path);
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
    bool known = zone_is_known(zone);
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

#define DAY_MS INT64_C(86400000)

static int64_t seconds_of(int64_t ms)
{
    return ms / 1000 - (ms % 1000 < 0 ? 1 : 0);
}

/* The offset of the zone in use at a moment. */
static bool offset_at(int64_t utc_ms, int32_t *ret_offset_s)
{
    time_t seconds = (time_t)seconds_of(utc_ms);
    struct tm local;
    if (localtime_r(&seconds, &local) == NULL)
        return false;
    *ret_offset_s = (int32_t)local.tm_gmtoff;
    return true;
}

/* The moments, at most two, at which the zone in use shows a time. Its offsets a day before and a day after are the
 * only ones it can have then: no zone changes its clocks twice within two days. */
static size_t moments_of(int64_t local_ms, int64_t ret_ms[2])
{
    size_t count = 0;
    for (int side = -1; side <= 1; side += 2) {
        int32_t offset_s = 0;
        int32_t then_s = 0;
        if (!offset_at(local_ms + side * DAY_MS, &offset_s))
            continue;
        int64_t ms = local_ms - (int64_t)offset_s * 1000;
        bool is_new = count == 0 || ret_ms[0] != ms;
        if (is_new && offset_at(ms, &then_s) && then_s == offset_s)
            ret_ms[count++] = ms;
    }
    return count;
}

enum zone_answer zone_to_utc(const char *zone, int64_t local_ms, int32_t offset_s, int64_t *ret_ms)
{
    int64_t moments[2];
    if (!zone_is_known(zone))
        return ZONE_UNKNOWN;
    use(zone);
    size_t count = moments_of(local_ms, moments);
    if (count == 0)
        return ZONE_GAP;
    if (offset_s == ZONE_ANY_OFFSET) {
        if (count > 1)
            return ZONE_REPEATED;
        *ret_ms = moments[0];
        return ZONE_OK;
    }
    for (size_t i = 0; i < count; i++) {
        if (local_ms - moments[i] == (int64_t)offset_s * 1000) {
            *ret_ms = moments[i];
            return ZONE_OK;
        }
    }
    return ZONE_WRONG_OFFSET;
}

bool zone_to_local(const char *zone, int64_t utc_ms, struct zone_local *ret_local)
{
    int64_t moments[2];
    struct zone_local local = { .offset_s = 0 };
    if (!zone_is_known(zone))
        return false;
    use(zone);
    if (!offset_at(utc_ms, &local.offset_s))
        return false;
    local.local_ms = utc_ms + (int64_t)local.offset_s * 1000;
    local.is_repeated = moments_of(local.local_ms, moments) > 1;
    *ret_local = local;
    return true;
}
