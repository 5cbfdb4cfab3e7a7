/* SPDX-License-Identifier: MIT */
/* What a sweeper does with the messages that tell.c writes. For each channel one job sends an order's messages, one
 * after the other. booking_begin_message() finds the next one, and booking_settle_message() writes down what came of
 * it. booking_next_messages() and booking_settle_sent() do so for many at a time, if there is nothing else to it:
 * nearly always there is a message, and it is delivered. */

#include "booking/base/backoff.h"
#include "booking/base/crash_point.h"
#include "booking/orders/steps.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

#include <string.h>

/* The sweeper sends nothing older, so that a restored backup does not tell a receiver again what it was told before. */
#define MESSAGE_MAX_AGE_MS INT64_C(86400000)
#define TOO_OLD "not sent within a day"

/* Between the tries: 1 s, 2 s, 4 s … half an hour. */
static const struct backoff pauses = { .first_ms = 1000, .factor = 2, .max_ms = 1800000 };

struct telling {
    const struct job *job;
    const char *worker;
    const struct delivery_result *result;
    struct message *message;
    struct buf *body;
    bool any;
};

static bool is_mail(const struct telling *t)
{
    return t->job->kind == JOB_SEND_MAIL;
}

/* The operator has asked for a mail that was refused once more. */
static bool is_repeated(const struct telling *t)
{
    return t->job->subject_id[0] != '\0';
}

static enum result next(struct db *db, const struct telling *t, struct message *message, struct buf *body)
{
    return messages_next(db, t->job->order_id, is_mail(t) ? CHANNEL_MAIL : CHANNEL_WEBHOOK, message, body);
}

/* No sweeper will try the message again by itself. What a customer was not told, the operator sees as a failed job. */
static enum result give_up(struct db *db, const struct telling *t, const char *why)
{
    TRY(messages_settle(db, t->message->message_id, MESSAGE_FAILED, why));
    return is_mail(t)
               ? jobs_add_failed(db, JOB_SEND_MAIL, t->job->order_id, t->message->public_id, why, t->job->request_id)
               : RESULT_OK;
}

static enum result pass_over(struct db *db, const struct telling *t)
{
    return t->message->tries > 0 ? give_up(db, t, TOO_OLD)
                                 : messages_settle(db, t->message->message_id, MESSAGE_TOO_OLD, TOO_OLD);
}

static enum result find(struct db *db, struct telling *t)
{
    if (is_repeated(t))
        return messages_find(db, t->job->order_id, t->job->subject_id, t->message, t->body);
    enum result r = next(db, t, t->message, t->body);
    while (r == RESULT_OK && t->message->age_ms > MESSAGE_MAX_AGE_MS) {
        TRY(pass_over(db, t));
        r = next(db, t, t->message, t->body);
    }
    return r;
}

/* Passes over messages that are too old, and ends the job if none is left. */
static enum result begin_in_txn(struct db *db, void *context)
{
    struct telling *t = context;
    struct order order;
    t->any = false;
    CRASH_SCOPE(is_mail(t) ? "begin-mail" : "begin-message");
    TRY(orders_lock(db, t->job->order_id, NULL, &order));
    TRY(jobs_check_claim(db, t->job));
    enum result r = find(db, t);
    t->any = r == RESULT_OK;
    return r == RESULT_NOT_FOUND ? jobs_finish(db, t->job) : r;
}

enum result booking_begin_message(struct db *db, const struct job *job, struct message *reterr_message,
                                  struct buf *reterr_body, bool *reterr_any)
{
    struct telling t = { .job = job, .message = reterr_message, .body = reterr_body };
    enum result r = txn_run(db, NULL, begin_in_txn, &t);
    *reterr_any = r == RESULT_OK && t.any;
    return r;
}

static enum result log_attempt(struct db *db, const struct telling *t)
{
    const struct event event = {
        .order_id = t->job->order_id,
        .type = is_mail(t) ? EVENT_MAIL_ATTEMPT : EVENT_MESSAGE_ATTEMPT,
        .attempt = t->message->tries + 1,
        .outcome = t->result->outcome,
        .duration_ms = &t->result->duration_ms,
        .detail = t->result->reason,
        .by = { .request_id = t->job->request_id, .worker = t->worker },
    };
    return events_add(db, &event);
}

static enum result try_later(struct db *db, const struct telling *t)
{
    int64_t delay_ms = backoff_delay_ms(&pauses, (int)t->message->tries + 1, random_fraction());
    return jobs_postpone(db, t->job, step_wait(delay_ms, t->result->retry_after_ms), t->result->reason);
}

/* One that had failed stays so until it is delivered, since later ones have overtaken it. */
static enum result settle_repeated(struct db *db, const struct telling *t)
{
    const struct delivery_result *result = t->result;
    TRY(messages_settle(db, t->message->message_id, result->delivered ? MESSAGE_SENT : MESSAGE_FAILED, result->reason));
    if (result->delivered)
        return jobs_finish(db, t->job);
    return result->is_final || t->job->claim >= t->job->max_attempts ? jobs_fail(db, t->job, result->reason)
                                                                     : try_later(db, t);
}

static enum result settle_next(struct db *db, const struct telling *t)
{
    const struct delivery_result *result = t->result;
    struct message after;
    if (!result->delivered && !result->is_final) {
        TRY(messages_settle(db, t->message->message_id, MESSAGE_PENDING, result->reason));
        return try_later(db, t);
    }
    if (result->delivered)
        TRY(messages_settle(db, t->message->message_id, MESSAGE_SENT, NULL));
    else if (result->nobody)
        TRY(messages_settle(db, t->message->message_id, MESSAGE_NO_ADDRESS, result->reason));
    else
        TRY(give_up(db, t, result->reason));
    enum result r = next(db, t, &after, NULL);
    return r == RESULT_OK ? jobs_postpone(db, t->job, 0, NULL) : r == RESULT_NOT_FOUND ? jobs_finish(db, t->job) : r;
}

static enum result settle_in_txn(struct db *db, void *context)
{
    struct telling *t = context;
    struct order order;

    CRASH_SCOPE(is_mail(t) ? "settle-mail" : "settle-message");
    TRY(orders_lock(db, t->job->order_id, NULL, &order));
    TRY(jobs_check_claim(db, t->job));
    TRY(log_attempt(db, t));
    return is_repeated(t) ? settle_repeated(db, t) : settle_next(db, t);
}

enum result booking_settle_message(struct db *db, const struct job *job, struct message *message, const char *worker,
                                   const struct delivery_result *result)
{
    struct telling t = { .job = job, .worker = worker, .result = result, .message = message };
    return txn_run(db, job->order_id, settle_in_txn, &t);
}

/* ── many at a time ─────────────────────────────────────────────────────── */

struct reading {
    const struct job *jobs;
    size_t count;
    struct next_message *next;
};

static void take_message(const char *order_id, const struct message *message, const struct buf *body, void *context)
{
    const struct reading *reading = context;
    for (size_t i = 0; i < reading->count && message->age_ms <= MESSAGE_MAX_AGE_MS; i++) {
        const struct job *job = &reading->jobs[i];
        if (strcmp(job->order_id, order_id) != 0 || job->subject_id[0] != '\0')
            continue;
        reading->next[i].message = *message;
        buf_add(&reading->next[i].body, buf_str(body), body->len);
    }
}

enum result booking_next_messages(struct db *db, const struct job *jobs, size_t count, struct next_message *reterr_next)
{
    struct reading reading = { jobs, count, reterr_next };
    const char *order_ids[MESSAGES_AHEAD];
    const char *channel = jobs[0].kind == JOB_SEND_MAIL ? CHANNEL_MAIL : CHANNEL_WEBHOOK;
    for (size_t i = 0; i < count; i++)
        order_ids[i] = jobs[i].order_id;
    return messages_next_of(db, order_ids, count, channel, take_message, &reading);
}

struct settling {
    struct sent_message *list;
    size_t count;
    const char *worker;
};

static enum result log_sent(struct db *db, const struct settling *s)
{
    struct event events[SENT_MAX];
    for (size_t i = 0; i < s->count; i++) {
        const struct sent_message *sent = &s->list[i];
        events[i] = (struct event){
            .order_id = sent->job.order_id,
            .type = sent->job.kind == JOB_SEND_MAIL ? EVENT_MAIL_ATTEMPT : EVENT_MESSAGE_ATTEMPT,
            .attempt = sent->message.tries + 1,
            .outcome = "SENT",
            .duration_ms = &sent->duration_ms,
            .by = { .request_id = sent->job.request_id, .worker = s->worker },
        };
    }
    return events_add_all(db, events, s->count);
}

/* Ends the claims, which shows whether they stand. */
static enum result end_claims(struct db *db, const struct settling *s)
{
    const struct job *over[SENT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->list[i].has_more)
            TRY(jobs_postpone(db, &s->list[i].job, 0, NULL));
        else
            over[count++] = &s->list[i].job;
    }
    return count > 0 ? jobs_finish_all(db, over, count) : RESULT_OK;
}

static enum result settle_sent_in_txn(struct db *db, void *context)
{
    const struct settling *s = context;
    CRASH_SCOPE("settle-messages");
    TRY(sent_lock(db, s->list, s->count));
    TRY(sent_settle(db, s->list, s->count));
    TRY(sent_look_ahead(db, s->list, s->count));
    TRY(end_claims(db, s));
    return log_sent(db, s);
}

enum result booking_settle_sent(struct db *db, struct sent_message *list, size_t count, const char *worker)
{
    struct settling s = { list, count, worker };
    /* One order is enough to look up the COMMIT: all of them change together. */
    return txn_run(db, list[0].job.order_id, settle_sent_in_txn, &s);
}
