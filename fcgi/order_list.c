#include "fcgi/exchange.h"

#include "booking/core/text.h"
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

void exchange_answer_orders(struct exchange *x, struct order_filter *filter)
{
    char before_id[CURSOR_SIZE];
    int limit = 0;
    if (!exchange_limit(x, &limit) || !exchange_cursor(x, &filter->before_ms, before_id))
        return;
    filter->before_id = before_id;
    filter->limit = limit + 1;

    struct json_writer w = response_json(x->response, 200);
    struct page page = { .x = x, .w = &w, .limit = limit };
    json_open_object(&w, NULL);
    json_open_array(&w, "orders");
    enum result r = orders_list(x->db, filter, add_to_page, &page);
    if (r != RESULT_OK) {
        exchange_refuse(x, r);
        return;
    }
    json_close_array(&w);
    if (page.count > limit)
        exchange_write_cursor(&w, page.last_ms, page.last_id);
    else
        json_add_null(&w, "nextCursor");
    json_close_object(&w);
}
