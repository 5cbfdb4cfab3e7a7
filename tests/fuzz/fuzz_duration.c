/* SPDX-License-Identifier: MIT */
/* Durations from the environment: every value is in range, and can be written and read back. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    int64_t ms = -1;
    if (duration_parse(text, &ms)) {
        char written[64];
        int64_t again = -1;
        PROMISE(ms >= 0);
        duration_format(ms, written, sizeof written);
        PROMISE(duration_parse(written, &again) && again == ms);
    } else {
        PROMISE(ms == -1);
    }
    free(text);
    return 0;
}
