/* SPDX-License-Identifier: MIT */
#ifndef SWEEPER_GATEWAY_ANSWER_H
#define SWEEPER_GATEWAY_ANSWER_H

#include "booking/booking.h"

/* What the payment gateway's answer means. Pure. The text is not trusted: whatever cannot be understood is an error to
 * be tried again, never money. So is an answer whose status and body contradict each other. */
struct gateway_answer {
    int status; /* 0: none came */
    bool timed_out;
    const char *body;
    size_t body_len;
    int64_t retry_after_ms; /* 0: it did not say */
    int64_t duration_ms;
};

void gateway_answer_read(const struct gateway_answer *answer, struct attempt_result *ret_result);

/* What came of a refund: REFUNDED by a 200 that says so; REFUSED, for good and with the gateway's words, by a 4xx that
 * is not "not now"; else ERROR or TIMEOUT, and it is asked for again. reason is where the result's reason is
 * written. */
void gateway_answer_read_refund(const struct gateway_answer *answer, struct delivery_result *ret_result,
                                char reason[ERROR_SIZE]);

/* Whether a void was done: 200, with an empty body or a JSON object that does not say otherwise ("status": "APPROVED").
 * A page from a proxy that answers 200 to everything is no void; the void is asked for again. */
bool gateway_answer_is_void(const struct gateway_answer *answer);

#endif
