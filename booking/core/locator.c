/* SPDX-License-Identifier: MIT */
#include "booking/core/locator.h"

#include <string.h>

/* Of each pair of characters that look alike, at most one is here: no 0, O, Q; no 1, I, L; no Z beside 2, S beside 5, G
 * beside 6, B beside 8; and neither U, A nor E, as they are vowels, nor Y, which can be one. */
static const char alphabet[] = "23456789CDFHJKMNPRTVWX";
#define LETTERS (sizeof alphabet - 1)

void locator_make(uint64_t random, char ret_locator[LOCATOR_SIZE])
{
    for (int i = 0; i < LOCATOR_SIZE - 1; i++) {
        ret_locator[i] = alphabet[random % LETTERS];
        random /= LETTERS;
    }
    ret_locator[LOCATOR_SIZE - 1] = '\0';
}

/* What people put between the characters: blanks (also U+00A0), hyphens and the dashes U+2010 to U+2015. Returns how
 * many bytes the first of them has, 0 if there is none. */
static size_t skip(const char *text)
{
    if (*text != '\0' && strchr(" \t\r\n-_.", *text) != NULL)
        return 1;
    if (strncmp(text, "\xC2\xA0", 2) == 0)
        return 2;
    return strncmp(text, "\xE2\x80", 2) == 0 && text[2] >= '\x90' && text[2] <= '\x95' ? 3 : 0;
}

bool locator_read(const char *text, char ret_locator[LOCATOR_SIZE])
{
    char read[LOCATOR_SIZE] = "";
    size_t count = 0;
    while (*text != '\0') {
        size_t len = skip(text);
        if (len > 0) {
            text += len;
            continue;
        }
        char c = *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text;
        if (count == LOCATOR_SIZE - 1 || strchr(alphabet, c) == NULL)
            return false;
        read[count++] = c;
        text++;
    }
    if (count != LOCATOR_SIZE - 1)
        return false;
    memcpy(ret_locator, read, sizeof read);
    return true;
}
