/* SPDX-License-Identifier: MIT */
/* Cells as RFC 4180 says, and none that a spreadsheet would take for a formula. */

#include "tests/unit/unit.h"

#include "booking/base/csv_writer.h"

static void cells(void **state)
{
    static const struct {
        const char *text, *cell;
    } rows[] = {
        { NULL, "" },
        { "", "" },
        { "12A", "12A" },
        { "Müller", "Müller" },
        { "Smith, John", "\"Smith, John\"" },
        { "say \"so\"", "\"say \"\"so\"\"\"" },
        { "two\nlines", "\"two\nlines\"" },
        { "a\r", "\"a\r\"" },
        { "=1+1", "'=1+1" },
        { "+49", "'+49" },
        { "-1", "'-1" },
        { "@SUM(A1)", "'@SUM(A1)" },
        { "\tx", "'\tx" },
        { "\rx", "\"'\rx\"" },
        { "=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\"" },
        { "a=b", "a=b" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = BUF_INIT;
        struct csv_writer w = CSV_WRITER_INIT(&out);
        csv_add_cell(&w, rows[i].text);
        assert_string_equal(buf_str(&out), rows[i].cell);
        buf_done(&out);
    }
}

static void rows_of_cells(void **state)
{
    struct buf out = BUF_INIT;
    struct csv_writer w = CSV_WRITER_INIT(&out);
    (void)state;
    csv_add_cell(&w, "a");
    csv_add_cell(&w, NULL);
    csv_end_row(&w);
    csv_add_cell(&w, "");
    csv_add_cell(&w, "b");
    csv_end_row(&w);
    assert_string_equal(buf_str(&out), "a,\r\n,b\r\n");
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(cells), cmocka_unit_test(rows_of_cells) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
