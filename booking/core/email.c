/* SPDX-License-Identifier: MIT */
#include "booking/core/email.h"

#include "booking/base/text.h"

#include <string.h>

#define LOCAL_MAX 64
#define LABEL_MAX 63

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Beyond ASCII, the whole text was found to be printable UTF-8. */
static bool is_beyond_ascii(char c)
{
    return (unsigned char)c >= 0x80;
}

/* An atom of RFC 5321. */
static bool is_atom_character(char c)
{
    return is_letter_or_digit(c) || is_beyond_ascii(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms with a dot between them. */
static bool is_local(const char *text, size_t len)
{
    bool after_dot = true;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.' ? after_dot : !is_atom_character(text[i]))
            return false;
        after_dot = text[i] == '.';
    }
    return len <= LOCAL_MAX && !after_dot;
}

static bool is_label(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_letter_or_digit(text[i]) && !is_beyond_ascii(text[i]) && text[i] != '-')
            return false;
    }
    return len > 0 && len <= LABEL_MAX && text[0] != '-' && text[len - 1] != '-';
}

static bool is_domain(const char *text)
{
    for (;;) {
        size_t len = strcspn(text, ".");
        if (!is_label(text, len))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

bool email_is_valid(const char *text)
{
    const char *at = strrchr(text, '@');
    size_t len = strlen(text);
    return at != NULL && len < EMAIL_SIZE && text_is_utf8(text, len) && text_is_printable(text) &&
           is_local(text, (size_t)(at - text)) && is_domain(at + 1);
}

const char *email_domain(const char *address)
{
    return strrchr(address, '@') + 1;
}

/* Takes the quotes off a name. */
static bool read_name(const char *text, size_t len, char *ret_name)
{
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
        text++;
        len -= 2;
    }
    if (len >= EMAIL_NAME_SIZE || memchr(text, '"', len) != NULL || memchr(text, '\\', len) != NULL)
        return false;
    memcpy(ret_name, text, len);
    ret_name[len] = '\0';
    return true;
}

bool email_read_sender(const char *text, char ret_name[EMAIL_NAME_SIZE], char ret_address[EMAIL_SIZE])
{
    char address[EMAIL_SIZE];
    const char *open = strrchr(text, '<');
    size_t len = strlen(text);
    if (!text_is_utf8(text, len) || !text_is_printable(text))
        return false;
    if (open == NULL) {
        if (!email_is_valid(text))
            return false;
        ret_name[0] = '\0';
        text_copy(ret_address, EMAIL_SIZE, text);
        return true;
    }
    if (text[len - 1] != '>' || (size_t)(text + len - open) - 2 >= sizeof address)
        return false;
    memcpy(address, open + 1, (size_t)(text + len - open) - 2);
    address[text + len - open - 2] = '\0';
    if (!email_is_valid(address) || !read_name(text, (size_t)(open - text), ret_name))
        return false;
    text_copy(ret_address, EMAIL_SIZE, address);
    return true;
}
