/* SPDX-License-Identifier: MIT */
#ifndef FCGI_SIMULATOR_BEHAVIOUR_H
#define FCGI_SIMULATOR_BEHAVIOUR_H

#include <stdbool.h>
#include <stdint.h>

/* How the simulated gateway answers one call: by the payment code, or by chance. */
struct behaviour {
    enum { BEHAVE_APPROVE, BEHAVE_DECLINE, BEHAVE_PEND, BEHAVE_FAIL } outcome;
    int status;         /* BEHAVE_FAIL: the status of the answer */
    int retry_after_s;  /* 0: no Retry-After */
    bool has_page;      /* BEHAVE_PEND: the customer decides, on the simulator's own page */
    bool captures;      /* writes the charge, whether it then answers or not */
    bool never_answers; /* within any sane time */
    int64_t delay_ms;   /* before it answers */
};

/* Whether the answer to a code depends on the number of the call. */
bool behaviour_counts(const char *code);

/* call is the number of this call under its key, from 1. The two rolls are random numbers in [0, 1), used for codes
 * without a meaning of their own. */
struct behaviour behaviour_of(const char *code, int64_t call, double failure_rate, int64_t max_delay_ms,
                              double failure_roll, double delay_roll);

#endif
