/* SPDX-License-Identifier: MIT */
#include "fcgi/bulkhead.h"

#include "booking/metrics.h"

#include <unistd.h>

/* FNV-1a; never 0. */
static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return h | 1;
}

#define TURN_US 1000

static bool is_full(const struct call *call, uint64_t key)
{
    size_t workers = (size_t)call->config->api_workers;
    for (int waited_us = 0;; waited_us += TURN_US) {
        struct metrics_waits waits = metrics_count_waits(key, BULKHEAD_MS);
        if (waits.all_long >= workers - (workers + 3) / 4)
            return true;
        if (waits.same < (workers + 1) / 2)
            return false;
        if (waits.same_long > 0 || waited_us >= BULKHEAD_MS * 1000)
            return true;
        (void)usleep(TURN_US);
    }
}

bool bulkhead_enter_check(void)
{
    const uint64_t key = hash("the database's state");
    int watchers = metrics_processes("booking-watch");
    for (int waited_us = 0; watchers > 1; waited_us += TURN_US) {
        if (metrics_count_waits(key, 0).same + 1 < (size_t)watchers)
            break;
        if (waited_us >= BULKHEAD_CHECK_MS * 1000)
            return false;
        (void)usleep(TURN_US);
    }
    metrics_wait_begin(key);
    return true;
}

size_t bulkhead_others(const char *what)
{
    size_t same = metrics_count_waits(hash(what), BULKHEAD_MS).same;
    return same > 0 ? same - 1 : 0; /* we are one of them */
}

bool bulkhead_enter(struct call *call, const char *what)
{
    uint64_t key = hash(what);
    if (call->config->api_workers > 1 && is_full(call, key)) {
        problem_say(call->response, call->request, PROBLEM_DATABASE_UNAVAILABLE,
                    "Too many requests wait for the same seats. Nothing was changed; please try again in a moment.");
        return false;
    }
    metrics_wait_begin(key);
    return true;
}
