#include "fcgi/exchange.h"

#include "booking/base/text.h"
#include "booking/store/orders.h"

struct page {
    struct exchange *x;
    struct json_writer *w;
    int limit;
    int count;
    int64_t last_ms;
    char last_id[UUID_SIZE];
};

/* One more than the page is asked for, to know whether there is another. */
static void add_to_page(const struct order *order, void *context)
{
    struct page *page = context;
    struct order shown = *order;
    if (page->count++ >= page->limit)
        return;
    order_settle_lapse(&shown);
    order_write_json(page->w, NULL, &shown, page->x->config->payment_max_attempts, ORDER_DIALECT_A);
    page->last_ms = order->created_at_ms;
    text_copy(page->last_id, sizeof page->last_id, order->order_id);
}

/* States and texts are looked for among the next few thousand orders only.
 * *ret_horizon_ms is where the page then ends, full or not, or TIME_NONE. */
static enum result bound_search(struct exchange *x, struct order_filter *filter, int64_t *ret_horizon_ms)
{
    int64_t ms = TIME_NONE;
    *ret_horizon_ms = TIME_NONE;
    if (filter->status == NULL && filter->search == NULL)
        return RESULT_OK;
    enum result r = orders_horizon(x->db, filter, &ms);
    if (r == RESULT_OK && ms != TIME_NONE && (filter->from_ms == TIME_NONE || filter->from_ms < ms))
        *ret_horizon_ms = filter->from_ms = ms;
    return r;
}

void exchange_answer_orders(struct exchange *x, struct order_filter *filter)
{
    char before_id[CURSOR_SIZE];
    int64_t cursor_ms = TIME_NONE;
    int64_t horizon_ms = TIME_NONE;
    int limit = 0;
    if (!exchange_limit(x, &limit) || !exchange_cursor(x, &cursor_ms, before_id))
        return;
    if (cursor_ms != TIME_NONE)
        filter->before_ms = cursor_ms;
    filter->before_id = before_id;
    filter->limit = limit + 1;
    enum result r = bound_search(x, filter, &horizon_ms);

    struct json_writer w = response_json(x->response, 200);
    struct page page = { .x = x, .w = &w, .limit = limit };
    json_open_object(&w, NULL);
    json_open_array(&w, "orders");
    if (r == RESULT_OK)
        r = orders_list(x->db, filter, add_to_page, &page);
    if (r != RESULT_OK) {
        exchange_refuse(x, r);
        return;
    }
    json_close_array(&w);
    if (page.count > limit)
        exchange_write_cursor(&w, page.last_ms, page.last_id);
    else if (horizon_ms != TIME_NONE)
        exchange_write_cursor(&w, horizon_ms, "0"); /* below every id */
    else
        json_add_null(&w, "nextCursor");
    json_close_object(&w);
}
