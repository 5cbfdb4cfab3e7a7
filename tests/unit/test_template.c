/* SPDX-License-Identifier: MIT */
/* Templates: the part of Mustache that mails need, and nothing of a value that is more than text. */

#include "tests/unit/unit.h"

#include "sweeper/template.h"

#include <string.h>

#define DATA                                                                                                     \
    "{\"name\":\"Ada\",\"evil\":\"<b>&'\\\"\\r\\n{{name}}{{>part}}\",\"empty\":\"\",\"zero\":0,\"n\":12,\"yes\":true,\"no\":false," \
    "\"list\":[{\"x\":\"1\"},{\"x\":\"2\",\"name\":\"Eve\"}],\"words\":[\"a\",\"b\"],\"none\":[],\"nil\":null,"      \
    "\"deep\":{\"er\":{\"x\":\"found\"}}}"

static const char *find(const char *name, size_t len, const void *context)
{
    (void)context;
    if (len == 4 && memcmp(name, "part", 4) == 0)
        return "<{{name}} & co>";
    if (len == 4 && memcmp(name, "loop", 4) == 0)
        return "{{>loop}}";
    return NULL;
}

static bool render(const char *text, enum template_form form, struct buf *out)
{
    const struct template_parts parts = { find, NULL };
    struct json_object *data = json_tokener_parse(DATA);
    assert_non_null(data);
    buf_clear(out);
    bool ok = template_render(text, data, &parts, form, out);
    json_object_put(data);
    return ok;
}

static void what_becomes_of_a_template(void **state)
{
    static const struct {
        const char *text, *as_text, *as_html;
    } rows[] = {
        { "", "", "" },
        { "plain } { text", "plain } { text", "plain } { text" },
        { "<i>{{name}}</i>", "<i>Ada</i>", "<i>Ada</i>" },
        { "{{ name }}{{missing}}{{nil}}{{empty}}{{n}}", "Ada12", "Ada12" },
        { "{{evil}}", "<b>&'\"  {{name}}{{>part}}", "&lt;b&gt;&amp;&#39;&quot;  {{name}}{{&gt;part}}" },
        { "{{>part}}", "<Ada & co>", "&lt;Ada &amp; co&gt;" },
        { "{{deep.er.x}}{{deep.x}}", "found", "found" },
        { "{{#deep}}{{er.x}}{{/deep}}", "found", "found" },
        { "{{#list}}[{{x}} {{name}}]{{/list}}", "[1 Ada][2 Eve]", "[1 Ada][2 Eve]" },
        { "{{#words}}{{.}},{{/words}}", "a,b,", "a,b," },
        { "{{#yes}}1{{/yes}}{{#no}}2{{/no}}{{#zero}}3{{/zero}}{{#empty}}4{{/empty}}{{#none}}5{{/none}}{{#nil}}6{{/nil}}", "1", "1" },
        { "{{^yes}}1{{/yes}}{{^no}}2{{/no}}{{^missing}}3{{/missing}}{{^none}}4{{/none}}", "234", "234" },
        { "a\n{{#yes}}\nb\n{{/yes}}\nc\n", "a\nb\nc\n", "a\nb\nc\n" },
        { "a\n  {{! nobody sees }}  \nb {{! this }} c", "a\nb  c", "a\nb  c" },
        { "{{#list}}{{#yes}}{{#list}}{{x}}{{/list}}{{/yes}};{{/list}}", "12;12;", "12;12;" },
        { "a\n{{name}}\nb", "a\nAda\nb", "a\nAda\nb" },
    };
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(render(rows[i].text, TEMPLATE_TEXT, &out), "refused: %s", rows[i].text);
        check(strcmp(buf_str(&out), rows[i].as_text) == 0, "%s became %s", rows[i].text, buf_str(&out));
        check(render(rows[i].text, TEMPLATE_HTML, &out), "refused: %s", rows[i].text);
        check(strcmp(buf_str(&out), rows[i].as_html) == 0, "%s became %s", rows[i].text, buf_str(&out));
    }
    buf_done(&out);
}

static void templates_that_are_none(void **state)
{
    static const char *const rows[] = { "{{name", "{{#yes}}", "{{/yes}}", "{{#yes}}{{/no}}", "{{#yes}}{{#no}}{{/yes}}{{/no}}", "{{}}",
                                        "{{#}}{{/}}", "{{>nowhere}}", "{{>loop}}", "{{^yes}}", "a}}{{" };
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(!render(rows[i], TEMPLATE_TEXT, &out), "taken: %s, as %s", rows[i], buf_str(&out));
    buf_done(&out);
}

RUN_TESTS(cmocka_unit_test(what_becomes_of_a_template), cmocka_unit_test(templates_that_are_none))
