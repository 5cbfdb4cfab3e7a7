/* SPDX-License-Identifier: MIT */
#include "sweeper/sweeper.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/base/text.h"
#include "booking/core/email.h"
#include "booking/metrics.h"
#include "booking/store/persons.h"
#include "sweeper/envelope.h"
#include "sweeper/letter.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum result settle(struct task *task)
{
    return booking_settle_message(task->sweeper->db, &task->job, &task->message, task->sweeper->worker,
                                  &task->delivery);
}

/* ── what came of it ────────────────────────────────────────────────────── */

static void explain(struct task *task, const struct smtp_answer *answer)
{
    struct buf words = BUF_INIT;
    envelope_reply(*answer->reply != '\0' ? answer->reply : answer->error, &words);
    (void)snprintf(task->reason, sizeof task->reason, "%s: %.200s",
                   *answer->reply == '\0' ? "The mail server could not be used"
                   : answer->is_refused   ? "The mail server refused the mail"
                                          : "The mail server did not take the mail",
                   buf_str(&words));
    buf_done(&words);
}

static void on_answer(const struct smtp_answer *answer, void *context)
{
    struct task *task = context;
    bool sent = answer->taken;
    CRASH_SCOPE("mail");
    CRASH_POINT("answered");
    if (!sent)
        explain(task, answer);
    task->delivery = (struct delivery_result){
        .delivered = sent,
        .is_final = answer->is_refused,
        .outcome = sent                 ? "SENT"
                   : answer->is_refused ? "REFUSED"
                   : answer->timed_out  ? "TIMEOUT"
                                        : "ERROR",
        .reason = sent ? NULL : task->reason,
        .duration_ms = answer->duration_ms,
    };
    metrics_add(sent ? METRIC_MAIL_SENT : answer->is_refused ? METRIC_MAIL_REFUSED : METRIC_MAIL_FAILED, 1);
    log_info("mail_attempt", LOG_TEXT("request_id", task->job.request_id), LOG_TEXT("order", task->job.order_id),
             LOG_NUMBER("attempt", task->message.tries + 1), LOG_TEXT("outcome", task->delivery.outcome),
             LOG_NUMBER("ms", answer->duration_ms));
    sweeper_task_end(task);
}

/* Ends a task without a mail server: what is wrong is not its fault. */
static void end_without(struct task *task, const char *outcome, const char *why, bool is_final, bool nobody)
{
    text_copy(task->reason, sizeof task->reason, why);
    task->delivery = (struct delivery_result){
        .is_final = is_final, .nobody = nobody, .outcome = outcome, .reason = task->reason
    };
    sweeper_task_end(task);
}

/* ── writing it ─────────────────────────────────────────────────────────── */

/* What goes into a mail beside the order as it was. */
struct draft {
    const struct job *job;
    struct next_message next;
    /* Who gets it, and who travels. */
    char email[EMAIL_SIZE];
    char language[16];
    struct json_object *passengers;
    struct mail_facts known;
};

/* The drafts of a claim, each about another order. */
struct drafts {
    size_t count;
    struct draft *list;
};

static struct draft *find_draft(const struct drafts *drafts, const char *order_id)
{
    size_t i = 0;
    while (strcmp(drafts->list[i].job->order_id, order_id) != 0)
        i++;
    return &drafts->list[i];
}

static void add_facts(const char *order_id, const struct mail_facts *facts, void *context)
{
    find_draft(context, order_id)->known = *facts;
}

static void add_person(const struct person_row *row, void *context)
{
    struct draft *party = find_draft(context, row->order_id);
    if (row->is_contact) {
        text_copy(party->email, sizeof party->email, row->email == NULL ? "" : row->email);
        text_copy(party->language, sizeof party->language, row->language == NULL ? "" : row->language);
        return;
    }
    struct buf name = BUF_INIT;
    struct json_object *passenger = json_object_new_object();
    bool is_infant = row->passenger_kind != NULL && strcmp(row->passenger_kind, "infant") == 0;
    if (row->given_name != NULL)
        buf_addf(&name, "%s ", row->given_name);
    buf_add_str(&name, row->family_name == NULL ? "" : row->family_name);
    (void)json_object_object_add(passenger, "name", json_object_new_string(buf_str(&name)));
    (void)json_object_object_add(passenger, "infant", json_object_new_boolean(is_infant));
    (void)json_object_array_add(party->passengers, passenger);
    buf_done(&name);
}

/* The Message-ID is the message's own, so that a repetition is known for one. */
static bool send_letter(struct task *task, const struct letter *letter, const char *to)
{
    const struct config *config = task->sweeper->config;
    char name[EMAIL_NAME_SIZE] = "";
    char sender[EMAIL_SIZE] = "";
    struct buf value[5] = { BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT };
    if (!email_read_sender(config->mail_from, name, sender))
        return false;
    envelope_address(name, sender, &value[0]);
    envelope_address("", to, &value[1]);
    envelope_text(buf_str(&letter->subject), &value[2]);
    envelope_date(letter->told_ms, &value[3]);
    buf_addf(&value[4], "<%s@%s>", task->message.public_id, email_domain(sender));
    const struct http_header headers[] = {
        { "From", buf_str(&value[0]) }, { "To", buf_str(&value[1]) },         { "Subject", buf_str(&value[2]) },
        { "Date", buf_str(&value[3]) }, { "Message-ID", buf_str(&value[4]) }, { "Auto-Submitted", "auto-generated" },
    };
    const struct smtp_mail mail = {
        .sender = sender,
        .recipient = to,
        .headers = headers,
        .header_count = sizeof headers / sizeof headers[0],
        .text = &letter->text,
        .html = &letter->html,
        .image = &letter->qr,
        .image_id = letter->qr_id,
        .calendar = &letter->calendar,
    };
    bool begun = smtp_send(task->sweeper->smtp, &mail, on_answer, task);
    for (size_t i = 0; i < sizeof value / sizeof value[0]; i++)
        buf_done(&value[i]);
    return begun;
}

static void write_and_send(struct task *task, const struct draft *draft)
{
    struct letter letter;
    const struct letter_facts facts = {
        .type = task->message.type,
        .body = buf_str(&draft->next.body),
        .language = draft->language,
        .passengers = draft->passengers,
        .origin = draft->known.origin,
        .destination = draft->known.destination,
        .refunded_cents = draft->known.refunded_cents,
        .public_url = task->sweeper->config->public_url,
    };
    if (!letter_write(task->sweeper->templates, &facts, &letter))
        end_without(task, "ERROR", "The mail could not be written", true, false);
    else if (!send_letter(task, &letter, draft->email))
        sweeper_task_drop(task, "the mail could not begin");
    letter_done(&letter);
}

/* ── beginning ──────────────────────────────────────────────────────────── */

/* A mail whose receiver was forgotten is for nobody. One that has nowhere to go any more waits, for a day. */
static void send_draft(struct sweeper *s, const struct draft *draft, int64_t lease_began_ms)
{
    struct task *task = sweeper_task_new(s, draft->job, lease_began_ms);
    if (task == NULL)
        return;
    task->message = draft->next.message;
    if (!config_sends_mail(s->config))
        end_without(task, "NOT_CONFIGURED", "SMTP_URL is not set", false, false);
    else if (draft->email[0] == '\0')
        end_without(task, "NO_ADDRESS", "There is nobody to write to any more", true, true);
    else if (!email_is_valid(draft->email))
        end_without(task, "REFUSED", "The customer's address is none that mail can be sent to", true, false);
    else
        write_and_send(task, draft);
}

/* Reads what the mails need, and sends them. */
static enum result send_drafts(struct sweeper *s, struct drafts *drafts, int64_t lease_began_ms)
{
    const char *order_ids[JOBS_CLAIM_MAX];
    if (drafts->count == 0)
        return RESULT_OK;
    for (size_t i = 0; i < drafts->count; i++) {
        order_ids[i] = drafts->list[i].job->order_id;
        drafts->list[i].passengers = json_object_new_array();
    }
    enum result r = persons_list_of(s->db, order_ids, drafts->count, add_person, drafts);
    if (r == RESULT_OK)
        r = messages_mail_facts(s->db, order_ids, drafts->count, add_facts, drafts);
    for (size_t i = 0; i < drafts->count; i++) {
        if (r == RESULT_OK)
            send_draft(s, &drafts->list[i], lease_began_ms);
        json_object_put(drafts->list[i].passengers);
        (void)http_pump(s->http);
        notify_alive(monotonic_ms());
    }
    return r;
}

static enum result claim(struct sweeper *s, size_t limit, struct job *jobs, size_t *reterr_count, size_t *reterr_left)
{
    struct next_message next[JOBS_CLAIM_MAX] = { 0 };
    struct draft list[JOBS_CLAIM_MAX];
    struct drafts drafts = { .list = list };
    int64_t lease_began_ms = monotonic_ms();
    *reterr_left = 0;
    enum result r = sweeper_claim_messages(s, JOB_SEND_MAIL, limit, jobs, next, reterr_count);
    for (size_t i = 0; r == RESULT_OK && i < *reterr_count; i++) {
        if (next[i].message.message_id != 0)
            list[drafts.count++] = (struct draft){ .job = &jobs[i], .next = next[i] };
    }
    bool sent = send_drafts(s, &drafts, lease_began_ms) == RESULT_OK;
    for (size_t i = 0; r == RESULT_OK && i < *reterr_count; i++) {
        if (!sent || next[i].message.message_id == 0)
            jobs[(*reterr_left)++] = jobs[i];
        buf_done(&next[i].body);
    }
    return r;
}

/* A mail about which there is something else to be done first. */
static bool start(struct sweeper *s, const struct job *job)
{
    struct draft draft = { .job = job };
    struct drafts drafts = { .list = &draft };
    bool any = false;
    int64_t lease_began_ms = monotonic_ms();
    enum result r = booking_begin_message(s->db, job, &draft.next.message, &draft.next.body, &any);
    drafts.count = any ? 1 : 0;
    if (r == RESULT_OK)
        r = send_drafts(s, &drafts, lease_began_ms);
    buf_done(&draft.next.body);
    return r == RESULT_OK || sweeper_job_failed(s, job, "begin_mail", r);
}

const struct job_work mail_work = {
    .claim = claim,
    .start = start,
    .settle = settle,
    .together = &messages_together,
};

/* ── getting ready ──────────────────────────────────────────────────────────── */

/* Beside the program: where it was built, and where it is installed. */
static bool find_directory(char *ret_path, size_t size)
{
    static const char *const places[] = { "/../conf/mail", "/../../share/booking/mail" };
    char program[512];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len <= 0)
        return false;
    program[len] = '\0';
    *strrchr(program, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int n = snprintf(ret_path, size, "%s%s", program, places[i]);
        if (n > 0 && (size_t)n < size && access(ret_path, R_OK) == 0)
            return true;
    }
    return false;
}

static enum smtp_tls tls_of(const struct config *config)
{
    if (strcmp(config->smtp_tls, "off") == 0)
        return SMTP_TLS_OFF;
    return strcmp(config->smtp_tls, "required") == 0 ? SMTP_TLS_REQUIRED : SMTP_TLS_OPPORTUNISTIC;
}

static bool open_server(struct sweeper *s)
{
    const struct smtp_server server = {
        .url = s->config->smtp_url,
        .tls = tls_of(s->config),
        .ca = s->config->smtp_ca,
        .connections = (size_t)s->config->smtp_connections,
        .timeout_ms = BOOKING_MAIL_TIMEOUT_MS,
    };
    s->smtp = smtp_new(&server, s->http);
    return s->smtp != NULL;
}

bool sweeper_open_mail(struct sweeper *s, char *reterr_error, size_t size)
{
    char path[600] = "";
    if (!config_sends_mail(s->config))
        return true;
    text_copy(path, sizeof path, s->config->mail_templates);
    if (path[0] == '\0' && !find_directory(path, sizeof path)) {
        (void)snprintf(reterr_error, size, "MAIL_TEMPLATES is not set, and there are none beside the program");
        return false;
    }
    s->templates = templates_load(path, reterr_error, size);
    /* Checking sets TZ, so that from here on no other thread sees the environment grow. */
    return s->templates != NULL && letter_check(s->templates, reterr_error, size) && open_server(s);
}
