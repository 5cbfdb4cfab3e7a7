/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_JSON_PARSE_H
#define BOOKING_BASE_JSON_PARSE_H

#include <json-c/json.h>
#include <stddef.h>

/* The JSON library's value for bytes that json_is_valid() accepts, for the caller to put back. NULL if they are not
 * valid, with *reterr_at as there, or without memory. */
struct json_object *json_parse(const char *text, size_t len, int depth_max, size_t *reterr_at);

/* The same for an object: NULL for any other value. */
struct json_object *json_parse_object(const char *text, size_t len, int depth_max);

#endif
