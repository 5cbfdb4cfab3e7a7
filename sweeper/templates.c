/* SPDX-License-Identifier: MIT */
#include "sweeper/templates.h"

#include "booking/base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANGUAGES_MAX 32
#define WORDS_MAX 128
#define LANGUAGE_SIZE 11
#define FILE_MAX (256 * 1024)
#define FALLBACK "en"

struct words {
    char language[LANGUAGE_SIZE];
    char *file;
    struct {
        const char *name;
        const char *text;
    } word[WORDS_MAX];
    size_t count;
};

struct templates {
    char *layout[2];
    struct words *words[LANGUAGES_MAX];
    size_t count;
    const struct words *english;
};

/* ── reading ────────────────────────────────────────────────────────────── */

static char *read_file(const char *directory, const char *name, char *reterr_error, size_t size)
{
    struct buf path = BUF_INIT;
    buf_addf(&path, "%s/%s", directory, name);
    FILE *file = buf_ok(&path) ? fopen(buf_str(&path), "re") : NULL;
    char *text = file == NULL ? NULL : calloc(1, FILE_MAX);
    size_t len = text == NULL ? 0 : fread(text, 1, FILE_MAX, file);
    if (text == NULL || len == FILE_MAX || !text_is_utf8(text, len)) {
        (void)snprintf(reterr_error, size, "%s/%s: %s", directory, name,
                       file == NULL ? strerror(errno) : "not a text of UTF-8 below 256 KiB");
        free(text);
        text = NULL;
    }
    if (file != NULL)
        (void)fclose(file);
    buf_done(&path);
    return text;
}

static char *trim(char *text)
{
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r'))
        text[--len] = '\0';
    return text + strspn(text, " \t");
}

/* Cuts a file into its words where it is. */
static bool cut_words(struct words *w)
{
    char *rest = w->file;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        line = trim(line);
        if (*line == '\0' || *line == '#')
            continue;
        char *equals = strchr(line, '=');
        if (equals == NULL || w->count == WORDS_MAX)
            return false;
        *equals = '\0';
        w->word[w->count].name = trim(line);
        w->word[w->count++].text = trim(equals + 1);
    }
    return true;
}

static bool add_language(struct templates *t, const char *directory, const char *name, size_t len, char *reterr_error,
                         size_t size)
{
    struct words *w = calloc(1, sizeof *w);
    if (w == NULL || t->count == LANGUAGES_MAX || len >= LANGUAGE_SIZE) {
        (void)snprintf(reterr_error, size, "%s/%s: one language too many", directory, name);
        free(w);
        return false;
    }
    memcpy(w->language, name, len);
    t->words[t->count++] = w;
    if (strcmp(w->language, FALLBACK) == 0)
        t->english = w;
    w->file = read_file(directory, name, reterr_error, size);
    if (w->file == NULL)
        return false;
    if (!cut_words(w))
        (void)snprintf(reterr_error, size, "%s/%s: a line is not \"name = words\"", directory, name);
    return w->count > 0 && reterr_error[0] == '\0';
}

static bool add_languages(struct templates *t, const char *directory, char *reterr_error, size_t size)
{
    DIR *dir = opendir(directory);
    bool ok = dir != NULL;
    if (dir == NULL) {
        (void)snprintf(reterr_error, size, "%s: %s", directory, strerror(errno));
        return false;
    }
    for (const struct dirent *entry = readdir(dir); ok && entry != NULL; entry = readdir(dir)) {
        size_t len = strlen(entry->d_name);
        if (len > 6 && strcmp(entry->d_name + len - 6, ".words") == 0)
            ok = add_language(t, directory, entry->d_name, len - 6, reterr_error, size);
    }
    (void)closedir(dir);
    if (ok && t->english == NULL)
        (void)snprintf(reterr_error, size, "%s/" FALLBACK ".words is missing", directory);
    return ok && t->english != NULL;
}

/* ── finding ────────────────────────────────────────────────────────────── */

static const char *word_named(const struct words *w, const char *prefix, const char *name, size_t len)
{
    size_t prefix_len = strlen(prefix);
    for (size_t i = 0; i < w->count; i++) {
        const char *candidate = w->word[i].name;
        if (strlen(candidate) == prefix_len + len && memcmp(candidate, prefix, prefix_len) == 0 &&
            memcmp(candidate + prefix_len, name, len) == 0)
            return w->word[i].text;
    }
    return NULL;
}

struct reader {
    const struct words *words;
    const struct words *english;
    char prefix[40]; /* "order.failed." */
};

/* The language's own words before English ones, and the type's before those of all. */
static const char *find(const char *name, size_t len, const void *context)
{
    const struct reader *reader = context;
    const struct words *in[] = { reader->words, reader->english };
    for (size_t i = 0; i < 2; i++) {
        const char *text = word_named(in[i], reader->prefix, name, len);
        if (text == NULL)
            text = word_named(in[i], "", name, len);
        if (text != NULL)
            return text;
    }
    return NULL;
}

static const struct words *words_of(const struct templates *t, const char *language, size_t len)
{
    for (size_t i = 0; i < t->count; i++) {
        if (strlen(t->words[i]->language) == len && strncasecmp(t->words[i]->language, language, len) == 0)
            return t->words[i];
    }
    return NULL;
}

static const struct words *best_words(const struct templates *t, const char *wanted)
{
    const struct words *w = words_of(t, wanted, strlen(wanted));
    if (w == NULL)
        w = words_of(t, wanted, strcspn(wanted, "-_"));
    return w == NULL ? t->english : w;
}

const char *templates_language(const struct templates *t, const char *wanted)
{
    return best_words(t, wanted)->language;
}

size_t templates_count(const struct templates *t)
{
    return t->count;
}

const char *templates_at(const struct templates *t, size_t i)
{
    return t->words[i]->language;
}

static struct reader reader_of(const struct templates *t, const char *language, const char *type)
{
    struct reader reader = { .words = best_words(t, language), .english = t->english };
    (void)snprintf(reader.prefix, sizeof reader.prefix, "%.30s.", type);
    return reader;
}

bool templates_render_layout(const struct templates *t, enum templates_layout layout, const char *language,
                             const char *type, struct json_object *data, struct buf *out)
{
    const struct reader reader = reader_of(t, language, type);
    const struct template_parts parts = { find, &reader };
    return template_render(t->layout[layout], data, &parts, layout == TEMPLATES_HTML ? TEMPLATE_HTML : TEMPLATE_TEXT,
                           out);
}

bool templates_render_word(const struct templates *t, const char *word, const char *language, const char *type,
                           struct json_object *data, struct buf *out)
{
    const struct reader reader = reader_of(t, language, type);
    const struct template_parts parts = { find, &reader };
    const char *text = find(word, strlen(word), &reader);
    return text != NULL && template_render(text, data, &parts, TEMPLATE_TEXT, out);
}

struct templates *templates_load(const char *directory, char *reterr_error, size_t size)
{
    struct templates *t = calloc(1, sizeof *t);
    reterr_error[0] = '\0';
    bool ok = t != NULL &&
              (t->layout[TEMPLATES_TEXT] = read_file(directory, "message.txt", reterr_error, size)) != NULL &&
              (t->layout[TEMPLATES_HTML] = read_file(directory, "message.html", reterr_error, size)) != NULL &&
              add_languages(t, directory, reterr_error, size);
    if (ok)
        return t;
    templates_free(t);
    return NULL;
}

void templates_free(struct templates *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->count; i++) {
        free(t->words[i]->file);
        free(t->words[i]);
    }
    free(t->layout[TEMPLATES_TEXT]);
    free(t->layout[TEMPLATES_HTML]);
    free(t);
}
