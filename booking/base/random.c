/* SPDX-License-Identifier: MIT */
#include "booking/base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Reads from the kernel in blocks: one call serves many identifiers. */
static void random_bytes(void *to, size_t len)
{
    static unsigned char pool[256];
    static size_t used = sizeof pool;

    if (len > sizeof pool - used) {
        size_t have = 0;
        while (have < sizeof pool) {
            ssize_t n = getrandom(pool + have, sizeof pool - have, 0);
            if (n < 0 && errno != EINTR) {
                perror("getrandom");
                abort();
            }
            if (n > 0)
                have += (size_t)n;
        }
        used = 0;
    }
    memcpy(to, pool + used, len);
    memset(pool + used, 0, len);
    used += len;
}

void random_uuid(char ret_uuid[UUID_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    struct timespec now;

    random_bytes(bytes, sizeof bytes);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    for (int i = 0; i < 6; i++)
        bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
    bytes[6] = (unsigned char)(0x70 | (bytes[6] & 0x0F));
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3F));

    char *p = ret_uuid;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[bytes[i] >> 4];
        *p++ = hex[bytes[i] & 0x0F];
    }
    *p = '\0';
}

void random_token(const char *prefix, char ret_token[TOKEN_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[20];
    char *p = ret_token;
    random_bytes(bytes, sizeof bytes);
    memcpy(p, prefix, 4);
    p += 4;
    for (size_t i = 0; i < sizeof bytes; i++) {
        *p++ = hex[bytes[i] >> 4];
        *p++ = hex[bytes[i] & 0x0F];
    }
    *p = '\0';
}

int64_t random_id(void)
{
    uint64_t n = 0;
    random_bytes(&n, sizeof n);
    return (int64_t)(n >> 1) | 1;
}

double random_fraction(void)
{
    return (double)(random_id() >> 10) / (double)(INT64_C(1) << 53);
}
