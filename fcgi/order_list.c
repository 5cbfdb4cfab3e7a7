/* SPDX-License-Identifier: MIT */
#include "fcgi/call.h"

#include "booking/store/orders.h"

struct order_page {
    struct page page;
    const struct call *call;
};

static void add_to_page(const struct order *order, void *context)
{
    struct order_page *orders = context;
    struct order shown = *order;
    if (!page_takes(&orders->page, order->created_at_ms, order->order_id))
        return;
    order_settle_lapse(&shown);
    const struct order_actions actions = call_actions(orders->call, &shown);
    shown.actions = &actions;
    order_write_json(orders->page.w, NULL, &shown, orders->call->config->payment_max_attempts, ORDER_DIALECT_A);
}

/* Bounds a search for a state or a text to the next few thousand orders. *reterr_horizon_ms is where the page then
 * ends, full or not, or TIME_NONE. */
static enum result bound_search(struct call *call, struct order_filter *filter, int64_t *reterr_horizon_ms)
{
    int64_t ms = TIME_NONE;
    *reterr_horizon_ms = TIME_NONE;
    if ((filter->status == NULL && filter->word_count == 0) || order_filter_is_sought(filter))
        return RESULT_OK;
    enum result r = orders_horizon(call->db, filter, &ms);
    if (r != RESULT_OK || ms == TIME_NONE)
        return r;
    if (filter->oldest_first && (filter->before_ms == TIME_NONE || filter->before_ms > ms))
        *reterr_horizon_ms = filter->before_ms = ms;
    else if (!filter->oldest_first && (filter->from_ms == TIME_NONE || filter->from_ms < ms))
        *reterr_horizon_ms = filter->from_ms = ms;
    return RESULT_OK;
}

void call_answer_orders(struct call *call, struct order_filter *filter)
{
    char last_id[CURSOR_SIZE];
    int64_t cursor_ms = TIME_NONE;
    int64_t horizon_ms = TIME_NONE;
    int limit = 0;
    if (!call_limit(call, &limit) || !call_cursor(call, &cursor_ms, last_id))
        return;
    if (cursor_ms != TIME_NONE && !filter->oldest_first)
        filter->before_ms = cursor_ms;
    filter->before_id = last_id;
    filter->after_ms = cursor_ms;
    filter->after_id = last_id;
    filter->limit = limit + 1;
    enum result r = bound_search(call, filter, &horizon_ms);

    struct json_writer w = response_json(call->response, 200);
    struct order_page orders = { .page = { .w = &w, .limit = limit }, .call = call };
    json_open_object(&w, NULL);
    json_open_array(&w, "orders");
    if (r == RESULT_OK)
        r = orders_list(call->db, filter, add_to_page, &orders);
    if (r != RESULT_OK) {
        call_refuse(call, r);
        return;
    }
    json_close_array(&w);
    page_write_cursor(&orders.page, horizon_ms);
    json_close_object(&w);
}
