#include "sweeper/gateway_answer.h"

#include "booking/core/json_check.h"
#include "booking/core/text.h"

#include <json-c/json.h>

#include <stdio.h>
#include <string.h>

#define JSON_DEPTH_MAX 8

/* A text field of the answer that is fit to be kept and shown; false if not. */
static bool read_text(struct json_object *json, const char *name, char *ret, size_t size)
{
    struct json_object *field = NULL;
    if (!json_object_object_get_ex(json, name, &field) || !json_object_is_type(field, json_type_string))
        return false;
    const char *text = json_object_get_string(field);
    size_t len = strlen(text);
    if (len == 0 || len >= size || len != (size_t)json_object_get_string_len(field) || !text_is_utf8(text, len) ||
        !text_is_printable(text))
        return false;
    text_copy(ret, size, text);
    return true;
}

static struct json_object *parse(const struct gateway_answer *answer)
{
    size_t at = 0;
    if (!json_is_valid(answer->body, answer->body_len, JSON_DEPTH_MAX, &at))
        return NULL;
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (tokener == NULL)
        return NULL;
    struct json_object *json = json_tokener_parse_ex(tokener, answer->body, (int)answer->body_len);
    json_tokener_free(tokener);
    if (json_object_is_type(json, json_type_object))
        return json;
    json_object_put(json);
    return NULL;
}

static void read_approval(struct json_object *json, struct attempt_result *r)
{
    char status[20];
    if (json != NULL && read_text(json, "status", status, sizeof status) && strcmp(status, "APPROVED") == 0 &&
        read_text(json, "transactionId", r->transaction_id, sizeof r->transaction_id)) {
        r->outcome = ATTEMPT_APPROVED;
        return;
    }
    /* It may have taken the money: the same key asks again. */
    r->outcome = ATTEMPT_ERROR;
    text_copy(r->reason, sizeof r->reason, "The payment gateway's answer made no sense");
}

static void read_decline(struct json_object *json, struct attempt_result *r)
{
    char reason[101];
    r->outcome = ATTEMPT_DECLINED;
    if (json != NULL && read_text(json, "reason", reason, sizeof reason))
        (void)snprintf(r->reason, sizeof r->reason, "Payment declined: %s", reason);
    else
        text_copy(r->reason, sizeof r->reason, "Payment declined");
}

bool gateway_answer_is_void(const struct gateway_answer *answer)
{
    char status[20];
    if (answer->status != 200 || answer->body_len == 0)
        return answer->status == 200;
    struct json_object *json = parse(answer);
    bool voided = json != NULL;
    if (json_object_object_get_ex(json, "status", NULL))
        voided = read_text(json, "status", status, sizeof status) && strcmp(status, "APPROVED") != 0;
    json_object_put(json);
    return voided;
}

void gateway_answer_read(const struct gateway_answer *answer, struct attempt_result *ret_result)
{
    struct attempt_result r = { .outcome = ATTEMPT_ERROR, .duration_ms = answer->duration_ms };
    struct json_object *json = answer->status == 200 || answer->status == 402 ? parse(answer) : NULL;

    if (answer->timed_out) {
        r.outcome = ATTEMPT_TIMEOUT;
        text_copy(r.reason, sizeof r.reason, "The payment gateway did not answer in time");
    } else if (answer->status == 0) {
        text_copy(r.reason, sizeof r.reason, "The payment gateway could not be reached");
    } else if (answer->status == 200) {
        read_approval(json, &r);
    } else if (answer->status == 402) {
        read_decline(json, &r);
    } else {
        r.is_final = answer->status >= 400 && answer->status < 500;
        (void)snprintf(r.reason, sizeof r.reason, "The payment gateway answered %d", answer->status);
    }
    json_object_put(json);
    *ret_result = r;
}
