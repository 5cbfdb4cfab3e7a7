/* SPDX-License-Identifier: MIT */
/* What a customer takes along of a confirmed order: its QR code, which is scanned on boarding, and its flight for a
 * calendar. */

#include "fcgi/handlers.h"

#include "booking/base/qr.h"

static void refuse_none(struct call *call)
{
    problem_say(call->response, call->request, PROBLEM_NOT_FOUND, "This order has no ticket: it is not confirmed.");
}

/* Both show the order as it is at this moment, to whoever may see the order. */
static void begin(struct call *call, const char *content_type)
{
    call->response->status = 200;
    call->response->content_type = content_type;
    call->response->cache_control = "private, no-cache";
}

void tickets_get_svg(struct call *call)
{
    struct order order;
    enum result r = call_read_order(call, &order);
    if (r != RESULT_OK) {
        call_refuse(call, r);
    } else if (order.status != ORDER_CONFIRMED || order.locator[0] == '\0') {
        refuse_none(call);
    } else {
        begin(call, "image/svg+xml");
        if (!qr_svg(order.locator, &call->response->body))
            call_refuse(call, RESULT_INTERNAL);
    }
}

void tickets_get_ics(struct call *call)
{
    struct order order;
    enum result r = call_read_order(call, &order);
    if (r == RESULT_OK) {
        begin(call, "text/calendar; charset=utf-8; method=PUBLISH");
        r = booking_write_calendar(call->db, &order, call->config->public_url, &call->response->body);
    }
    if (r == RESULT_OK)
        buf_add_str(&call->response->headers, "Content-Disposition: attachment; filename=\"flight.ics\"\r\n");
    else if (r == RESULT_NOT_FOUND)
        refuse_none(call);
    else
        call_refuse(call, r);
}
