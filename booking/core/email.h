/* SPDX-License-Identifier: MIT */
#ifndef BOOKING_CORE_EMAIL_H
#define BOOKING_CORE_EMAIL_H

#include <stdbool.h>

/* The sizes of RFC 5321, section 4.5.3.1, and the NUL. */
#define EMAIL_SIZE 255
#define EMAIL_NAME_SIZE 256

/* Whether mail can be sent to the text: "local@domain" with the characters of RFC 5321 and, beyond ASCII, RFC 6531. No
 * quoted local parts, no comments, no addresses in brackets, and nothing that could end a header or a command. */
bool email_is_valid(const char *text);

/* Reads a sender, "address" or "Name <address>", the name with or without quotes. False if it is none. */
bool email_read_sender(const char *text, char ret_name[EMAIL_NAME_SIZE], char ret_address[EMAIL_SIZE]);

/* The part behind the '@'. */
const char *email_domain(const char *address);

#endif
