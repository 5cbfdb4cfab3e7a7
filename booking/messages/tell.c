/* SPDX-License-Identifier: MIT */
/* What happens to an order is told outside: to WEBHOOK_URL, and by mail to the customer who has paid. step_tell()
 * writes the order as it is into a message for each, in the transaction of what happened; a sweeper sends them
 * (send.c). For each channel one job tells an order's messages, one after the other, so that none overtakes another,
 * and no channel waits for the other. */

#include "booking/base/crash_point.h"
#include "booking/base/text.h"
#include "booking/core/order_json.h"
#include "booking/orders/steps.h"
#include "booking/store/audit.h"
#include "booking/store/orders.h"
#include "booking/store/txn.h"

#include <string.h>

/* The payload that Standard Webhooks proposes. */
static void write_body(const struct config *config, const char *type, const struct order *order, struct buf *out)
{
    struct json_writer w = JSON_WRITER_INIT(out);
    json_open_object(&w, NULL);
    json_add_text(&w, "type", type);
    json_add_time(&w, "timestamp", order->read_at_ms);
    order_write_json(&w, "data", order, config->payment_max_attempts, ORDER_DIALECT_A);
    json_close_object(&w);
}

/* What is told of several orders. */
struct telling {
    const struct told *list;
    size_t count;
    struct buf body[TOLD_MAX];
    bool by_mail[TOLD_MAX];
};

static enum result write_bodies(const struct config *config, const char *type, struct telling *t)
{
    bool ok = true;
    for (size_t i = 0; i < t->count; i++) {
        write_body(config, type, t->list[i].order, &t->body[i]);
        ok = ok && buf_ok(&t->body[i]) && t->body[i].len < MESSAGE_BODY_SIZE;
    }
    return ok ? RESULT_OK : RESULT_INTERNAL;
}

static void note_addressee(const char *order_id, void *context)
{
    struct telling *t = context;
    for (size_t i = 0; i < t->count; i++)
        t->by_mail[i] = t->by_mail[i] || strcmp(t->list[i].order->order_id, order_id) == 0;
}

static enum result find_addressees(struct db *db, struct telling *t)
{
    const char *order_ids[TOLD_MAX];
    for (size_t i = 0; i < t->count; i++)
        order_ids[i] = t->list[i].order->order_id;
    return messages_mail_addressees(db, order_ids, t->count, note_addressee, t);
}

/* Adds the messages and the jobs that send them. */
static enum result add(struct db *db, const char *type, const struct telling *t, bool by_webhook, bool *reterr_any)
{
    struct new_message messages[2 * TOLD_MAX];
    struct new_job jobs[2 * TOLD_MAX];
    size_t count = 0;
    for (size_t i = 0; i < 2 * t->count; i++) {
        const struct told *told = &t->list[i / 2];
        bool is_mail = i % 2 == 0;
        if (is_mail ? !t->by_mail[i / 2] : !by_webhook)
            continue;
        messages[count] = (struct new_message){ .order_id = told->order->order_id,
                                                .channel = is_mail ? CHANNEL_MAIL : CHANNEL_WEBHOOK,
                                                .type = type,
                                                .body = buf_str(&t->body[i / 2]) };
        jobs[count++] = (struct new_job){ is_mail ? JOB_SEND_MAIL : JOB_SEND_MESSAGE, told->order->order_id,
                                          told->request_id };
    }
    *reterr_any = count > 0;
    if (count == 0)
        return RESULT_OK;
    TRY(messages_add_all(db, messages, count));
    return jobs_ensure_all(db, jobs, count);
}

/* Says whether anybody is told. */
static enum result tell(struct db *db, const struct config *config, const char *type, const struct told *list,
                        size_t count, bool *reterr_any)
{
    struct telling t = { .list = list, .count = count };
    bool by_webhook = config->webhook_url[0] != '\0';
    bool by_mail = config_sends_mail(config);
    *reterr_any = false;
    if (!by_webhook && !by_mail)
        return RESULT_OK;
    enum result r = write_bodies(config, type, &t);
    if (r == RESULT_OK && by_mail)
        r = find_addressees(db, &t);
    if (r == RESULT_OK)
        r = add(db, type, &t, by_webhook, reterr_any);
    for (size_t i = 0; i < count; i++)
        buf_done(&t.body[i]);
    return r;
}

enum result step_tell_all(struct db *db, const struct config *config, const char *type, const struct told *list,
                          size_t count)
{
    bool any = false;
    return tell(db, config, type, list, count, &any);
}

enum result step_tell(struct db *db, const struct config *config, const char *type, const struct order *order,
                      const char *request_id)
{
    const struct told told = { order, request_id };
    return step_tell_all(db, config, type, &told, 1);
}

/* ── telling it once more ───────────────────────────────────────────────── */

struct repeating {
    const struct caller *caller;
    const char *order_id;
    struct order *order;
};

/* What the order's state was told by, if its messages are not kept any more. */
static const char *type_of(enum order_status status)
{
    switch (status) {
    case ORDER_CONFIRMED: return MESSAGE_ORDER_CONFIRMED;
    case ORDER_FAILED: return MESSAGE_ORDER_FAILED;
    case ORDER_EXPIRED: return MESSAGE_ORDER_EXPIRED;
    case ORDER_CANCELLED: return MESSAGE_ORDER_CANCELLED;
    case ORDER_CREATED:
    case ORDER_SEATS_RESERVED:
    case ORDER_PAYMENT_PENDING: return NULL;
    }
    return NULL;
}

static enum result find_type(struct db *db, const struct order *order, char ret_type[MESSAGE_TYPE_SIZE])
{
    const char *type = type_of(order->status);
    enum result r = messages_last_type(db, order->order_id, ret_type);
    if (r != RESULT_NOT_FOUND)
        return r;
    if (type == NULL)
        return RESULT_NOTHING_TO_SEND;
    text_copy(ret_type, MESSAGE_TYPE_SIZE, type);
    return RESULT_OK;
}

static enum result repeat_in_txn(struct db *db, void *context)
{
    const struct repeating *m = context;
    char type[MESSAGE_TYPE_SIZE];
    bool any = false;

    CRASH_SCOPE("resend");
    TRY(step_lock_order(db, m->caller, m->order_id, m->order));
    TRY(find_type(db, m->order, type));
    const struct told told = { m->order, m->caller->request_id };
    TRY(tell(db, m->caller->config, type, &told, 1, &any));
    if (!any)
        return RESULT_NOTHING_TO_SEND;
    struct event event = {
        .order_id = m->order_id,
        .type = EVENT_MESSAGE_REPEATED,
        .detail = type,
        .by = step_author(m->caller),
    };
    TRY(events_add(db, &event));
    TRY(step_audit_order(db, m->caller, AUDIT_RESEND, NULL, m->order));
    return step_before_commit(db, m->caller, m->order);
}

static void recall_repeat(const struct order *now, void *context)
{
    const struct repeating *m = context;
    step_recall(m->caller, now, m->order);
}

enum result booking_resend(struct db *db, const struct caller *caller, const char *order_id, struct order *reterr_order)
{
    struct repeating m = { caller, order_id, reterr_order };
    return txn_run_answered(db, order_id, repeat_in_txn, recall_repeat, &m);
}
