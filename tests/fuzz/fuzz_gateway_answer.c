/* SPDX-License-Identifier: MIT */
/* A payment gateway's answers: the first two bytes of the input are the status, the rest is the body.
 * A payment counts as approved only if the answer is 200 and one JSON document that says so. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/json_check.h"
#include "booking/base/text.h"
#include "sweeper/charge_list.h"
#include "sweeper/gateway_answer.h"

static bool is_fit_to_show(const char *text)
{
    return text_is_utf8(text, strlen(text)) && text_is_printable(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attempt_result result;
    size_t at = 0;
    if (size < 2)
        return 0;
    /* The body has a buffer of exactly its size on the heap. Like the sweeper's buffer, it ends with a NUL. */
    char *body = malloc(size - 1);
    PROMISE(body != NULL);
    memcpy(body, data + 2, size - 2);
    body[size - 2] = '\0';
    int status = (data[0] << 8 | data[1]) % 600;
    struct gateway_answer answer = { .status = status, .body = body, .body_len = size - 2, .duration_ms = 7 };
    gateway_answer_read(&answer, &result);
    PROMISE(!gateway_answer_is_void(&answer) || status == 200);

    PROMISE(result.duration_ms == 7);
    PROMISE(is_fit_to_show(result.transaction_id) && is_fit_to_show(result.reason));
    /* A 402 is a decline unless its body says something else. Then it is an error, and tried again. */
    PROMISE(result.outcome != ATTEMPT_DECLINED || status == 402);
    PROMISE(status != 402 || result.outcome == ATTEMPT_DECLINED ||
            (result.outcome == ATTEMPT_ERROR && !result.is_final && json_is_valid(body, size - 2, 8, &at)));
    PROMISE(result.outcome != ATTEMPT_PENDING || status == 200 || status == 202);
    PROMISE(result.redirect_url[0] == '\0' || (result.outcome == ATTEMPT_PENDING && url_is_private(result.redirect_url)));
    if (result.outcome == ATTEMPT_APPROVED) {
        PROMISE(status == 200 && result.transaction_id[0] != '\0');
        PROMISE(json_is_valid(body, size - 2, 8, &at));
    } else {
        PROMISE(result.reason[0] != '\0');
    }
    PROMISE(!result.is_final || (status >= 400 && status < 500 && status != 402 && status != 408 && status != 409 &&
                                 status != 425 && status != 429));

    struct delivery_result refund;
    char reason[ERROR_SIZE] = "";
    gateway_answer_read_refund(&answer, &refund, reason);
    PROMISE(!refund.delivered || (status == 200 && json_is_valid(body, size - 2, 8, &at)));
    PROMISE(refund.delivered == (refund.reason == NULL) && is_fit_to_show(reason));
    PROMISE(!refund.is_final || (status >= 400 && status < 500 && status != 408 && status != 409 && status != 425 &&
                                 status != 429));

    static struct charge_page page;
    charge_list_read(&answer, &page);
    PROMISE(page.count <= CHARGE_PAGE_MAX && (page.is_read || page.count == 0));
    PROMISE(!page.is_read || (status == 200 && json_is_valid(body, size - 2, 8, &at)));
    PROMISE(page.is_read || page.reason[0] != '\0');
    for (size_t i = 0; i < page.count; i++) {
        PROMISE(text_is_identifier(page.charge[i].key, CHARGE_KEY_MAX) && page.charge[i].amount_cents >= 0);
        PROMISE(page.charge[i].captured_at_ms != TIME_NONE && is_fit_to_show(page.charge[i].order_id));
    }

    answer.timed_out = true;
    gateway_answer_read(&answer, &result);
    PROMISE(result.outcome == ATTEMPT_TIMEOUT);
    free(body);
    return 0;
}
