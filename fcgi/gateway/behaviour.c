#include "fcgi/gateway/behaviour.h"

#include <string.h>

#define APPROVE ((struct behaviour){ .outcome = BEHAVE_APPROVE, .captures = true })
#define DECLINE ((struct behaviour){ .outcome = BEHAVE_DECLINE })
#define FAIL ((struct behaviour){ .outcome = BEHAVE_FAIL })
#define SILENT ((struct behaviour){ .outcome = BEHAVE_FAIL, .never_answers = true })
#define CAPTURE_SILENTLY \
    ((struct behaviour){ .outcome = BEHAVE_APPROVE, .captures = true, .never_answers = true })

static bool is(const char *code, const char *fixed)
{
    return strcmp(code, fixed) == 0;
}

struct behaviour behaviour_of(const char *code, int64_t call, double failure_rate, int64_t max_delay_ms,
                              double failure_roll, double delay_roll)
{
    if (is(code, "99999"))
        return APPROVE;
    if (is(code, "00000"))
        return DECLINE;
    if (is(code, "50300"))
        return FAIL;
    if (is(code, "50301"))
        return call <= 1 ? FAIL : APPROVE;
    if (is(code, "50302"))
        return call <= 2 ? FAIL : APPROVE;
    if (is(code, "50400"))
        return SILENT;
    if (is(code, "50401"))
        return call <= 1 ? CAPTURE_SILENTLY : APPROVE;
    if (is(code, "50402"))
        return CAPTURE_SILENTLY;

    struct behaviour b = failure_roll < failure_rate ? FAIL : APPROVE;
    b.delay_ms = (int64_t)(delay_roll * (double)max_delay_ms);
    return b;
}
