/* SPDX-License-Identifier: MIT */
/* A day in figures, for plots: what was sold and earned, what failed, and how full what left was. */

#include "fcgi/handlers.h"

#include "booking/store/figures.h"

#include <string.h>

#define HOURS 24
#define HOUR_MS INT64_C(3600000)
/* Few carriers sell in more than one currency. */
#define FIGURES_CURRENCIES_MAX 16

struct figures {
    struct figures_money money[HOURS][FIGURES_CURRENCIES_MAX];
    size_t currencies[HOURS];
    struct figures_flights flights[HOURS];
    int64_t payment_count;
    int64_t flight_count;
    bool is_cut;
};

static void add_money(const struct figures_money *money, void *context)
{
    struct figures *figures = context;
    size_t *count = &figures->currencies[money->hour];
    figures->payment_count += money->payments;
    if (*count < FIGURES_CURRENCIES_MAX)
        figures->money[money->hour][(*count)++] = *money;
    else
        figures->is_cut = true;
}

static void add_flights(const struct figures_flights *flights, void *context)
{
    struct figures *figures = context;
    figures->flight_count += flights->flights;
    figures->flights[flights->hour] = *flights;
}

static void write_money(struct json_writer *w, const struct figures_money *money)
{
    json_open_object(w, NULL);
    json_add_text(w, "currency", money->currency);
    json_add_int(w, "capturedCents", money->captured_cents);
    json_add_int(w, "refundedCents", money->refunded_cents);
    json_close_object(w);
}

static void write_hour(struct json_writer *w, const struct figures *figures, size_t hour, int64_t at_ms)
{
    const struct figures_money *money = figures->money[hour];
    const struct figures_flights *flights = &figures->flights[hour];
    struct figures_money sum = { .sales = 0 };
    for (size_t i = 0; i < figures->currencies[hour]; i++) {
        sum.sales += money[i].sales;
        sum.seats += money[i].seats;
        sum.failed += money[i].failed;
    }
    json_open_object(w, NULL);
    json_add_time(w, "at", at_ms);
    json_add_int(w, "sales", sum.sales);
    json_add_int(w, "seatsSold", sum.seats);
    json_add_int(w, "paymentsFailed", sum.failed);
    json_open_array(w, "revenue");
    for (size_t i = 0; i < figures->currencies[hour]; i++) {
        if (money[i].sales > 0)
            write_money(w, &money[i]);
    }
    json_close_array(w);
    json_add_int(w, "departures", flights->flights);
    json_add_int(w, "seatsLeaving", flights->seats);
    json_add_int(w, "seatsLeavingSold", flights->sold);
    json_close_object(w);
}

static void write_figures(struct call *call, const struct figures *figures, int64_t day_ms, int64_t now_ms)
{
    char day[TIMESTAMP_SIZE];
    bool is_cut = figures->is_cut || figures->payment_count >= FIGURES_PAYMENTS_MAX ||
                  figures->flight_count >= FIGURES_FLIGHTS_MAX;
    struct json_writer w = response_json(call->response, 200);
    timestamp_format(day_ms, day);
    day[10] = '\0';
    json_open_object(&w, NULL);
    json_add_text(&w, "date", day);
    json_add_time(&w, "serverTime", now_ms);
    json_add_bool(&w, "complete", !is_cut);
    json_open_array(&w, "hours");
    for (size_t hour = 0; hour < HOURS; hour++)
        write_hour(&w, figures, hour, day_ms + (int64_t)hour * HOUR_MS);
    json_close_array(&w);
    json_close_object(&w);
}

void figures_get(struct call *call)
{
    static struct figures figures; /* large for the stack, and there is one request at a time */
    const char *date = call_query(call, "date");
    int64_t day_ms = 0;
    int64_t now_ms = 0;
    if (date != NULL && !timestamp_parse_date(date, &day_ms)) {
        problem_field(call->response, call->request, PROBLEM_INVALID_REQUEST, "date",
                      "date must be a day such as 2026-03-15.");
        return;
    }
    memset(&figures, 0, sizeof figures);
    enum result r = figures_now(call->db, &now_ms);
    if (date == NULL)
        day_ms = now_ms - now_ms % (HOURS * HOUR_MS);
    if (r == RESULT_OK)
        r = figures_money(call->db, day_ms, day_ms + HOURS * HOUR_MS, add_money, &figures);
    if (r == RESULT_OK)
        r = figures_flights(call->db, day_ms, day_ms + HOURS * HOUR_MS, add_flights, &figures);
    if (r == RESULT_OK)
        write_figures(call, &figures, day_ms, now_ms);
    else
        call_refuse(call, r);
}
