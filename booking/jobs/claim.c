/* SPDX-License-Identifier: MIT */
#include "booking/base/crash_point.h"
#include "booking/booking.h"
#include "booking/store/txn.h"

#define LEASE_SPARE_MS 5000
#define SHORT_LEASE_MS 10000 /* of work within the database alone */

int64_t booking_lease_ms(const struct config *config, enum job_kind kind)
{
    if (kind == JOB_SEND_MAIL)
        return 2 * BOOKING_MAIL_TIMEOUT_MS + LEASE_SPARE_MS; /* it may wait for another mail's connection */
    bool is_short = kind == JOB_EXPIRE_HOLD || kind == JOB_CANCEL_FLIGHT || kind == JOB_TELL_FLIGHT ||
                    kind == JOB_IMPORT_FLIGHTS;
    return is_short ? SHORT_LEASE_MS : config->payment_timeout_ms + LEASE_SPARE_MS;
}

struct claim {
    enum job_kind kind;
    size_t limit;
    int64_t lease_ms;
    const char *worker;
    struct job *jobs;
    size_t *count;
};

static enum result claim_in_txn(struct db *db, void *context)
{
    struct claim *c = context;
    CRASH_SCOPE(job_kind_name(c->kind));
    return jobs_claim(db, c->kind, c->limit, c->lease_ms, c->worker, c->jobs, c->count);
}

enum result booking_claim(struct db *db, enum job_kind kind, size_t limit, int64_t lease_ms, const char *worker,
                          struct job *reterr_jobs, size_t *reterr_count)
{
    struct claim c = { kind, limit, lease_ms, worker, reterr_jobs, reterr_count };
    /* A claim whose COMMIT is unknown is simply not used: if it was made, its
     * lease runs out. */
    enum result r = txn_run(db, NULL, claim_in_txn, &c);
    if (r != RESULT_OK)
        *reterr_count = 0;
    return r;
}
