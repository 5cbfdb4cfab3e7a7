/* SPDX-License-Identifier: MIT */
#include "booking/core/flight_file.h"

#include <json-c/json.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define HEADER "id,flightNumber,cabin,origin,destination,departure,fares,currency"
#define ROW(id) id ",LH1,a320,FRA,JFK,2027-03-01T10:00,economy=12900,EUR"
#define JSON(id)                                                                                        \
    "{\"id\":\"" id "\",\"flightNumber\":\"LH1\",\"cabin\":\"a320\",\"origin\":\"FRA\",\"destination\":" \
    "\"JFK\",\"departure\":\"2027-03-01T10:00\",\"fares\":{\"economy\":12900},\"currency\":\"EUR\"}"

/* What was read, a line each: "2 LH1 {…}" and "3 fares: Say …". */
struct found {
    struct buf text;
    size_t rows, faults;
};

static bool on_row(const struct flight_file_row *row, void *context)
{
    struct found *found = context;
    assert_int_equal(strlen(row->json), row->json_len);
    buf_addf(&found->text, "%lld %s %s\n", (long long)row->line, row->id, row->json);
    found->rows++;
    return true;
}

static void on_fault(int64_t line, const char *field, const char *message, void *context)
{
    struct found *found = context;
    buf_addf(&found->text, "%lld %s: %s\n", (long long)line, field, message);
    found->faults++;
}

static struct found read_pieces(enum flight_file_format format, const char *bytes, size_t len, size_t piece)
{
    struct found found = { .text = BUF_INIT };
    const struct flight_file_sink sink = { .row = on_row, .fault = on_fault, .context = &found };
    struct flight_file *file = flight_file_new(format, &sink);
    assert_non_null(file);
    for (size_t at = 0; at < len; at += piece) {
        if (!flight_file_read(file, bytes + at, len - at < piece ? len - at : piece))
            break;
    }
    flight_file_end(file);
    assert_false(flight_file_failed(file));
    flight_file_free(file);
    return found;
}

static void expect_bytes(enum flight_file_format format, const char *bytes, size_t len, const char *expected)
{
    /* Wherever the file is cut into pieces, it says the same. */
    static const size_t pieces[] = { 1, 7, 65536 };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct found found = read_pieces(format, bytes, len, pieces[i]);
        assert_string_equal(buf_str(&found.text), expected);
        buf_done(&found.text);
    }
}

static void expect(const char *csv, const char *expected)
{
    expect_bytes(FLIGHT_FILE_CSV, csv, strlen(csv), expected);
}

static void test_rows(void **state)
{
    (void)state;
    const char *two = "2 A " JSON("A") "\n3 B " JSON("B") "\n";
    expect(HEADER "\n" ROW("A") "\n" ROW("B") "\n", two);
    /* The last line needs no end, and lines may end otherwise. */
    expect(HEADER "\n" ROW("A") "\n" ROW("B"), two);
    expect(HEADER "\r\n" ROW("A") "\r\n" ROW("B") "\r\n", two);
    expect(HEADER "\r" ROW("A") "\r" ROW("B") "\r", two);
    /* A mark of the coding, blanks around a cell, empty lines and empty rows. */
    expect("\xEF\xBB\xBF" HEADER "\n" ROW("A") "\n" ROW("B") "\n", two);
    expect(HEADER "\n A ,LH1 , a320,FRA,JFK,2027-03-01T10:00,economy=12900,EUR\n", "2 A " JSON("A") "\n");
    expect(HEADER "\n\n,,,,,,,\n" ROW("A") "\n\n", "4 A " JSON("A") "\n");
}

static void test_separators_and_quotes(void **state)
{
    (void)state;
    expect("id;flightNumber;cabin;origin;destination;departure;fares;currency\n"
           "A;LH1;a320;FRA;JFK;2027-03-01T10:00;economy=12900;EUR\n",
           "2 A " JSON("A") "\n");
    expect("id\tflightNumber\tcabin\torigin\tdestination\tdeparture\tfares\tcurrency\n"
           "A\tLH1\ta320\tFRA\tJFK\t2027-03-01T10:00\teconomy=12900\tEUR\n",
           "2 A " JSON("A") "\n");
    expect("\"id\",\"flightNumber\",\"cabin\",\"origin\",\"destination\",\"departure\",\"fares\",\"currency\"\n"
           "\"A\",\"LH1\",\"a320\",\"FRA\",\"JFK\",\"2027-03-01T10:00\",\"economy=12900\",\"EUR\"\n",
           "2 A " JSON("A") "\n");
    expect(HEADER "\nA,\"L\"\"H,\r\n1\",a320,FRA,JFK,x,economy=1,EUR\n" ROW("B") "\n",
           "2 A {\"id\":\"A\",\"flightNumber\":\"L\\\"H,\\r\\n1\",\"cabin\":\"a320\",\"origin\":\"FRA\","
           "\"destination\":\"JFK\",\"departure\":\"x\",\"fares\":{\"economy\":1},\"currency\":\"EUR\"}\n"
           "4 B " JSON("B") "\n");
    expect(HEADER "\nA,L\"H,a320,FRA,JFK,x,economy=1,EUR\n" ROW("B") "\n",
           "2 : A quote is out of place: in a quoted cell, write it twice.\n3 B " JSON("B") "\n");
    expect(HEADER "\n" ROW("A") "\nB,\"LH1,a320,FRA\n",
           "2 A " JSON("A") "\n3 : The file ends within a quoted cell that begins in this row.\n");
}

static void test_cells(void **state)
{
    (void)state;
    expect("id,flightNumber,origin,destination,departure,fares,currency,cabin,surcharges,taxPercent,refundRule,status\n"
           "A,L,F,J,x,\"economy=1,business=2 first=3\",EUR,a320@7,exit=5;,7.75,72h=7.5%;24h=50%+500;0=700,CLOSED\n",
           "2 A {\"id\":\"A\",\"flightNumber\":\"L\",\"origin\":\"F\",\"destination\":\"J\",\"departure\":\"x\","
           "\"fares\":{\"economy\":1,\"business\":2,\"first\":3},\"currency\":\"EUR\","
           "\"cabin\":{\"id\":\"a320\",\"version\":7},\"surcharges\":{\"exit\":5},\"taxPercent\":7.75,"
           "\"refundRule\":[{\"until\":\"72h\",\"feePercent\":7.5,\"feeCents\":0},"
           "{\"until\":\"24h\",\"feePercent\":50,\"feeCents\":500},{\"until\":\"0\",\"feePercent\":0,"
           "\"feeCents\":700}],\"status\":\"CLOSED\"}\n");
    static const char amounts[] =
        "2 fares: Say amounts in the currency's smallest unit, such as economy=12900;business=39900.\n";
    static const char *const bad[] = { "economy", "economy=", "=1", "economy=12.50", "economy=-1", "economy=1e3", "eco\x01nomy=1", "Eco=1",
                                       "economy=100000000001" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text, HEADER "\nA,L,c,F,J,x,economy=1;b%s,EUR\n", bad[i]);
        if (strcmp(bad[i], "=1") == 0)
            (void)snprintf(text, sizeof text, HEADER "\nA,L,c,F,J,x,economy=1;%s,EUR\n", bad[i]);
        expect(text, amounts);
    }
    expect(HEADER "\nA,L,c,F,J,x,economy=1;economy=2,EUR\n", "2 fares: A name stands twice in the list.\n");
    expect(HEADER "\nA,L,a@x,F,J,x,economy=1,EUR\n",
           "2 cabin: Say a cabin such as a320, or one version of it such as a320@3.\n");
    static const char *const percents[] = { "19%", "1900", "7,7", "7.123", ".5", "1.", "x", "007" };
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text, HEADER ",taxPercent\nA,L,c,F,J,x,economy=1,EUR,\"%s\"\n", percents[i]);
        expect(text, "2 taxPercent: Say a number such as 19 or 7.5, with a point and without a percent sign.\n");
    }
    expect(HEADER ",refundRule\nA,L,c,F,J,x,economy=1,EUR,24h=1010%\n",
           "2 refundRule: Say a rule such as 72h=10%;24h=50%+500: until so long before departure, a fee of so "
           "much.\n");
}

static void test_formulas(void **state)
{
    (void)state;
    static const char *const begins[] = { "=1+1", "+1", "-1", "@x" };
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text, HEADER "\nA,%s,c,F,J,x,economy=1,EUR\n", begins[i]);
        expect(text,
               "2 flightNumber: The cell begins like a formula. Put an apostrophe before it if it is none.\n");
    }
    expect(HEADER "\n'-A,''x,'y,F,J,x,economy=1,EUR\n",
           "2 -A {\"id\":\"-A\",\"flightNumber\":\"'x\",\"cabin\":\"'y\",\"origin\":\"F\",\"destination\":\"J\","
           "\"departure\":\"x\",\"fares\":{\"economy\":1},\"currency\":\"EUR\"}\n");
}

static void test_headers(void **state)
{
    (void)state;
    expect("", "1 : The file is empty; its first line must name the columns.\n");
    expect("\n\n\r\n", "1 : The file is empty; its first line must name the columns.\n");
    expect(HEADER "\n", "1 : There are no flights in the file.\n");
    expect(HEADER "\n,,,,,,,\n", "1 : There are no flights in the file.\n");
    expect(HEADER ",Fare,id,\n" ROW("A") ",,,\n",
           "1 Fare: There is no column of this name.\n1 id: There are two columns of this name.\n"
           "1 column 11: The column has no name.\n");
    expect("id,flightNumber,origin,destination,departure\nA,L,F,J,x\n",
           "1 fares: The header line lacks this column.\n1 currency: The header line lacks this column.\n");
    expect("\n\n\"id\"x,flightNumber\n", "3 : A quote is out of place: in a quoted cell, write it twice.\n");
    expect("\xFF\xFEi", "1 : The file is UTF-16. Save it as UTF-8.\n");
}

static void test_broken_rows(void **state)
{
    (void)state;
    expect(HEADER "\n" ROW("A") "\nB,LH1,a3",
           "2 A " JSON("A") "\n3 : The row has 3 cells, and the header line has 8.\n");
    expect(HEADER "\n" ROW("A") ",x\n", "2 : The row has 9 cells, and the header line has 8.\n");
    expect(HEADER "\n" ROW("A") "\n" ROW("B") "\n" ROW("A") "\n",
           "2 A " JSON("A") "\n3 B " JSON("B") "\n4 id: Line 2 has the same id.\n");
    expect(HEADER "\n" ROW("") "\n" ROW("a b") "\n",
           "2 id: Say an id: 1 to 50 letters, digits, dots, underscores and hyphens.\n"
           "3 id: Say an id: 1 to 50 letters, digits, dots, underscores and hyphens.\n");
    /* One cell of another coding than the others. */
    expect(HEADER "\nA,M\xFCnchen,c,F,J,x,economy=1,EUR\n" ROW("B") "\n",
           "2 flightNumber: The cell is not UTF-8. Save the file as UTF-8.\n3 B " JSON("B") "\n");
    static const char nul[] = HEADER "\nA,L\0H,c,F,J,x,economy=1,EUR\n";
    expect_bytes(FLIGHT_FILE_CSV, nul, sizeof nul - 1, "2 flightNumber: The cell has a NUL in it.\n");
}

static void test_masses(void **state)
{
    (void)state;
    size_t size = (size_t)10 * 1024 * 1024;
    static const char bytes[] = { '\0', ' ', '\n', ',', '"', 'x' };
    char *mass = malloc(size);
    assert_non_null(mass);
    for (size_t i = 0; i < sizeof bytes; i++) {
        memset(mass, bytes[i], size);
        for (int format = FLIGHT_FILE_CSV; format <= FLIGHT_FILE_NDJSON; format++) {
            struct found found = read_pieces((enum flight_file_format)format, mass, size, 65536);
            assert_int_equal(found.rows, 0);
            assert_int_equal(found.faults, 1);
            buf_done(&found.text);
        }
    }
    free(mass);
}

static void test_long_rows(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_add_str(&text, HEADER "\n" ROW("A") "\n");
    for (size_t i = 0; i < 70000; i++)
        buf_add_char(&text, 'x');
    buf_add_str(&text, "\n" ROW("B") "\nC,\"never closed,a320\n");
    for (size_t i = 0; i < 70000; i += 10)
        buf_add_str(&text, "xxxxxxxxx\n");
    buf_add_str(&text, "\n" ROW("D") "\n");
    struct found found = read_pieces(FLIGHT_FILE_CSV, buf_str(&text), text.len, 4096);
    assert_non_null(strstr(buf_str(&found.text), "\n3 : The row has more than 64 KiB. Perhaps a quote is not closed.\n"));
    assert_non_null(strstr(buf_str(&found.text), "\n5 : The row has more than 64 KiB. Perhaps a quote is not closed.\n"));
    assert_non_null(strstr(buf_str(&found.text), " D {"));
    assert_int_equal(found.rows, 3);
    buf_done(&found.text);
    buf_done(&text);
}

static void test_too_many_flights(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int i = 0; i < FLIGHT_FILE_FLIGHTS_MAX + 50; i++)
        buf_addf(&text, "{\"id\":\"F%d\"}\n", i);
    struct found found = read_pieces(FLIGHT_FILE_NDJSON, buf_str(&text), text.len, 65536);
    assert_int_equal(found.rows, FLIGHT_FILE_FLIGHTS_MAX);
    assert_int_equal(found.faults, 1);
    assert_non_null(strstr(buf_str(&found.text), "20001 : A file may have 20000 flights at most"));
    buf_done(&found.text);
    buf_done(&text);
}

static void expect_lines(const char *text, const char *expected)
{
    expect_bytes(FLIGHT_FILE_NDJSON, text, strlen(text), expected);
}

static void test_ndjson(void **state)
{
    (void)state;
    expect_lines("{\"id\":\"A\"}\n\n \r\n{\"id\":\"B\",\"x\":1}\r\n", "1 A {\"id\":\"A\"}\n\n4 B {\"id\":\"B\",\"x\":1}\r\n");
    expect_lines("\xEF\xBB\xBF{\"id\":\"A\"}", "1 A {\"id\":\"A\"}\n");
    expect_lines("{\"id\":\"A\"}\n{\"id\":\"B\",\"fa", "1 A {\"id\":\"A\"}\n\n"
                                                      "2 : The line is not one JSON value in UTF-8: see byte 14.\n");
    expect_lines("[1]\n{}\n{\"id\":7}\n{\"id\":\"a\\u0000\"}\n{\"id\":\"\xFC\"}\n",
                 "1 : Every line must be a JSON object, a flight.\n"
                 "2 id: Say an id: 1 to 50 letters, digits, dots, underscores and hyphens.\n"
                 "3 id: Say an id: 1 to 50 letters, digits, dots, underscores and hyphens.\n"
                 "4 id: Say an id: 1 to 50 letters, digits, dots, underscores and hyphens.\n"
                 "5 : The line is not one JSON value in UTF-8: see byte 12.\n");
    expect_lines("", "1 : There are no flights in the file.\n");
}

/* What is written is read back as it was. */
static void test_writing(void **state)
{
    (void)state;
    static const char flight[] =
        "{\"id\":\"-A\",\"flightNumber\":\"=L,\\\"H\",\"cabin\":{\"id\":\"a320\",\"version\":2},\"origin\":\"FRA\","
        "\"destination\":\"JFK\",\"departure\":\"2026-10-25T02:30:00+02:00[Europe\\/Berlin]\","
        "\"arrival\":\"2026-10-25T09:30:00-04:00[America\\/New_York]\","
        "\"fares\":{\"economy\":1,\"business\":2},\"surcharges\":{\"exit\":3},\"taxPercent\":7.5,\"currency\":\"EUR\","
        "\"salesOpens\":\"8760h\",\"salesCloses\":null,\"refundRule\":[{\"until\":\"24h\",\"feePercent\":50,"
        "\"feeCents\":7}],\"status\":\"ON_SALE\",\"version\":3}";
    struct json_object *json = json_tokener_parse(flight);
    struct buf csv = BUF_INIT;
    struct buf line = BUF_INIT;
    flight_file_write_header(&csv);
    flight_file_write_row(&csv, json);
    flight_file_write_line(&line, json);
    assert_non_null(strstr(buf_str(&csv), "'-A,\"'=L,\"\"H\",a320@2,FRA,"));
    struct found found = read_pieces(FLIGHT_FILE_CSV, buf_str(&csv), csv.len, 100);
    assert_int_equal(found.rows, 1);
    struct json_object *back = json_tokener_parse(strchr(buf_str(&found.text), '{'));
    struct json_object *said = json_tokener_parse(buf_str(&line));
    json_object_object_del(said, "salesCloses"); /* null, which is an empty cell */
    assert_true(json_object_equal(back, said));
    assert_null(strstr(buf_str(&line), "version\":3"));
    json_object_put(back);
    json_object_put(said);
    json_object_put(json);
    buf_done(&found.text);
    buf_done(&csv);
    buf_done(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),      cmocka_unit_test(test_separators_and_quotes),
        cmocka_unit_test(test_cells),     cmocka_unit_test(test_formulas),
        cmocka_unit_test(test_headers),   cmocka_unit_test(test_broken_rows),
        cmocka_unit_test(test_masses),    cmocka_unit_test(test_long_rows),
        cmocka_unit_test(test_ndjson),    cmocka_unit_test(test_too_many_flights),
        cmocka_unit_test(test_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
