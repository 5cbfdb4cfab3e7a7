/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_BASE_BUF_H
#define BOOKING_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* A growing byte string, always NUL-terminated once anything was added.
 *
 * A failed allocation is remembered, not returned: every later call does
 * nothing, and the owner asks buf_ok() once, before using the text. Clearing
 * keeps the memory, so a buffer that lives as long as the process stops
 * allocating after a few requests. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
    bool failed;
};

#define BUF_INIT ((struct buf){ 0 })

void buf_done(struct buf *b);
void buf_clear(struct buf *b);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, const char *s);
void buf_add_char(struct buf *b, char c);
void buf_add_int(struct buf *b, long long n);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool buf_ok(const struct buf *b);

/* The text; "" when nothing was added. Owned by the buffer. */
const char *buf_str(const struct buf *b);

#endif
