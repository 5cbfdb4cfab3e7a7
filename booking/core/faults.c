/* SPDX-License-Identifier: MIT */
#include "booking/core/faults.h"

#include "booking/base/text.h"

#include <stdarg.h>
#include <stdio.h>

void faults_add(struct faults *faults, const char *path, const char *format, ...)
{
    char message[4 * FAULT_MESSAGE_SIZE];
    va_list args;
    if (faults->count == FAULTS_MAX)
        return;
    struct fault *f = &faults->fault[faults->count++];
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    text_copy(f->path, sizeof f->path, path);
    text_copy(f->message, sizeof f->message, message);
}
