/* SPDX-License-Identifier: MIT */
/* Seating plans: whatever comes, there are faults or a cabin within its bounds, whose own spelling is read as the same. */

#include "tests/fuzz/fuzz.h"

#include "booking/base/text.h"
#include "booking/core/cabin.h"

static void check_faults(const struct faults *faults)
{
    PROMISE(faults->count <= FAULTS_MAX);
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *f = &faults->fault[i];
        PROMISE(text_is_utf8(f->path, strlen(f->path)) && text_is_utf8(f->message, strlen(f->message)));
        PROMISE(*f->message != '\0');
    }
}

static void check_seats(const struct cabin *cabin)
{
    PROMISE(cabin->seat_count <= CABIN_SEATS_MAX && cabin->section_count <= CABIN_SECTIONS_MAX);
    for (size_t i = 0; i < cabin->seat_count; i++) {
        char number[SEAT_NUMBER_SIZE];
        const struct cabin_seat *s = &cabin->seat[i];
        PROMISE(seat_number_parse(s->number, number) && strcmp(number, s->number) == 0);
        PROMISE(tariff_name_is_valid(s->cabin_class) && strlen(s->features) < FEATURES_SIZE);
        PROMISE(s->row >= 1 && s->row <= CABIN_ROW_MAX && strlen(s->letters) >= 1 && strlen(s->letters) <= 2);
        for (size_t k = i + 1; k < cabin->seat_count && k < i + 50; k++)
            PROMISE(strcmp(cabin->seat[k].number, s->number) != 0);
    }
}

static void check_spelling(const struct cabin *cabin)
{
    struct buf plan = BUF_INIT;
    struct buf again = BUF_INIT;
    struct cabin other;
    struct faults none = { 0 };
    char layout[CABIN_LAYOUT_SIZE];
    char exits[CABIN_EXIT_ROWS_SIZE];
    cabin_write_plan(&plan, cabin);
    PROMISE(cabin_read_text(buf_str(&plan), &other, &none));
    cabin_write_plan(&again, &other);
    PROMISE(strcmp(buf_str(&plan), buf_str(&again)) == 0 && other.seat_count == cabin->seat_count);
    for (size_t i = 0; i < other.seat_count; i++)
        PROMISE(memcmp(&other.seat[i], &cabin->seat[i], sizeof other.seat[i]) == 0);
    cabin_layout(&other, layout);
    cabin_exit_rows(&other, exits);
    PROMISE(strlen(layout) < CABIN_LAYOUT_SIZE && strlen(exits) < CABIN_EXIT_ROWS_SIZE);
    cabin_done(&other);
    buf_done(&plan);
    buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct cabin cabin;
    struct faults faults = { 0 };
    bool is_good = cabin_read_text(text, &cabin, &faults);
    PROMISE(is_good == (faults.count == 0));
    check_faults(&faults);
    check_seats(&cabin);
    if (is_good)
        check_spelling(&cabin);
    cabin_done(&cabin);
    free(text);
    return 0;
}
