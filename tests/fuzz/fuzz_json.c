/* SPDX-License-Identifier: MIT */
/* Bodies: what our JSON grammar accepts, the library must read, too. Then the same bytes are read as a form. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/json_check.h"
#include "booking/base/text.h"
#include "fcgi/body.h"
#include "fcgi/response.h"

#include <json-c/json.h>

#define DEPTH 16

/* The library reads to the end every text that the grammar accepts. */
static void grammar(const char *text, size_t len)
{
    size_t at = 0;
    if (!json_is_valid(text, len, DEPTH, &at)) {
        PROMISE(at <= len);
        return;
    }
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH + 1);
    json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *json = json_tokener_parse_ex(tokener, text, (int)len);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    /* After a lone number the library may expect more digits. */
    PROMISE(error == json_tokener_success || error == json_tokener_continue);
    json_object_put(json);
    json_tokener_free(tokener);
}

static void fields(const char *text, size_t len, const char *type)
{
    struct request request = { .method = "POST", .path = "/", .content_type = type, .body = text, .body_len = len,
                               .id = "fuzz" };
    struct response response = {0};
    struct body body;
    response_clear(&response);
    if (body_parse(&request, &response, &body)) {
        static const char *const names[] = { "userId", "flightId", "paymentCode" };
        for (size_t i = 0; i < 3; i++) {
            const char *value = NULL;
            if (body_text(&body, names[i], &value) && value != NULL)
                PROMISE(text_is_utf8(value, strlen(value)));
        }
        struct seat_list seats;
        if (body_seats(&body, &request, &response, 9, &seats)) {
            PROMISE(seats.count >= 1 && seats.count <= 9);
            for (size_t i = 0; i < seats.count; i++) {
                char number[SEAT_NUMBER_SIZE];
                PROMISE(seat_number_parse(seats.number[i], number) && strcmp(number, seats.number[i]) == 0);
            }
        } else {
            PROMISE(response.status == 400);
        }
        int64_t cents = -1;
        PROMISE(!body_integer(&body, "amountCents", -1, &cents) || cents >= -1);
        body_done(&body);
    } else {
        PROMISE(response.status == 400);
    }
    response_done(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    PROMISE(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    grammar(text, size);
    fields(text, size, "application/json");
    fields(text, size, "application/x-www-form-urlencoded");
    free(text);
    return 0;
}
