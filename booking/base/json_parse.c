/* SPDX-License-Identifier: MIT */
#include "booking/base/json_parse.h"

#include "booking/base/json_check.h"

struct json_object *json_parse(const char *text, size_t len, int depth_max, size_t *reterr_at)
{
    if (!json_is_valid(text, len, depth_max, reterr_at))
        return NULL;
    struct json_tokener *tokener = json_tokener_new_ex(depth_max + 1);
    if (tokener == NULL)
        return NULL;
    struct json_object *json = json_tokener_parse_ex(tokener, text, (int)len);
    json_tokener_free(tokener);
    return json;
}

struct json_object *json_parse_object(const char *text, size_t len, int depth_max)
{
    size_t at = 0;
    struct json_object *json = json_parse(text, len, depth_max, &at);
    if (json_object_is_type(json, json_type_object))
        return json;
    json_object_put(json);
    return NULL;
}
