/* SPDX-License-Identifier: MIT */
#include "fcgi/simulator/behaviour.h"

#include <string.h>

#define APPROVE                                     \
    {                                               \
        .outcome = BEHAVE_APPROVE, .captures = true \
    }
#define DECLINE                   \
    {                             \
        .outcome = BEHAVE_DECLINE \
    }
#define PEND                   \
    {                          \
        .outcome = BEHAVE_PEND \
    }
#define ASK_CUSTOMER                             \
    {                                            \
        .outcome = BEHAVE_PEND, .has_page = true \
    }
#define FAIL(code, seconds)                                                  \
    {                                                                        \
        .outcome = BEHAVE_FAIL, .status = (code), .retry_after_s = (seconds) \
    }
#define SILENT                                                       \
    {                                                                \
        .outcome = BEHAVE_FAIL, .status = 503, .never_answers = true \
    }
#define CAPTURE_SILENTLY                                                   \
    {                                                                      \
        .outcome = BEHAVE_APPROVE, .captures = true, .never_answers = true \
    }

/* How a code has the first few calls answered, and then all others. */
static const struct {
    const char *code;
    int64_t calls;
    struct behaviour first;
    struct behaviour then;
} fixed[] = {
    { "99999", 0, APPROVE, APPROVE },
    { "00000", 0, DECLINE, DECLINE },
    { "50300", 0, FAIL(503, 0), FAIL(503, 0) },
    { "50301", 1, FAIL(503, 0), APPROVE },
    { "50302", 2, FAIL(503, 0), APPROVE },
    { "50400", 0, SILENT, SILENT },
    { "50401", 1, CAPTURE_SILENTLY, APPROVE },
    { "50402", 0, CAPTURE_SILENTLY, CAPTURE_SILENTLY },
    { "20200", 2, PEND, APPROVE },
    { "20201", 0, PEND, PEND },
    { "20202", 2, PEND, DECLINE },
    { "20203", 0, ASK_CUSTOMER, ASK_CUSTOMER },
    { "40800", 1, FAIL(408, 0), APPROVE },
    { "40900", 1, FAIL(409, 0), APPROVE },
    { "42500", 1, FAIL(425, 0), APPROVE },
    { "42900", 1, FAIL(429, 2), APPROVE },
};

bool behaviour_counts(const char *code)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (strcmp(code, fixed[i].code) == 0)
            return fixed[i].calls > 0;
    }
    return false;
}

struct behaviour behaviour_of(const char *code, int64_t call, double failure_rate, int64_t max_delay_ms,
                              double failure_roll, double delay_roll)
{
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (strcmp(code, fixed[i].code) == 0)
            return call <= fixed[i].calls ? fixed[i].first : fixed[i].then;
    }
    struct behaviour b = failure_roll < failure_rate ? (struct behaviour)FAIL(503, 0) : (struct behaviour)APPROVE;
    b.delay_ms = (int64_t)(delay_roll * (double)max_delay_ms);
    return b;
}
