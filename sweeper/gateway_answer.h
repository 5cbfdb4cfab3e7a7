#ifndef SWEEPER_GATEWAY_ANSWER_H
#define SWEEPER_GATEWAY_ANSWER_H

#include "booking/booking.h"

/* What the payment gateway's answer means. Pure: it is a stranger's text, and
 * whatever cannot be understood is an error to be tried again, never money. */
struct gateway_answer {
    int status; /* 0: none came */
    bool timed_out;
    const char *body;
    size_t body_len;
    int64_t duration_ms;
};

void gateway_answer_read(const struct gateway_answer *answer, struct attempt_result *ret_result);

#endif
